/* SPDX-License-Identifier: MIT */
/* count() and count(x): the sum of weights. Text: the number. */
#include "lib/agg/measure_kinds.h"

static size_t size(const struct measure *m)
{
	(void)m;
	return sizeof(int64_t);
}

static void add(const struct measure *m, void *state, const struct value *v, const struct moment *at)
{
	int64_t *n = state;

	(void)m, (void)v;
	*n = weight_add(*n, at->weight);
}

static void add_numbers(const struct measure *m, void *const *group, const int64_t *number, const uint8_t *scale, size_t n)
{
	(void)number;
	for (size_t i = 0; i < n; i++) {
		int64_t *count = (void *)((char *)group[i] + m->offset);

		*count = weight_add(*count, !scale || scale[i] != ARG_NULL);
	}
}

static void merge(const struct measure *m, void *into, const void *from)
{
	int64_t *n = into;

	(void)m;
	*n = weight_add(*n, *(const int64_t *)from);
}

static bool is_identity(const struct measure *m, const void *state)
{
	(void)m;
	return *(const int64_t *)state == 0;
}

static void save(const struct measure *m, const void *state, struct buf *out)
{
	if (!is_identity(m, state))
		buf_i64(out, *(const int64_t *)state);
}

static int merge_text(const struct measure *m, void *into, struct span text)
{
	int64_t n;

	if (text.n == 0)
		return 0;
	if (state_weight(text, &n) < 0)
		return -1;
	merge(m, into, &n);
	return 0;
}

static void finish(const struct measure *m, const void *state, unsigned digits, struct buf *out)
{
	(void)m, (void)digits;
	buf_i64(out, *(const int64_t *)state);
}

static int number(const struct measure *m, const void *state, struct ratio *r)
{
	struct i256 n = i256_from(*(const int64_t *)state);

	(void)m;
	ratio_from_i256(r, &n, 0);
	return 0;
}

const struct measure_kind kind_count = {
	.name = "count", .count_like = true, .retracts = true,
	.size = size, .add = add, .add_numbers = add_numbers, .merge = merge, .save = save, .merge_text = merge_text,
	.finish = finish, .number = number, .is_identity = is_identity,
};
