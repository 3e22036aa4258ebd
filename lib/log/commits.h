/* SPDX-License-Identifier: MIT */
/* commits -- what a log has committed of its source: not only the last time, but times before that. */
#ifndef LIB_LOG_COMMITS_H
#define LIB_LOG_COMMITS_H

#include "lib/log/segment.h"

/* The commit that many before the last one; 0 is the last. *t is the trailer of its block: epoch, run, position of the source, and in t->end where
 * this log ended then. False in *found: there is none, or it is gone by pruning. Reads the segments from the one that holds it on. */
int log_commit_before(int dir, const char *path, uint64_t back, struct block_trailer *t, bool *found, struct failure *f);

#endif
