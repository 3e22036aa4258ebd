/* SPDX-License-Identifier: MIT */
/* origin -- the source's part in a checked stream: the lines that begin it and those that end its epochs. What a position is, when an epoch
 * ends and what sinks have committed is the source's to know. */
#ifndef LIB_STREAM_ORIGIN_H
#define LIB_STREAM_ORIGIN_H

#include "lib/stream/checked.h"
#include "lib/stream/out.h"
#include "lib/text/reader.h"

struct origin {
	struct out *out;
	enum record_format format;      /* CSV, TSV or NDJSON */
	struct barrier barrier;         /* the last one; run is ours. committed: the source keeps it up to date */
	struct buf columns;             /* in force, as a `columns` line has them */
};

/* Writes `resume`: a run is drawn into r, and the lineage begun with the source's name. From now on out sums what is written. -1: out->error. */
int origin_begin(struct origin *o, struct out *out, enum record_format format, const char *tool, struct resume *r);
/* Writes `columns` (comma-separated, percent-encoded) when they are others than those in force. Only directly behind a barrier or at the beginning. */
void origin_columns(struct origin *o, struct span columns);
/* Ends the epoch at hand, at pos, and flushes. -1: out->error. */
int origin_barrier(struct origin *o, enum barrier_kind kind, bool edge, struct span pos);
void origin_free(struct origin *o);

#endif
