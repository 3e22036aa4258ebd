/* SPDX-License-Identifier: MIT */
/* approx_quantile(x, p): DDSketch (ddsketch.h), nearest rank. The state does not depend on p. */
#include "lib/agg/measure_kinds.h"

#include "lib/agg/ddsketch.h"

static size_t size(const struct measure *m)
{
	(void)m;
	return sizeof(struct ddsketch);
}

static void add(const struct measure *m, void *state, const struct value *v, const struct moment *at)
{
	(void)m;
	ddsketch_add(state, ddsketch_bin(v->number), at->weight);
}

static void merge(const struct measure *m, void *into, const void *from)
{
	(void)m;
	ddsketch_merge(into, from);
}

static bool is_identity(const struct measure *m, const void *state)
{
	(void)m;
	return ((const struct ddsketch *)state)->n == 0;
}

static void save(const struct measure *m, const void *state, struct buf *out)
{
	(void)m;
	ddsketch_save(state, out);
}

static int merge_text(const struct measure *m, void *into, struct span text)
{
	(void)m;
	return ddsketch_merge_text(into, text);
}

static void finish(const struct measure *m, const void *state, unsigned digits, struct buf *out)
{
	int32_t bin;

	(void)digits;
	if (ddsketch_quantile(state, m->param, &bin))
		decimal_print(out, ddsketch_value(bin));
}

static int number(const struct measure *m, const void *state, struct ratio *r)
{
	int32_t bin;

	if (!ddsketch_quantile(state, m->param, &bin))
		return 1;
	ratio_from_decimal(r, ddsketch_value(bin));
	return 0;
}

static void drop(const struct measure *m, void *state)
{
	(void)m;
	ddsketch_free(state);
}

const struct measure_kind kind_approx_quantile = {
	.name = "approx_quantile", .takes_number = true, .has_param = true, .retracts = true,
	.size = size, .add = add, .merge = merge, .save = save, .merge_text = merge_text,
	.finish = finish, .number = number, .is_identity = is_identity, .drop = drop,
};
