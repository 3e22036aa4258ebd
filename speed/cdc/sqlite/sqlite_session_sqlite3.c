/* SPDX-License-Identifier: MIT */
#include "lib/base/diag.h"
#include "lib/base/mem.h"
#include "speed/cdc/sqlite/sqlite_schema.h"

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
