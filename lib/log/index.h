/* SPDX-License-Identifier: MIT */
/* index -- <first>.idx beside a sealed segment: where in the file one may begin to read, and which --once IDs it holds. A cache, made when the
 * segment is sealed: one that is wrong, old, missing or of another segment is not used, and nothing it points to is believed before the
 * trailer there has said the same.
 *
 *   #!weir index v=1 log=<id> first=<pos> chain=<chain there> end=<pos> last=<chain there> file=<name> bytes=<size of that file>
 *   #!weir member offset=<in that file> first=<pos> chain=<chain there> from=<least t> to=<largest t of its blocks>
 *   #!weir once id=<ID>
 *   #!weir end crc=<crc32c of all before this line>
 *
 * A member is a gzip member of <first>.log.gz, or a run of blocks of a plain <first>.log: some 1 MiB of whole blocks. The first one begins with the
 * segment line, all others with the records of a block. */
#ifndef LIB_LOG_INDEX_H
#define LIB_LOG_INDEX_H

#include "lib/log/segment.h"

struct index_member {
	uint64_t offset;                /* in the file */
	struct position first;
	int64_t from, to;               /* when its blocks were written, ms */
};

struct segment_index {
	struct index_member *member;    /* ascending */
	size_t n, cap;
	struct buf once;                /* IDs, each with a NUL behind it */
	struct position end;            /* of the segment, as it was read */
};

/* Which segment it is of: its head, its end, its file and the file's size. */
struct index_of {
	const struct segment_head *head;
	struct position end;            /* at is UINT64_MAX: not known, reading it will tell */
	const char *file;               /* 00000000000000000000.log.gz */
	uint64_t bytes;
};

/* 0; -1: there is none that fits; *x is empty then. */
int index_read(int dir, const struct index_of *of, struct segment_index *x);
/* Beside, then renamed; not synced. */
int index_write(int dir, const struct index_of *of, const struct segment_index *x, struct failure *f);

void index_add(struct segment_index *x, struct index_member m);
void index_add_once(struct segment_index *x, struct span id);

/* The last member that begins at or before a position; NULL when there is none. */
const struct index_member *index_find(const struct segment_index *x, uint64_t at);
bool index_has_once(const struct segment_index *x, struct span id);
void index_free(struct segment_index *x);

#endif
