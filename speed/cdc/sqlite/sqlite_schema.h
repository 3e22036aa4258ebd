/* SPDX-License-Identifier: MIT */
/* sqlite_schema -- what capture needs in a SQLite database: triggers on each table that write its changes into _weir_changes.
 *
 *   _weir_changes  seq (ascending in the order of commits, never used twice), ts (ms), shape, op (c, u, d), old, new: see sqlite_literal.h
 *   _weir_shapes   the columns a table had; a row of _weir_changes names its shape, and so survives an ALTER TABLE
 *   _weir_readers  how far each reader's sink has come; what all have is removed
 *   _weir_about    id of this database, drawn once; pruned: the last seq that was removed
 *
 * A trigger runs within the transaction of whoever changes the table: a change that is rolled back was never there. */
#ifndef SPEED_CDC_SQLITE_SQLITE_SCHEMA_H
#define SPEED_CDC_SQLITE_SQLITE_SCHEMA_H

#include <sqlite3.h>

#include "lib/base/buf.h"
#include "lib/base/failure.h"
#include "speed/cdc/change.h"
#include "speed/cdc/driver.h"

#define SQLITE_BUSY_MS 5000     /* how long another writer is waited for */

struct sqlite_shape {
	int64_t id;
	struct change_table table;
	char *columns;                  /* as it stands in _weir_shapes */
};

/* path: read-write where that is allowed, else read-only. */
sqlite3 *sqlite_open(const char *path, struct failure *f);
/* Always -1: what went wrong, as said by the library. EXIT_RETRY when it is busy, EXIT_DATA when damaged. */
int sqlite_failed(sqlite3 *db, const char *path, struct failure *f);
sqlite3_stmt *sqlite_prepare(sqlite3 *db, const char *path, const char *sql, struct failure *f);
int sqlite_exec(sqlite3 *db, const char *path, const char *sql, struct failure *f);
/* One value: 1, 0: no row, -1. */
int sqlite_int(sqlite3 *db, const char *path, const char *sql, int64_t *v, struct failure *f);
/* Appends text that may be NULL. */
struct span sqlite_column(sqlite3_stmt *s, int i);

/* Is what capture of this table needs there, and made for its columns? *shape is then that of its rows. -1: EXIT_CONFIG, with what to do. */
int sqlite_check(sqlite3 *db, const char *path, const char *table, int64_t *shape, struct failure *f);
/* A table and its columns as they are; its number is not looked for. */
int sqlite_read_table(sqlite3 *db, const char *path, const char *table, struct sqlite_shape *shape, struct failure *f);
/* The shape of that number, or -1. */
int sqlite_read_shape(sqlite3 *db, const char *path, int64_t id, struct sqlite_shape *s, struct failure *f);
void sqlite_shape_free(struct sqlite_shape *s);

/* `SELECT image FROM table`: rows as triggers write them. */
void sqlite_print_select(struct buf *sql, const struct change_table *t);

int sqlite_install(const struct cdc_request *r, struct buf *said, struct failure *f);
int sqlite_remove(const struct cdc_request *r, struct buf *said, struct failure *f);
int sqlite_status(const struct cdc_request *r, struct buf *out, struct failure *f);

#endif
