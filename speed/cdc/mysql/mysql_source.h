/* SPDX-License-Identifier: MIT */
/* mysql_source -- what the files of the MariaDB driver share:
 *
 *   mysql_session_libmariadb.c   connections, statements
 *   mysql_check_libmariadb.c     what the server and its tables must be like
 *   mysql_snapshot_libmariadb.c  the rows that are there
 *   mysql_status_libmariadb.c    --status
 *   mysql_dump_libmariadb.c      the server's binlog, event by event
 *   cdc_mysql_libmariadb.c       positions: where to begin; and the driver */
#ifndef SPEED_CDC_MYSQL_MYSQL_SOURCE_H
#define SPEED_CDC_MYSQL_MYSQL_SOURCE_H

#include <mysql.h>

#include "lib/base/buf.h"
#include "lib/base/failure.h"
#include "speed/cdc/mysql/binlog_reader.h"
#include "speed/cdc/driver.h"
#include "speed/cdc/needs.h"

/* mysql://[user@][host][:port]/[database][?socket=...&sslmode=...&sslrootcert=...] */
struct mysql_address {
	char *user, *host, *database, *socket, *ca;     /* NULL: not said; database: "" */
	unsigned port;
	bool verify;                    /* TLS, and who the server is */
};

struct mysql_table;             /* of the snapshot */

struct mysql_source {
	const struct cdc_request *request;
	struct mysql_address address;
	struct binlog_reader reader;
	MYSQL *plain, *dump;
	MYSQL_RES *rows;                /* snapshot: those of the table at hand */
	struct mysql_table *table;
	size_t nth;                     /* table of the snapshot */
	bool in_snapshot;
	bool is_new;                    /* nothing of the file at hand was compared with the position yet */
	bool at_end;                    /* --no-follow: the server has no more */
	int64_t heard_ms;
	struct buf held;                /* an event that waits for a barrier */
	bool is_held;
};

/* ---- mysql_session_libmariadb.c ---- */

int mysql_address_parse(struct mysql_address *a, const char *place, struct failure *f);
void mysql_address_free(struct mysql_address *a);
/* Passwords come from ~/.my.cnf, groups client and cdc-tail. The session's times are in UTC. timeout: of a server that says nothing; 0: none.
 * NULL: EXIT_SERVICE. */
MYSQL *mysql_session(const struct mysql_address *a, int64_t timeout_ms, struct failure *f);
/* What the library says, on one line. EXIT_SERVICE when the connection is gone, else `status`. Always -1. */
int mysql_failed(MYSQL *c, int status, struct failure *f);
int mysql_run(MYSQL *c, const char *sql, struct failure *f);
/* A result, stored; NULL: failure. */
MYSQL_RES *mysql_ask(MYSQL *c, const char *sql, struct failure *f);
/* The first value of the first row, as text that is the caller's; NULL: failure, or *f untouched: there is none. */
char *mysql_ask_one(MYSQL *c, const char *sql, struct failure *f);
/* The transactions up to a file and offset, into *has, which is empty before; *known: the server has that place. It reads the file up to there: seconds,
 * where it is large. */
int mysql_gtids_at(MYSQL *c, const struct binlog_place *at, struct binlog_place *has, bool *known, struct failure *f);
int mysql_server_id(MYSQL *c, uint32_t *id, struct failure *f);
void mysql_put_name(struct buf *sql, const char *name);                 /* `name` */
void mysql_put_text(MYSQL *c, struct buf *sql, const char *text);       /* 'text' */

/* ---- mysql_check_libmariadb.c ---- */

int mysql_check(struct mysql_source *s, struct needs *n, struct failure *f);
/* What columns with uuids and addresses are: to the binlog they are bytes. */
int mysql_look(void *source, struct binlog_table *t, struct failure *f);

/* ---- mysql_snapshot_libmariadb.c ---- */

/* A read view on plain, and where in the binlog that is, file and offset: in the reader's place. */
int mysql_view(struct mysql_source *s, struct failure *f);
/* The transactions up to there, and the server's number. */
int mysql_view_gtids(struct mysql_source *s, struct failure *f);
int mysql_snapshot_begin(struct mysql_source *s, struct failure *f);
enum cdc_event mysql_snapshot_next(struct mysql_source *s, struct emit *out, struct failure *f);
void mysql_snapshot_end(struct mysql_source *s);
/* As query of a driver. */
int mysql_query_table(struct mysql_source *s, const char *tail, cdc_each *each, void *context, struct failure *f);

/* ---- mysql_status_libmariadb.c ---- */

int mysql_status(struct mysql_source *s, struct buf *out, struct failure *f);

/* ---- mysql_dump_libmariadb.c ---- */

/* A connection on which the binlog comes: behind that place by GTID, where it has any, else by file and offset. blocks: it goes on as it grows. */
MYSQL *mysql_dump(struct mysql_source *s, const struct binlog_place *from, bool blocks, struct failure *f);
/* Is something there, so that mysql_dump_next does not wait? */
bool mysql_dump_ready(MYSQL *dump);
/* The next event, valid until the next call. 1; 0: the end of the log; -1: EXIT_SERVICE, EXIT_RETRY, or EXIT_CONFIG: it has gone. */
int mysql_dump_next(MYSQL *dump, struct span *event, struct failure *f);
/* For binlog_reader. */
int mysql_replay(void *source, const char *file, uint64_t at, struct emit *out, struct failure *f);

/* ---- cdc_mysql_libmariadb.c ---- */

int mysql_stream_begin(struct mysql_source *s, struct failure *f);

#endif
