/* SPDX-License-Identifier: MIT */
/* binlog_reader -- from the events of a binlog to changes: which transaction, which tables, and what cannot be told as rows. Rows go out as they come,
 * for a transaction is in the log only when it is committed; what shows afterwards that it was not is a failure, and nothing of it is committed by
 * the sink. */
#ifndef SPEED_CDC_MYSQL_BINLOG_READER_H
#define SPEED_CDC_MYSQL_BINLOG_READER_H

#include "speed/cdc/mysql/binlog.h"
#include "speed/cdc/mysql/binlog_place.h"
#include "speed/cdc/mysql/binlog_table.h"
#include "speed/cdc/driver.h"

struct binlog_name {
	char *database, *table;
};

/* Where the reader is among events, which may be elsewhere than what it has emitted. */
struct binlog_stream {
	struct binlog_format format;
	char file[256];                 /* of the event at hand */
	uint32_t created;
	uint64_t high;                  /* of offsets, beyond what events say */
	uint32_t end;                   /* of the last event */

	bool in_group, skipped;         /* skipped: the sink has it */
	struct binlog_event gtid;       /* of the group, without texts */
	char xid[2 * BINLOG_XID + 1];   /* of a group in two phases, in hex */
	uint64_t group_at;              /* where it begins */
	bool is_ours;                   /* rows in it are wanted */
};

struct binlog_reader {
	const struct cdc_request *request;
	const char *source;             /* for messages */
	struct binlog_name *wanted;
	size_t nwanted;
	/* Called for a description of a wanted table that is new; may set what the catalog knows of its columns. 0, -1. Or NULL. */
	int (*look)(void *context, struct binlog_table *t, struct failure *f);
	/* Rows of a transaction in two phases go out when it is committed: gives the events of that group, from FORMAT on, to binlog_take. 1; 0: it was
	 * given back 0; -1. */
	int (*replay)(void *context, const char *file, uint64_t at, struct emit *out, struct failure *f);
	void *context;                  /* of both */

	struct binlog_place place;      /* behind the last transaction */
	struct binlog_place seek;       /* files: the transactions up to which all is passed over, of domains where they have not come yet */
	bool has_rows;                  /* rows went out, now or before: that a table is emptied matters */

	struct binlog_stream at;        /* the events that come */
	struct known *known;            /* descriptions of wanted tables; equal ones are one */
	size_t nknown;
	struct announced *announced;    /* by the statement at hand */
	size_t nannounced, announced_cap;

	bool has_emitted;               /* something of the transaction that is emitted */
	uint64_t nth;                   /* its changes so far */
	char tx[64], pos[96];
	bool replaying;                 /* what was prepared, now that it is committed */

	struct datum *before, *after;
	size_t room;
	struct buf inflated;
	struct arena arena;
};

/* `table`, or `database.table`; a table without is one of `database`. -1: EXIT_USAGE. */
int binlog_want(struct binlog_reader *r, const char *database, struct failure *f);
void binlog_reader_free(struct binlog_reader *r);
/* Another stream of events begins: at a file's beginning, or anywhere. */
void binlog_reader_reset(struct binlog_reader *r);

/* What comes up to the place is passed over. Numbers of a domain need not ascend, so it is looked for, not compared. */
void binlog_seek(struct binlog_reader *r);
/* That transaction has come, or is known to lie before. */
void binlog_found(struct binlog_reader *r, struct binlog_gtid g);

/* One event. 1: done; 0: call again behind a barrier; -1. Its bytes may go afterwards. */
int binlog_take(struct binlog_reader *r, struct span event, struct emit *out, struct failure *f);
/* Is all that was emitted of transactions that are whole? */
static inline bool binlog_between(const struct binlog_reader *r)
{
	return !r->at.in_group;
}
void binlog_position(const struct binlog_reader *r, struct buf *out);

#endif
