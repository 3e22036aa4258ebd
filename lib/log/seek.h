/* SPDX-License-Identifier: MIT */
/* seek -- where in a segment to begin to read, when all before a position is not wanted. What is found is a hint: the walk from there
 * proves that blocks join, and whoever wants a certain chain compares it. */
#ifndef LIB_LOG_SEEK_H
#define LIB_LOG_SEEK_H

#include "lib/log/index.h"
#include "lib/log/walk.h"

/* A plain file: moves a walk that has just begun on, to a block at or before the one that holds position at. By bisection: the last line
 * of a block says which records it ends. */
int seek_plain(struct segment_walk *w, uint64_t at, struct failure *f);

/* A compressed one, by its index if it has one that fits. False: it has not; w is as it was. */
bool seek_compressed(struct segment_walk *w, int dir, const struct segment_head *head, struct position end, uint64_t at);

#endif
