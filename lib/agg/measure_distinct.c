/* SPDX-License-Identifier: MIT */
/* count_distinct: an append view keeps the set of values (text: the values joined by `,`, in order of their bytes), a
 * retractable one a multiset (`value*weight`) and counts the values of positive weight. */
#include "lib/agg/measure_kinds.h"

#include "lib/agg/textset.h"
#include "lib/text/percent.h"

/* Append views. Reading a set out sorts it, which a const state allows: the set is behind a pointer. */
struct distinct {
	struct textset *set;            /* NULL: empty */
};

static size_t size(const struct measure *m)
{
	(void)m;
	return sizeof(struct distinct);
}

static void add(const struct measure *m, void *state, const struct value *v, const struct moment *at)
{
	struct distinct *d = state;
	struct value_room room;

	(void)m, (void)at;
	textset_add(&d->set, value_bytes(v, &room));
}

static void prefetch(const void *state)
{
	textset_prefetch(((const struct distinct *)state)->set);
}

static void merge(const struct measure *m, void *into, const void *from)
{
	(void)m;
	textset_merge(&((struct distinct *)into)->set, ((const struct distinct *)from)->set);
}

static bool is_identity(const struct measure *m, const void *state)
{
	(void)m;
	return !((const struct distinct *)state)->set;
}

static size_t save_part(const struct measure *m, const void *state, size_t from, struct buf *out, size_t max)
{
	struct textset *set = ((const struct distinct *)state)->set;
	size_t start = out->n, i = from, n = textset_count(set);

	(void)m;
	while (i < n && (i == from || out->n - start < max)) {
		if (i > from)
			buf_byte(out, ',');
		percent_encode(out, textset_at(set, i++), STATE_SPECIAL);
	}
	if (i < n)
		return i;
	if (set)
		textset_unsort(set);
	return 0;
}

static void save(const struct measure *m, const void *state, struct buf *out)
{
	save_part(m, state, 0, out, SIZE_MAX);
}

static int merge_text(const struct measure *m, void *into, struct span text)
{
	struct distinct *d = into;
	struct buf scratch = { 0 };
	struct value v;
	int rc = 0;

	(void)m;
	if (text.n && text.p[text.n - 1] == ',')
		return -1;
	while (rc == 0 && text.n) {
		rc = state_value(state_cut(&text, ','), &scratch, &v);
		if (rc == 0)
			textset_add(&d->set, v.text);
	}
	buf_free(&scratch);
	return rc;
}

static uint64_t count(const struct distinct *d)
{
	return textset_count(d->set);
}

static void finish(const struct measure *m, const void *state, unsigned digits, struct buf *out)
{
	(void)m, (void)digits;
	buf_u64(out, count(state));
}

static int number(const struct measure *m, const void *state, struct ratio *r)
{
	struct i256 n = i256_from((i128)count(state));

	(void)m;
	ratio_from_i256(r, &n, 0);
	return 0;
}

static void drop(const struct measure *m, void *state)
{
	struct distinct *d = state;

	(void)m;
	textset_free(d->set);
	d->set = NULL;
}

/* Retractable views. */

static void print_key(const struct measure *m, struct span key, struct buf *out)
{
	(void)m;
	percent_encode(out, key, STATE_SPECIAL);
}

static int parse_key(const struct measure *m, struct span text, struct buf *scratch, struct order_key *key)
{
	struct value v;

	(void)m;
	if (state_value(text, scratch, &v) < 0)
		return -1;
	*key = (struct order_key){ .tail = v.text };
	return 0;
}

static const struct key_text key_text = { print_key, parse_key };

static void retract_add(const struct measure *m, void *state, const struct value *v, const struct moment *at)
{
	struct value_room room;
	struct order_key key = { .tail = value_bytes(v, &room) };

	(void)m;
	multiset_add(state, &key, at->weight);
}

static void retract_finish(const struct measure *m, const void *state, unsigned digits, struct buf *out)
{
	(void)m, (void)digits;
	buf_u64(out, ((const struct multiset *)state)->positive);
}

static int retract_number(const struct measure *m, const void *state, struct ratio *r)
{
	struct i256 n = i256_from((i128)((const struct multiset *)state)->positive);

	(void)m;
	ratio_from_i256(r, &n, 0);
	return 0;
}

const struct measure_kind kind_count_distinct = {
	.name = "count_distinct", .retracts = true,
	.size = size, .add = add, .prefetch = prefetch, .merge = merge, .save = save, .merge_text = merge_text,
	.finish = finish, .number = number, .is_identity = is_identity, .drop = drop, .save_part = save_part,
};

const struct measure_kind kind_count_distinct_retract = {
	.name = "count_distinct", .retracts = true,
	.size = multiset_state_size, .add = retract_add, .merge = multiset_state_merge, .save = multiset_state_save,
	.merge_text = multiset_state_merge_text, .finish = retract_finish, .number = retract_number,
	.is_identity = multiset_state_is_identity, .drop = multiset_state_drop, .save_part = multiset_state_save_part, .key_text = &key_text,
};
