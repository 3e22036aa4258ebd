/* SPDX-License-Identifier: MIT */
/* Flat changes: `_op`, `_table` (several tables), `_ts`, `_tx` (where known), `_pos`, then the row. An update is two records. */
#include <string.h>

#include "lib/base/mem.h"
#include "speed/cdc/emit_impl.h"

#define RESERVED 5

static const char *const op_insert = "+I", *const op_before = "-U", *const op_after = "+U", *const op_delete = "-D";

/* The columns before the row's own. */
static size_t reserved(const struct emit *e, struct span name[RESERVED])
{
	size_t n = 0;

	name[n++] = SPAN("_op");
	if (e->options->several)
		name[n++] = SPAN("_table");
	name[n++] = SPAN("_ts");
	if (e->options->has_tx)
		name[n++] = SPAN("_tx");
	name[n++] = SPAN("_pos");
	return n;
}

/* All columns; owned by the caller. */
static struct span *names(const struct emit *e, const struct emit_plan *p, size_t *n)
{
	struct span *name = mem_array(NULL, RESERVED + p->n, sizeof *name);

	*n = reserved(e, name);
	for (size_t i = 0; i < p->n; i++)
		name[(*n)++] = span_of(p->table->column[p->column[i]]);
	return name;
}

void flat_begin(struct emit *e, struct emit_plan *p)
{
	size_t n;
	struct span *name = names(e, p, &n);

	writer_init(&p->writer, e->options->format, name, n);
	p->cell = mem_zalloc(n * sizeof *p->cell);
	free(name);
}

int flat_columns(struct emit *e, struct failure *f)
{
	size_t n;
	struct span *name = names(e, e->plan, &n);
	int rc = emit_columns(e, name, n, f);

	free(name);
	return rc;
}

/* ---- CSV and TSV ---- */

static size_t lead_cells(const struct emit *e, const struct change *c, const char *op, struct cell *cell)
{
	struct span ts = buf_view(&e->plan->text);
	size_t n = 0;

	cell[n++] = (struct cell){ span_of(op), true };
	if (e->options->several)
		cell[n++] = (struct cell){ span_of(c->table->name), false };
	cell[n++] = (struct cell){ ts, true };
	if (e->options->has_tx)
		cell[n++] = (struct cell){ c->tx, false };
	cell[n++] = (struct cell){ c->pos, false };
	return n;
}

static void put_cells(struct emit *e, const struct change *c, const char *op, const struct datum *row)
{
	const struct emit_plan *p = e->plan;
	size_t n = lead_cells(e, c, op, p->cell);

	for (size_t i = 0; i < p->n; i++) {
		const struct datum *d = &row[p->column[i]];

		p->cell[n++] = (struct cell){ d->text, d->kind == DATUM_NUMBER };
	}
	writer_row(&p->writer, &e->out->buf, p->cell);
}

/* ---- NDJSON ---- */

static void put_text_member(struct buf *out, const char *lead, struct span text)
{
	buf_text(out, lead);
	json_put_string(out, text);
}

static void put_lead(struct emit *e, const struct change *c, const char *op)
{
	struct buf *out = &e->out->buf;

	buf_text(out, "{\"_op\":\"");
	buf_text(out, op);
	buf_byte(out, '"');
	if (e->options->several)
		put_text_member(out, ",\"_table\":", span_of(c->table->name));
	buf_text(out, ",\"_ts\":");
	if (e->plan->text.n)
		buf_span(out, buf_view(&e->plan->text));
	else
		buf_text(out, "null");
	if (e->options->has_tx)
		put_text_member(out, ",\"_tx\":", c->tx);
	put_text_member(out, ",\"_pos\":", c->pos);
}

/* NULL and the empty string are two things here, though whoever reads it takes both for null. */
void datum_put_json(struct buf *out, const struct datum *d)
{
	if (d->kind == DATUM_NULL)
		buf_text(out, "null");
	else if (d->kind == DATUM_TEXT)
		json_put_string(out, d->text);
	else
		buf_span(out, d->text);
}

static void put_object(struct emit *e, const struct change *c, const char *op, const struct datum *row)
{
	const struct emit_plan *p = e->plan;
	struct buf *out = &e->out->buf;

	put_lead(e, c, op);
	for (size_t i = 0; i < p->n; i++) {
		buf_byte(out, ',');
		json_put_string(out, span_of(p->table->column[p->column[i]]));
		buf_byte(out, ':');
		datum_put_json(out, &row[p->column[i]]);
	}
	buf_text(out, "}\n");
}

/* ---- both ---- */

static void put(struct emit *e, const struct change *c, const char *op, const struct datum *row)
{
	if (e->options->format == FORMAT_NDJSON)
		put_object(e, c, op, row);
	else
		put_cells(e, c, op, row);
	e->ledger->rows++;
	e->pending++;
}

void flat_change(struct emit *e, const struct change *c)
{
	buf_clear(&e->plan->text);
	if (c->ts >= 0)
		buf_i64(&e->plan->text, c->ts);
	switch (c->op) {
	case CHANGE_READ:
	case CHANGE_INSERT:
		put(e, c, op_insert, c->after);
		break;
	case CHANGE_UPDATE:
		put(e, c, op_before, c->before);
		put(e, c, op_after, c->after);
		break;
	case CHANGE_DELETE:
		put(e, c, op_delete, c->before);
		break;
	}
}
