/* SPDX-License-Identifier: MIT */
/* Text of long integers. Both ways go by chunks of 19 digits, the most that a limb holds: the long number is then
 * divided or multiplied once per chunk, and a number that fits one limb costs no long arithmetic at all. */
#include "lib/base/limbs.h"

const uint64_t limbs_pow10[LIMB_DIGITS + 1] = {
	1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000,
	1000000000000, 10000000000000, 100000000000000, 1000000000000000, 10000000000000000, 100000000000000000,
	1000000000000000000, 10000000000000000000u,
};

/* Writes the digits of v so that they end at end, at least `width` of them; returns their first. */
static char *put_digits(char *end, uint64_t v, unsigned width)
{
	char *p = end;

	for (; v; v /= 10)
		*--p = (char)('0' + v % 10);
	while (end - p < (long)width)
		*--p = '0';
	return p;
}

/* Of a number in one limb: from the last digit to the first, the point on the way. */
static void print_short(struct buf *out, bool negative, uint64_t v, unsigned scale)
{
	char text[48], *end = text + sizeof text, *p = end;
	bool zero = v == 0;

	if (scale) {
		for (; scale >= 2; scale -= 2, v /= 100)
			memcpy(p -= 2, digit_pairs + v % 100 * 2, 2);
		if (scale) {
			*--p = (char)('0' + v % 10);
			v /= 10;
		}
		*--p = '.';
	}
	p = digits_before(p, v);
	if (negative && !zero)
		*--p = '-';
	buf_add(out, p, (size_t)(end - p));
}

void limbs_print(struct buf *out, bool negative, uint64_t *w, unsigned n, unsigned scale)
{
	char text[BIG_LIMBS * (LIMB_DIGITS + 1)], *end = text + sizeof text, *p = end;
	size_t digits, integer;

	n = limbs_trim(w, n);
	if (n <= 1 && scale <= LIMB_DIGITS) {
		print_short(out, negative, n ? w[0] : 0, scale);
		return;
	}
	while ((n = limbs_trim(w, n)) > 1)
		p = put_digits(p, limbs_div_small(w, n, limbs_pow10[LIMB_DIGITS]), LIMB_DIGITS);
	if (n)
		p = put_digits(p, w[0], 0);
	digits = (size_t)(end - p);
	integer = digits > scale ? digits - scale : 0;
	if (negative && digits)
		buf_byte(out, '-');
	if (integer)
		buf_add(out, p, integer);
	else
		buf_byte(out, '0');
	if (!scale)
		return;
	buf_byte(out, '.');
	for (size_t zeros = scale - (digits - integer); zeros; zeros--)
		buf_byte(out, '0');
	buf_add(out, p + integer, digits - integer);
}

/* Where parsing stands: digits not yet multiplied into w wait in chunk. */
struct reading {
	uint64_t *w, chunk;
	unsigned n, waiting;
};

static int flush_chunk(struct reading *r)
{
	uint64_t over = limbs_mul_add(r->w, r->n, limbs_pow10[r->waiting], r->chunk);

	r->chunk = r->waiting = 0;
	return over ? -1 : 0;
}

static int take_digit(struct reading *r, unsigned digit)
{
	if (r->waiting == LIMB_DIGITS && flush_chunk(r) < 0)
		return -1;
	r->chunk = r->chunk * 10 + digit;
	r->waiting++;
	return 0;
}

int limbs_parse(struct span text, uint64_t *w, unsigned n, unsigned max_integer, unsigned max_scale, bool *negative, unsigned *scale)
{
	struct reading r = { .w = w, .n = n };
	unsigned integer = 0, fraction = 0;
	size_t i = *negative = text.n && text.p[0] == '-';
	bool point = false, any = false;

	memset(w, 0, n * sizeof *w);
	for (; i < text.n; i++) {
		unsigned digit = (unsigned char)text.p[i] - (unsigned)'0';

		if (text.p[i] == '.' && !point) {
			point = true;
			continue;
		}
		if (digit > 9)
			return -1;
		any = true;
		if (point ? ++fraction > max_scale : (integer || digit) && ++integer > max_integer)
			return -1;
		if (take_digit(&r, digit) < 0)
			return -1;
	}
	*scale = fraction;
	return any ? flush_chunk(&r) : -1;
}
