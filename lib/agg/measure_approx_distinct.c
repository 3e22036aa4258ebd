/* SPDX-License-Identifier: MIT */
/* approx_count_distinct: HyperLogLog (hll.h) over the bytes of the value as written. It cannot take values back. */
#include "lib/agg/measure_kinds.h"

#include "lib/agg/hll.h"
#include "lib/base/hash.h"

static size_t size(const struct measure *m)
{
	(void)m;
	return sizeof(struct hll);
}

static void add(const struct measure *m, void *state, const struct value *v, const struct moment *at)
{
	struct value_room room;
	struct span bytes = value_bytes(v, &room);

	(void)m, (void)at;
	hll_add(state, hash_xxh64(bytes.p, bytes.n));
}

static void prefetch(const void *state)
{
	hll_prefetch(state);
}

static void merge(const struct measure *m, void *into, const void *from)
{
	(void)m;
	hll_merge(into, from);
}

static bool is_identity(const struct measure *m, const void *state)
{
	(void)m;
	return ((const struct hll *)state)->n == 0;
}

static void save(const struct measure *m, const void *state, struct buf *out)
{
	(void)m;
	hll_save(state, out);
}

static int merge_text(const struct measure *m, void *into, struct span text)
{
	(void)m;
	return hll_merge_text(into, text);
}

static void finish(const struct measure *m, const void *state, unsigned digits, struct buf *out)
{
	(void)m, (void)digits;
	buf_u64(out, hll_estimate(state));
}

static int number(const struct measure *m, const void *state, struct ratio *r)
{
	struct i256 n = i256_from((i128)hll_estimate(state));

	(void)m;
	ratio_from_i256(r, &n, 0);
	return 0;
}

static void drop(const struct measure *m, void *state)
{
	(void)m;
	hll_free(state);
}

const struct measure_kind kind_approx_count_distinct = {
	.name = "approx_count_distinct",
	.size = size, .add = add, .prefetch = prefetch, .merge = merge, .save = save, .merge_text = merge_text,
	.finish = finish, .number = number, .is_identity = is_identity, .drop = drop,
};
