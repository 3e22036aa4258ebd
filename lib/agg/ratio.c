/* SPDX-License-Identifier: MIT */
/* Fractions in lowest terms (Knuth, TAOCP 4.5.1: gcds before the products keep the numbers small). Numerator and
 * denominator stay two limbs below what struct big holds: so the long division that prints never runs out of room,
 * and printing cannot fail. */
#include "lib/agg/ratio.h"

#include <assert.h>

#define RATIO_LIMBS (BIG_LIMBS - 2)
#define CHUNK 18                                /* fraction digits made at once; 10^18 fits int64_t */

static int check_size(const struct ratio *r)
{
	return r->num.n > RATIO_LIMBS || r->den.n > RATIO_LIMBS ? -1 : 0;
}

static bool is_one(const struct big *a)
{
	return a->n == 1 && a->w[0] == 1 && !a->negative;
}

/* Divides both by their greatest common divisor. */
static void reduce(struct big *a, struct big *b)
{
	struct big g;

	if (is_one(a) || is_one(b))
		return;
	big_gcd(&g, a, b);
	if (is_one(&g))
		return;
	big_divmod(a, NULL, a, &g);
	big_divmod(b, NULL, b, &g);
}

static int joint_scale(const struct ratio *a, const struct ratio *b, int scale)
{
	return a->scale < 0 || b->scale < 0 ? RATIO_FRACTION : scale;
}

void ratio_from_i256(struct ratio *r, const struct i256 *m, unsigned scale)
{
	big_from_i256(&r->num, m);
	big_from_i64(&r->den, 1);
	big_mul_pow10(&r->den, &r->den, scale);
	reduce(&r->num, &r->den);
	r->scale = (int)scale;
}

void ratio_from_decimal(struct ratio *r, struct decimal d)
{
	struct i256 m = i256_from(d.m);

	ratio_from_i256(r, &m, d.scale);
}

int ratio_from_quotient(struct ratio *r, const struct big *num, const struct big *den)
{
	struct big d = *den;

	assert(d.n && !d.negative);
	r->num = *num;
	reduce(&r->num, &d);
	r->den = d;
	r->scale = RATIO_FRACTION;
	return check_size(r);
}

/* a + b or a - b. With g = gcd(a.den, b.den) only g can still have a factor in common with the sum. */
static int add(struct ratio *r, const struct ratio *a, const struct ratio *b,
	       int (*plus)(struct big *, const struct big *, const struct big *))
{
	struct big a_den = a->den, b_den = b->den, g, x, y;
	int scale = joint_scale(a, b, a->scale > b->scale ? a->scale : b->scale);

	big_gcd(&g, &a_den, &b_den);
	big_divmod(&a_den, NULL, &a_den, &g);
	big_divmod(&b_den, NULL, &b_den, &g);
	if (big_mul(&x, &a->num, &b_den) < 0 || big_mul(&y, &b->num, &a_den) < 0 || plus(&x, &x, &y) < 0)
		return -1;
	reduce(&x, &g);
	if (big_mul(&y, &a_den, &b_den) < 0 || big_mul(&y, &y, &g) < 0)
		return -1;
	r->num = x;
	r->den = y;
	r->scale = scale;
	return check_size(r);
}

int ratio_add(struct ratio *r, const struct ratio *a, const struct ratio *b)
{
	return add(r, a, b, big_add);
}

int ratio_sub(struct ratio *r, const struct ratio *a, const struct ratio *b)
{
	return add(r, a, b, big_sub);
}

/* (a / b) * (c / d), each in lowest terms. Takes copies. */
static int multiply(struct ratio *r, struct big a, struct big b, struct big c, struct big d)
{
	reduce(&a, &d);
	reduce(&c, &b);
	if (big_mul(&r->num, &a, &c) < 0 || big_mul(&r->den, &b, &d) < 0)
		return -1;
	return check_size(r);
}

int ratio_mul(struct ratio *r, const struct ratio *a, const struct ratio *b)
{
	int scale = joint_scale(a, b, a->scale + b->scale);

	if (multiply(r, a->num, a->den, b->num, b->den) < 0)
		return -1;
	r->scale = scale;
	return 0;
}

int ratio_div(struct ratio *r, const struct ratio *a, const struct ratio *b)
{
	struct big num = b->den, den = b->num;

	assert(den.n);
	num.negative = den.negative;
	den.negative = false;
	if (multiply(r, a->num, a->den, num, den) < 0)
		return -1;
	r->scale = RATIO_FRACTION;
	return 0;
}

bool ratio_is_zero(const struct ratio *a)
{
	return a->num.n == 0;
}

int ratio_cmp(const struct ratio *a, const struct ratio *b)
{
	return big_cmp_product(&a->num, &b->den, &b->num, &a->den);
}

/* rest / den against one half. */
static int cmp_half(const struct big *rest, const struct big *den)
{
	struct big twice;

	big_add(&twice, rest, rest);
	return big_cmp(&twice, den);
}

/* Adds one to the last of the n digits of text, among which a point may stand. True when a one leaves the top. */
static bool round_up(char *text, size_t n)
{
	while (n--) {
		if (text[n] == '.')
			continue;
		if (text[n] != '9') {
			text[n]++;
			return false;
		}
		text[n] = '0';
	}
	return true;
}

/* Appends the next `digits` digits of rest / den, and leaves what remains in rest. */
static void print_fraction(struct buf *out, struct big *rest, const struct big *den, unsigned digits)
{
	while (digits) {
		unsigned n = digits < CHUNK ? digits : CHUNK;
		struct big q;
		char *p = buf_room(out, n);
		uint64_t chunk;

		big_mul_pow10(rest, rest, n);
		big_divmod(&q, rest, rest, den);
		chunk = q.n ? q.w[0] : 0;
		for (unsigned i = n; i--; chunk /= 10)
			p[i] = (char)('0' + chunk % 10);
		out->n += n;
		digits -= n;
	}
}

/* |num| / den, rounded half even to `digits`. */
static void print_magnitude(struct buf *out, const struct ratio *a, unsigned digits)
{
	size_t start = out->n;
	struct big integer, rest = a->num;
	int half;

	rest.negative = false;
	big_divmod(&integer, &rest, &rest, &a->den);
	big_print(out, &integer, 0);
	if (digits)
		buf_byte(out, '.');
	print_fraction(out, &rest, &a->den, digits);
	half = cmp_half(&rest, &a->den);
	if (half < 0 || (half == 0 && out->p[out->n - 1] % 2 == 0))
		return;
	if (round_up(out->p + start, out->n - start)) {
		buf_byte(out, '0');
		memmove(out->p + start + 1, out->p + start, out->n - start - 1);
		out->p[start] = '1';
	}
}

static bool all_zero(const char *text, size_t n)
{
	while (n && (*text == '0' || *text == '.'))
		text++, n--;
	return n == 0;
}

void ratio_print(struct buf *out, const struct ratio *a, unsigned digits)
{
	size_t start = out->n;

	if (a->num.negative)
		buf_byte(out, '-');
	print_magnitude(out, a, a->scale >= 0 ? (unsigned)a->scale : digits);
	if (a->num.negative && all_zero(out->p + start + 1, out->n - start - 1)) {
		out->n--;
		memmove(out->p + start, out->p + start + 1, out->n - start);
	}
}

/* With x = a * 10^(2 digits) and s = floor(sqrt(x)): the root of x lies above s + 1/2 when 4 x > (2 s + 1)^2. */
int ratio_print_sqrt(struct buf *out, const struct ratio *a, unsigned digits)
{
	struct big one, x, s, twice, four_x;
	int above;

	assert(!a->num.negative);
	big_from_i64(&one, 1);
	if (big_mul_pow10(&x, &a->num, digits) < 0 || big_mul_pow10(&x, &x, digits) < 0 ||
	    big_add(&four_x, &x, &x) < 0 || big_add(&four_x, &four_x, &four_x) < 0)
		return -1;
	big_divmod(&x, NULL, &x, &a->den);
	big_sqrt(&s, &x);
	big_add(&twice, &s, &s);
	big_add(&twice, &twice, &one);
	if (big_mul(&twice, &twice, &twice) < 0)
		return -1;
	above = big_cmp_product(&four_x, &one, &twice, &a->den);
	if (above > 0 || (above == 0 && s.n && s.w[0] & 1))
		big_add(&s, &s, &one);
	big_print(out, &s, digits);
	return 0;
}

int ratio_parse(struct ratio *r, struct span text)
{
	struct decimal d;
	unsigned scale;

	if (decimal_parse(text, &d) == 0) {
		ratio_from_decimal(r, d);
		return 0;
	}
	if (big_parse(text, &r->num, &scale) < 0)       /* finished sums have more digits than records may */
		return -1;
	big_from_i64(&r->den, 1);
	if (big_mul_pow10(&r->den, &r->den, scale) < 0)
		return -1;
	reduce(&r->num, &r->den);
	r->scale = (int)scale;
	return check_size(r);
}
