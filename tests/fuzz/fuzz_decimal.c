/* SPDX-License-Identifier: MIT */
/* Numbers in foreign text: what decimal_parse says is compared with a reading that writes the digits out in full; what it
 * takes must print, parse back and survive arithmetic. Input: one number, or two with a blank between them. */
#include <stdlib.h>
#include <string.h>

#include "lib/agg/ratio.h"
#include "lib/text/decimal.h"

#define REQUIRE(cond) do { if (!(cond)) abort(); } while (0)
#define LONGEST 300             /* input */
#define FAR 1000                /* exponents beyond that fit no better */

/* A number written out: digits, of which `point` stand before the point. */
struct long_hand {
	char digits[LONGEST + FAR + 1];
	long n, point;
	bool minus;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* False: not of the form of a number. */
static bool spell(struct long_hand *l, const char *p, const char *end, long *exponent)
{
	bool exponent_minus;

	l->minus = p < end && *p == '-';
	p += p < end && (*p == '-' || *p == '+');
	for (; p < end && is_digit(*p); p++)
		l->digits[l->n++] = *p;
	l->point = l->n;
	if (p < end && *p == '.')
		for (p++; p < end && is_digit(*p); p++)
			l->digits[l->n++] = *p;
	if (!l->n)
		return false;
	if (p == end)
		return true;
	if (*p != 'e' && *p != 'E')
		return false;
	p++;
	exponent_minus = p < end && *p == '-';
	p += p < end && (*p == '-' || *p == '+');
	if (p == end)
		return false;
	for (; p < end && is_digit(*p); p++)
		if (*exponent < FAR)
			*exponent = *exponent * 10 + (*p - '0');
	*exponent = *exponent < FAR ? *exponent : FAR;
	*exponent = exponent_minus ? -*exponent : *exponent;
	return p == end;
}

static void move_point(struct long_hand *l, long by)
{
	l->point += by;
	for (; l->point > l->n; l->n++)
		l->digits[l->n] = '0';
	if (l->point < 0) {
		memmove(l->digits - l->point, l->digits, (size_t)l->n);
		memset(l->digits, '0', (size_t)-l->point);
		l->n -= l->point;
		l->point = 0;
	}
}

/* NULL, or the error decimal_parse_error should give. */
static const char *read_long_hand(struct span text, struct decimal *d)
{
	struct long_hand l = { .n = 0 };
	long exponent = 0, zeros = 0;

	if (!spell(&l, text.p, text.p + text.n, &exponent))
		return "not a number";
	move_point(&l, exponent);
	while (zeros < l.point && l.digits[zeros] == '0')
		zeros++;
	if (l.point - zeros > 20)
		return "more than 20 integer digits";
	if (l.n - l.point > 18)
		return "more than 18 fraction digits";
	*d = (struct decimal){ 0, (unsigned)(l.n - l.point) };
	for (long i = zeros; i < l.n; i++)
		d->m = d->m * 10 + (l.digits[i] - '0');
	if (l.minus)
		d->m = -d->m;
	return NULL;
}

static void parse_one(struct span text, struct decimal *d, bool *ok)
{
	struct decimal want = { 0 }, back;
	const char *error = read_long_hand(text, &want), *said = decimal_parse_error(text);
	struct buf printed = { 0 };

	*ok = decimal_parse(text, d) == 0;
	REQUIRE(*ok == !error && !error == !said);
	REQUIRE(!error || strcmp(error, said) == 0);
	if (!*ok)
		return;
	REQUIRE(d->m == want.m && d->scale == want.scale);
	decimal_print(&printed, *d);
	REQUIRE(decimal_parse(buf_view(&printed), &back) == 0 && back.m == d->m && back.scale == d->scale);
	REQUIRE(decimal_cmp(decimal_normal(*d), *d) == 0);
	REQUIRE(decimal_cmp(decimal_floor(*d), *d) <= 0 && decimal_cmp(decimal_ceil(*d), *d) >= 0);
	buf_free(&printed);
}

static void calculate(struct decimal a, struct decimal b)
{
	struct decimal r, s;

	if (decimal_add(&r, a, b) == 0)
		REQUIRE(decimal_sub(&s, r, b) == 0 && decimal_cmp(s, a) == 0);
	if (decimal_mul(&r, a, b) == 0)
		REQUIRE(decimal_mul(&s, b, a) == 0 && r.m == s.m && r.scale == s.scale);
	decimal_round(&r, a, (int)(b.m % 64));
	if (!b.m)
		return;
	decimal_div(&r, a, b);
	REQUIRE(decimal_mod(&r, a, b) == 0 && decimal_sub(&s, a, r) == 0);
	REQUIRE(decimal_mod(&s, s, b) == 0 && s.m == 0);
}

/* States and finished values: what parses prints as itself, up to zeros and points that need not stand. */
static void parse_wide(struct span text)
{
	struct buf printed = { 0 };
	struct i256 a, b;
	struct ratio r, s;
	unsigned scale, again;

	if (i256_parse(text, &a, &scale) == 0) {
		i256_print(&printed, &a, scale);
		REQUIRE(i256_parse(buf_view(&printed), &b, &again) == 0 && i256_cmp(&a, &b) == 0 && again == scale);
	}
	if (ratio_parse(&r, text) == 0) {
		buf_clear(&printed);
		ratio_print(&printed, &r, 0);
		REQUIRE(ratio_parse(&s, buf_view(&printed)) == 0 && ratio_cmp(&r, &s) == 0 && r.scale == s.scale);
	}
	buf_free(&printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy;
	struct span first, second = { NULL, 0 };
	struct decimal a, b;
	bool a_ok, b_ok = false;
	const char *blank = size ? memchr(data, ' ', size) : NULL;

	if (!size || size > LONGEST)
		return 0;
	first = (struct span){ (const char *)data, blank ? (size_t)(blank - (const char *)data) : size };
	if (blank)
		second = (struct span){ blank + 1, size - first.n - 1 };
	copy = mem_alloc(first.n);                              /* of its own size, so that reading beyond it is seen */
	memcpy(copy, data, first.n);
	first.p = copy;
	parse_one(first, &a, &a_ok);
	parse_wide(first);
	if (second.n)
		parse_one(second, &b, &b_ok);
	if (a_ok && b_ok)
		calculate(a, b);
	free(copy);
	return 0;
}
