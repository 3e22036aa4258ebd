/* SPDX-License-Identifier: MIT */
/* What read.c (blocks) and read_open.c (where to begin) share; private to them. */
#ifndef LIB_LOG_READ_IMPL_H
#define LIB_LOG_READ_IMPL_H

#include <time.h>

#include "lib/log/read.h"
#include "lib/log/seek.h"

struct log_reader {
	struct log_dir *dir;            /* borrowed */
	struct log_reader_options options;
	struct failure *failure;        /* the caller's; doubt while by_index */
	struct failure *theirs, doubt;
	bool failed;
	uint64_t to;
	struct position at;             /* behind what was handed out */
	bool any;                       /* something was: before that no edge is told */
	struct timespec seen;           /* the directory's time of change when it was last listed */
	uint64_t bytes;                 /* of files that are closed */

	/* the segment at hand */
	bool is_open;
	uint64_t limit;                 /* where the next one begins, if there is one */
	bool closed;                    /* it is sealed: nothing will be added to it, all of it is committed */
	bool by_index;                  /* the walk began where an index said, for the sake of goal; nothing has confirmed it yet */
	struct position goal;
	struct segment_file file;
	struct segment_head head;
	struct segment_walk walk;
	struct log_block rest;          /* of the block in which reading begins, not handed out yet */

	/* one that grows */
	uint64_t sure;                  /* offset in the text: blocks that begin before it are committed */
	bool is_ahead;                  /* ahead stands behind blocks that are not */
	struct segment_walk ahead;
	uint64_t synced;                /* size of the file when it was synced last */
};

int reader_fail(struct log_reader *r, const struct failure *why);      /* in the directory; -1 */
int reader_refresh(struct log_reader *r);
void reader_close_segment(struct log_reader *r);
int reader_open_segment(struct log_reader *r, const struct log_segment *s);
/* The next block whose epoch is committed, as it stands in the file: neither `rest` nor `to` is looked at. */
enum log_event reader_next_block(struct log_reader *r, struct log_block *b);

/* Goes to a position, also of another segment than the one at hand. -1: it is none of the log's. */
int reader_locate(struct log_reader *r, struct position to);
/* A failure behind an index that is not confirmed is put down to it: goes to goal without. */
int reader_locate_without_index(struct log_reader *r);
void reader_confirm_index(struct log_reader *r);

#endif
