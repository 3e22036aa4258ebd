/* SPDX-License-Identifier: MIT */
/* check -- one segment of a log, read to its end: how far is it whole? For `event-log verify` and `repair`. */
#ifndef BATCH_LOG_CHECK_H
#define BATCH_LOG_CHECK_H

#include "lib/log/segment.h"

enum segment_state {
	SEGMENT_SEALED,         /* whole, and complete */
	SEGMENT_OPEN,           /* whole, and the writer may go on */
	SEGMENT_TORN,           /* a crash has left something behind the last block: the next writer cuts it off */
	SEGMENT_BAD,            /* damaged: why */
};

struct segment_check {
	enum segment_state state;
	char file[SEGMENT_NAME];
	bool compressed;
	struct segment_head head;
	struct position end;            /* behind the last block that is whole and committed */
	uint64_t committed;             /* offset in the text there; 0: there is none */
	uint64_t blocks, torn;          /* torn: bytes behind the last whole block */
	struct failure why;             /* SEGMENT_BAD: `<file>: offset ...: reason` */
};

/* before: the segment before it, which it must join; NULL: none. Only the last may be open. -1: it cannot be read. */
int segment_check(int dir, uint64_t first, const struct segment_check *before, bool is_last, struct segment_check *c, struct failure *f);
void segment_check_free(struct segment_check *c);

#endif
