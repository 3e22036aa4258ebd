/* SPDX-License-Identifier: MIT */
#include "lib/base/wide.h"

#include "lib/base/limbs.h"

/* Limbs of the two widths. */
enum { N256 = 4, N384 = 6 };

static void from_i128(uint64_t *w, unsigned n, i128 v)
{
	w[0] = (uint64_t)v;
	w[1] = (uint64_t)(v >> 64);
	for (unsigned i = 2; i < n; i++)
		w[i] = v < 0 ? UINT64_MAX : 0;
}

static bool negative(const uint64_t *w, unsigned n)
{
	return w[n - 1] >> 63;
}

/* Modulo 2^(64 n): right for either sign in two's complement. */
static void mul_pow10(uint64_t *w, unsigned n, unsigned power)
{
	for (; power > LIMB_DIGITS; power -= LIMB_DIGITS)
		limbs_mul_add(w, n, limbs_pow10[LIMB_DIGITS], 0);
	limbs_mul_add(w, n, limbs_pow10[power], 0);
}

struct i256 i256_from(i128 v)
{
	struct i256 r;

	from_i128(r.w, N256, v);
	return r;
}

struct i384 i384_from(i128 v)
{
	struct i384 r;

	from_i128(r.w, N384, v);
	return r;
}

bool i256_negative(const struct i256 *a)
{
	return negative(a->w, N256);
}

bool i256_is_zero(const struct i256 *a)
{
	return limbs_trim(a->w, N256) == 0;
}

bool i384_is_zero(const struct i384 *a)
{
	return limbs_trim(a->w, N384) == 0;
}

int i256_cmp(const struct i256 *a, const struct i256 *b)
{
	int sign = i256_negative(b) - i256_negative(a);

	return sign ? sign : limbs_cmp(a->w, b->w, N256);
}

void i256_negate(struct i256 *a)
{
	limbs_negate(a->w, N256);
}

void i256_carry(struct i256 *a, int carry)
{
	for (int i = 1; i < 4; i++) {
		a->w[i] += (uint64_t)(int64_t)carry;
		if (a->w[i] != (carry > 0 ? 0 : UINT64_MAX))
			return;
	}
}

void i256_add(struct i256 *a, const struct i256 *b)
{
	limbs_add(a->w, a->w, b->w, N256);
}

void i384_add(struct i384 *a, const struct i384 *b)
{
	limbs_add(a->w, a->w, b->w, N384);
}

void i384_sub(struct i384 *a, const struct i384 *b)
{
	limbs_sub(a->w, a->w, b->w, N384);
}

void i256_mul_pow10(struct i256 *a, unsigned n)
{
	mul_pow10(a->w, N256, n);
}

void i384_mul_pow10(struct i384 *a, unsigned n)
{
	mul_pow10(a->w, N384, n);
}

struct i384 i384_square(i128 v)
{
	u128 m = v < 0 ? -(u128)v : (u128)v;
	uint64_t w[2] = { (uint64_t)m, (uint64_t)(m >> 64) };
	struct i384 r = { { 0 } };

	limbs_mul(r.w, w, 2, w, 2);
	return r;
}

void i256_print(struct buf *out, const struct i256 *a, unsigned scale)
{
	struct i256 m = *a;

	if (i256_negative(a))
		i256_negate(&m);
	limbs_print(out, i256_negative(a), m.w, N256, scale);
}

void i384_print(struct buf *out, const struct i384 *a, unsigned scale)
{
	struct i384 m = *a;

	if (negative(a->w, N384))
		limbs_negate(m.w, N384);
	limbs_print(out, negative(a->w, N384), m.w, N384, scale);
}

int i256_parse(struct span text, struct i256 *a, unsigned *scale)
{
	bool minus;

	if (limbs_parse(text, a->w, N256, I256_MAX_INTEGER_DIGITS, I256_MAX_SCALE, &minus, scale) < 0)
		return -1;
	if (minus)
		i256_negate(a);
	return 0;
}

int i384_parse(struct span text, struct i384 *a, unsigned *scale)
{
	bool minus;

	if (limbs_parse(text, a->w, N384, I384_MAX_INTEGER_DIGITS, I384_MAX_SCALE, &minus, scale) < 0)
		return -1;
	if (minus)
		limbs_negate(a->w, N384);
	return 0;
}
