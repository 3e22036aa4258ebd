/* SPDX-License-Identifier: MIT */
/* binlog_statement -- what a statement in the binlog does to tables: whether it ends a transaction, and whether rows come or go by it of which no row
 * event tells. Only the words that decide that are looked at. */
#ifndef SPEED_CDC_MYSQL_BINLOG_STATEMENT_H
#define SPEED_CDC_MYSQL_BINLOG_STATEMENT_H

#include <stdbool.h>

#include "lib/base/span.h"

enum statement_kind {
	STATEMENT_BEGIN, STATEMENT_COMMIT, STATEMENT_ROLLBACK,
	STATEMENT_ROLLBACK_TO,          /* a savepoint */
	STATEMENT_XA_COMMIT, STATEMENT_XA_ROLLBACK,
	STATEMENT_EMPTIES,              /* tables: TRUNCATE, DROP, CREATE OR REPLACE, and partitions that go */
	STATEMENT_PASSES,               /* no row that is there changes */
	STATEMENT_ROWS,                 /* it is to be run again to know the rows */
};

struct statement {
	enum statement_kind kind;
	struct span rest;               /* EMPTIES: the names */
	bool is_database;               /* EMPTIES: all tables of it */
};

struct statement statement_of(struct span text);
/* The next name of *rest; quotes are taken off in place of nothing else: an odd name with quotes within it fits no table. database: empty, the
 * current one. */
bool statement_table(struct span *rest, struct span *database, struct span *name);

#endif
