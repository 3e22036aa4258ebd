/* SPDX-License-Identifier: MIT */
/* range -- a range file: the partials of the records [from, to) of one source, immutable, in the directory of a view.
 *
 *   <source>.<from, 20 digits>-<to, 20 digits>.<kind>.<definition hash>.tsv      kind: speed, batch-7, frozen-7
 *
 *   #!weir view hash=.. definition=.. source=orders log=<id> from=1200000@5f3a91c2 to=1210000@0b2c44aa epoch=e run=R cfg=H [t=<ms>] level=0 [start=1] [edge=1]
 *   header, rows, end line: as any partial (partial.h)
 *
 * source is percent-encoded in the name, dots and slashes too. epoch and run: of the last barrier in it (speed). t: the largest event time in it. level: how often what is in it was
 * compacted. edge: a segment of the log ends at to, nothing may be compacted across it; start: one begins at from,
 * for that of the file before may have been known only when that was there. cfg: lineage. */
#ifndef LIB_VIEW_RANGE_H
#define LIB_VIEW_RANGE_H

#include "lib/base/failure.h"
#include "lib/log/position.h"
#include "lib/stream/checked.h"
#include "lib/view/partial.h"

enum range_kind { RANGE_SPEED, RANGE_BATCH, RANGE_FROZEN };

struct range_name {
	char source[256];               /* decoded */
	uint64_t from, to;              /* from < to */
	enum range_kind kind;
	uint64_t generation;            /* of batch and frozen */
	char hash[9];
};

/* 0, or -1: not the name of a range file. */
int range_name_parse(const char *file, struct range_name *n);
void range_name_print(const struct range_name *n, struct buf *out);     /* NUL-terminated */

struct range_head {
	struct position from, to;
	char log[20];
	uint64_t epoch;
	char run[RUN_TEXT];
	char cfg[LINEAGE_TEXT];
	bool has_time;
	int64_t time;
	unsigned level;
	bool start, edge;
	uint64_t rejected;              /* of the end line, when read */
};

/* Reads the first line of a range file, and checks that it ends as one does (its end line is there and whole; not the crc over
 * all). 0; 1: it is torn or damaged, *f says how; 2: it is gone; -1: EXIT_IO. */
int range_head_read(int dir, const char *file, const struct range_name *n, struct range_head *h, struct failure *f);

/* Reads all of it: is its checksum right? 0, 1, 2 or -1, as above. For files that may never have been synced. */
int range_verify(int dir, const char *file, struct failure *f);

/* Writing one: begin, rows as of partial.h, end. Written to a name that begins with a dot, renamed at the end. */
struct range_writer {
	struct partial_writer partial;
	struct out out;
	struct range_name name;
	int dir;
	struct buf temporary;
};
int range_begin(struct range_writer *w, int dir, const struct view *v, const struct range_name *n, const struct range_head *h, struct failure *f);
/* durable: file and directory are synced before and behind the rename. */
int range_end(struct range_writer *w, uint64_t rejected, bool durable, struct failure *f);
void range_abandon(struct range_writer *w);             /* nothing is left of it */

#endif
