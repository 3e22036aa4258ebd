/* SPDX-License-Identifier: MIT */
/* recover -- what a writer finds when it comes: the log is proven from the start of its last segment that is not sealed, and cut back to what is
 * committed. For the holder of the lock.
 *
 * Bytes behind the last whole block are torn off by a crash, as long as no block behind them says that they were synced (`synced` in
 * its trailer): else something has damaged them since, and nothing is touched. What is cut goes to lost/<segment>.<offset>, but for
 * whole blocks of an epoch that was not committed: their source sends them again. */
#ifndef LIB_LOG_RECOVER_H
#define LIB_LOG_RECOVER_H

#include "lib/log/index.h"

struct recovered {
	bool has_segments;
	struct segment_head head;       /* of the last segment */
	int fd;                         /* the segment to go on with, at its end; -1: another is to be begun */
	uint64_t offset;                /* its size */
	struct position end;            /* of the log */
	struct block_trailer last;      /* the last committed block; run "-" when there is none */
	struct segment_index once;      /* IDs in the segment that goes on */
};

/* reread: the segment is read from the disk itself. What was cut is told by warn(), with path before it; failures name files alone. 0 or -1. */
int log_recover(int dir, const char *path, bool reread, struct recovered *r, struct failure *f);
void recovered_free(struct recovered *r);

void block_trailer_copy(struct block_trailer *to, const struct block_trailer *from);

/* Does anything in the rest of a plain segment, from offset on, say that records beyond at were safe? The largest `synced` of trailers that are whole;
 * UINT64_MAX when a seal is. */
int segment_later_mark(int dir, uint64_t first, uint64_t offset, uint64_t *synced, struct failure *f);

/* Keeps the rest of a file, from offset on, in lost/, synced; *name (owned) is where, from dir. */
int log_keep_lost(int dir, const char *file, uint64_t offset, char **name, struct failure *f);

#endif
