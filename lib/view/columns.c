/* SPDX-License-Identifier: MIT */
#include "lib/view/columns.h"

#include "lib/agg/key.h"

bool columns_fit(const struct view *v)
{
	return !v->retract;
}

void columns_init(struct columns *c, const struct view *v)
{
	*c = (struct columns){ .view = v };
	expr_scratch_init(&c->scratch, v->input_zone, v->time_unit);
	time_parser_init(&c->time, v->input_zone, v->time_unit);
	c->digits = digits_kernel(NULL);
	c->arg = mem_zalloc(v->nmeasures * sizeof *c->arg);
}

void columns_free(struct columns *c)
{
	if (!c->view)
		return;
	for (size_t i = 0; i < c->view->nmeasures; i++) {
		free(c->arg[i].number);
		free(c->arg[i].scale);
		free(c->arg[i].value);
	}
	free(c->arg);
	free(c->row);
	free(c->ms);
	free(c->position);
	free(c->every);
	free(c->some);
	free(c->key);
	free(c->hash);
	free(c->pane);
	free(c->group);
	buf_free(&c->keys);
	expr_scratch_free(&c->scratch);
	*c = (struct columns){ 0 };
}

/* ---- room ---- */

static bool is_number(const struct measure *m)
{
	return m->arg && m->kind->takes_number;
}

/* Neither a number nor a plain field: what an expression yields is kept. */
static bool is_value(const struct measure *m)
{
	return m->arg && !m->kind->takes_number && m->arg_field < 0;
}

static void arg_room(const struct measure *m, struct arg_column *a, size_t n)
{
	if (is_number(m))
		a->number = mem_array(a->number, n, sizeof *a->number);
	if (is_value(m))
		a->value = mem_array(a->value, n, sizeof *a->value);
	if (is_number(m) || m->where)
		a->scale = mem_array(a->scale, n, sizeof *a->scale);
}

static void make_room(struct columns *c, size_t n)
{
	if (n <= c->cap)
		return;
	c->cap = n;
	c->row = mem_array(c->row, n, sizeof *c->row);
	c->ms = mem_array(c->ms, n, sizeof *c->ms);
	c->position = mem_array(c->position, n, sizeof *c->position);
	c->some = mem_array(c->some, n, sizeof *c->some);
	c->every = mem_array(c->every, n, sizeof *c->every);
	for (size_t i = 0; i < n; i++)
		c->every[i] = (uint32_t)i;
	c->key = mem_array(c->key, n, sizeof *c->key);
	c->hash = mem_array(c->hash, n, sizeof *c->hash);
	c->pane = mem_array(c->pane, n, sizeof *c->pane);
	c->group = mem_array(c->group, n, sizeof *c->group);
	for (size_t i = 0; i < c->view->nmeasures; i++)
		arg_room(&c->view->measure[i], &c->arg[i], n);
}

/* ---- what decides whether a row is plain ---- */

/* A row that is a change, or an upsert, is for row_make. */
static void look_for_changes(struct columns *c, const bool *absent)
{
	size_t op = (size_t)c->view->op_field, change = (size_t)c->view->change_field, n = c->n, width = c->width;
	const struct span *field = c->field;
	uint8_t *row = c->row;

	if (absent && absent[op] && absent[change])
		return;
	for (size_t r = 0; r < n; r++, field += width)
		if (field[op].n | field[change].n)
			row[r] = COLUMN_OTHER;
}

static void find_times(struct columns *c)
{
	struct digits_column column;
	const int64_t *ms = c->ms;
	uint8_t *row = c->row;
	size_t n = c->n;

	if (c->view->time_field < 0) {
		memset(c->ms, 0, n * sizeof *c->ms);
		return;
	}
	column = (struct digits_column){ c->field + c->view->time_field, c->width, c->every, n };
	time_parse_many(&c->time, &column, c->ms);
	for (size_t r = 0; r < n; r++)
		row[r] = ms[r] == INT64_MAX ? COLUMN_OTHER : row[r];
}

static void filter(struct columns *c)
{
	const struct span *record = c->field;

	for (size_t r = 0; r < c->n; r++, record += c->width)
		if (c->row[r] == COLUMN_READY) {
			int pass = expr_test(c->view->where, record, &c->scratch);

			c->row[r] = pass > 0 ? COLUMN_READY : pass == 0 ? COLUMN_FILTERED : COLUMN_OTHER;
		}
}

static bool all_ready(const uint8_t *row, size_t n)
{
	unsigned any = 0;

	for (size_t r = 0; r < n; r++)
		any |= row[r] ^ COLUMN_READY;
	return !any;
}

static void pick(struct columns *c)
{
	uint32_t *pick = c->some;
	const uint8_t *row = c->row;
	size_t n = 0, rows = c->n;

	if (all_ready(row, rows)) {
		c->pick = c->every;
		c->npicks = rows;
		return;
	}
	for (size_t r = 0; r < rows; r++) {
		pick[n] = (uint32_t)r;
		n += row[r] == COLUMN_READY;
	}
	c->pick = pick;
	c->npicks = n;
}

static inline const struct span *record_of(const struct columns *c, size_t i)
{
	return c->field + c->pick[i] * c->width;
}

/* ---- keys ---- */

static void take_field_keys(struct columns *c)
{
	const struct span *field = c->field + c->view->key[0].field;
	const uint32_t *pick = c->pick;
	struct span *key = c->key;
	size_t n = c->npicks, width = c->width;

	for (size_t i = 0; i < n; i++)
		key[i] = field[pick[i] * width];
}

static void hash_keys(struct columns *c)
{
	const struct span *key = c->key;
	uint64_t *hash = c->hash;
	size_t n = c->npicks;

	for (size_t i = 0; i < n; i++)
		hash[i] = hash_bytes(key[i].p, key[i].n);
}

/* 0, or -1: an expression failed. */
static int encode_key(struct columns *c, const struct span *record)
{
	const struct view *v = c->view;
	struct value value;

	for (size_t k = 0; k < v->nkeys; k++) {
		struct span column;

		if (v->key[k].field >= 0)
			column = record[v->key[k].field];
		else if (expr_eval(v->key[k].expr, record, &c->scratch, &value) == 0)
			column = value_text(&value, &c->scratch);
		else
			return -1;
		key_add(&c->keys, column, k + 1 == v->nkeys);
	}
	return 0;
}

/* The buffer moves while it grows: where keys begin is known by their lengths. */
static void encode_keys(struct columns *c)
{
	size_t at = 0;

	buf_clear(&c->keys);
	for (size_t i = 0; i < c->npicks; i++) {
		if (encode_key(c, record_of(c, i)) < 0)
			c->row[c->pick[i]] = COLUMN_OTHER;
		c->key[i].n = c->keys.n - at;
		at = c->keys.n;
	}
	at = 0;
	for (size_t i = 0; i < c->npicks; at += c->key[i++].n)
		c->key[i].p = c->keys.p + at;
}

static void find_keys(struct columns *c)
{
	const struct view *v = c->view;

	if (v->nkeys == 1 && v->key[0].field >= 0)
		take_field_keys(c);
	else
		encode_keys(c);
	hash_keys(c);
}

/* ---- arguments ---- */

/* Numbers wider than 64 bits are rare enough to go the long way. */
static bool keep_number(const struct decimal *d, struct arg_column *a, size_t i)
{
	a->number[i] = (int64_t)d->m;
	a->scale[i] = (uint8_t)d->scale;
	return a->number[i] == d->m;
}

static inline bool is_off(const struct arg_column *a, size_t i)
{
	return a->scale && a->scale[i] == ARG_NULL;
}

static void find_field_numbers(struct columns *c, const struct measure *m, struct arg_column *a)
{
	struct digits_column column = { c->field + m->arg_field, c->width, c->pick, c->npicks };

	a->left = c->digits->decimals(&column, a->number, a->scale);
}

/* Where a measure has a condition of its own, the scale says where that did not hold. */
static void test(struct columns *c, const struct measure *m, struct arg_column *a)
{
	for (size_t i = 0; i < c->npicks; i++) {
		int on = expr_test(m->where, record_of(c, i), &c->scratch);

		if (on < 0)
			c->row[c->pick[i]] = COLUMN_OTHER;
		if (on <= 0)
			a->scale[i] = ARG_NULL;
	}
}

/* Those that are long, or none. */
static void find_left_numbers(struct columns *c, const struct measure *m, struct arg_column *a)
{
	struct decimal d;

	for (size_t i = 0; a->left && i < c->npicks; i++)
		if (a->scale[i] == DIGITS_LEFT && (decimal_parse(record_of(c, i)[m->arg_field], &d) < 0 || !keep_number(&d, a, i)))
			c->row[c->pick[i]] = COLUMN_OTHER;
}

static bool expr_as_number(struct columns *c, const struct measure *m, struct arg_column *a, size_t i)
{
	struct decimal d;
	int got = expr_number(m->arg, record_of(c, i), &c->scratch, &d);

	if (got > 0)
		a->scale[i] = ARG_NULL;
	return got > 0 || (got == 0 && keep_number(&d, a, i));
}

static void find_numbers(struct columns *c, const struct measure *m, struct arg_column *a)
{
	for (size_t i = 0; i < c->npicks; i++)
		if (!is_off(a, i) && !expr_as_number(c, m, a, i))
			c->row[c->pick[i]] = COLUMN_OTHER;
}

static void find_values(struct columns *c, const struct measure *m, struct arg_column *a)
{
	for (size_t i = 0; i < c->npicks; i++)
		if (!is_off(a, i) && expr_eval(m->arg, record_of(c, i), &c->scratch, &a->value[i]) < 0)
			c->row[c->pick[i]] = COLUMN_OTHER;
}

static void find_args(struct columns *c, const struct measure *m, struct arg_column *a)
{
	bool is_field = is_number(m) && m->arg_field >= 0;

	if (is_field)
		find_field_numbers(c, m, a);
	else if (a->scale)
		memset(a->scale, 0, c->npicks);
	if (m->where)
		test(c, m, a);
	if (is_field)
		find_left_numbers(c, m, a);
	else if (is_number(m))
		find_numbers(c, m, a);
	else if (is_value(m))
		find_values(c, m, a);
}

void columns_make(struct columns *c, const struct batch *b)
{
	c->field = b->field;
	c->width = b->width;
	c->n = b->n;
	make_room(c, b->n);
	if (c->scratch.arena.chunk)
		arena_clear(&c->scratch.arena);
	memset(c->row, COLUMN_READY, c->n);
	look_for_changes(c, b->absent);
	find_times(c);
	if (c->view->where)
		filter(c);
	pick(c);
	find_keys(c);
	for (size_t i = 0; i < c->view->nmeasures; i++)
		find_args(c, &c->view->measure[i], &c->arg[i]);
}

/* ---- adding ---- */

#define AHEAD 12                /* groups between asking for the memory behind a state and needing it */

/* Measures that know no columns take their arguments one by one. */
static void add_each(const struct columns *c, const struct measure *m, const struct arg_column *a, size_t from, size_t to)
{
	struct value v;

	for (size_t i = from; i < to; i++) {
		size_t r = c->pick[i];
		struct moment at = { .ms = c->ms[r], .position = c->position[r], .weight = 1 };

		if (m->kind->prefetch && i + AHEAD < to)
			m->kind->prefetch(group_state(c->group[i + AHEAD], m));
		if (is_off(a, i))
			continue;
		if (is_number(m))
			v = (struct value){ .kind = VALUE_NUMBER, .number = { .m = a->number[i], .scale = a->scale[i] } };
		else
			v = is_value(m) ? a->value[i] : value_of_text(record_of(c, i)[m->arg_field]);
		if (v.kind != VALUE_NULL)
			m->kind->add(m, group_state(c->group[i], m), &v, &at);
	}
}

void columns_add(struct columns *c, struct fold *f, size_t from, size_t to)
{
	const struct view *v = c->view;
	struct group **group = c->group;

	fold_groups(f, c->pane + from, c->key + from, c->hash + from, to - from, group + from);
	for (size_t i = from; i < to; i++)
		group[i]->weight++;
	for (size_t k = 0; k < v->nmeasures; k++) {
		const struct measure *m = &v->measure[k];

		if (m->kind->add_numbers && (is_number(m) || !m->arg))
			m->kind->add_numbers(m, (void *const *)group + from, c->arg[k].number ? c->arg[k].number + from : NULL,
			                     c->arg[k].scale ? c->arg[k].scale + from : NULL, to - from);
		else
			add_each(c, m, &c->arg[k], from, to);
	}
}
