/* SPDX-License-Identifier: MIT */
/* merge -- partials into final rows, or into coarser partials. */
#ifndef SERVE_MERGE_MERGE_H
#define SERVE_MERGE_MERGE_H

#include "lib/base/failure.h"
#include "serve/merge/answer.h"
#include "serve/merge/target.h"

struct merge_options {
	const char *const *path;
	size_t npaths;                  /* 0: stdin */
	size_t max_record;              /* bytes of a line; 0: 64 MiB */
	enum record_format output;
	struct target_options target;
	struct answer_options answer;
	const char *since, *until;      /* texts, read in the zone of the windows; NULL: all. They set answer's */
};

/* Everything from the inputs to out. 0, or the exit status; failure says why, unless the output does. */
int merge(const struct merge_options *o, struct out *out, struct ledger *ledger, struct failure *failure);

#endif
