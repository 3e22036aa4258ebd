/* SPDX-License-Identifier: MIT */
/* base -- the last generation with new states on top, row by row in the order of both: only the new ones are in memory. */
#ifndef BATCH_REBUILD_BASE_H
#define BATCH_REBUILD_BASE_H

#include "lib/base/failure.h"
#include "lib/view/intake.h"

#define PARTIAL_LINE_MAX ((size_t)64 << 20)

/* Writes the rows of the range file at path merged with those of t, which are used up; hash: its definition. *rejected: what the file says of
 * records skipped as bad. -1: EXIT_DATA damaged, EXIT_CONFIG another definition, or w->out->error. */
int base_merge(const char *path, const char *hash, struct intake *t, struct partial_writer *w, uint64_t *rejected, struct failure *f);

/* All rows of the file into t. */
int base_take(const char *path, const char *hash, struct intake *t, uint64_t *rejected, struct failure *f);

#endif
