/* SPDX-License-Identifier: MIT */
/* sum: exact, with the largest scale seen. Text: the decimal with that scale. A sum that cancelled out keeps its digits
 * (0.00); zero without digits is the sum of nothing. */
#include "lib/agg/measure_kinds.h"

#include "lib/base/limbs.h"

i128 sum_align(struct sum *s, i128 m, unsigned scale)
{
	if (scale > s->scale) {
		i256_mul_pow10(&s->sum, scale - s->scale);
		s->scale = scale;
		return m;
	}
	return m * (i128)limbs_pow10[s->scale - scale];
}

void sum_merge(struct sum *into, const struct sum *from)
{
	struct i256 addend = from->sum;

	if (from->scale > into->scale)
		sum_align(into, 0, from->scale);
	else
		i256_mul_pow10(&addend, into->scale - from->scale);
	i256_add(&into->sum, &addend);
}

int sum_parse(struct span text, struct sum *s)
{
	unsigned scale;

	if (i256_parse(text, &s->sum, &scale) < 0)
		return -1;
	s->scale = scale;
	return 0;
}

static size_t size(const struct measure *m)
{
	(void)m;
	return sizeof(struct sum);
}

static void add(const struct measure *m, void *state, const struct value *v, const struct moment *at)
{
	(void)m;
	sum_add(state, v->number, at->weight);
}

static void add_numbers(const struct measure *m, void *const *group, const int64_t *number, const uint8_t *scale, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (scale[i] != ARG_NULL)
			sum_add_short((void *)((char *)group[i] + m->offset), number[i], scale[i]);
}

static void merge(const struct measure *m, void *into, const void *from)
{
	(void)m;
	sum_merge(into, from);
}

static bool is_identity(const struct measure *m, const void *state)
{
	const struct sum *s = state;

	(void)m;
	return s->scale == 0 && i256_is_zero(&s->sum);
}

static void finish(const struct measure *m, const void *state, unsigned digits, struct buf *out)
{
	const struct sum *s = state;

	(void)m, (void)digits;
	i256_print(out, &s->sum, s->scale);
}

static void save(const struct measure *m, const void *state, struct buf *out)
{
	if (!is_identity(m, state))
		finish(m, state, 0, out);
}

/* Most sums fit a word: at most 18 digits, perhaps a point among them. False: i256_parse knows better. */
static bool parse_digits(const char *p, size_t n, uint64_t *number, unsigned *scale)
{
	const char *end = p + n, *point = NULL;
	uint64_t v = 0;

	if (n > 18 || n < 2)
		return false;
	for (; p < end; p++) {
		unsigned digit = (unsigned char)*p - (unsigned)'0';

		if (digit <= 9)
			v = v * 10 + digit;
		else if (*p == '.' && !point)
			point = p;
		else
			return false;
	}
	*number = v;
	*scale = point ? (unsigned)(end - point - 1) : 0;
	return true;
}

static bool parse_short(struct span text, int64_t *m, unsigned *scale)
{
	bool minus = text.p[0] == '-';
	const char *p = text.p + minus;
	size_t n = text.n - minus;
	uint64_t v;

	if (n - 1 < 8 ? !decimal_word(p, n, &v, scale) : !parse_digits(p, n, &v, scale))
		return false;
	*m = minus ? -(int64_t)v : (int64_t)v;
	return true;
}

static int merge_text(const struct measure *m, void *into, struct span text)
{
	struct sum s;
	int64_t number;
	unsigned scale;

	(void)m;
	if (text.n == 0)
		return 0;
	if (parse_short(text, &number, &scale)) {
		sum_add_short(into, number, scale);
		return 0;
	}
	if (sum_parse(text, &s) < 0)
		return -1;
	sum_merge(into, &s);
	return 0;
}

static int number(const struct measure *m, const void *state, struct ratio *r)
{
	const struct sum *s = state;

	(void)m;
	ratio_from_i256(r, &s->sum, s->scale);
	return 0;
}

const struct measure_kind kind_sum = {
	.name = "sum", .takes_number = true, .retracts = true,
	.size = size, .add = add, .add_numbers = add_numbers, .merge = merge, .save = save, .merge_text = merge_text,
	.finish = finish, .number = number, .is_identity = is_identity,
};
