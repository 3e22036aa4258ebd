/* SPDX-License-Identifier: MIT */
/* What journal.c (writing, cleaning up) and journal_read.c (loading) share; private to them. */
#ifndef LIB_STREAM_JOURNAL_IMPL_H
#define LIB_STREAM_JOURNAL_IMPL_H

#include <fcntl.h>

#include "lib/base/disk.h"
#include "lib/stream/checked.h"
#include "lib/stream/journal.h"

struct journal_link {                   /* a file, by what its name says */
	uint64_t first;                 /* epoch */
	char run[RUN_TEXT];
	uint64_t until;                 /* the last epoch of it that belongs to the state; when loading */
};

struct journal {
	int dir;
	char *path, *stage;
	char cfg[LINEAGE_TEXT];
	char run[RUN_TEXT];             /* this run */
	uint64_t epoch;                 /* the state last made durable, or loaded */
	char erun[RUN_TEXT];

	struct journal_link *link;      /* the files that the state is put together from, in order */
	size_t n, cap, base;            /* link[base] is a base; those before it are of older states still asked for */
	uint64_t base_bytes, change_bytes;      /* from link[base] on */
	uint64_t cleaned;               /* what was committed when files to remove were looked for */

	int fd;                         /* of this run's file in hand, or -1 */
	struct buf name;                /* its name; NUL-terminated */
	bool is_new;                    /* its directory is not synced yet */
	struct buf buf;                 /* not written yet */
	size_t summed;                  /* of buf */
	uint32_t crc;                   /* of the file up to there */

	bool begun, is_base;            /* the epoch in hand */
	uint64_t lines, bytes;          /* of it: entries; written */
	struct failure failure;         /* sticks */
};

void journal_name(const struct journal *j, const struct journal_link *l, struct buf *out);      /* NUL-terminated */
bool journal_name_parse(const struct journal *j, const char *name, struct journal_link *l);

#endif
