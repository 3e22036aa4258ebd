/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "lib/base/diag.h"
#include "lib/base/mem.h"
#include "speed/cdc/sqlite/sqlite_schema_impl.h"

/* ---- installing ---- */

static const char tables_sql[] =
	"CREATE TABLE IF NOT EXISTS _weir_changes(seq INTEGER PRIMARY KEY AUTOINCREMENT, ts INTEGER NOT NULL, shape INTEGER NOT NULL, op TEXT NOT NULL, old TEXT, new TEXT);"
	"CREATE TABLE IF NOT EXISTS _weir_shapes(shape INTEGER PRIMARY KEY AUTOINCREMENT, tbl TEXT NOT NULL, columns TEXT NOT NULL, UNIQUE(tbl, columns));"
	"CREATE TABLE IF NOT EXISTS _weir_readers(reader TEXT PRIMARY KEY, seq INTEGER NOT NULL);"
	"CREATE TABLE IF NOT EXISTS _weir_about(id TEXT NOT NULL, pruned INTEGER NOT NULL);"
	"INSERT INTO _weir_about SELECT lower(hex(randomblob(8))), 0 WHERE NOT EXISTS (SELECT 1 FROM _weir_about)";

static int make_shape(sqlite3 *db, const char *path, struct sqlite_shape *shape, struct failure *f)
{
	int rc = sqlite_find_shape(db, path, shape, f);
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
	sqlite_put_trigger_name(&sql, table, sqlite_event[event].name);
	buf_byte(&sql, '\0');
	rc = sqlite_exec(db, path, sql.p, f);
	buf_free(&sql);
	return rc;
}

static int make_trigger(sqlite3 *db, const char *path, const struct sqlite_shape *s, size_t event, struct failure *f)
{
	struct buf sql = { 0 };
	bool any;
	int rc = sqlite_has_trigger(db, path, s, event, &any, f);

	if (rc == 0) {
		sqlite_put_trigger(&sql, s, event);
		rc = drop_trigger(db, path, s->table.name, event, f) < 0 || sqlite_exec(db, path, sql.p, f) < 0 ? -1 : 0;
	}
	buf_free(&sql);
	return rc < 0 ? -1 : 0;
}

static int install_table(sqlite3 *db, const char *path, const char *table, struct buf *said, struct failure *f)
{
	struct sqlite_shape s = { 0 };
	int rc = sqlite_read_table(db, path, table, &s, f);

	if (rc == 0)
		rc = make_shape(db, path, &s, f);
	for (size_t i = 0; rc == 0 && i < SQLITE_EVENTS; i++)
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
		for (size_t i = 0; rc == 0 && i < SQLITE_EVENTS; i++)
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
	int rc = db ? sqlite_is_installed(db, r->place, f) : -1;

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
