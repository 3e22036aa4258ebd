/* SPDX-License-Identifier: MIT */
/* rebuild -- a view made anew from the sealed segments of its log: one range file, published by a rename.
 *
 *   lock | cut = end of the last sealed segment | newest generation | segments -> states | range file | freeze | drop what is not needed
 *
 * Until the rename nothing has happened. The lock is held to the end, so there is one builder; readers and the speed layer need none. */
#ifndef BATCH_REBUILD_REBUILD_H
#define BATCH_REBUILD_REBUILD_H

#include "batch/rebuild/scan.h"

struct rebuild_options {
	const char *store, *log;        /* directories */
	const struct view *view;
	struct scan_options scan;
	bool incremental;               /* on top of the newest generation */
	bool seal, freeze, force;
	bool if_new;                    /* say nothing when there is nothing new */
	uint64_t keep;                  /* generations, at least 1 */
	int64_t wait_ms;                /* for the lock */
};

/* 0, or the exit status with failure. */
int rebuild(const struct rebuild_options *o, struct ledger *ledger, struct failure *f);

/* Builds in memory what is served, and compares: EXIT_NO with differing rows on out, `-` as served, `+` as the log says. */
int rebuild_verify(const struct rebuild_options *o, struct out *out, struct ledger *ledger, struct failure *f);

/* Takes the newest generation back. view is not looked at. */
int rebuild_rollback(const struct rebuild_options *o, struct out *out, struct failure *f);

/* In a signal handler: what is begun and not published goes. */
void rebuild_clean_up(void);

#endif
