/* SPDX-License-Identifier: MIT */
/* pgoutput -- the messages of PostgreSQL's built-in logical decoding, protocol version 1 (PostgreSQL documentation, "Logical Replication Message
 * Formats"), one at a time. What it does not know is passed over; what is cut or damaged is refused. */
#ifndef SPEED_CDC_POSTGRES_PGOUTPUT_H
#define SPEED_CDC_POSTGRES_PGOUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/span.h"

struct pg_column {
	const char *name;
	uint32_t type;                  /* OID */
	bool is_key;                    /* part of the replica identity */
};

struct pg_relation {
	uint32_t id;
	const char *schema, *name;
	char identity;                  /* d default, n nothing, f full, i index */
	size_t n;
	struct pg_column *column;
};

enum pg_datum_kind { PG_NULL, PG_UNCHANGED, PG_TEXT };  /* UNCHANGED: a large value that the update left alone; it is not in the message */

struct pg_datum {
	enum pg_datum_kind kind;
	struct span text;
};

enum pg_message_kind { PG_BEGIN, PG_COMMIT, PG_RELATION, PG_INSERT, PG_UPDATE, PG_DELETE, PG_TRUNCATE, PG_OTHER };

struct pg_message {
	enum pg_message_kind kind;

	/* begin, commit */
	uint64_t lsn;                   /* begin: final; commit: end of the transaction */
	int64_t ts;                     /* ms since 1970 */
	uint32_t xid;                   /* begin */

	struct pg_relation relation;    /* relation: memory of the arena */

	/* changes */
	uint32_t id;                    /* of the relation */
	char old_kind;                  /* O: the whole row before; K: its key alone; 0: none */
	size_t nold, nnew;
	struct pg_datum *old, *new;     /* texts point into the message */
	size_t nrelations;              /* truncate */
	uint32_t *relations;
};

/* Everything that is made is in the arena. 0; -1: damaged. */
int pg_message_parse(struct pg_message *m, struct span text, struct arena *arena);

#endif
