/* SPDX-License-Identifier: MIT */
/* compare -- the finished rows of two sets of states of one view; those that differ are printed, `-` the first's, `+` the second's. */
#ifndef BATCH_REBUILD_COMPARE_H
#define BATCH_REBUILD_COMPARE_H

#include "lib/stream/out.h"
#include "lib/view/intake.h"

/* How many rows differ, one that only one side has among them. Both are used up. Write errors stick to out. */
uint64_t compare_rows(struct intake *was, struct intake *is, struct out *out);

#endif
