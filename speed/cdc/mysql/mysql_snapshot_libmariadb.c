/* SPDX-License-Identifier: MIT */
/* Rows come one by one, in a transaction whose read view is at a known place of the binlog: MariaDB says it with the snapshot, and needs no lock. */
#include <stdio.h>
#include <string.h>

#include "lib/base/diag.h"
#include "lib/base/mem.h"
#include "speed/cdc/mysql/mysql_source.h"

#define STEP 1000               /* rows of one call */

enum field { FIELD_TEXT, FIELD_NUMBER, FIELD_BITS, FIELD_FLOAT, FIELD_DOUBLE, FIELD_BYTES, FIELD_GEOMETRY, FIELD_TIMESTAMP, FIELD_YEAR };

struct mysql_table {
	struct change_table table;
	enum field *field;              /* of each column */
	struct datum *row;
	struct arena arena, scratch;
	char pos[64];
};

/* ---- the read view ---- */

static int take_place(struct mysql_source *s, MYSQL_RES *rows, struct failure *f)
{
	struct binlog_place *p = &s->reader.place;
	MYSQL_ROW row;

	p->file[0] = '\0';
	while ((row = mysql_fetch_row(rows))) {
		if (strcasecmp(row[0], "binlog_snapshot_file") == 0)
			binlog_place_file(p, span_of(row[1]));
		if (strcasecmp(row[0], "binlog_snapshot_position") == 0)
			p->at = strtoull(row[1], NULL, 10);
	}
	return *p->file ? 0 : failure_set(f, EXIT_CONFIG, "mysql: the server does not say where in its binlog it is");
}

int mysql_view_gtids(struct mysql_source *s, struct failure *f)
{
	struct binlog_place *p = &s->reader.place;
	bool known;

	return mysql_gtids_at(s->plain, p, p, &known, f) < 0 ? -1 : mysql_server_id(s->plain, &p->server, f);
}

int mysql_view(struct mysql_source *s, struct failure *f)
{
	MYSQL_RES *rows = NULL;
	int rc;

	binlog_place_free(&s->reader.place);
	if (mysql_run(s->plain, "START TRANSACTION WITH CONSISTENT SNAPSHOT", f) == 0)
		rows = mysql_ask(s->plain, "SHOW STATUS LIKE 'binlog_snapshot_%'", f);
	rc = rows ? take_place(s, rows, f) : -1;
	mysql_free_result(rows);
	return rc;
}

/* ---- tables ---- */

static enum field field_of(const char *type)
{
	static const struct {
		const char *type;
		enum field field;
	} known[] = {
		{ "tinyint", FIELD_NUMBER }, { "smallint", FIELD_NUMBER }, { "mediumint", FIELD_NUMBER }, { "int", FIELD_NUMBER }, { "bigint", FIELD_NUMBER },
		{ "bit", FIELD_BITS }, { "float", FIELD_FLOAT }, { "double", FIELD_DOUBLE }, { "timestamp", FIELD_TIMESTAMP }, { "year", FIELD_YEAR },
		{ "binary", FIELD_BYTES }, { "varbinary", FIELD_BYTES }, { "tinyblob", FIELD_BYTES }, { "blob", FIELD_BYTES }, { "mediumblob", FIELD_BYTES },
		{ "longblob", FIELD_BYTES }, { "geometry", FIELD_GEOMETRY }, { "point", FIELD_GEOMETRY }, { "linestring", FIELD_GEOMETRY }, { "polygon", FIELD_GEOMETRY },
		{ "multipoint", FIELD_GEOMETRY }, { "multilinestring", FIELD_GEOMETRY }, { "multipolygon", FIELD_GEOMETRY }, { "geometrycollection", FIELD_GEOMETRY },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcasecmp(type, known[i].type) == 0)
			return known[i].field;
	return FIELD_TEXT;
}

void mysql_snapshot_end(struct mysql_source *s)
{
	struct mysql_table *t = s->table;

	mysql_free_result(s->rows);
	s->rows = NULL;
	s->table = NULL;
	if (!t)
		return;
	arena_free(&t->arena);
	arena_free(&t->scratch);
	free(t);
}

static MYSQL_RES *ask_columns(struct mysql_source *s, const struct binlog_name *w, struct failure *f)
{
	struct buf sql = { 0 };
	MYSQL_RES *rows;

	buf_text(&sql, "SELECT column_name, data_type, column_key = 'PRI' FROM information_schema.columns WHERE table_schema = ");
	mysql_put_text(s->plain, &sql, w->database);
	buf_text(&sql, " AND table_name = ");
	mysql_put_text(s->plain, &sql, w->table);
	buf_text(&sql, " ORDER BY ordinal_position");
	buf_byte(&sql, '\0');
	rows = mysql_ask(s->plain, sql.p, f);
	buf_free(&sql);
	return rows;
}

static struct mysql_table *make_table(const struct mysql_source *s, const struct binlog_name *w, MYSQL_RES *columns)
{
	struct mysql_table *t = mem_zalloc(sizeof *t);
	size_t n = (size_t)mysql_num_rows(columns);
	struct buf pos = { 0 };
	MYSQL_ROW row;

	t->table = (struct change_table){ .database = w->database, .schema = "", .name = w->table };
	t->table.column = arena_alloc(&t->arena, n * sizeof *t->table.column, 8);
	t->table.is_key = arena_alloc(&t->arena, n, 1);
	t->field = arena_alloc(&t->arena, n * sizeof *t->field, 8);
	t->row = arena_alloc(&t->arena, n * sizeof *t->row, 8);
	for (; (row = mysql_fetch_row(columns)); t->table.n++) {
		t->table.column[t->table.n] = arena_text(&t->arena, span_of(row[0]));
		t->table.is_key[t->table.n] = *row[2] == '1';
		t->field[t->table.n] = field_of(row[1]);
	}
	binlog_gtids_print(&s->reader.place, &pos);
	snprintf(t->pos, sizeof t->pos, "%.*s", (int)pos.n, pos.n ? pos.p : "");
	buf_free(&pos);
	return t;
}

/* Floats as doubles: as such they would lose digits. */
static void put_column(struct buf *sql, const struct mysql_table *t, size_t i)
{
	const char *before = t->field[i] == FIELD_FLOAT ? "CAST(" : "", *after = t->field[i] == FIELD_FLOAT ? " AS DOUBLE)" : t->field[i] == FIELD_BITS ? "+0" : "";

	buf_text(sql, before);
	mysql_put_name(sql, t->table.column[i]);
	buf_text(sql, after);
}

static int select_rows(struct mysql_source *s, const struct mysql_table *t, const char *tail, struct failure *f)
{
	struct buf sql = { 0 };
	int rc;

	for (size_t i = 0; i < t->table.n; i++) {
		buf_text(&sql, i ? "," : "SELECT ");
		put_column(&sql, t, i);
	}
	buf_text(&sql, " FROM ");
	mysql_put_name(&sql, t->table.database);
	buf_byte(&sql, '.');
	mysql_put_name(&sql, t->table.name);
	buf_text(&sql, tail);
	buf_byte(&sql, '\0');
	rc = mysql_run(s->plain, sql.p, f);
	buf_free(&sql);
	if (rc == 0)
		s->rows = mysql_use_result(s->plain);
	return s->rows ? 0 : f->status ? -1 : mysql_failed(s->plain, EXIT_CONFIG, f);
}

/* tail: SQL behind the table. */
static int begin_table(struct mysql_source *s, const char *tail, struct failure *f)
{
	const struct binlog_name *w = &s->reader.wanted[s->nth];
	MYSQL_RES *columns = ask_columns(s, w, f);

	if (columns)
		s->table = make_table(s, w, columns);
	mysql_free_result(columns);
	if (columns && s->table->table.n == 0)
		return failure_set(f, EXIT_CONFIG, "mysql: there is no table %s.%s", w->database, w->table);
	return s->table ? select_rows(s, s->table, tail, f) : -1;
}

/* From now on nobody changes the tables' columns, though their rows. */
static int touch_tables(struct mysql_source *s, struct failure *f)
{
	for (size_t i = 0; i < s->reader.nwanted; i++) {
		struct buf sql = { 0 };
		MYSQL_RES *rows;

		buf_text(&sql, "SELECT 1 FROM ");
		mysql_put_name(&sql, s->reader.wanted[i].database);
		buf_byte(&sql, '.');
		mysql_put_name(&sql, s->reader.wanted[i].table);
		buf_text(&sql, " LIMIT 0");
		buf_byte(&sql, '\0');
		rows = mysql_ask(s->plain, sql.p, f);
		mysql_free_result(rows);
		buf_free(&sql);
		if (!rows)
			return -1;
	}
	return 0;
}

int mysql_snapshot_begin(struct mysql_source *s, struct failure *f)
{
	s->in_snapshot = true;
	return mysql_view(s, f) < 0 || mysql_view_gtids(s, f) < 0 ? -1 : touch_tables(s, f);
}

/* ---- rows ---- */

static struct span moment(struct span text, struct arena *arena)
{
	char *to;

	if (text.n < 19 || memcmp(text.p, "0000-00-00", 10) == 0)
		return text;
	to = arena_alloc(arena, text.n + 1, 1);
	memcpy(to, text.p, text.n);
	to[10] = 'T';
	to[text.n] = 'Z';
	return (struct span){ to, text.n + 1 };
}

static struct datum value_from(enum field field, struct span text, struct arena *arena)
{
	switch (field) {
	case FIELD_NUMBER:
	case FIELD_BITS:
		return (struct datum){ DATUM_NUMBER, text };
	case FIELD_YEAR:
		return (struct datum){ span_eq(text, SPAN("0000")) ? DATUM_TEXT : DATUM_NUMBER, text };
	case FIELD_FLOAT:
	case FIELD_DOUBLE:
		return (struct datum){ DATUM_NUMBER, float_text(strtod(text.p, NULL), field == FIELD_FLOAT, arena) };
	case FIELD_GEOMETRY:
		return (struct datum){ DATUM_TEXT, base64_text(text.n < 4 ? text : (struct span){ text.p + 4, text.n - 4 }, arena) };
	case FIELD_BYTES:
		return (struct datum){ DATUM_TEXT, base64_text(text, arena) };
	case FIELD_TIMESTAMP:
		return (struct datum){ DATUM_TEXT, moment(text, arena) };
	default:
		return (struct datum){ DATUM_TEXT, text };
	}
}

static void read_row(struct mysql_table *t, MYSQL_ROW row, const unsigned long *length)
{
	arena_clear(&t->scratch);
	for (size_t i = 0; i < t->table.n; i++)
		t->row[i] = row[i] ? value_from(t->field[i], (struct span){ row[i], length[i] }, &t->scratch) : (struct datum){ DATUM_NULL, { "", 0 } };
}

static int emit_row(struct mysql_table *t, struct emit *out, struct failure *f)
{
	const struct change c = { .op = CHANGE_READ, .table = &t->table, .after = t->row, .ts = -1, .pos = span_of(t->pos) };

	return emit_change(out, &c, f);
}

static enum cdc_event end_snapshot(struct mysql_source *s, struct failure *f)
{
	s->in_snapshot = false;
	if (s->request->snapshot == SNAPSHOT_ONLY)
		return CDC_END;
	return mysql_run(s->plain, "COMMIT", f) < 0 || mysql_stream_begin(s, f) < 0 ? CDC_ERROR : CDC_MORE;
}

static enum cdc_event end_table(struct mysql_source *s, struct failure *f)
{
	if (mysql_errno(s->plain)) {
		mysql_failed(s->plain, EXIT_RETRY, f);
		return CDC_ERROR;
	}
	mysql_snapshot_end(s);
	s->nth++;
	return CDC_INSIDE;
}

enum cdc_event mysql_snapshot_next(struct mysql_source *s, struct emit *out, struct failure *f)
{
	if (s->nth == s->reader.nwanted)
		return end_snapshot(s, f);
	if (!s->table && begin_table(s, "", f) < 0)
		return CDC_ERROR;
	if (emit_table(out, &s->table->table, f) <= 0)
		return CDC_ERROR;
	for (int i = 0; i < STEP; i++) {
		MYSQL_ROW row = mysql_fetch_row(s->rows);

		if (!row)
			return end_table(s, f);
		read_row(s->table, row, mysql_fetch_lengths(s->rows));
		if (emit_row(s->table, out, f) < 0)
			return CDC_ERROR;
	}
	return CDC_INSIDE;
}

/* ---- asked without capture ---- */

static int give_rows(struct mysql_source *s, cdc_each *each, void *context, struct failure *f)
{
	bool given = false;
	MYSQL_ROW row;
	int rc = 0;

	while (rc == 0 && (row = mysql_fetch_row(s->rows))) {
		read_row(s->table, row, mysql_fetch_lengths(s->rows));
		rc = each(context, &s->table->table, s->table->row, f);
		given = true;
	}
	if (rc == 0 && mysql_errno(s->plain))
		return mysql_failed(s->plain, EXIT_RETRY, f);
	return rc == 0 && !given ? each(context, &s->table->table, NULL, f) : rc;
}

int mysql_query_table(struct mysql_source *s, const char *tail, cdc_each *each, void *context, struct failure *f)
{
	return begin_table(s, tail, f) < 0 ? -1 : give_rows(s, each, context, f);
}
