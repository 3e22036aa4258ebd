/* SPDX-License-Identifier: MIT */
/* avg: sum and count; text `sum/n`. Rounded once, when printed. While more was taken back than put in there is none. */
#include "lib/agg/measure_kinds.h"

struct avg {
	struct sum sum;
	int64_t n;
};

static size_t size(const struct measure *m)
{
	(void)m;
	return sizeof(struct avg);
}

static void add(const struct measure *m, void *state, const struct value *v, const struct moment *at)
{
	struct avg *a = state;

	(void)m;
	sum_add(&a->sum, v->number, at->weight);
	a->n = weight_add(a->n, at->weight);
}

static void add_numbers(const struct measure *m, void *const *group, const int64_t *number, const uint8_t *scale, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct avg *a = (void *)((char *)group[i] + m->offset);

		if (scale[i] == ARG_NULL)
			continue;
		sum_add_short(&a->sum, number[i], scale[i]);
		a->n = weight_add(a->n, 1);
	}
}

static void merge(const struct measure *m, void *into, const void *from)
{
	struct avg *a = into;
	const struct avg *b = from;

	(void)m;
	sum_merge(&a->sum, &b->sum);
	a->n = weight_add(a->n, b->n);
}

static bool is_identity(const struct measure *m, const void *state)
{
	const struct avg *a = state;

	(void)m;
	return a->n == 0 && a->sum.scale == 0 && i256_is_zero(&a->sum.sum);
}

static void save(const struct measure *m, const void *state, struct buf *out)
{
	const struct avg *a = state;

	if (is_identity(m, state))
		return;
	i256_print(out, &a->sum.sum, a->sum.scale);
	buf_byte(out, '/');
	buf_i64(out, a->n);
}

static int merge_text(const struct measure *m, void *into, struct span text)
{
	struct span sum;
	struct avg a;

	if (text.n == 0)
		return 0;
	sum = state_cut(&text, '/');
	if (sum_parse(sum, &a.sum) < 0 || state_weight(text, &a.n) < 0)
		return -1;
	merge(m, into, &a);
	return 0;
}

/* sum / n, not in lowest terms. False: there is none. */
static bool quotient(const struct avg *a, struct ratio *r)
{
	if (a->n <= 0)
		return false;
	r->scale = RATIO_FRACTION;
	big_from_i256(&r->num, &a->sum.sum);
	big_from_i64(&r->den, a->n);
	big_mul_pow10(&r->den, &r->den, a->sum.scale);  /* fits: 63 bits and 18 digits */
	return true;
}

static int number(const struct measure *m, const void *state, struct ratio *r)
{
	struct ratio q;

	(void)m;
	return quotient(state, &q) ? ratio_from_quotient(r, &q.num, &q.den) : 1;
}

/* Printing needs no lowest terms, and finding them costs more than all the rest. */
static void finish(const struct measure *m, const void *state, unsigned digits, struct buf *out)
{
	struct ratio q;

	(void)m;
	if (quotient(state, &q))
		ratio_print(out, &q, digits);
}

const struct measure_kind kind_avg = {
	.name = "avg", .takes_number = true, .retracts = true,
	.size = size, .add = add, .add_numbers = add_numbers, .merge = merge, .save = save, .merge_text = merge_text,
	.finish = finish, .number = number, .is_identity = is_identity,
};
