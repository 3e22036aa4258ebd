/* SPDX-License-Identifier: MIT */
#include "speed/cdc/emit.h"

#include <string.h>

#include "lib/base/diag.h"
#include "lib/base/mem.h"
#include "lib/text/layout.h"
#include "lib/text/percent.h"
#include "speed/cdc/emit_impl.h"

/* ---- beginning ---- */

static int compile_where(struct emit *e, const char *where, struct failure *f)
{
	struct expr_error error;

	e->where = expr_compile_for(EXPR_CONDITION, span_of(where), &e->fields, &error);
	if (!e->where)
		return failure_set(f, EXIT_USAGE, "--where: at %zu: %s", error.at + 1, error.reason);
	expr_scratch_init(&e->scratch, NULL, TIME_UNIT_AUTO);
	return 0;
}

int emit_init(struct emit *e, const struct emit_options *o, struct out *out, struct ledger *ledger, struct failure *f)
{
	*e = (struct emit){ .options = o, .out = out, .ledger = ledger };
	return o->where ? compile_where(e, o->where, f) : 0;
}

static void plans_free(struct emit_plan *p)
{
	while (p) {
		struct emit_plan *next = p->next;

		free(p->column);
		free(p->field);
		free(p->cell);
		writer_free(&p->writer);
		buf_free(&p->text);
		free(p);
		p = next;
	}
}

void emit_free(struct emit *e)
{
	plans_free(e->plans);
	if (e->where)
		expr_scratch_free(&e->scratch);
	expr_free(e->where);
	fields_free(&e->fields);
	free(e->record);
	buf_free(&e->columns);
}

/* ---- columns ---- */

static void encode(struct buf *text, const struct span *name, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_byte(text, ',');
		percent_encode(text, name[i], ",");
	}
}

/* A checked stream says them in a control line, any other in a header, once: *print. */
static int tell_columns(struct emit *e, struct span text, bool *print, struct failure *f)
{
	*print = false;
	if (e->origin && e->origin->columns.p && !span_eq(buf_view(&e->origin->columns), text) && e->pending)
		return 0;
	if (e->origin)
		origin_columns(e->origin, text);
	else if (e->has_columns && !span_eq(buf_view(&e->columns), text))
		return failure_set(f, EXIT_CONFIG, "the columns change from %s to %s: only NDJSON or a checked stream can say so",
		                   diag_show(e->columns.p, e->columns.n), diag_show(text.p, text.n));
	*print = !e->origin && !e->has_columns;
	e->has_columns = true;
	buf_clear(&e->columns);
	buf_room(&e->columns, 1);
	buf_span(&e->columns, text);
	return 1;
}

static void put_header(struct emit *e, const struct span *name, size_t n)
{
	struct writer w;

	writer_init(&w, e->options->format, name, n);
	writer_header(&w, &e->out->buf);
	writer_free(&w);
}

int emit_columns(struct emit *e, const struct span *name, size_t n, struct failure *f)
{
	struct buf text = { 0 };
	bool print;
	int rc;

	if (e->options->format == FORMAT_NDJSON)
		return 1;
	encode(&text, name, n);
	rc = tell_columns(e, buf_view(&text), &print, f);
	if (print)
		put_header(e, name, n);
	buf_free(&text);
	return rc;
}

int emit_header(struct emit *e, struct span header, bool numbered, struct failure *f)
{
	struct buf text = { 0 };
	bool print;
	int rc;

	if (numbered)
		layout_number_columns(e->options->format, header, &text);
	else
		layout_print_columns(e->options->format, header, &text);
	rc = tell_columns(e, buf_view(&text), &print, f);
	if (print && !numbered) {
		buf_span(&e->out->buf, header);
		buf_byte(&e->out->buf, '\n');
	}
	buf_free(&text);
	return rc;
}

/* ---- tables ---- */

static size_t column_of(const struct change_table *t, struct span name)
{
	for (size_t i = 0; i < t->n; i++)
		if (span_eq(name, span_of(t->column[i])))
			return i;
	return NO_COLUMN;
}

static int want_column(struct emit_plan *p, const struct change_table *t, struct span item, struct failure *f)
{
	char *name = field_name(span_trim(item));
	size_t i = column_of(t, span_of(name));
	int rc = i == NO_COLUMN ? failure_set(f, EXIT_CONFIG, "--columns: table %s has no column \"%.100s\"", t->name, name) : 0;

	if (rc == 0)
		p->column[p->n++] = i;
	free(name);
	return rc;
}

/* Without a list all of them. */
static int choose_columns(struct emit_plan *p, const struct change_table *t, const char *columns, struct failure *f)
{
	struct span list = span_of(columns ? columns : "");
	size_t most = t->n;

	for (size_t i = 0; i < list.n; i++)
		most += list.p[i] == ',';
	p->column = mem_array(NULL, most + 1, sizeof *p->column);
	for (size_t i = 0; !columns && i < t->n; i++)
		p->column[p->n++] = i;
	while (list.n) {
		size_t n = field_item_length(list);

		if (want_column(p, t, (struct span){ list.p, n }, f) < 0)
			return -1;
		n += n < list.n;
		list.p += n, list.n -= n;
	}
	return 0;
}

/* Where each field of the condition is; a field that the table lacks is null, as everywhere. */
static void bind_where(struct emit *e, struct emit_plan *p, const struct change_table *t)
{
	p->field = mem_array(NULL, e->fields.n + 1, sizeof *p->field);
	for (size_t i = 0; i < e->fields.n; i++)
		p->field[i] = column_of(t, e->fields.ref[i].name);
	e->record = mem_array(e->record, e->fields.n + 1, sizeof *e->record);
}

static int make_plan(struct emit *e, const struct change_table *t, struct failure *f)
{
	struct emit_plan *p = mem_zalloc(sizeof *p);

	p->table = t;
	p->next = e->plans;
	e->plan = e->plans = p;
	if (choose_columns(p, t, e->options->columns, f) < 0)
		return -1;
	bind_where(e, p, t);
	flat_begin(e, p);
	return 0;
}

int emit_table(struct emit *e, const struct change_table *t, struct failure *f)
{
	struct emit_plan *p = e->plans;
	int rc;

	if (e->plan && e->plan->table == t && e->is_told)
		return 1;
	while (p && p->table != t)
		p = p->next;
	e->plan = p;
	if (!p && make_plan(e, t, f) < 0)
		return -1;
	rc = e->options->form == EMIT_FLAT ? flat_columns(e, f) : 1;
	e->is_told = rc > 0;
	return rc;
}

/* ---- records ---- */

/* What is in the buffer from there on is data of a checked stream. */
static void escape(struct emit *e, size_t from)
{
	if (e->origin && e->options->format != FORMAT_NDJSON)
		control_escape(&e->out->buf, from, false);
}

/* Rare, and told apart by one look at all of it. */
static bool has_control(struct span lines)
{
	return memmem(lines.p, lines.n, "#!weir ", 7) || memmem(lines.p, lines.n, "{\"@weir\"", 8);
}

int emit_lines(struct emit *e, struct span lines, uint64_t records)
{
	size_t from = e->out->buf.n;

	e->ledger->in += records;
	e->ledger->out += records;
	e->ledger->rows += records;
	e->pending += records;
	e->bytes += lines.n;
	if (!e->origin || !has_control(lines))
		return out_bytes(e->out, lines.p, lines.n);
	buf_span(&e->out->buf, lines);
	control_escape(&e->out->buf, from, e->options->format == FORMAT_NDJSON);
	return out_more(e->out);
}

/* 1, 0, or -1: the condition cannot be told. */
static int passes(struct emit *e, const struct datum *row, struct failure *f)
{
	int pass;

	if (!e->where)
		return 1;
	for (size_t i = 0; i < e->fields.n; i++)
		e->record[i] = e->plan->field[i] == NO_COLUMN ? (struct span){ 0 } : row[e->plan->field[i]].text;
	arena_clear(&e->scratch.arena);
	pass = expr_test(e->where, e->record, &e->scratch);
	return pass < 0 ? failure_set(f, EXIT_DATA, "--where: table %s: %s", e->plan->table->name, e->scratch.reason) : pass;
}

/* An update of which only one image passes comes into what is captured, or leaves it. 1, 0: filtered, -1. */
static int filter(struct emit *e, struct change *c, struct failure *f)
{
	int before = c->before ? passes(e, c->before, f) : 0, after = c->after ? passes(e, c->after, f) : 0;

	if (before < 0 || after < 0)
		return -1;
	if (c->op == CHANGE_UPDATE && !before)
		c->op = CHANGE_INSERT, c->before = NULL;
	else if (c->op == CHANGE_UPDATE && !after)
		c->op = CHANGE_DELETE, c->after = NULL;
	return before || after;
}

int emit_change(struct emit *e, const struct change *change, struct failure *f)
{
	size_t from = e->out->buf.n;
	struct change c = *change;
	int rc = filter(e, &c, f);

	if (rc < 0)
		return -1;
	e->ledger->in++;
	if (rc == 0) {
		e->ledger->filtered++;
		return 0;
	}
	e->ledger->out++;
	if (e->options->form == EMIT_FLAT)
		flat_change(e, &c);
	else
		envelope_change(e, &c);
	escape(e, from);
	e->bytes += e->out->buf.n - from;
	return out_more(e->out);
}
