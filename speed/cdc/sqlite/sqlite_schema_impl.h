/* SPDX-License-Identifier: MIT */
/* What the files sqlite_schema*.c and sqlite_install*.c share. */
#ifndef SPEED_CDC_SQLITE_SQLITE_SCHEMA_IMPL_H
#define SPEED_CDC_SQLITE_SQLITE_SCHEMA_IMPL_H

#include "speed/cdc/sqlite/sqlite_schema.h"

#define SQLITE_EVENTS 3

/* What a trigger is on, what it writes as op, and which images it has. */
struct sqlite_event {
	const char *name, *op, *old, *new;
};

extern const struct sqlite_event sqlite_event[SQLITE_EVENTS];

void sqlite_put_trigger_name(struct buf *sql, const char *table, const char *event);
void sqlite_put_trigger(struct buf *sql, const struct sqlite_shape *s, size_t event);   /* CREATE TRIGGER, with a NUL */

/* All three: 1, 0: there is none such, -1. */
int sqlite_find_shape(sqlite3 *db, const char *path, struct sqlite_shape *shape, struct failure *f);
int sqlite_has_trigger(sqlite3 *db, const char *path, const struct sqlite_shape *s, size_t event, bool *any, struct failure *f);      /* any: of that name */
int sqlite_is_installed(sqlite3 *db, const char *path, struct failure *f);

#endif
