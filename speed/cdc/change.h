/* SPDX-License-Identifier: MIT */
/* change -- one change of a row, as drivers find it and as it is written. */
#ifndef SPEED_CDC_CHANGE_H
#define SPEED_CDC_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/span.h"

enum datum_kind {
	DATUM_NULL,
	DATUM_TEXT,
	DATUM_NUMBER,           /* written bare in JSON: it is a JSON number, the driver's word */
	DATUM_JSON,             /* a JSON value, written as it stands */
};

struct datum {
	enum datum_kind kind;
	struct span text;       /* empty for null */
};

/* Lives as long as the driver that described it. Equal columns are one struct: it is compared by address. */
struct change_table {
	const char *database;
	const char *schema;     /* "" where there is none */
	const char *name;
	size_t n;               /* columns */
	char **column;
	bool *is_key;           /* of the primary key; all false: there is none */
};

/* One of its own, its columns still to be named (owned, mem_text). */
struct change_table *change_table_new(const char *database, const char *schema, struct span name, size_t n);
void change_table_free(struct change_table *t);

enum change_op { CHANGE_READ, CHANGE_INSERT, CHANGE_UPDATE, CHANGE_DELETE };   /* READ: of a snapshot */

struct change {
	enum change_op op;
	const struct change_table *table;
	const struct datum *before;     /* of all columns, for update and delete; else NULL */
	const struct datum *after;      /* for read, insert and update; else NULL */
	int64_t ts;                     /* when it was made, ms; -1: not known */
	struct span tx;                 /* its transaction; empty: not known */
	struct span pos;                /* its place in the source */
};

#endif
