/* SPDX-License-Identifier: MIT */
/* scan -- the records of a stretch of the log taken into the states of a view, segment by segment, by several threads.
 * By the law it does not matter which thread takes what: the states are those of one thread, and so is the first error. */
#ifndef BATCH_REBUILD_SCAN_H
#define BATCH_REBUILD_SCAN_H

#include "lib/stream/progress.h"
#include "lib/base/failure.h"
#include "lib/log/dir.h"
#include "lib/text/reader.h"
#include "lib/view/intake.h"

struct scan_options {
	struct reader_options reader;   /* format: AUTO, or which envelopes the log's NDJSON holds */
	unsigned threads;               /* at least 1 */
	size_t max_groups;              /* 0: no bound */
};

/* Reads [from, to) of the log into *t. to may lie inside a segment; what is not committed by then is EXIT_CONFIG, and so is another
 * chain at to than that of the log. */
int scan_log(const struct log_dir *d, struct position from, struct position to, const struct scan_options *o, struct progress *p, struct intake *t,
             struct failure *f);

#endif
