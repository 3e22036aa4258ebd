/* SPDX-License-Identifier: MIT */
/* walk -- the blocks of one segment, one after another, each proven: it joins the one before, its last line is whole, and its records are
 * those that the chain was made of. What is committed is the caller's to decide. */
#ifndef LIB_LOG_WALK_H
#define LIB_LOG_WALK_H

#include "lib/log/file.h"

enum walk_event {
	WALK_BLOCK,
	WALK_SEAL,              /* the segment is complete */
	WALK_END,               /* the file ends, perhaps within a block that is being written */
	WALK_DAMAGED,           /* failure says where and why, with EXIT_DATA */
	WALK_ERROR,             /* the file cannot be read */
};

struct segment_walk {
	struct segment_file *file;              /* borrowed; several walks may share a plain one */
	uint64_t first;                         /* position the segment begins at */
	struct position at;                     /* behind the last block, where the next one begins */
	uint64_t offset;                        /* and its place in the text, from where the walk began if that is not known */
	uint64_t place;                         /* in the file, of the member the walk began with; 0: at the head */
	struct block_trailer trailer;           /* of the last block */

	char *text;                             /* read from offset on: start .. used, looked through up to searched */
	size_t start, searched, used, cap;
	size_t passed;                          /* bytes of the last block and its trailer */
};

/* Begins at a block's beginning, of a segment that begins at first. w is zeroed or was used before. */
void walk_begin(struct segment_walk *w, struct segment_file *file, uint64_t first, struct position at, uint64_t offset);
/* The same at a member of a compressed file, of which only its place in the file is known. */
void walk_begin_member(struct segment_walk *w, struct segment_file *file, uint64_t first, struct position at, uint64_t place);

/* WALK_BLOCK: *data are its records, borrowed until the next call. After WALK_END and, in a plain file, WALK_DAMAGED the next call
 * reads anew from offset on. */
enum walk_event walk_next(struct segment_walk *w, struct span *data, struct failure *f);
/* Goes back to the beginning of the last block, if any, and forgets what was read of it: it may have been written anew. Plain files. */
void walk_again(struct segment_walk *w);

/* After WALK_SEAL: does the file end there, and if it is compressed, as gzip does? 1; 0; -1: failure. */
int walk_is_over(struct segment_walk *w, struct failure *f);

void walk_free(struct segment_walk *w);

/* The next line of ours in text, which begins as a line does, looked for from *at on: *at is then where it begins. False: none is whole; *at is
 * then where to go on when there is more text. */
bool segment_find_line(struct span text, size_t *at, struct span *line);

#endif
