/* SPDX-License-Identifier: MIT */
/* tail -- how a segment, and so a log, ends: looked at from behind where the file is plain. */
#ifndef LIB_LOG_TAIL_H
#define LIB_LOG_TAIL_H

#include "lib/log/segment.h"

struct segment_tail {
	bool sealed;
	struct position end;            /* when sealed */
	bool committed;                 /* there is a block that is */
	struct block_trailer last;      /* the last of them */
};

/* 0; 1: the segment is not there; -1. commit: look for the last committed block too. Its records are not looked at. */
int segment_tail_read(int dir, uint64_t first, bool commit, struct segment_tail *t, struct failure *f);
void segment_tail_free(struct segment_tail *t);

/* First positions of the segments in dir, ascending; owned by the caller. Plain and compressed are one. */
int segment_list(int dir, const char *path, uint64_t **first, size_t *n, struct failure *f);

/* As log_last_commit, of a directory that need not be a log. */
int log_tail_commit(int dir, const char *path, struct block_trailer *t, bool *found, struct failure *f);

#endif
