/* SPDX-License-Identifier: MIT */
/* driver -- what cdc-tail reads changes from. Each source is a file of its own with one struct cdc_driver; drivers.c lists them.
 *
 * A driver hands what it finds to struct emit (emit.h). Between transactions it stands at a position, an opaque text; started from that it goes
 * on with the next change, none lost and none twice. It keeps nothing that decides that: the sink does. */
#ifndef SPEED_CDC_DRIVER_H
#define SPEED_CDC_DRIVER_H

#include <poll.h>

#include "lib/base/buf.h"
#include "lib/base/failure.h"
#include "speed/cdc/emit.h"
#include "speed/cdc/needs.h"

enum snapshot { SNAPSHOT_INITIAL, SNAPSHOT_NEVER, SNAPSHOT_ONLY };

struct cdc_request {
	const char *place;              /* of the source, behind `scheme:` */
	const char *const *table;       /* asked for */
	size_t ntables;
	struct span from;               /* position to go on from; empty: begin */
	enum snapshot snapshot;
	bool follow;                    /* it is waited for what comes */
	bool continue_at_gap;           /* what is lost is told and passed over */
	bool no_header;                 /* files: the first line is data */
	const char *reader;             /* who confirms: by what name the source knows that consumer; NULL: nobody does */
	const char *key;                /* exports: the columns that tell one row from another */
	const char *cursor;             /* polling: the column that grows with each change, or NULL */
	bool diff;                      /* polling: the whole table is compared */
	int64_t interval_ms, delay_ms;  /* polling: between looks; how long a transaction may last */
	const char *sink;               /* path of the log that is resumed from, or NULL */
	int64_t grace_ms;               /* files: how long a file that was renamed is still read */
	int64_t timeout_ms;             /* servers: after that without a word the connection is taken for dead */
	size_t max_record;
	enum record_format input;       /* messages of others: whose */
	bool is_checked;                /* somebody will ask for a position */
};

enum cdc_event {
	CDC_MORE,               /* something was emitted, or found out; here no transaction is open */
	CDC_INSIDE,             /* something was emitted, and the transaction goes on */
	CDC_BARRIER,            /* call again behind a barrier: the columns change */
	CDC_DRY,                /* there is nothing for now */
	CDC_END,                /* no more was asked for */
	CDC_ERROR,
};

typedef int cdc_each(void *context, const struct change_table *t, const struct datum *row, struct failure *f);

struct cdc_driver {
	const char *scheme;             /* `sqlite` of sqlite:shop.db */
	const char *connector;          /* as Debezium calls it */
	bool has_tx;                    /* changes know their transaction */
	bool ends;                      /* there is an end: nobody waits for more, and no tables are asked for */
	/* NULL: failure. The request lives as long as what is opened. */
	void *(*open)(const struct cdc_request *r, struct failure *f);
	void (*close)(void *driver);
	/* Of records that are taken as they stand. AUTO: nothing is there yet, or failure. NULL: changes are written as asked for. */
	enum record_format (*format)(void *driver, struct failure *f);
	enum cdc_event (*next)(void *driver, struct emit *out, struct failure *f);
	/* Where it stands behind all that was emitted: nothing before that is ever emitted again, so as long as a snapshot is not whole there is none
	 * (nothing is written). Asked for when no transaction is open, and where it wants a barrier. */
	void (*position)(void *driver, struct buf *out);
	/* After CDC_DRY: what there is to wait for, at most two descriptors; the ms after which it looks anyway. */
	int (*wait)(void *driver, struct pollfd fds[2], size_t *n);
	/* The sink has made all up to this position durable: the source may forget it. 0; 1: not now, ask again; -1. Or NULL. */
	int (*confirm)(void *driver, struct span pos, struct failure *f);
	/* Databases, asked without capture: the rows of the one table asked for, as they are now. tail: SQL behind FROM. each is given every row, or NULL once
	 * where there is none; 0, -1. What the table is lives as long as the call. Or NULL; quote is that of names. */
	int (*query)(const struct cdc_request *r, const char *tail, cdc_each *each, void *context, struct failure *f);
	char quote;
	/* --dry-run: what is not there yet. 0; -1: that cannot be found out. Or NULL. */
	int (*needs)(const struct cdc_request *r, struct needs *n, struct failure *f);
	/* --status: writes lines `name TAB value`. --install, --remove: what the source needs for being read. Or NULL. */
	int (*status)(const struct cdc_request *r, struct buf *out, struct failure *f);
	int (*install)(const struct cdc_request *r, struct buf *said, struct failure *f);
	int (*remove)(const struct cdc_request *r, struct buf *said, struct failure *f);
};

/* By what stands before the colon; NULL: there is none, *known says whether this build leaves it out. */
const struct cdc_driver *cdc_driver_find(struct span scheme, bool *known);

#endif
