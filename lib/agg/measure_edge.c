/* SPDX-License-Identifier: MIT */
/* first and last, by event time. An append view keeps the best of (ms, position, value), text `ms@position=value`; the
 * value decides last so that merging commutes whatever positions say.
 * A retractable view keeps all of them as (ms, value), text `ms=value*weight`: a retraction stands at another position
 * than the insertion it takes back, so positions cannot be part of what they are known by, and ties of
 * time go by the bytes of the value: the least is first, the greatest last. */
#include "lib/agg/measure_kinds.h"

#include "lib/text/percent.h"

static enum order_end end_of(const struct measure *m)
{
	return m->kind == &kind_last || m->kind == &kind_last_retract ? ORDER_GREATEST : ORDER_LEAST;
}

static int text_number(struct span text, struct ratio *r)
{
	struct decimal d;

	if (decimal_parse(text, &d) < 0)
		return -1;
	ratio_from_decimal(r, d);
	return 0;
}

/* A time may use all 64 bits, unlike a weight. */
static int parse_ms(struct span text, int64_t *ms)
{
	struct decimal d;

	return decimal_parse(text, &d) < 0 || d.scale ? -1 : decimal_to_i64(d, ms);
}

static int parse_position(struct span text, uint64_t *position)
{
	struct decimal d;

	if (decimal_parse(text, &d) < 0 || d.scale || d.m < 0 || d.m > UINT64_MAX)
		return -1;
	*position = (uint64_t)d.m;
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
	struct value_room room;
	struct order_key key;

	order_key_of_edge(&key, at->ms, &at->position, value_bytes(v, &room));
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
	struct span text;
	int64_t ms;
	uint64_t position;

	if (is_identity(m, state))
		return;
	text = order_key_edge(best_key(state), &ms, &position);
	buf_i64(out, ms);
	buf_byte(out, '@');
	buf_u64(out, position);
	buf_byte(out, '=');
	percent_encode(out, text, STATE_SPECIAL);
}

static int merge_text(const struct measure *m, void *into, struct span text)
{
	struct span ms_text, position_text;
	struct buf scratch = { 0 };
	struct order_key key;
	struct value v;
	int64_t ms;
	uint64_t position;
	int rc = -1;

	if (text.n == 0)
		return 0;
	ms_text = state_cut(&text, '@');
	position_text = state_cut(&text, '=');
	if (parse_ms(ms_text, &ms) == 0 && parse_position(position_text, &position) == 0
	    && state_value(text, &scratch, &v) == 0) {
		order_key_of_edge(&key, ms, &position, v.text);
		best_offer(into, &key, end_of(m));
		rc = 0;
	}
	buf_free(&scratch);
	return rc;
}

static struct span best_text(const void *state)
{
	int64_t ms;
	uint64_t position;

	return order_key_edge(best_key(state), &ms, &position);
}

static void finish(const struct measure *m, const void *state, unsigned digits, struct buf *out)
{
	(void)digits;
	if (!is_identity(m, state))
		buf_span(out, best_text(state));
}

static int number(const struct measure *m, const void *state, struct ratio *r)
{
	return is_identity(m, state) ? 1 : text_number(best_text(state), r);
}

static void drop(const struct measure *m, void *state)
{
	(void)m;
	best_drop(state);
}

/* Retractable views. */

static void print_key(const struct measure *m, struct span key, struct buf *out)
{
	int64_t ms;
	struct span text = order_key_edge(key, &ms, NULL);

	(void)m;
	buf_i64(out, ms);
	buf_byte(out, '=');
	percent_encode(out, text, STATE_SPECIAL);
}

static int parse_key(const struct measure *m, struct span text, struct buf *scratch, struct order_key *key)
{
	struct span ms_text = state_cut(&text, '=');
	struct value v;
	int64_t ms;

	(void)m;
	if (parse_ms(ms_text, &ms) < 0 || state_value(text, scratch, &v) < 0)
		return -1;
	order_key_of_edge(key, ms, NULL, v.text);
	return 0;
}

static const struct key_text key_text = { print_key, parse_key };

static void retract_add(const struct measure *m, void *state, const struct value *v, const struct moment *at)
{
	struct value_room room;
	struct order_key key;

	(void)m;
	order_key_of_edge(&key, at->ms, NULL, value_bytes(v, &room));
	multiset_add(state, &key, at->weight);
}

/* Empty: none. */
static struct span end_text(const struct measure *m, const void *state)
{
	struct span key = multiset_end(state, end_of(m));
	int64_t ms;

	return key.n ? order_key_edge(key, &ms, NULL) : key;
}

static void retract_finish(const struct measure *m, const void *state, unsigned digits, struct buf *out)
{
	(void)digits;
	buf_span(out, end_text(m, state));
}

static int retract_number(const struct measure *m, const void *state, struct ratio *r)
{
	struct span text = end_text(m, state);

	return text.n ? text_number(text, r) : 1;
}

#define EDGE_KIND(id) \
	const struct measure_kind kind_##id = { \
		.name = #id, .retracts = true, .keeps_text = true, .by_time = true, \
		.size = size, .add = add, .merge = merge, .save = save, .merge_text = merge_text, \
		.finish = finish, .number = number, .is_identity = is_identity, .drop = drop, \
	}; \
	const struct measure_kind kind_##id##_retract = { \
		.name = #id, .retracts = true, .keeps_text = true, .by_time = true, \
		.size = multiset_state_size, .add = retract_add, .merge = multiset_state_merge, .save = multiset_state_save, \
		.merge_text = multiset_state_merge_text, .finish = retract_finish, .number = retract_number, \
		.is_identity = multiset_state_is_identity, .drop = multiset_state_drop, .save_part = multiset_state_save_part, .key_text = &key_text, \
	}

EDGE_KIND(first);
EDGE_KIND(last);
