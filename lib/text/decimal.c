/* SPDX-License-Identifier: MIT */
/* A decimal's m is below 10^38 and fits i128 with a bit to spare; aligning two of them to the larger scale keeps
 * that (20 integer digits, 18 behind), so only products and quotients need more room: struct big, when 128 bits do
 * not do. */
#include "lib/text/decimal.h"

#include "lib/base/limbs.h"

#define MAX_DIGITS (DECIMAL_MAX_INTEGER_DIGITS + DECIMAL_MAX_SCALE)

static const char not_a_number[] = "not a number";
static const char too_many_integer[] = "more than 20 integer digits";
static const char too_many_fraction[] = "more than 18 fraction digits";

/* 10^n, n <= 38. */
static u128 pow10_of(unsigned n)
{
	return n <= LIMB_DIGITS ? limbs_pow10[n] : (u128)limbs_pow10[LIMB_DIGITS] * limbs_pow10[n - LIMB_DIGITS];
}

static u128 magnitude(i128 v)
{
	return v < 0 ? -(u128)v : (u128)v;
}

static int put(struct decimal *r, u128 m, bool negative, unsigned scale)
{
	if (m >= pow10_of(DECIMAL_MAX_INTEGER_DIGITS + scale))
		return -1;
	r->m = negative ? -(i128)m : (i128)m;
	r->scale = scale;
	return 0;
}

/* Sign taken off, at most 19 characters: 19 digits do not overflow, nor can more than 18 of them stand behind a point. */
static int parse_plain(const char *p, size_t n, uint64_t *m, unsigned *scale)
{
	const char *end = p + n, *point = NULL;

	for (*m = 0; p < end; p++) {
		unsigned digit = (unsigned char)*p - (unsigned)'0';

		if (digit <= 9)
			*m = *m * 10 + digit;
		else if (*p == '.' && !point)
			point = p;
		else
			return -1;
	}
	*scale = point ? (unsigned)(end - point - 1) : 0;
	return n > (point != NULL) ? 0 : -1;
}

/* A number's parts as they are read. Leading zeros are not counted. */
struct reading {
	u128 m;                 /* of the first 38 significant digits */
	size_t significant;
	size_t fraction;        /* characters behind the point */
	int64_t exponent;       /* saturates far beyond what can fit */
};

/* Digits and point; returns what follows them, NULL when there is no digit. */
static const char *read_digits(struct reading *r, const char *p, const char *end)
{
	bool point = false, any = false;

	for (; p < end; p++) {
		unsigned digit = (unsigned char)*p - (unsigned)'0';

		if (*p == '.' && !point) {
			point = true;
			continue;
		}
		if (digit > 9)
			break;
		any = true;
		r->fraction += point;
		if ((r->significant || digit) && ++r->significant <= MAX_DIGITS)
			r->m = r->m * 10 + digit;
	}
	return any ? p : NULL;
}

/* p is behind the 'e'. */
static int read_exponent(struct reading *r, const char *p, const char *end)
{
	const int64_t enough = INT64_MAX / 4;
	bool minus = p < end && *p == '-';

	if (p < end && (*p == '-' || *p == '+'))
		p++;
	if (p == end)
		return -1;
	for (; p < end; p++) {
		unsigned digit = (unsigned char)*p - (unsigned)'0';

		if (digit > 9)
			return -1;
		r->exponent = r->exponent < enough / 10 ? r->exponent * 10 + digit : enough;
	}
	if (minus)
		r->exponent = -r->exponent;
	return 0;
}

/* Moves the point by the exponent and sees whether the result fits. NULL, or what is wrong. */
static const char *place_point(const struct reading *r, bool minus, struct decimal *d)
{
	int64_t scale = (int64_t)r->fraction - r->exponent;
	int64_t integer = (int64_t)r->significant - scale;
	u128 m = r->m;

	if (r->significant && integer > DECIMAL_MAX_INTEGER_DIGITS)
		return too_many_integer;
	if (scale > DECIMAL_MAX_SCALE)
		return too_many_fraction;
	if (scale < 0) {
		if (m)
			m *= pow10_of((unsigned)-scale);
		scale = 0;
	}
	d->m = minus ? -(i128)m : (i128)m;
	d->scale = (unsigned)scale;
	return NULL;
}

static const char *parse_general(struct span text, struct decimal *d)
{
	struct reading r = { 0 };
	const char *p = text.p, *end;
	bool minus;

	if (!text.n)
		return not_a_number;
	end = p + text.n;
	minus = *p == '-';
	p = read_digits(&r, p + (*p == '-' || *p == '+'), end);
	if (!p)
		return not_a_number;
	if (p < end && ((*p != 'e' && *p != 'E') || read_exponent(&r, p + 1, end) < 0))
		return not_a_number;
	return place_point(&r, minus, d);
}

int decimal_parse_any(struct span text, struct decimal *d)
{
	bool minus = text.n && text.p[0] == '-';
	size_t n = text.n - minus;
	unsigned scale;
	uint64_t m;

	if (text.n == 0)
		return -1;
	if (n <= LIMB_DIGITS && parse_plain(text.p + minus, n, &m, &scale) == 0) {
		d->m = minus ? -(i128)m : (i128)m;
		d->scale = scale;
		return 0;
	}
	return parse_general(text, d) ? -1 : 0;
}

const char *decimal_parse_error(struct span text)
{
	struct decimal ignored;

	return parse_general(text, &ignored);
}

/* Both to the larger scale; returns it. */
static unsigned align(struct decimal *a, struct decimal *b)
{
	struct decimal *coarse = a->scale < b->scale ? a : b;
	unsigned scale = a->scale < b->scale ? b->scale : a->scale;

	if (coarse->scale < scale) {
		coarse->m *= (i128)pow10_of(scale - coarse->scale);
		coarse->scale = scale;
	}
	return scale;
}

int decimal_add(struct decimal *r, struct decimal a, struct decimal b)
{
	unsigned scale = align(&a, &b);
	i128 sum;

	if (__builtin_add_overflow(a.m, b.m, &sum))
		return -1;
	return put(r, magnitude(sum), sum < 0, scale);
}

int decimal_sub(struct decimal *r, struct decimal a, struct decimal b)
{
	b.m = -b.m;
	return decimal_add(r, a, b);
}

/* q + rest / of, rounded half even. rest < of. */
static u128 half_even(u128 q, u128 rest, u128 of)
{
	u128 other = of - rest;

	return q + (rest > other || (rest == other && q & 1));
}

static u128 divide(u128 a, u128 b)
{
	u128 q = a / b;

	return half_even(q, a - q * b, b);
}

static void big_from_u128(struct big *r, u128 v)
{
	r->w[0] = (uint64_t)v;
	r->w[1] = (uint64_t)(v >> 64);
	r->n = limbs_trim(r->w, 2);
	r->negative = false;
}

static u128 big_low(const struct big *a)
{
	return a->n ? (u128)(a->n > 1 ? a->w[1] : 0) << 64 | a->w[0] : 0;
}

/* *q = a / b, rounded half even. -1: it needs more than 128 bits. */
static int divide_big(u128 *q, const struct big *a, u128 b)
{
	struct big divisor, quotient, rest;

	big_from_u128(&divisor, b);
	big_divmod(&quotient, &rest, a, &divisor);
	if (quotient.n > 2)
		return -1;
	*q = half_even(big_low(&quotient), big_low(&rest), b);
	return 0;
}

int decimal_mul(struct decimal *r, struct decimal a, struct decimal b)
{
	u128 x = magnitude(a.m), y = magnitude(b.m), m;
	bool negative = (a.m < 0) != (b.m < 0);
	unsigned scale = a.scale + b.scale, excess = scale > DECIMAL_MAX_SCALE ? scale - DECIMAL_MAX_SCALE : 0;

	if (!__builtin_mul_overflow(x, y, &m)) {
		if (excess)
			m = divide(m, limbs_pow10[excess]);
	} else {
		struct big p, q;

		big_from_u128(&p, x);
		big_from_u128(&q, y);
		big_mul(&p, &p, &q);
		if (divide_big(&m, &p, limbs_pow10[excess]) < 0)
			return -1;
	}
	return put(r, m, negative, scale - excess);
}

int decimal_div(struct decimal *r, struct decimal a, struct decimal b)
{
	u128 x = magnitude(a.m), y = magnitude(b.m), m;
	unsigned shift = DECIMAL_MAX_SCALE + b.scale - a.scale;         /* 0 to 36 */

	if (!__builtin_mul_overflow(x, pow10_of(shift), &m)) {
		m = divide(m, y);
	} else {
		struct big p;

		big_from_u128(&p, x);
		big_mul_pow10(&p, &p, shift);
		if (divide_big(&m, &p, y) < 0)
			return -1;
	}
	if (put(r, m, (a.m < 0) != (b.m < 0), DECIMAL_MAX_SCALE) < 0)
		return -1;
	*r = decimal_normal(*r);
	return 0;
}

int decimal_mod(struct decimal *r, struct decimal a, struct decimal b)
{
	unsigned scale = align(&a, &b);

	*r = (struct decimal){ a.m % b.m, scale };
	return 0;
}

int decimal_round(struct decimal *r, struct decimal a, int digits)
{
	u128 m = magnitude(a.m), unit;

	if (digits >= (int)a.scale) {
		*r = a;
		return 0;
	}
	if (digits < -DECIMAL_MAX_INTEGER_DIGITS) {
		*r = (struct decimal){ 0, 0 };
		return 0;
	}
	unit = pow10_of((unsigned)((int)a.scale - digits));
	m = divide(m, unit);
	if (digits < 0)
		m *= pow10_of((unsigned)-digits);
	return put(r, m, a.m < 0, digits < 0 ? 0 : (unsigned)digits);
}

struct decimal decimal_floor(struct decimal a)
{
	i128 unit = (i128)pow10_of(a.scale);

	return (struct decimal){ a.m / unit - (a.m % unit < 0), 0 };
}

struct decimal decimal_ceil(struct decimal a)
{
	i128 unit = (i128)pow10_of(a.scale);

	return (struct decimal){ a.m / unit + (a.m % unit > 0), 0 };
}

/* Takes zeros off by 16, 8, 4, 2, 1: of up to 18 of them, in five divisions. */
struct decimal decimal_normal(struct decimal a)
{
	for (unsigned step = 16; step; step /= 2) {
		i128 unit = (i128)limbs_pow10[step];

		if (a.scale >= step && a.m % unit == 0) {
			a.m /= unit;
			a.scale -= step;
		}
	}
	return a;
}

int decimal_cmp(struct decimal a, struct decimal b)
{
	align(&a, &b);
	return (a.m > b.m) - (a.m < b.m);
}

int decimal_to_i64(struct decimal a, int64_t *v)
{
	a = decimal_normal(a);
	if (a.scale || a.m < INT64_MIN || a.m > INT64_MAX)
		return -1;
	*v = (int64_t)a.m;
	return 0;
}

void decimal_print(struct buf *out, struct decimal d)
{
	u128 m = magnitude(d.m);
	uint64_t w[2] = { (uint64_t)m, (uint64_t)(m >> 64) };

	limbs_print(out, d.m < 0, w, 2, d.scale);
}
