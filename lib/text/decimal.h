/* SPDX-License-Identifier: MIT */
/* decimal -- exact decimal numbers as they stand in records: m / 10^scale.
 * At most 20 integer and 18 fraction digits; |m| < 10^38. What does not fit is refused, never rounded
 * silently: only multiplication and division round (half even at 18 digits), and they say so here.
 * The scale is the number of fraction digits as written: 1.50 has scale 2 and keeps it. */
#ifndef LIB_TEXT_DECIMAL_H
#define LIB_TEXT_DECIMAL_H

#include "lib/base/buf.h"
#include "lib/base/span.h"
#include "lib/base/wide.h"

#define DECIMAL_MAX_SCALE 18
#define DECIMAL_MAX_INTEGER_DIGITS 20

struct decimal {
	i128 m;
	unsigned scale;
};

/* Sign, digits, point, digits, exponent: `-1.50`, `.5`, `5.`, `1e3`, `+2E-2`. An exponent moves the
 * point; what results must fit. Leading zeros of the integer part do not count. Blanks, NaN, Inf, hex and
 * separators are not numbers.
 * 0; -1: not a number or too long (decimal_parse_error says which). Short plain numbers take a fast path. */
static inline int decimal_parse(struct span text, struct decimal *d);
const char *decimal_parse_error(struct span text);                 /* static text: "not a number" ...; NULL: it is one */

/* 0, or -1 when the result has more than 20 integer digits. */
int decimal_add(struct decimal *r, struct decimal a, struct decimal b);     /* scale: the larger */
int decimal_sub(struct decimal *r, struct decimal a, struct decimal b);
int decimal_mul(struct decimal *r, struct decimal a, struct decimal b);     /* scale: the sum; above 18: rounded half even to 18 */
int decimal_div(struct decimal *r, struct decimal a, struct decimal b);     /* b != 0; half even at 18 digits, then without trailing zeros */
int decimal_mod(struct decimal *r, struct decimal a, struct decimal b);     /* b != 0; sign of a, as SQL's mod */
int decimal_round(struct decimal *r, struct decimal a, int digits);         /* half even; digits may be negative */
struct decimal decimal_floor(struct decimal a);                             /* scale 0; 10^20 at the very ends, which prints, adds */
struct decimal decimal_ceil(struct decimal a);                              /* and compares like any other */
struct decimal decimal_normal(struct decimal a);                            /* without trailing zeros */
int decimal_cmp(struct decimal a, struct decimal b);                        /* by value: 1.5 == 1.50 */
int decimal_to_i64(struct decimal a, int64_t *v);                           /* -1: has a fraction or does not fit */
void decimal_print(struct buf *out, struct decimal d);                      /* 13.50, -0.5; zero has no sign */

/* What decimal_parse does not do in line; callers use that. */
int decimal_parse_any(struct span text, struct decimal *d);

static inline uint64_t decimal_load4(const char *p)
{
	uint32_t four;

	memcpy(&four, p, 4);
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap32(four) : four;
}

/* n (1..8) characters as the values of digits, the last in the highest byte, zeros below the first. Reads nothing
 * beyond them: bytes in the middle are read twice and land on themselves. */
static inline uint64_t decimal_load(const char *p, size_t n)
{
	const unsigned char *c = (const unsigned char *)p;
	unsigned empty = 8 * (8 - (unsigned)n);
	uint64_t word;

	if (n >= 4)
		word = decimal_load4(p + n - 4) << 32 | decimal_load4(p) << empty;
	else
		word = (uint64_t)c[n - 1] << 56 | (uint64_t)c[n / 2] << (empty + 8 * (n / 2)) | (uint64_t)c[0] << empty;
	return word ^ (uint64_t)0x3030303030303030 << empty;
}

/* The high bit of each byte above 9, the lowest of them exactly. */
static inline uint64_t decimal_not_digits(uint64_t x)
{
	return ((x + 0x7676767676767676) | x) & 0x8080808080808080;
}

/* Eight digits to their number in three multiplications that join neighbours: to pairs, to fours, to eight. */
static inline uint64_t decimal_join(uint64_t x)
{
	x = x * (10 << 8 | 1) >> 8 & 0x00ff00ff00ff00ff;
	x = x * (100 << 16 | 1) >> 16 & 0x0000ffff0000ffff;
	return x * ((uint64_t)10000 << 32 | 1) >> 32;
}

/* 1 to 8 characters, digits and perhaps a point; false: something else. By words, as a loop over characters mispredicts its end whenever
 * lengths vary, which costs more than all of this. */
static inline __attribute__((always_inline)) bool decimal_word(const char *p, size_t n, uint64_t *number, unsigned *scale)
{
	uint64_t x = decimal_load(p, n), bad = decimal_not_digits(x);

	*scale = 0;
	if (bad) {
		unsigned at = (unsigned)__builtin_ctzll(bad) - 7;       /* where its byte begins */
		uint64_t before = ((uint64_t)1 << at) - 1;

		if (n == 1 || (x >> at & 0xff) != ('.' ^ '0'))
			return false;
		x = (x & before) << 8 | (x & ~(before << 8 | 0xff));    /* closes the gap the point leaves */
		if (decimal_not_digits(x))
			return false;
		*scale = 7 - at / 8;
	}
	*number = decimal_join(x);
	return true;
}

/* In line: optional '-', then at most 8 digits and point. */
static inline __attribute__((always_inline)) int decimal_parse(struct span text, struct decimal *d)
{
	bool minus = text.n && text.p[0] == '-';
	size_t n = text.n - minus;
	uint64_t x;

	if (n - 1 >= 8 || !decimal_word(text.p + minus, n, &x, &d->scale))
		return decimal_parse_any(text, d);
	d->m = minus ? -(int64_t)x : (int64_t)x;
	return 0;
}

#endif
