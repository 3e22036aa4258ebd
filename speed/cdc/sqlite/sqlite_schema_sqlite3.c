/* SPDX-License-Identifier: MIT */
#include "speed/cdc/sqlite/sqlite_schema_impl.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/diag.h"
#include "lib/base/mem.h"
#include "lib/text/percent.h"
#include "speed/cdc/database.h"

#define NOW "CAST((julianday('now')-2440587.5)*86400000 AS INTEGER)"

/* ---- text of SQL ---- */

static void put_name(struct buf *sql, const char *name)
{
	database_put_quoted(sql, name, '"');
}

void sqlite_put_trigger_name(struct buf *sql, const char *table, const char *event)
{
	struct buf name = { 0 };

	buf_printf(&name, "_weir_%s_%s", table, event);
	put_name(sql, name.p);
	buf_free(&name);
}

/* prefix: `NEW.`, `OLD.` or nothing. */
static void put_image(struct buf *sql, const struct change_table *t, const char *prefix)
{
	struct buf column = { 0 };

	for (size_t i = 0; i < t->n; i++) {
		buf_clear(&column);
		buf_text(&column, prefix);
		put_name(&column, t->column[i]);
		buf_byte(&column, '\0');
		buf_printf(sql, "%sCASE WHEN typeof(%s)='text' AND instr(%s,char(0)) THEN 'T'||quote(CAST(%s AS BLOB)) ELSE quote(%s) END", i ? "||','||" : "",
		           column.p, column.p, column.p, column.p);
	}
	buf_free(&column);
}

void sqlite_print_select(struct buf *sql, const struct change_table *t)
{
	buf_text(sql, "SELECT ");
	put_image(sql, t, "");
	buf_text(sql, " FROM ");
	put_name(sql, t->name);
	buf_byte(sql, '\0');
}

const struct sqlite_event sqlite_event[SQLITE_EVENTS] = {
	{ "insert", "c", NULL, "NEW." },
	{ "update", "u", "OLD.", "NEW." },
	{ "delete", "d", "OLD.", NULL },
};

static void put_image_or_null(struct buf *sql, const struct change_table *t, const char *prefix)
{
	if (prefix)
		put_image(sql, t, prefix);
	else
		buf_text(sql, "NULL");
}

/* As it stands in sqlite_master then. */
void sqlite_put_trigger(struct buf *sql, const struct sqlite_shape *s, size_t event)
{
	buf_text(sql, "CREATE TRIGGER ");
	sqlite_put_trigger_name(sql, s->table.name, sqlite_event[event].name);
	buf_printf(sql, " AFTER %s ON ", sqlite_event[event].name);
	put_name(sql, s->table.name);
	buf_printf(sql, " BEGIN INSERT INTO _weir_changes(ts,shape,op,old,new) VALUES(" NOW ",%lld,'%s',", (long long)s->id, sqlite_event[event].op);
	put_image_or_null(sql, &s->table, sqlite_event[event].old);
	buf_byte(sql, ',');
	put_image_or_null(sql, &s->table, sqlite_event[event].new);
	buf_text(sql, "); END");
	buf_byte(sql, '\0');
}

/* ---- tables and shapes ---- */

static void add_column(struct change_table *t, struct span name, bool is_key)
{
	t->column = mem_array(t->column, t->n + 1, sizeof *t->column);
	t->is_key = mem_array(t->is_key, t->n + 1, sizeof *t->is_key);
	t->column[t->n] = mem_text(name);
	t->is_key[t->n++] = is_key;
}

void sqlite_shape_free(struct sqlite_shape *s)
{
	for (size_t i = 0; i < s->table.n; i++)
		free(s->table.column[i]);
	free(s->table.column);
	free(s->table.is_key);
	free((char *)s->table.name);
	free(s->columns);
	*s = (struct sqlite_shape){ 0 };
}

/* As the database spells it. */
static int read_name(sqlite3 *db, const char *path, const char *table, struct sqlite_shape *shape, struct failure *f)
{
	sqlite3_stmt *s = sqlite_prepare(db, path, "SELECT name FROM sqlite_master WHERE type = 'table' AND name = ?1 COLLATE NOCASE", f);
	int rc;

	if (!s)
		return -1;
	sqlite3_bind_text(s, 1, table, -1, SQLITE_STATIC);
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		shape->table.name = mem_text(sqlite_column(s, 0));
	else if (rc == SQLITE_DONE)
		failure_set(f, EXIT_CONFIG, "%s: there is no table %s", path, table);
	else
		sqlite_failed(db, path, f);
	sqlite3_finalize(s);
	return f->status ? -1 : 0;
}

/* The columns as they are now: `hidden` ones of virtual tables are no columns, generated ones are. */
static int read_columns(sqlite3 *db, const char *path, struct sqlite_shape *shape, struct failure *f)
{
	sqlite3_stmt *s = sqlite_prepare(db, path, "SELECT name, pk FROM pragma_table_xinfo(?1) WHERE hidden <> 1 ORDER BY cid", f);
	struct buf columns = { 0 };
	int rc;

	if (!s)
		return -1;
	sqlite3_bind_text(s, 1, shape->table.name, -1, SQLITE_STATIC);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		if (shape->table.n)
			buf_byte(&columns, ',');
		percent_encode(&columns, sqlite_column(s, 0), ",");
		add_column(&shape->table, sqlite_column(s, 0), sqlite3_column_int(s, 1) > 0);
	}
	shape->columns = mem_text(buf_view(&columns));
	buf_free(&columns);
	if (rc != SQLITE_DONE)
		sqlite_failed(db, path, f);
	sqlite3_finalize(s);
	return f->status ? -1 : 0;
}

int sqlite_read_table(sqlite3 *db, const char *path, const char *table, struct sqlite_shape *shape, struct failure *f)
{
	shape->table.database = "main";
	shape->table.schema = "";
	return read_name(db, path, table, shape, f) < 0 || read_columns(db, path, shape, f) < 0 ? -1 : 0;
}

/* Finds the number of a shape: 1, 0: it has none, -1. */
int sqlite_find_shape(sqlite3 *db, const char *path, struct sqlite_shape *shape, struct failure *f)
{
	sqlite3_stmt *s = sqlite_prepare(db, path, "SELECT shape FROM _weir_shapes WHERE tbl = ?1 AND columns = ?2", f);
	int rc;

	if (!s)
		return -1;
	sqlite3_bind_text(s, 1, shape->table.name, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 2, shape->columns, -1, SQLITE_STATIC);
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		shape->id = sqlite3_column_int64(s, 0);
	else if (rc != SQLITE_DONE)
		sqlite_failed(db, path, f);
	sqlite3_finalize(s);
	return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : -1;
}

static int take_columns(struct sqlite_shape *shape, const char *path, struct failure *f)
{
	struct buf name = { 0 };
	int rc = 0;

	for (const char *at = shape->columns, *end = at + strlen(at), *comma; rc == 0 && at <= end; at = comma + 1) {
		comma = memchr(at, ',', (size_t)(end - at));
		comma = comma ? comma : end;
		buf_clear(&name);
		if (percent_decode(&name, (struct span){ at, (size_t)(comma - at) }) < 0)
			rc = failure_set(f, EXIT_DATA, "%s: _weir_shapes is damaged", path);
		else
			add_column(&shape->table, buf_view(&name), false);
	}
	buf_free(&name);
	return rc;
}

/* As the table has its key now. */
static int mark_keys(sqlite3 *db, const char *path, struct change_table *t, struct failure *f)
{
	sqlite3_stmt *s = sqlite_prepare(db, path, "SELECT name FROM pragma_table_info(?1) WHERE pk > 0", f);

	if (!s)
		return -1;
	sqlite3_bind_text(s, 1, t->name, -1, SQLITE_STATIC);
	while (sqlite3_step(s) == SQLITE_ROW)
		for (size_t i = 0; i < t->n; i++)
			t->is_key[i] |= span_eq(sqlite_column(s, 0), span_of(t->column[i]));
	sqlite3_finalize(s);
	return 0;
}

int sqlite_read_shape(sqlite3 *db, const char *path, int64_t id, struct sqlite_shape *shape, struct failure *f)
{
	sqlite3_stmt *s = sqlite_prepare(db, path, "SELECT tbl, columns FROM _weir_shapes WHERE shape = ?1", f);
	int rc;

	*shape = (struct sqlite_shape){ .id = id, .table = { .database = "main", .schema = "" } };
	if (!s)
		return -1;
	sqlite3_bind_int64(s, 1, id);
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW) {
		shape->table.name = mem_text(sqlite_column(s, 0));
		shape->columns = mem_text(sqlite_column(s, 1));
		rc = take_columns(shape, path, f) < 0 || mark_keys(db, path, &shape->table, f) < 0 ? -1 : 0;
	} else if (rc == SQLITE_DONE) {
		rc = failure_set(f, EXIT_DATA, "%s: a change is of a shape that _weir_shapes does not have", path);
	} else {
		rc = sqlite_failed(db, path, f);
	}
	sqlite3_finalize(s);
	return rc;
}

/* ---- checking ---- */

/* The text of a trigger as it is: 1, 0: there is none, -1. */
static int read_trigger(sqlite3 *db, const char *path, const char *table, size_t event, struct buf *sql, struct failure *f)
{
	sqlite3_stmt *s = sqlite_prepare(db, path, "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ?1", f);
	struct buf name = { 0 };
	int rc;

	if (!s)
		return -1;
	buf_printf(&name, "_weir_%s_%s", table, sqlite_event[event].name);
	sqlite3_bind_text(s, 1, name.p, (int)name.n, SQLITE_STATIC);
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		buf_span(sql, sqlite_column(s, 0));
	buf_byte(sql, '\0');
	sqlite3_finalize(s);
	buf_free(&name);
	return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : sqlite_failed(db, path, f);
}

/* 1: it is there as it must be; 0; -1. */
int sqlite_has_trigger(sqlite3 *db, const char *path, const struct sqlite_shape *s, size_t event, bool *any, struct failure *f)
{
	struct buf is = { 0 }, must = { 0 };
	int rc = read_trigger(db, path, s->table.name, event, &is, f);

	*any = rc > 0;
	sqlite_put_trigger(&must, s, event);
	if (rc > 0)
		rc = strcmp(is.p, must.p) == 0;
	buf_free(&is);
	buf_free(&must);
	return rc;
}

int sqlite_is_installed(sqlite3 *db, const char *path, struct failure *f)
{
	int64_t n;

	if (sqlite_int(db, path, "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('_weir_changes','_weir_shapes','_weir_readers','_weir_about')", &n, f) < 0)
		return -1;
	return n == 4;
}

static int not_installed(const char *path, const char *table, bool stale, struct failure *f)
{
	return failure_set(f, EXIT_CONFIG, stale ? "%s: the triggers of table %s were made for other columns: run cdc-tail sqlite:%s --table %s --install" :
	                   "%s: table %s has no triggers of ours: run cdc-tail sqlite:%s --table %s --install", path, table, path, table);
}

int sqlite_check(sqlite3 *db, const char *path, const char *table, int64_t *shape, struct failure *f)
{
	struct sqlite_shape s = { 0 };
	bool any = false, some = false;
	int rc = sqlite_read_table(db, path, table, &s, f);

	if (rc == 0)
		rc = sqlite_is_installed(db, path, f);
	if (rc > 0)
		rc = sqlite_find_shape(db, path, &s, f);
	for (size_t i = 0; rc >= 0 && i < SQLITE_EVENTS; i++) {
		int has = sqlite_has_trigger(db, path, &s, i, &any, f);

		rc = has < 0 ? -1 : rc && has;
		some |= any;
	}
	if (rc == 0)
		rc = not_installed(path, table, some, f);
	*shape = s.id;
	sqlite_shape_free(&s);
	return rc < 0 ? -1 : 0;
}
