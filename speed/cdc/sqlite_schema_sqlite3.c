/* SPDX-License-Identifier: MIT */
#include "speed/cdc/sqlite_schema.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/diag.h"
#include "lib/base/mem.h"
#include "lib/text/percent.h"

#define NOW "CAST((julianday('now')-2440587.5)*86400000 AS INTEGER)"

/* ---- the library ---- */

int sqlite_failed(sqlite3 *db, const char *path, struct failure *f)
{
	int code = sqlite3_errcode(db);
	int status = code == SQLITE_BUSY || code == SQLITE_LOCKED ? EXIT_RETRY : code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? EXIT_DATA :
		code == SQLITE_NOMEM ? EXIT_MEMORY : EXIT_IO;

	return failure_set(f, status, "%s: %s", path, sqlite3_errmsg(db));
}

sqlite3 *sqlite_open(const char *path, struct failure *f)
{
	sqlite3 *db = NULL;
	int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);

	if (!db)
		mem_fail();
	sqlite3_busy_timeout(db, SQLITE_BUSY_MS);
	if (rc == SQLITE_OK && sqlite3_exec(db, "SELECT 1 FROM sqlite_master LIMIT 1", NULL, NULL, NULL) == SQLITE_OK)
		return db;
	sqlite_failed(db, path, f);
	sqlite3_close(db);
	return NULL;
}

sqlite3_stmt *sqlite_prepare(sqlite3 *db, const char *path, const char *sql, struct failure *f)
{
	sqlite3_stmt *s = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
		sqlite_failed(db, path, f);
	return s;
}

int sqlite_exec(sqlite3 *db, const char *path, const char *sql, struct failure *f)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : sqlite_failed(db, path, f);
}

int sqlite_int(sqlite3 *db, const char *path, const char *sql, int64_t *v, struct failure *f)
{
	sqlite3_stmt *s = sqlite_prepare(db, path, sql, f);
	int rc = s ? sqlite3_step(s) : SQLITE_ERROR;

	*v = 0;
	if (rc == SQLITE_ROW)
		*v = sqlite3_column_int64(s, 0);
	else if (s && rc != SQLITE_DONE)
		sqlite_failed(db, path, f);
	sqlite3_finalize(s);
	return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : -1;
}

struct span sqlite_column(sqlite3_stmt *s, int i)
{
	const char *p = (const char *)sqlite3_column_text(s, i);

	return (struct span){ p, p ? (size_t)sqlite3_column_bytes(s, i) : 0 };
}

/* ---- text of SQL ---- */

static void put_quoted(struct buf *sql, const char *name, char quote)
{
	buf_byte(sql, quote);
	for (; *name; name++) {
		if (*name == quote)
			buf_byte(sql, quote);
		buf_byte(sql, *name);
	}
	buf_byte(sql, quote);
}

static void put_name(struct buf *sql, const char *name)
{
	put_quoted(sql, name, '"');
}

static void put_trigger_name(struct buf *sql, const char *table, const char *event)
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

static const struct {
	const char *name, *op, *old, *new;
} event_of[] = {
	{ "insert", "c", NULL, "NEW." },
	{ "update", "u", "OLD.", "NEW." },
	{ "delete", "d", "OLD.", NULL },
};

enum { EVENTS = sizeof event_of / sizeof *event_of };

static void put_image_or_null(struct buf *sql, const struct change_table *t, const char *prefix)
{
	if (prefix)
		put_image(sql, t, prefix);
	else
		buf_text(sql, "NULL");
}

/* As it stands in sqlite_master then. */
static void put_trigger(struct buf *sql, const struct sqlite_shape *s, size_t event)
{
	buf_text(sql, "CREATE TRIGGER ");
	put_trigger_name(sql, s->table.name, event_of[event].name);
	buf_printf(sql, " AFTER %s ON ", event_of[event].name);
	put_name(sql, s->table.name);
	buf_printf(sql, " BEGIN INSERT INTO _weir_changes(ts,shape,op,old,new) VALUES(" NOW ",%lld,'%s',", (long long)s->id, event_of[event].op);
	put_image_or_null(sql, &s->table, event_of[event].old);
	buf_byte(sql, ',');
	put_image_or_null(sql, &s->table, event_of[event].new);
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

static int read_table(sqlite3 *db, const char *path, const char *table, struct sqlite_shape *shape, struct failure *f)
{
	shape->table.database = "main";
	shape->table.schema = "";
	return read_name(db, path, table, shape, f) < 0 || read_columns(db, path, shape, f) < 0 ? -1 : 0;
}

/* Finds the number of a shape: 1, 0: it has none, -1. */
static int find_shape(sqlite3 *db, const char *path, struct sqlite_shape *shape, struct failure *f)
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
	buf_printf(&name, "_weir_%s_%s", table, event_of[event].name);
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
static int has_trigger(sqlite3 *db, const char *path, const struct sqlite_shape *s, size_t event, bool *any, struct failure *f)
{
	struct buf is = { 0 }, must = { 0 };
	int rc = read_trigger(db, path, s->table.name, event, &is, f);

	*any = rc > 0;
	put_trigger(&must, s, event);
	if (rc > 0)
		rc = strcmp(is.p, must.p) == 0;
	buf_free(&is);
	buf_free(&must);
	return rc;
}

static int is_installed(sqlite3 *db, const char *path, struct failure *f)
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
	int rc = read_table(db, path, table, &s, f);

	if (rc == 0)
		rc = is_installed(db, path, f);
	if (rc > 0)
		rc = find_shape(db, path, &s, f);
	for (size_t i = 0; rc >= 0 && i < EVENTS; i++) {
		int has = has_trigger(db, path, &s, i, &any, f);

		rc = has < 0 ? -1 : rc && has;
		some |= any;
	}
	if (rc == 0)
		rc = not_installed(path, table, some, f);
	*shape = s.id;
	sqlite_shape_free(&s);
	return rc < 0 ? -1 : 0;
}

/* ---- installing ---- */

static const char tables_sql[] =
	"CREATE TABLE IF NOT EXISTS _weir_changes(seq INTEGER PRIMARY KEY AUTOINCREMENT, ts INTEGER NOT NULL, shape INTEGER NOT NULL, op TEXT NOT NULL, old TEXT, new TEXT);"
	"CREATE TABLE IF NOT EXISTS _weir_shapes(shape INTEGER PRIMARY KEY AUTOINCREMENT, tbl TEXT NOT NULL, columns TEXT NOT NULL, UNIQUE(tbl, columns));"
	"CREATE TABLE IF NOT EXISTS _weir_readers(reader TEXT PRIMARY KEY, seq INTEGER NOT NULL);"
	"CREATE TABLE IF NOT EXISTS _weir_about(id TEXT NOT NULL, pruned INTEGER NOT NULL);"
	"INSERT INTO _weir_about SELECT lower(hex(randomblob(8))), 0 WHERE NOT EXISTS (SELECT 1 FROM _weir_about)";

static int make_shape(sqlite3 *db, const char *path, struct sqlite_shape *shape, struct failure *f)
{
	int rc = find_shape(db, path, shape, f);
	sqlite3_stmt *s;

	if (rc)
		return rc < 0 ? -1 : 0;
	s = sqlite_prepare(db, path, "INSERT INTO _weir_shapes(tbl, columns) VALUES(?1, ?2)", f);
	if (!s)
		return -1;
	sqlite3_bind_text(s, 1, shape->table.name, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 2, shape->columns, -1, SQLITE_STATIC);
	rc = sqlite3_step(s) == SQLITE_DONE ? 0 : sqlite_failed(db, path, f);
	shape->id = sqlite3_last_insert_rowid(db);
	sqlite3_finalize(s);
	return rc;
}

static int drop_trigger(sqlite3 *db, const char *path, const char *table, size_t event, struct failure *f)
{
	struct buf sql = { 0 };
	int rc;

	buf_text(&sql, "DROP TRIGGER IF EXISTS ");
	put_trigger_name(&sql, table, event_of[event].name);
	buf_byte(&sql, '\0');
	rc = sqlite_exec(db, path, sql.p, f);
	buf_free(&sql);
	return rc;
}

static int make_trigger(sqlite3 *db, const char *path, const struct sqlite_shape *s, size_t event, struct failure *f)
{
	struct buf sql = { 0 };
	bool any;
	int rc = has_trigger(db, path, s, event, &any, f);

	if (rc == 0) {
		put_trigger(&sql, s, event);
		rc = drop_trigger(db, path, s->table.name, event, f) < 0 || sqlite_exec(db, path, sql.p, f) < 0 ? -1 : 0;
	}
	buf_free(&sql);
	return rc < 0 ? -1 : 0;
}

static int install_table(sqlite3 *db, const char *path, const char *table, struct buf *said, struct failure *f)
{
	struct sqlite_shape s = { 0 };
	int rc = read_table(db, path, table, &s, f);

	if (rc == 0)
		rc = make_shape(db, path, &s, f);
	for (size_t i = 0; rc == 0 && i < EVENTS; i++)
		rc = make_trigger(db, path, &s, i, f);
	if (rc == 0)
		buf_printf(said, "%s\tinstalled\n", s.table.name);
	sqlite_shape_free(&s);
	return rc;
}

/* All of it or nothing. */
static int in_transaction(const struct cdc_request *r, int (*work)(sqlite3 *, const struct cdc_request *, struct buf *, struct failure *), struct buf *said,
			  struct failure *f)
{
	sqlite3 *db;
	int rc;

	if (r->ntables == 0)
		return failure_set(f, EXIT_USAGE, "--table: which tables?");
	db = sqlite_open(r->place, f);
	if (!db)
		return -1;
	rc = sqlite_exec(db, r->place, "BEGIN IMMEDIATE", f);
	if (rc == 0)
		rc = work(db, r, said, f);
	if (rc == 0)
		rc = sqlite_exec(db, r->place, "COMMIT", f);
	if (rc < 0)
		buf_clear(said);
	sqlite3_close(db);
	return rc;
}

static int install(sqlite3 *db, const struct cdc_request *r, struct buf *said, struct failure *f)
{
	int rc = sqlite_exec(db, r->place, tables_sql, f);

	for (size_t i = 0; rc == 0 && i < r->ntables; i++)
		rc = install_table(db, r->place, r->table[i], said, f);
	return rc;
}

int sqlite_install(const struct cdc_request *r, struct buf *said, struct failure *f)
{
	return in_transaction(r, install, said, f);
}

/* Our own tables go with the last trigger. */
static int drop(sqlite3 *db, const struct cdc_request *r, struct buf *said, struct failure *f)
{
	int64_t left;
	int rc = 0;

	for (size_t t = 0; t < r->ntables; t++) {
		for (size_t i = 0; rc == 0 && i < EVENTS; i++)
			rc = drop_trigger(db, r->place, r->table[t], i, f);
		buf_printf(said, "%s\tremoved\n", r->table[t]);
	}
	if (rc == 0 && sqlite_int(db, r->place, "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name GLOB '_weir_*'", &left, f) < 0)
		rc = -1;
	if (rc == 0 && left == 0)
		rc = sqlite_exec(db, r->place, "DROP TABLE IF EXISTS _weir_changes; DROP TABLE IF EXISTS _weir_shapes; DROP TABLE IF EXISTS _weir_readers;"
		                 "DROP TABLE IF EXISTS _weir_about", f);
	return rc;
}

int sqlite_remove(const struct cdc_request *r, struct buf *said, struct failure *f)
{
	return in_transaction(r, drop, said, f);
}

/* ---- status ---- */

static int print_rows(sqlite3 *db, const char *path, const char *sql, struct buf *out, struct failure *f)
{
	sqlite3_stmt *s = sqlite_prepare(db, path, sql, f);
	int rc = SQLITE_ERROR;

	while (s && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(s); i++) {
			if (i)
				buf_byte(out, '\t');
			buf_span(out, sqlite_column(s, i));
		}
		buf_byte(out, '\n');
	}
	if (s && rc != SQLITE_DONE)
		sqlite_failed(db, path, f);
	sqlite3_finalize(s);
	return rc == SQLITE_DONE ? 0 : -1;
}

static int print_tables(sqlite3 *db, const struct cdc_request *r, struct buf *out, struct failure *f)
{
	for (size_t i = 0; i < r->ntables; i++) {
		struct failure why = { 0 };
		int64_t shape;
		int rc = sqlite_check(db, r->place, r->table[i], &shape, &why);

		if (rc < 0 && why.status != EXIT_CONFIG)
			return failure_set(f, why.status, "%s", why.text);
		buf_printf(out, "table %s\t%s\n", r->table[i], rc < 0 ? why.text : "captured");
	}
	return 0;
}

int sqlite_status(const struct cdc_request *r, struct buf *out, struct failure *f)
{
	sqlite3 *db = sqlite_open(r->place, f);
	int rc = db ? is_installed(db, r->place, f) : -1;

	if (rc == 0)
		buf_text(out, "capture\tnot installed\n");
	if (rc > 0)
		rc = print_rows(db, r->place,
		                "SELECT 'database', id FROM _weir_about UNION ALL "
		                "SELECT 'changes made', coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = '_weir_changes' UNION ALL "
		                "SELECT 'changes kept', count(*) FROM _weir_changes UNION ALL "
		                "SELECT 'reader ' || reader, (SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = '_weir_changes') - seq || ' behind' FROM _weir_readers",
		                out, f);
	if (rc == 0)
		rc = print_tables(db, r, out, f);
	sqlite3_close(db);
	return rc;
}
