/* SPDX-License-Identifier: MIT */
#include "lib/agg/measure_kinds.h"

size_t multiset_state_size(const struct measure *m)
{
	(void)m;
	return sizeof(struct multiset);
}

void multiset_state_merge(const struct measure *m, void *into, const void *from)
{
	(void)m;
	multiset_merge(into, from);
}

bool multiset_state_is_identity(const struct measure *m, const void *state)
{
	(void)m;
	return multiset_size(state) == 0;
}

void multiset_state_drop(const struct measure *m, void *state)
{
	(void)m;
	multiset_free(state);
}

struct items {
	const struct measure *m;
	struct buf *out;
	size_t start, full;             /* lengths of out */
};

static bool save_item(void *arg, struct span key, int64_t weight)
{
	struct items *items = arg;

	if (items->out->n > items->start)
		buf_byte(items->out, ',');
	items->m->kind->key_text->print(items->m, key, items->out);
	buf_byte(items->out, '*');
	buf_i64(items->out, weight);
	return items->out->n < items->full;
}

size_t multiset_state_save_part(const struct measure *m, const void *state, size_t from, struct buf *out, size_t max)
{
	struct items items = { m, out, out->n, max < SIZE_MAX - out->n ? out->n + max : SIZE_MAX };
	size_t next = multiset_walk(state, from, save_item, &items);

	return next < multiset_size(state) ? next : 0;
}

void multiset_state_save(const struct measure *m, const void *state, struct buf *out)
{
	multiset_state_save_part(m, state, 0, out, SIZE_MAX);
}

static int parse_item(const struct measure *m, struct multiset *into, struct span item, struct buf *scratch)
{
	struct span text = state_cut(&item, '*');
	struct order_key key;
	int64_t weight;

	if (state_weight(item, &weight) < 0 || weight == 0 || m->kind->key_text->parse(m, text, scratch, &key) < 0)
		return -1;
	multiset_add(into, &key, weight);
	return 0;
}

int multiset_state_merge_text(const struct measure *m, void *into, struct span text)
{
	struct buf scratch = { 0 };
	int rc = 0;

	if (text.n && text.p[text.n - 1] == ',')
		return -1;
	while (rc == 0 && text.n)
		rc = parse_item(m, into, state_cut(&text, ','), &scratch);
	buf_free(&scratch);
	return rc;
}
