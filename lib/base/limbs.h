/* SPDX-License-Identifier: MIT */
/* limbs -- arithmetic on arrays of 64-bit limbs, lowest first, unsigned: what wide and big are made of.
 * Nothing here allocates or checks: a carry that leaves the top limb is returned. r may be an operand
 * unless said otherwise. */
#ifndef LIB_BASE_LIMBS_H
#define LIB_BASE_LIMBS_H

#include "lib/base/wide.h"

#define LIMB_DIGITS 19                          /* 10^19 is the largest power of ten in a limb */
extern const uint64_t limbs_pow10[LIMB_DIGITS + 1];

/* Limbs in use: the highest of them is not 0. */
static inline unsigned limbs_trim(const uint64_t *w, unsigned n)
{
	while (n && !w[n - 1])
		n--;
	return n;
}

static inline int limbs_cmp(const uint64_t *a, const uint64_t *b, unsigned n)
{
	while (n--)
		if (a[n] != b[n])
			return a[n] < b[n] ? -1 : 1;
	return 0;
}

static inline uint64_t limbs_add(uint64_t *r, const uint64_t *a, const uint64_t *b, unsigned n)
{
	u128 sum = 0;

	for (unsigned i = 0; i < n; i++) {
		sum += (u128)a[i] + b[i];
		r[i] = (uint64_t)sum;
		sum >>= 64;
	}
	return (uint64_t)sum;
}

/* The borrow, 0 or 1. */
static inline uint64_t limbs_sub(uint64_t *r, const uint64_t *a, const uint64_t *b, unsigned n)
{
	uint64_t borrow = 0;

	for (unsigned i = 0; i < n; i++) {
		u128 diff = (u128)a[i] - b[i] - borrow;

		r[i] = (uint64_t)diff;
		borrow = (uint64_t)(diff >> 64) & 1;
	}
	return borrow;
}

/* Two's complement. */
static inline void limbs_negate(uint64_t *w, unsigned n)
{
	uint64_t carry = 1;

	for (unsigned i = 0; i < n; i++) {
		w[i] = ~w[i] + carry;
		carry &= w[i] == 0;
	}
}

/* w = w * by + add; what leaves the top is returned. */
static inline uint64_t limbs_mul_add(uint64_t *w, unsigned n, uint64_t by, uint64_t add)
{
	u128 carry = add;

	for (unsigned i = 0; i < n; i++) {
		carry += (u128)w[i] * by;
		w[i] = (uint64_t)carry;
		carry >>= 64;
	}
	return (uint64_t)carry;
}

/* w = w / by; the remainder. */
static inline uint64_t limbs_div_small(uint64_t *w, unsigned n, uint64_t by)
{
	uint64_t rest = 0;

	while (n--) {
		u128 high = (u128)rest << 64 | w[n];

		w[n] = (uint64_t)(high / by);
		rest = (uint64_t)high - w[n] * by;      /* not %: that divides once more */
	}
	return rest;
}

/* r[na + nb] = a * b; r is neither of them. */
static inline void limbs_mul(uint64_t *r, const uint64_t *a, unsigned na, const uint64_t *b, unsigned nb)
{
	memset(r, 0, (na + nb) * sizeof *r);
	for (unsigned i = 0; i < na; i++) {
		uint64_t carry = 0;

		for (unsigned j = 0; j < nb; j++) {
			u128 t = (u128)a[i] * b[j] + r[i + j] + carry;

			r[i + j] = (uint64_t)t;
			carry = (uint64_t)(t >> 64);
		}
		r[i + nb] = carry;
	}
}

/* Appends w / 10^scale as text. n <= BIG_LIMBS; destroys w. Zero has no sign. */
void limbs_print(struct buf *out, bool negative, uint64_t *w, unsigned n, unsigned scale);

/* The inverse: `-12.50`, at least one digit, at most one point, nothing else. -1: not that, more digits before (leading
 * zeros do not count) or behind the point than said, or more than n limbs. */
int limbs_parse(struct span text, uint64_t *w, unsigned n, unsigned max_integer, unsigned max_scale, bool *negative, unsigned *scale);

#endif
