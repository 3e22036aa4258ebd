/* SPDX-License-Identifier: MIT */
/* poll -- capture by asking again and again, for databases whose log may not be read. What a query cannot see is not captured.
 *
 *   cdc_poll.c      the driver: looks at the table, each one transaction
 *   poll_cursor.c   what is behind a cursor (column, key)
 *   poll_diff.c     the whole table, compared with what the sink has */
#ifndef SPEED_CDC_POLL_POLL_H
#define SPEED_CDC_POLL_POLL_H

#include "lib/base/buf.h"
#include "lib/base/table.h"
#include "speed/cdc/driver.h"

/* The cursor's value and the key's, as SQL writes them; empty: there is none. */
struct poll_mark {
	struct buf *value;
	size_t n;
};

struct poll_horizon {
	struct poll_mark at;
	int64_t seen_ms;
};

struct poll_source {
	const struct cdc_request *request;
	const struct cdc_driver *db;
	struct cdc_request query;       /* what the database is asked with */
	char **key;
	size_t nkeys;

	struct change_table **table;    /* all that came; the last one is in force. What is described must not move */
	size_t ntables;
	size_t *column;                 /* of the table in force: cursor, then key; or the key alone */
	struct datum *before;
	enum datum_kind *kind;          /* of columns, as they came last */
	bool is_told;                   /* the columns in force went out */
	bool needs_barrier;

	int64_t next_ms;                /* of the next look */
	char pos[200];
	struct emit *out;               /* of the look at hand */

	/* cursor */
	struct poll_mark done;          /* behind all that was emitted */
	struct poll_horizon *horizon;   /* what was there, and when; the oldest first */
	size_t nhorizons;

	/* diff */
	struct table rows;              /* what the sink has, by key */
	uint64_t look, changed;         /* looks of this run; those that found something, of all runs */
	uint64_t nth;                   /* change of the look at hand */
	bool is_loaded;
};

/* ---- cdc_poll.c ---- */

/* The table as it is now, kept for good; finds the columns of the key in it. -1: EXIT_CONFIG, one is missing. */
int poll_take_table(struct poll_source *s, const struct change_table *t, struct failure *f);

/* ---- poll_cursor.c ---- */

int poll_cursor_begin(struct poll_source *s, struct failure *f);        /* from the position of the request */
/* 1: something was emitted; 0: there is nothing; -1. */
int poll_cursor_look(struct poll_source *s, struct failure *f);
/* Is all that was there at the first look read? */
bool poll_cursor_is_done(const struct poll_source *s);
void poll_cursor_position(const struct poll_source *s, struct buf *out);
void poll_mark_free(struct poll_mark *m);

/* ---- poll_diff.c ---- */

int poll_diff_begin(struct poll_source *s, struct failure *f);
int poll_diff_look(struct poll_source *s, struct failure *f);
void poll_diff_position(const struct poll_source *s, struct buf *out);
void poll_diff_end(struct poll_source *s);

#endif
