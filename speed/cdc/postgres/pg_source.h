/* SPDX-License-Identifier: MIT */
/* pg_source -- what the files of the PostgreSQL driver share:
 *
 *   pg_tables_libpq.c        tables as they were at some time, their rows as values
 *   pg_snapshot_libpq.c      the rows that are there
 *   pg_slot_libpq.c          positions, and the slot: where to begin
 *   cdc_postgres_libpq.c     the stream of changes, and the driver */
#ifndef SPEED_CDC_POSTGRES_PG_SOURCE_H
#define SPEED_CDC_POSTGRES_PG_SOURCE_H

#include "speed/cdc/postgres/pg_session.h"
#include "speed/cdc/postgres/pgoutput.h"

/* The columns of a table as they were at some time. */
struct pg_table {
	uint32_t oid;
	struct change_table table;
	uint32_t *type;
	bool wanted;
};

struct pg_source {
	const struct cdc_request *request;
	PGconn *stream, *plain;         /* plain: for the snapshot */
	char name[PG_NAME];             /* slot and publication */
	char system[40];
	uint32_t timeline;
	struct pg_types types;
	uint32_t *wanted;               /* OIDs of the tables asked for */
	PGresult *keys;                 /* rows of OID and column, of primary keys */

	struct pg_table **relation;     /* all that came; the last one of an OID is in force */
	size_t nrelations;

	size_t table;                   /* snapshot: the one at hand; request->ntables: it is over */
	bool in_snapshot, reading;      /* reading: its rows are on their way */
	struct pg_table *at;            /* of the snapshot */

	uint64_t lsn, confirmed;
	uint64_t target;                /* --no-follow: what had been written when the stream began; else 0 */
	bool in_transaction, has_emitted;       /* something of the transaction at hand */
	int64_t ts;
	char tx[16], pos[48];           /* of the change at hand */
	uint64_t commit;                /* where the transaction at hand will end */
	unsigned long nth;              /* its changes so far */
	char *held;                     /* a message that waits for a barrier */
	int nheld;
	int64_t told_ms;                /* when the server was told how far we are */
	int64_t heard_ms;               /* and when it last said something */

	struct datum *before, *after;
	size_t room;
	struct arena arena;
};

/* ---- pg_tables_libpq.c ---- */

void pg_table_free(struct pg_table *t);
struct pg_table *pg_table_of(const struct pg_source *s, uint32_t oid);         /* as it is now; NULL: it was not described */
void pg_table_take(struct pg_source *s, const struct pg_relation *m);
struct pg_table *pg_table_read(struct pg_source *s, uint32_t oid, struct failure *f);           /* from the catalog */
int pg_table_value(struct pg_source *s, const struct pg_table *t, size_t column, struct span text, struct datum *d, struct failure *f);
/* unchanged: where values that the update left alone are. */
int pg_table_tuple(struct pg_source *s, const struct pg_table *t, const struct pg_datum *from, size_t n, const struct datum *unchanged, struct datum *to,
		   struct failure *f);

/* ---- pg_snapshot_libpq.c ---- */

int pg_snapshot_begin(struct pg_source *s, const char *name, struct failure *f);
enum cdc_event pg_snapshot_next(struct pg_source *s, struct emit *out, struct failure *f);

/* As query of a driver. */
int pg_query_table(const struct cdc_request *r, const char *tail, cdc_each *each, void *context, struct failure *f);

/* ---- pg_slot_libpq.c ---- */

uint64_t pg_lsn(const char *text);
int pg_parse_position(const struct pg_source *s, struct span text, uint32_t *timeline, uint64_t *lsn, struct failure *f);
/* Finds out where to begin, makes the slot if need be, and begins: with the snapshot or the stream. */
int pg_slot_begin(struct pg_source *s, struct failure *f);

/* ---- cdc_postgres_libpq.c ---- */

struct pg_source *pg_source_new(const struct cdc_request *r);
void pg_source_free(void *source);
int pg_stream_begin(struct pg_source *s, struct failure *f);                  /* at s->lsn */

#endif
