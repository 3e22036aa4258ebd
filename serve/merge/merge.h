/* SPDX-License-Identifier: MIT */
/* merge -- partials into final rows, or into coarser partials: once, or as views change. */
#ifndef SERVE_MERGE_MERGE_H
#define SERVE_MERGE_MERGE_H

#include "lib/base/failure.h"
#include "serve/merge/answer.h"
#include "serve/merge/target.h"

struct merge_options {
	const char *const *path;        /* files, or directories of views */
	size_t npaths;                  /* 0: stdin */
	size_t max_record;              /* bytes of a line */
	enum record_format output;
	struct target_options target;
	struct answer_options answer;
	const char *since, *until;      /* texts, read in the zone of the windows; NULL: all. They set answer's */
	bool header;                    /* of where the rows come from */
	bool strict;                    /* something missing is a failure */
	bool has_max_age;
	int64_t max_age;                /* ms */
	bool follow;                    /* does not end but by a signal */
	void (*report)(const struct ledger *l);         /* called in the signal's handler; NULL: nobody wants to know */
};

/* Everything from the inputs to out. 0, or the exit status; failure says why, unless the output does. What is missing
 * or old is told by warn(). */
int merge(const struct merge_options *o, struct out *out, struct ledger *ledger, struct failure *failure);

/* Shared with follow.c: since and until into *selection; the definition whose `sources` count, of -V and that of the partials; the
 * wall clock, ms. */
int merge_times(const struct merge_options *o, const struct view *v, struct answer_options *selection, struct failure *f);
const struct view *merge_sources(const struct merge_options *o, const struct view *from);
/* Of the watermark, by the definition that was named, for range files do not say; or VIEW_NO_DELAY. */
int64_t merge_delay(const struct merge_options *o);
int64_t merge_now(void);

#endif
