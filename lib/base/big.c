/* SPDX-License-Identifier: MIT */
/* struct big of wide.h: schoolbook arithmetic, division after Knuth (TAOCP 4.3.1, algorithm D), gcd after Euclid,
 * roots after Newton. Numbers are a few limbs long, where nothing cleverer pays. */
#include <assert.h>

#include "lib/base/limbs.h"

/* Takes over n limbs of w as a magnitude with the sign given. -1: too long. */
static int set(struct big *r, bool negative, const uint64_t *w, unsigned n)
{
	n = limbs_trim(w, n);
	if (n > BIG_LIMBS)
		return -1;
	memcpy(r->w, w, n * sizeof *w);
	r->n = n;
	r->negative = negative && n;
	return 0;
}

/* w is two's complement, n limbs; destroyed. */
static void set_signed(struct big *r, uint64_t *w, unsigned n)
{
	bool negative = w[n - 1] >> 63;

	if (negative)
		limbs_negate(w, n);
	set(r, negative, w, n);
}

/* Copies what is in use: the rest of 1536 bits is seldom worth moving. */
static void copy(struct big *r, const struct big *a)
{
	if (r == a)
		return;
	memcpy(r->w, a->w, a->n * sizeof *a->w);
	r->n = a->n;
	r->negative = a->negative;
}

void big_from_i64(struct big *r, int64_t v)
{
	uint64_t w = (uint64_t)v;

	set_signed(r, &w, 1);
}

void big_from_i256(struct big *r, const struct i256 *v)
{
	struct i256 m = *v;

	set_signed(r, m.w, 4);
}

void big_from_i384(struct big *r, const struct i384 *v)
{
	struct i384 m = *v;

	set_signed(r, m.w, 6);
}

static int cmp_magnitude(const struct big *a, const struct big *b)
{
	if (a->n != b->n)
		return a->n < b->n ? -1 : 1;
	return limbs_cmp(a->w, b->w, a->n);
}

int big_cmp(const struct big *a, const struct big *b)
{
	if (a->negative != b->negative)
		return a->negative ? -1 : 1;
	return a->negative ? cmp_magnitude(b, a) : cmp_magnitude(a, b);
}

/* |a| + |b|, |a| >= |b|. */
static int add_magnitude(struct big *r, const struct big *a, const struct big *b, bool negative)
{
	uint64_t w[BIG_LIMBS + 1], carry = limbs_add(w, a->w, b->w, b->n);

	for (unsigned i = b->n; i < a->n; i++) {
		w[i] = a->w[i] + carry;
		carry &= w[i] == 0;
	}
	w[a->n] = carry;
	return set(r, negative, w, a->n + 1);
}

/* |a| - |b|, |a| >= |b|. */
static int sub_magnitude(struct big *r, const struct big *a, const struct big *b, bool negative)
{
	uint64_t w[BIG_LIMBS], borrow = limbs_sub(w, a->w, b->w, b->n);

	for (unsigned i = b->n; i < a->n; i++) {
		w[i] = a->w[i] - borrow;
		borrow &= w[i] == UINT64_MAX;
	}
	return set(r, negative, w, a->n);
}

/* a + b, with b's sign as said. */
static int add_signed(struct big *r, const struct big *a, const struct big *b, bool b_negative)
{
	bool a_larger = cmp_magnitude(a, b) >= 0;
	const struct big *large = a_larger ? a : b, *small = a_larger ? b : a;
	bool negative = a_larger ? a->negative : b_negative;

	return a->negative == b_negative ? add_magnitude(r, large, small, negative) : sub_magnitude(r, large, small, negative);
}

int big_add(struct big *r, const struct big *a, const struct big *b)
{
	return add_signed(r, a, b, b->negative);
}

int big_sub(struct big *r, const struct big *a, const struct big *b)
{
	return add_signed(r, a, b, b->n && !b->negative);
}

int big_mul(struct big *r, const struct big *a, const struct big *b)
{
	uint64_t w[2 * BIG_LIMBS];

	limbs_mul(w, a->w, a->n, b->w, b->n);
	return set(r, a->negative != b->negative, w, a->n + b->n);
}

int big_mul_pow10(struct big *r, const struct big *a, unsigned n)
{
	copy(r, a);
	while (n && r->n) {
		unsigned step = n < LIMB_DIGITS ? n : LIMB_DIGITS;
		uint64_t carry = limbs_mul_add(r->w, r->n, limbs_pow10[step], 0);

		if (carry && r->n == BIG_LIMBS)
			return -1;
		if (carry)
			r->w[r->n++] = carry;
		n -= step;
	}
	return 0;
}

int big_cmp_product(const struct big *a, const struct big *b, const struct big *c, const struct big *d)
{
	uint64_t ab[2 * BIG_LIMBS] = { 0 }, cd[2 * BIG_LIMBS] = { 0 };
	int sign_ab = a->n && b->n ? (a->negative != b->negative ? -1 : 1) : 0;
	int sign_cd = c->n && d->n ? (c->negative != d->negative ? -1 : 1) : 0;

	if (sign_ab != sign_cd)
		return sign_ab < sign_cd ? -1 : 1;
	limbs_mul(ab, a->w, a->n, b->w, b->n);
	limbs_mul(cd, c->w, c->n, d->w, d->n);
	return sign_ab * limbs_cmp(ab, cd, 2 * BIG_LIMBS);
}

/* w << bits (0..63) in n + 1 limbs. */
static void shift_left(uint64_t *r, const uint64_t *w, unsigned n, unsigned bits)
{
	uint64_t carry = 0;

	for (unsigned i = 0; i < n; i++) {
		r[i] = w[i] << bits | carry;
		carry = bits ? w[i] >> (64 - bits) : 0;
	}
	r[n] = carry;
}

static void shift_right(uint64_t *w, unsigned n, unsigned bits)
{
	if (!bits)
		return;
	for (unsigned i = 0; i < n; i++)
		w[i] = w[i] >> bits | (i + 1 < n ? w[i + 1] << (64 - bits) : 0);
}

/* Algorithm D, step D3: one quotient limb from the three highest limbs of u and the two highest of v; too large by one
 * at most. */
static uint64_t guess_limb(const uint64_t *u, const uint64_t *v, unsigned n)
{
	u128 top = (u128)u[n] << 64 | u[n - 1];
	u128 q = top / v[n - 1], rest = top - q * v[n - 1];

	while (q >> 64 || q * v[n - 2] > (rest << 64 | u[n - 2])) {
		q--;
		rest += v[n - 1];
		if (rest >> 64)
			break;
	}
	return (uint64_t)q;
}

/* Steps D4 to D6: u -= q * v, in n + 1 limbs; takes one v back, and one from the limb returned, when that went below 0. */
static uint64_t subtract_multiple(uint64_t *u, const uint64_t *v, unsigned n, uint64_t q)
{
	uint64_t product[BIG_LIMBS + 1];

	memcpy(product, v, n * sizeof *v);
	product[n] = limbs_mul_add(product, n, q, 0);
	if (limbs_sub(u, u, product, n + 1)) {
		q--;
		limbs_add(u, u, v, n);          /* its carry would make u[n] 0, which is not read again */
	}
	return q;
}

/* Magnitudes: q[na - nb + 1], rest[nb]; na >= nb >= 2. */
static void divide(uint64_t *q, uint64_t *rest, const uint64_t *a, unsigned na, const uint64_t *b, unsigned nb)
{
	uint64_t u[BIG_LIMBS + 1], v[BIG_LIMBS + 1];
	unsigned bits = (unsigned)__builtin_clzll(b[nb - 1]);

	shift_left(u, a, na, bits);
	shift_left(v, b, nb, bits);
	for (unsigned j = na - nb + 1; j--; )
		q[j] = subtract_multiple(u + j, v, nb, guess_limb(u + j, v, nb));
	shift_right(u, nb, bits);
	memcpy(rest, u, nb * sizeof *u);
}

void big_divmod(struct big *quotient, struct big *remainder, const struct big *a, const struct big *b)
{
	uint64_t q[BIG_LIMBS], rest[BIG_LIMBS];
	bool a_negative = a->negative, q_negative = a->negative != b->negative;
	unsigned nq, nrest = b->n;

	assert(b->n);
	if (a->n < b->n) {
		nq = 0, nrest = a->n;
		memcpy(rest, a->w, nrest * sizeof *rest);
	} else if (b->n == 1) {
		nq = a->n;
		memcpy(q, a->w, nq * sizeof *q);
		rest[0] = limbs_div_small(q, nq, b->w[0]);
	} else {
		nq = a->n - b->n + 1;
		divide(q, rest, a->w, a->n, b->w, b->n);
	}
	if (quotient)
		set(quotient, q_negative, q, nq);
	if (remainder)
		set(remainder, a_negative, rest, nrest);
}

static uint64_t gcd_limb(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;

		a = b, b = rest;
	}
	return a;
}

void big_gcd(struct big *r, const struct big *a, const struct big *b)
{
	struct big one, other, *x = &one, *y = &other;

	copy(x, a);
	copy(y, b);
	while (y->n > 1 || (y->n && x->n > 1)) {
		struct big *rest = x;

		big_divmod(NULL, rest, x, y);
		x = y, y = rest;
	}
	if (y->n) {
		x->w[0] = gcd_limb(x->n ? x->w[0] : 0, y->w[0]);
		x->n = 1;
	}
	copy(r, x);
	r->negative = false;
}

static unsigned bit_length(const struct big *a)
{
	return a->n ? a->n * 64 - (unsigned)__builtin_clzll(a->w[a->n - 1]) : 0;
}

/* Newton's iteration from above: x falls until it is the floor of the root. */
void big_sqrt(struct big *r, const struct big *a)
{
	struct big x = { .n = 0 }, next;
	unsigned start = (bit_length(a) + 1) / 2;       /* 2^start >= sqrt(a) */

	assert(!a->negative);
	if (!a->n) {
		r->n = 0, r->negative = false;
		return;
	}
	x.n = start / 64 + 1;
	x.w[x.n - 1] = (uint64_t)1 << start % 64;
	for (;;) {
		big_divmod(&next, NULL, a, &x);
		big_add(&next, &next, &x);
		shift_right(next.w, next.n, 1);
		next.n = limbs_trim(next.w, next.n);
		if (cmp_magnitude(&next, &x) >= 0)
			break;
		copy(&x, &next);
	}
	copy(r, &x);
}

void big_print(struct buf *out, const struct big *a, unsigned scale)
{
	uint64_t w[BIG_LIMBS];

	memcpy(w, a->w, a->n * sizeof *w);
	limbs_print(out, a->negative, w, a->n, scale);
}

int big_parse(struct span text, struct big *r, unsigned *scale)
{
	uint64_t w[BIG_LIMBS];
	bool negative;

	if (limbs_parse(text, w, BIG_LIMBS, BIG_LIMBS * 20, BIG_LIMBS * 20, &negative, scale) < 0)
		return -1;
	return set(r, negative, w, BIG_LIMBS);
}
