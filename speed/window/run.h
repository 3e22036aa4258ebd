/* SPDX-License-Identifier: MIT */
/* run -- window-agg's inputs: which is read next, by how many threads, until when. */
#ifndef SPEED_WINDOW_RUN_H
#define SPEED_WINDOW_RUN_H

#include "speed/window/engine.h"

struct run_options {
	struct reader_options reader;
	enum record_format output;      /* AUTO: as the input */
	const char *const *path;
	size_t npaths;
	unsigned threads;
	size_t max_groups;              /* 0: no bound */
	bool explain;                   /* --explain-watermark */
	const char *state;              /* directory, for checked streams; NULL: none */
	struct side *late, *rejects;    /* or NULL */
	void (*report)(const struct ledger *l);         /* called when a signal ends the run while it waits for input */
};

/* Reads all inputs to their ends and writes all rows. Threads are used where order does not matter: no watermark, final
 * rows or partials, a plain stream. explanation gets what --explain-watermark prints. 0, or the exit status; failure says why,
 * unless the output does. */
int run(const struct view *v, const struct run_options *o, struct out *out, struct ledger *ledger, struct failure *failure,
        struct buf *explanation);

#endif
