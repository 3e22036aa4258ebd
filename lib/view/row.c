/* SPDX-License-Identifier: MIT */
#include "lib/view/row.h"

#include <stdio.h>

#include "lib/agg/key.h"

void row_maker_init(struct row_maker *m, const struct view *v)
{
	*m = (struct row_maker){ .view = v };
	expr_scratch_init(&m->scratch, v->input_zone, v->time_unit);
	time_parser_init(&m->time, v->input_zone, v->time_unit);
	m->row.arg = mem_zalloc(v->nmeasures * sizeof *m->row.arg);
}

void row_maker_free(struct row_maker *m)
{
	expr_scratch_free(&m->scratch);
	buf_free(&m->key);
	free(m->row.arg);
}

/* A reason that names a field and shows its text: control bytes are escaped by whoever prints it. */
static void explain(struct row_maker *m, int field, struct span text, const char *reason)
{
	struct span name = m->view->fields.ref[field].text;

	snprintf(m->scratch.reason, sizeof m->scratch.reason, "%.*s: \"%.*s\": %s", (int)(name.n > 40 ? 40 : name.n), name.p,
	         (int)(text.n > 40 ? 40 : text.n), text.n ? text.p : "", reason);
}

static int find_time(struct row_maker *m, const struct span *record)
{
	int field = m->view->time_field;

	m->row.has_time = field >= 0 && time_parse(&m->time, record[field], &m->row.at.ms) == 0 && m->row.at.ms != INT64_MAX;
	return m->row.has_time || field < 0 ? 0 : -1;
}

static int find_weight(struct row_maker *m, const struct span *record)
{
	struct span op = record[m->view->op_field];

	if (record[m->view->change_field].n) {
		explain(m, m->view->change_field, record[m->view->change_field],
		        "rows of --emit updates cannot be aggregated, those of --emit changelog can");
		return -1;
	}
	m->row.at.weight = 1;
	if (op.n == 0)
		return 0;
	if (!m->view->retract) {
		explain(m, m->view->op_field, op, "the view takes no changes: state retract in its definition");
		return -1;
	}
	if (op.n != 2 || (op.p[0] != '+' && op.p[0] != '-') || (op.p[0] == '+' ? op.p[1] != 'I' && op.p[1] != 'U' : op.p[1] != 'D' && op.p[1] != 'U')) {
		explain(m, m->view->op_field, op, "not one of +I, -U, +U, -D");
		return -1;
	}
	m->row.at.weight = op.p[0] == '+' ? 1 : -1;
	return 0;
}

static int find_key(struct row_maker *m, const struct span *record)
{
	const struct view *v = m->view;

	if (v->nkeys == 1 && v->key[0].field >= 0) {
		m->row.key = record[v->key[0].field];
		return 0;
	}
	buf_clear(&m->key);
	for (size_t i = 0; i < v->nkeys; i++) {
		struct span column;

		if (v->key[i].field >= 0) {
			column = record[v->key[i].field];
		} else {
			struct value value;

			if (expr_eval(v->key[i].expr, record, &m->scratch, &value) < 0)
				return -1;
			column = value_text(&value, &m->scratch);
		}
		key_add(&m->key, column, i + 1 == v->nkeys);
	}
	m->row.key = buf_view(&m->key);
	return 0;
}

/* A plain field as a number: the common case, without a detour. */
static int field_number(struct row_maker *m, int field, const struct span *record, struct value *arg)
{
	struct span text = record[field];

	arg->kind = text.n ? VALUE_NUMBER : VALUE_NULL;
	if (text.n == 0 || decimal_parse(text, &arg->number) == 0)
		return 0;
	explain(m, field, text, decimal_parse_error(text));
	return -1;
}

static int expr_as_number(struct row_maker *m, const struct expr *e, const struct span *record, struct value *arg)
{
	int got = expr_number(e, record, &m->scratch, &arg->number);

	arg->kind = got == 0 ? VALUE_NUMBER : VALUE_NULL;
	return got < 0 ? -1 : 0;
}

static int evaluate(struct row_maker *m, const struct measure *measure, const struct span *record, struct value *arg)
{
	if (!measure->arg) {
		arg->kind = VALUE_BOOL;                 /* count(): every record is something */
		return 0;
	}
	if (measure->kind->takes_number)
		return measure->arg_field >= 0 ? field_number(m, measure->arg_field, record, arg) :
		                                 expr_as_number(m, measure->arg, record, arg);
	if (measure->arg_field < 0)
		return expr_eval(measure->arg, record, &m->scratch, arg);
	*arg = value_of_text(record[measure->arg_field]);
	return 0;
}

static int find_args(struct row_maker *m, const struct span *record)
{
	const struct view *v = m->view;

	for (size_t i = 0; i < v->nmeasures; i++) {
		const struct measure *measure = &v->measure[i];

		if (measure->where) {
			int on = expr_test(measure->where, record, &m->scratch);

			if (on < 0)
				return -1;
			if (on == 0) {
				m->row.arg[i].kind = VALUE_NULL;
				continue;
			}
		}
		if (evaluate(m, measure, record, &m->row.arg[i]) < 0)
			return -1;
	}
	return 0;
}

enum row_verdict row_make(struct row_maker *m, const struct span *record, uint64_t position)
{
	const struct view *v = m->view;

	if (m->scratch.arena.chunk)             /* few expressions make texts */
		arena_clear(&m->scratch.arena);
	m->row.at.position = position;
	if (v->where) {
		int pass = expr_test(v->where, record, &m->scratch);

		if (pass <= 0) {
			find_time(m, record);
			return pass < 0 ? ROW_BAD : ROW_FILTERED;
		}
	}
	if (find_time(m, record) < 0) {
		/* time_parse takes the last millisecond of 64 bits, but no half-open interval holds it */
		explain(m, v->time_field, record[v->time_field], time_parse_error(record[v->time_field]));
		return ROW_BAD;
	}
	if (find_weight(m, record) < 0 || find_key(m, record) < 0 || find_args(m, record) < 0)
		return ROW_BAD;
	return ROW_READY;
}
