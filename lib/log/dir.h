/* SPDX-License-Identifier: MIT */
/* dir -- the directory of a log: its segments in order, its name and id. For readers; nothing here writes, but the idx caches. */
#ifndef LIB_LOG_DIR_H
#define LIB_LOG_DIR_H

#include "lib/log/segment.h"

#define LOG_UNKNOWN UINT64_MAX

struct log_segment {
	struct segment_head head;
	bool sealed;                    /* has its seal line: nothing will be added */
	bool compressed;                /* only the .gz is there */
	struct position end;            /* when sealed; else at is LOG_UNKNOWN */
	uint64_t bytes;                 /* of the file */
};

struct log_dir {
	int fd;                         /* -1: not there yet */
	char *path, *name;              /* name: last part of path */
	char id[20];                    /* "": the log is empty so far */
	struct log_segment *segment;    /* ascending; the first may begin beyond 0 when the log was pruned */
	size_t n, cap;
	bool may_be_empty;
};

/* 0, or -1 (EXIT_IO no such directory; EXIT_DATA a damaged head, a missing segment in the middle). A log that is empty or
 * not yet there is fine when may_be_empty. */
int log_dir_open(struct log_dir *d, const char *path, bool may_be_empty, struct failure *f);
/* Looks again: new segments, sealed ones. Segments stay what they are, but move: pointers to them end here. */
int log_dir_refresh(struct log_dir *d, struct failure *f);
/* The segment that holds the record at a position, or ends there; NULL: the log begins behind it, or is empty. */
const struct log_segment *log_dir_find(const struct log_dir *d, uint64_t at);
void log_dir_close(struct log_dir *d);
/* It holds segments, or a writer has been there. */
bool log_dir_is_one(const struct log_dir *d);

/* The trailer of the last block of the log that is committed (more is not set); false: there is none. Reads backwards from the end. */
int log_last_commit(struct log_dir *d, struct block_trailer *t, bool *found, struct failure *f);

#endif
