/* SPDX-License-Identifier: MIT */
/* min and max. Numbers stand before text; of equal numbers the one with more digits counts (1.50 of 1.5 and 1.50).
 * An append view keeps the best value (text: the value), a retractable one all of them. */
#include "lib/agg/measure_kinds.h"

#include "lib/text/percent.h"

static enum order_end end_of(const struct measure *m)
{
	return m->kind == &kind_max || m->kind == &kind_max_retract ? ORDER_GREATEST : ORDER_LEAST;
}

static void finish_key(const struct measure *m, struct span key, struct buf *out)
{
	if (key.n)
		order_key_print_value(out, key, end_of(m));
}

static int key_number(const struct measure *m, struct span key, struct ratio *r)
{
	struct decimal d;
	struct span text;

	if (key.n == 0)
		return 1;
	if (!order_key_value(key, end_of(m), &d, &text))
		return -1;
	ratio_from_decimal(r, d);
	return 0;
}

static void print_key(const struct measure *m, struct span key, struct buf *out)
{
	struct decimal d;
	struct span text;

	if (order_key_value(key, end_of(m), &d, &text))
		decimal_print(out, d);
	else
		percent_encode(out, text, STATE_SPECIAL);
}

static int parse_key(const struct measure *m, struct span text, struct buf *scratch, struct order_key *key)
{
	struct value v;

	if (state_value(text, scratch, &v) < 0)
		return -1;
	order_key_of_value(key, &v, end_of(m));
	return 0;
}

/* Append views. */

static size_t size(const struct measure *m)
{
	(void)m;
	return sizeof(struct best);
}

static void add(const struct measure *m, void *state, const struct value *v, const struct moment *at)
{
	struct order_key key;

	(void)at;
	order_key_of_value(&key, v, end_of(m));
	best_offer(state, &key, end_of(m));
}

static void merge(const struct measure *m, void *into, const void *from)
{
	best_merge(into, from, end_of(m));
}

static bool is_identity(const struct measure *m, const void *state)
{
	(void)m;
	return ((const struct best *)state)->n == 0;
}

static void save(const struct measure *m, const void *state, struct buf *out)
{
	if (!is_identity(m, state))
		print_key(m, best_key(state), out);
}

static int merge_text(const struct measure *m, void *into, struct span text)
{
	struct buf scratch = { 0 };
	struct order_key key;
	int rc = 0;

	if (text.n) {
		rc = parse_key(m, text, &scratch, &key);
		if (rc == 0)
			best_offer(into, &key, end_of(m));
	}
	buf_free(&scratch);
	return rc;
}

static void finish(const struct measure *m, const void *state, unsigned digits, struct buf *out)
{
	(void)digits;
	finish_key(m, best_key(state), out);
}

static int number(const struct measure *m, const void *state, struct ratio *r)
{
	return key_number(m, best_key(state), r);
}

static void drop(const struct measure *m, void *state)
{
	(void)m;
	best_drop(state);
}

/* Retractable views. */

static const struct key_text key_text = { print_key, parse_key };

static void retract_add(const struct measure *m, void *state, const struct value *v, const struct moment *at)
{
	struct order_key key;

	order_key_of_value(&key, v, end_of(m));
	multiset_add(state, &key, at->weight);
}

static void retract_finish(const struct measure *m, const void *state, unsigned digits, struct buf *out)
{
	(void)digits;
	finish_key(m, multiset_end(state, end_of(m)), out);
}

static int retract_number(const struct measure *m, const void *state, struct ratio *r)
{
	return key_number(m, multiset_end(state, end_of(m)), r);
}

#define EXTREME_KIND(id) \
	const struct measure_kind kind_##id = { \
		.name = #id, .retracts = true, .keeps_text = true, \
		.size = size, .add = add, .merge = merge, .save = save, .merge_text = merge_text, \
		.finish = finish, .number = number, .is_identity = is_identity, .drop = drop, \
	}; \
	const struct measure_kind kind_##id##_retract = { \
		.name = #id, .retracts = true, .keeps_text = true, \
		.size = multiset_state_size, .add = retract_add, .merge = multiset_state_merge, .save = multiset_state_save, \
		.merge_text = multiset_state_merge_text, .finish = retract_finish, .number = retract_number, \
		.is_identity = multiset_state_is_identity, .drop = multiset_state_drop, .save_part = multiset_state_save_part, .key_text = &key_text, \
	}

EXTREME_KIND(min);
EXTREME_KIND(max);
