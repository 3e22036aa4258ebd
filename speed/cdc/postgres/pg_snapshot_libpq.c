/* SPDX-License-Identifier: MIT */
/* Rows come one by one, in a transaction that sees just what the slot does not bring. */
#include <stdio.h>
#include <string.h>

#include "lib/base/diag.h"
#include "lib/base/mem.h"
#include "speed/cdc/postgres/pg_source.h"

#define STEP 1000               /* rows of one call */

static void put_identifier(PGconn *c, struct buf *sql, const char *name)
{
	char *quoted = PQescapeIdentifier(c, name, strlen(name));

	if (!quoted)
		mem_fail();
	buf_text(sql, quoted);
	PQfreemem(quoted);
}

/* Its rows come one by one from now on. tail: SQL behind the table. */
static int begin_table(struct pg_source *s, const char *tail, struct failure *f)
{
	struct buf sql = { 0 };
	int rc = 0;

	s->at = pg_table_read(s, s->wanted[s->table], f);
	if (!s->at)
		return -1;
	for (size_t i = 0; i < s->at->table.n; i++) {
		buf_text(&sql, i ? "," : "SELECT ");
		put_identifier(s->plain, &sql, s->at->table.column[i]);
	}
	buf_text(&sql, " FROM ");
	put_identifier(s->plain, &sql, s->at->table.schema);
	buf_byte(&sql, '.');
	put_identifier(s->plain, &sql, s->at->table.name);
	buf_text(&sql, tail);
	buf_byte(&sql, '\0');
	if (!PQsendQuery(s->plain, sql.p) || !PQsetSingleRowMode(s->plain))
		rc = pg_failed(s->plain, EXIT_IO, "postgres", f);
	s->reading = rc == 0;
	buf_free(&sql);
	return rc;
}

static int read_row(struct pg_source *s, PGresult *q, struct failure *f)
{
	arena_clear(&s->arena);
	for (size_t i = 0; i < s->at->table.n; i++) {
		struct span text = { PQgetvalue(q, 0, (int)i), (size_t)PQgetlength(q, 0, (int)i) };

		s->after[i] = (struct datum){ DATUM_NULL, { "", 0 } };
		if (!PQgetisnull(q, 0, (int)i) && pg_table_value(s, s->at, i, text, &s->after[i], f) < 0)
			return -1;
	}
	return 0;
}

static int emit_row(struct pg_source *s, PGresult *q, struct emit *out, struct failure *f)
{
	struct change c = { .op = CHANGE_READ, .table = &s->at->table, .after = s->after, .ts = -1, .pos = span_of(s->pos) };

	return read_row(s, q, f) < 0 ? -1 : emit_change(out, &c, f);
}

/* 1: a row; 0: the table is over; -1. */
static int step_table(struct pg_source *s, struct emit *out, struct failure *f)
{
	PGresult *q = PQgetResult(s->plain);
	ExecStatusType status = PQresultStatus(q);
	int rc = 1;

	if (!q) {
		s->reading = false;
		s->table++;
		return 0;
	}
	if (status == PGRES_SINGLE_TUPLE)
		rc = emit_row(s, q, out, f) < 0 ? -1 : 1;
	else if (status != PGRES_TUPLES_OK)
		rc = pg_failed(s->plain, EXIT_IO, "postgres", f);
	PQclear(q);
	return rc;
}

static enum cdc_event end_snapshot(struct pg_source *s, struct failure *f)
{
	s->in_snapshot = false;
	if (s->request->snapshot == SNAPSHOT_ONLY)
		return CDC_END;
	return pg_stream_begin(s, f) < 0 ? CDC_ERROR : CDC_MORE;
}

enum cdc_event pg_snapshot_next(struct pg_source *s, struct emit *out, struct failure *f)
{
	int rc = 1;

	if (s->table == s->request->ntables)
		return end_snapshot(s, f);
	if (!s->reading && begin_table(s, "", f) < 0)
		return CDC_ERROR;
	if (emit_table(out, &s->at->table, f) <= 0)
		return CDC_ERROR;
	for (int i = 0; rc > 0 && i < STEP; i++)
		rc = step_table(s, out, f);
	return rc < 0 ? CDC_ERROR : CDC_INSIDE;
}

int pg_snapshot_begin(struct pg_source *s, const char *name, struct failure *f)
{
	char sql[200];

	snprintf(sql, sizeof sql, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '%s'", name);
	s->in_snapshot = true;
	return pg_command(s->plain, sql, f);
}

/* ---- asked without capture ---- */

static int give_row(struct pg_source *s, PGresult *q, cdc_each *each, void *context, struct failure *f)
{
	switch (PQresultStatus(q)) {
	case PGRES_SINGLE_TUPLE:
		return read_row(s, q, f) < 0 || each(context, &s->at->table, s->after, f) < 0 ? -1 : 1;
	case PGRES_TUPLES_OK:
		return 0;
	default:
		return pg_failed(s->plain, EXIT_CONFIG, "postgres", f);
	}
}

static int give_rows(struct pg_source *s, cdc_each *each, void *context, struct failure *f)
{
	int rc = 0, given = 0;
	PGresult *q;

	while (rc >= 0 && (q = PQgetResult(s->plain))) {
		rc = give_row(s, q, each, context, f);
		given |= rc > 0;
		PQclear(q);
	}
	return rc >= 0 && !given ? each(context, &s->at->table, NULL, f) : rc < 0 ? -1 : 0;
}

int pg_query_table(const struct cdc_request *r, const char *tail, cdc_each *each, void *context, struct failure *f)
{
	struct pg_source *s = pg_source_new(r);
	int rc = -1;

	s->plain = pg_connect(r->place, false, f);
	if (s->plain && pg_find_table(s->plain, r->table[0], &s->wanted[0], f) == 0 && pg_load_types(s->plain, &s->types, f) == 0 && begin_table(s, tail, f) == 0)
		rc = give_rows(s, each, context, f);
	pg_source_free(s);
	return rc;
}
