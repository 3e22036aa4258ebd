/* SPDX-License-Identifier: MIT */
/* wide -- signed integers of fixed width, two's complement, little-endian limbs.
 * i256 holds every sum of legal numbers, i384 every sum of their squares (2^63 records, 20 integer
 * and 18 fraction digits each); neither can overflow by legal use, so adding does not check.
 * Finishing (quotients, roots) is done in struct big, which says when it overflows. */
#ifndef LIB_BASE_WIDE_H
#define LIB_BASE_WIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"

typedef __int128 i128;
typedef unsigned __int128 u128;

struct i256 { uint64_t w[4]; };
struct i384 { uint64_t w[6]; };

struct i256 i256_from(i128 v);
struct i384 i384_from(i128 v);
bool i256_negative(const struct i256 *a);
bool i256_is_zero(const struct i256 *a);
bool i384_is_zero(const struct i384 *a);
int i256_cmp(const struct i256 *a, const struct i256 *b);
void i256_negate(struct i256 *a);
void i256_add(struct i256 *a, const struct i256 *b);
void i384_add(struct i384 *a, const struct i384 *b);
void i384_sub(struct i384 *a, const struct i384 *b);
void i256_mul_pow10(struct i256 *a, unsigned n);                  /* a * 10^n, n <= 36 */
void i384_mul_pow10(struct i384 *a, unsigned n);
struct i384 i384_square(i128 v);

void i256_carry(struct i256 *a, int carry);     /* 1 or -1 out of the lowest limb */

/* The hot one: adds a sign-extended 128-bit value. */
static inline void i256_add128(struct i256 *a, i128 v)
{
	u128 lo = (u128)a->w[1] << 64 | a->w[0], sum = lo + (u128)v;
	u128 hi = (u128)a->w[3] << 64 | a->w[2];

	hi += (u128)(v >> 127) + (sum < lo);
	a->w[0] = (uint64_t)sum, a->w[1] = (uint64_t)(sum >> 64);
	a->w[2] = (uint64_t)hi, a->w[3] = (uint64_t)(hi >> 64);
}

/* Hotter still: the upper limbs are rarely touched. */
static inline void i256_add64(struct i256 *a, int64_t v)
{
	uint64_t before = a->w[0];

	a->w[0] = before + (uint64_t)v;
	if (v >= 0 ? a->w[0] < before : a->w[0] > before)
		i256_carry(a, v >= 0 ? 1 : -1);
}

/* Decimal text of a / 10^scale: `-12.50`; scale 0 has no point. */
void i256_print(struct buf *out, const struct i256 *a, unsigned scale);
void i384_print(struct buf *out, const struct i384 *a, unsigned scale);
/* The inverse: digits with at most one point; *scale is the number of digits behind it.
 * -1: not such a number, or larger than legal sums get: 39 integer and 18 fraction digits (i384: 59 and 36).
 * So what was parsed, foreign or not, leaves the headroom that unchecked adding counts on. */
#define I256_MAX_INTEGER_DIGITS 39
#define I256_MAX_SCALE 18
#define I384_MAX_INTEGER_DIGITS 59
#define I384_MAX_SCALE 36
int i256_parse(struct span text, struct i256 *a, unsigned *scale);
int i384_parse(struct span text, struct i384 *a, unsigned *scale);

/* Sign and magnitude, up to 1536 bits. Functions return -1 when the result does not fit; *r is then undefined. */
#define BIG_LIMBS 24
struct big {
	bool negative;           /* never with n == 0 */
	unsigned n;              /* limbs in use; the highest is not 0 */
	uint64_t w[BIG_LIMBS];
};

void big_from_i64(struct big *r, int64_t v);
void big_from_i256(struct big *r, const struct i256 *v);
void big_from_i384(struct big *r, const struct i384 *v);
int big_cmp(const struct big *a, const struct big *b);
int big_add(struct big *r, const struct big *a, const struct big *b);      /* r may be a or b, in all of these */
int big_sub(struct big *r, const struct big *a, const struct big *b);
int big_mul(struct big *r, const struct big *a, const struct big *b);
int big_mul_pow10(struct big *r, const struct big *a, unsigned n);
int big_cmp_product(const struct big *a, const struct big *b, const struct big *c, const struct big *d);    /* a*b with c*d, of any size */
void big_divmod(struct big *quotient, struct big *remainder, const struct big *a, const struct big *b); /* truncates; b != 0; either may be NULL */
void big_gcd(struct big *r, const struct big *a, const struct big *b);      /* >= 0 */
void big_sqrt(struct big *r, const struct big *a);                          /* floor; a >= 0 */
void big_print(struct buf *out, const struct big *a, unsigned scale);       /* as i256_print */
int big_parse(struct span text, struct big *r, unsigned *scale);            /* as i256_parse, any number of digits that fits */

#endif
