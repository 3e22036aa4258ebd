/* SPDX-License-Identifier: MIT */
/* pg_session -- connections to PostgreSQL, and what capture needs to be there: wal_level logical, a publication of the tables, their whole rows in the
 * WAL (REPLICA IDENTITY FULL), and a replication slot for each reader. */
#ifndef SPEED_CDC_POSTGRES_PG_SESSION_H
#define SPEED_CDC_POSTGRES_PG_SESSION_H

#include <libpq-fe.h>

#include "lib/base/buf.h"
#include "lib/base/failure.h"
#include "speed/cdc/driver.h"
#include "speed/cdc/postgres/pg_value.h"

#define PG_NAME 64              /* of slots and publications, with its NUL */

/* `postgres:` and place, as libpq reads it; passwords come from ~/.pgpass. Settings that decide how values look are pinned; a connection over the network
 * that says no sslmode of its own verifies the server. NULL: EXIT_SERVICE. */
PGconn *pg_connect(const char *place, bool replication, struct failure *f);

/* A result with rows or none; NULL: failure, EXIT_SERVICE when the connection is gone, else EXIT_CONFIG. Parameters are text. */
PGresult *pg_query(PGconn *c, const char *sql, const char *const *param, int n, struct failure *f);
/* One without a result that matters. */
int pg_command(PGconn *c, const char *sql, struct failure *f);
/* What libpq says, on one line. Always -1. */
int pg_failed(PGconn *c, int status, const char *what, struct failure *f);

/* weir_NAME, where that can be a name of a slot, else weir_ and a hash. */
void pg_name_of(const char *reader, char name[PG_NAME]);

int pg_load_types(PGconn *c, struct pg_types *types, struct failure *f);
/* Its OID; -1: EXIT_CONFIG, there is none. */
int pg_find_table(PGconn *c, const char *table, uint32_t *oid, struct failure *f);
/* What is not there. name: of the publication. -1: EXIT_CONFIG, it cannot be found out, a table is not there. */
int pg_check(PGconn *c, const struct cdc_request *r, const char *name, struct needs *n, struct failure *f);

int pg_needs(const struct cdc_request *r, struct needs *n, struct failure *f);
int pg_install(const struct cdc_request *r, struct buf *said, struct failure *f);
int pg_remove(const struct cdc_request *r, struct buf *said, struct failure *f);
int pg_status(const struct cdc_request *r, struct buf *out, struct failure *f);

#endif
