/* SPDX-License-Identifier: MIT */
/* sqlite_source -- what the files of the SQLite driver share: cdc_sqlite_sqlite3.c looks and emits, sqlite_readers_sqlite3.c knows positions, and
 * what readers have. */
#ifndef SPEED_CDC_SQLITE_SQLITE_SOURCE_H
#define SPEED_CDC_SQLITE_SQLITE_SOURCE_H

#include "speed/cdc/sqlite/sqlite_schema.h"

enum sqlite_state { SNAPSHOT, BETWEEN, LOOKING };

struct sqlite_source {
	const struct cdc_request *request;
	const char *path;
	sqlite3 *db;
	char id[32];
	int64_t seq;                    /* the last change that was seen */
	enum sqlite_state state;

	struct sqlite_shape **shape;    /* that came so far; what is described must not move */
	size_t nshapes;
	size_t table;                   /* snapshot: of those asked for, the one at hand */
	int64_t *table_shape;           /* and their shapes */

	sqlite3_stmt *look;             /* at changes, or at the rows of a table */
	bool held;                      /* the row of look has not been emitted yet */
	int64_t data_version, schema_version;
	bool is_told;                   /* that changes cannot be removed */

	struct datum *before, *after;
	size_t room;                    /* of both */
	struct arena arena;
	char pos[64];
};

int sqlite_parse_position(struct sqlite_source *s, struct span text, int64_t *seq, struct failure *f);
/* Does the database have what comes behind s->seq? -1: EXIT_CONFIG. */
int sqlite_check_position(struct sqlite_source *s, struct failure *f);
/* Writes a new reader down: nothing is to be removed before we have seen it. */
int sqlite_register(struct sqlite_source *s, struct failure *f);
/* As confirm of a driver. */
int sqlite_confirm(void *driver, struct span pos, struct failure *f);

#endif
