/* SPDX-License-Identifier: MIT */
/* Changes in the shapes of others, one JSON object each, as their documentation has them: Debezium's envelope without schemas, Maxwell's row, Canal's
 * flat message. What reads them here (`-i debezium` and so on) finds the same change again, except for what a shape has no room for: Maxwell
 * knows seconds, Canal no places. */
#include <string.h>

#include "lib/base/opts.h"
#include "speed/cdc/emit_impl.h"

/* ---- members ---- */

static void put_name(struct buf *out, const char *lead, const char *name)
{
	buf_text(out, lead);
	json_put_string(out, span_of(name));
	buf_byte(out, ':');
}

static void put_text(struct buf *out, const char *lead, const char *name, struct span text)
{
	put_name(out, lead, name);
	json_put_string(out, text);
}

static void put_number(struct buf *out, const char *lead, const char *name, int64_t v)
{
	put_name(out, lead, name);
	buf_i64(out, v);
}

static bool is_digits(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

/* As a number where it is one. */
static void put_either(struct buf *out, const char *lead, const char *name, struct span text)
{
	put_name(out, lead, name);
	if (is_digits(text))
		buf_span(out, text);
	else
		json_put_string(out, text);
}

static bool same(const struct datum *a, const struct datum *b)
{
	return a->kind == b->kind && span_eq(a->text, b->text);
}

/* The columns of a row, or NULL: all; or those in which it differs from another one. as_text: numbers too. */
static void put_row(const struct emit_plan *p, struct buf *out, const struct datum *row, const struct datum *other, bool as_text)
{
	const char *lead = "";

	buf_byte(out, '{');
	for (size_t i = 0; i < p->n; i++) {
		size_t c = p->column[i];

		if (other && same(&row[c], &other[c]))
			continue;
		put_name(out, lead, p->table->column[c]);
		if (as_text && row[c].kind != DATUM_NULL)
			json_put_string(out, row[c].text);
		else
			datum_put_json(out, &row[c]);
		lead = ",";
	}
	buf_byte(out, '}');
}

static void put_row_or_null(const struct emit_plan *p, struct buf *out, const struct datum *row)
{
	if (row)
		put_row(p, out, row, NULL, false);
	else
		buf_text(out, "null");
}

/* `X:Y`, a place in a file or log and one in there; Y is empty where there is none. */
static void part_place(struct span pos, struct span *file, struct span *at)
{
	const char *colon = pos.n ? memrchr(pos.p, ':', pos.n) : NULL;
	size_t n = colon ? (size_t)(colon - pos.p) : pos.n;

	*file = (struct span){ pos.p, n };
	*at = colon ? (struct span){ colon + 1, pos.n - n - 1 } : (struct span){ 0 };
}

/* ---- Debezium ---- */

/* Which members hold the transaction, the place in the source, and that within it. */
static const struct members {
	const char *connector, *tx, *file, *at;
} members[] = {
	{ "postgresql", "txId", "lsn", "row" },
	{ "mariadb", NULL, "gtid", "row" },
	{ NULL, "txId", "file", "pos" },
};

static const struct members *members_of(const char *connector)
{
	const struct members *m = members;

	while (m->connector && strcmp(m->connector, connector) != 0)
		m++;
	return m;
}

static void put_place(const struct members *m, struct buf *out, const struct change *c)
{
	struct span file, at;

	if (c->tx.n && m->tx)
		put_either(out, ",", m->tx, c->tx);
	part_place(c->pos, &file, &at);
	put_either(out, ",", m->file, file);
	if (at.n)
		put_either(out, ",", m->at, at);
}

static void put_source(const struct emit *e, struct buf *out, const struct change *c)
{
	const struct change_table *t = c->table;

	put_text(out, "{", "version", SPAN("weir-" WEIR_VERSION));
	put_text(out, ",", "connector", span_of(e->options->connector));
	put_text(out, ",", "name", span_of(t->database));
	put_name(out, ",", "ts_ms");
	if (c->ts >= 0)
		buf_i64(out, c->ts);
	else
		buf_text(out, "null");
	put_text(out, ",", "snapshot", c->op == CHANGE_READ ? SPAN("true") : SPAN("false"));
	put_text(out, ",", "db", span_of(t->database));
	if (*t->schema)
		put_text(out, ",", "schema", span_of(t->schema));
	put_text(out, ",", "table", span_of(t->name));
	put_place(members_of(e->options->connector), out, c);
	buf_byte(out, '}');
}

static void put_debezium(const struct emit *e, struct buf *out, const struct change *c)
{
	static const char *const op[] = { [CHANGE_READ] = "r", [CHANGE_INSERT] = "c", [CHANGE_UPDATE] = "u", [CHANGE_DELETE] = "d" };

	put_name(out, "{", "before");
	put_row_or_null(e->plan, out, c->before);
	put_name(out, ",", "after");
	put_row_or_null(e->plan, out, c->after);
	put_name(out, ",", "source");
	put_source(e, out, c);
	put_text(out, ",", "op", span_of(op[c->op]));
	put_name(out, ",", "ts_ms");
	if (c->ts >= 0)
		buf_i64(out, c->ts);
	else
		buf_text(out, "null");
	buf_text(out, "}\n");
}

/* ---- Maxwell ---- */

static void put_maxwell(const struct emit *e, struct buf *out, const struct change *c)
{
	static const char *const type[] = { [CHANGE_READ] = "bootstrap-insert", [CHANGE_INSERT] = "insert", [CHANGE_UPDATE] = "update", [CHANGE_DELETE] = "delete" };

	put_text(out, "{", "database", span_of(c->table->database));
	put_text(out, ",", "table", span_of(c->table->name));
	put_text(out, ",", "type", span_of(type[c->op]));
	put_number(out, ",", "ts", c->ts >= 0 ? c->ts / 1000 : 0);
	if (c->tx.n)
		put_either(out, ",", "xid", c->tx);
	put_text(out, ",", "position", c->pos);
	put_name(out, ",", "data");
	put_row(e->plan, out, c->after ? c->after : c->before, NULL, false);
	if (c->op == CHANGE_UPDATE) {
		put_name(out, ",", "old");
		put_row(e->plan, out, c->before, c->after, false);
	}
	buf_text(out, "}\n");
}

/* ---- Canal ---- */

static void put_keys(const struct emit_plan *p, struct buf *out)
{
	const char *lead = "";

	buf_byte(out, '[');
	for (size_t i = 0; i < p->table->n; i++)
		if (p->table->is_key[i]) {
			buf_text(out, lead);
			json_put_string(out, span_of(p->table->column[i]));
			lead = ",";
		}
	buf_byte(out, ']');
}

/* Its members come in the order of their names. */
static void put_canal(const struct emit *e, struct buf *out, const struct change *c)
{
	static const char *const type[] = { [CHANGE_READ] = "INSERT", [CHANGE_INSERT] = "INSERT", [CHANGE_UPDATE] = "UPDATE", [CHANGE_DELETE] = "DELETE" };
	int64_t ts = c->ts >= 0 ? c->ts : 0;

	buf_text(out, "{\"data\":[");
	put_row(e->plan, out, c->after ? c->after : c->before, NULL, true);
	buf_byte(out, ']');
	put_text(out, ",", "database", span_of(c->table->database));
	put_number(out, ",", "es", ts);
	put_text(out, ",", "gtid", c->tx);
	buf_text(out, ",\"isDdl\":false,\"old\":");
	if (c->op == CHANGE_UPDATE) {
		buf_byte(out, '[');
		put_row(e->plan, out, c->before, c->after, true);
		buf_byte(out, ']');
	} else {
		buf_text(out, "null");
	}
	put_name(out, ",", "pkNames");
	put_keys(e->plan, out);
	buf_text(out, ",\"sql\":\"\"");
	put_text(out, ",", "table", span_of(c->table->name));
	put_number(out, ",", "ts", ts);
	put_text(out, ",", "type", span_of(type[c->op]));
	buf_text(out, "}\n");
}

void envelope_change(struct emit *e, const struct change *c)
{
	static void (*const put[])(const struct emit *, struct buf *, const struct change *) = {
		[EMIT_DEBEZIUM] = put_debezium, [EMIT_MAXWELL] = put_maxwell, [EMIT_CANAL] = put_canal,
	};

	put[e->options->form](e, &e->out->buf, c);
	e->ledger->rows++;
	e->pending++;
}
