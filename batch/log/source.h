/* SPDX-License-Identifier: MIT */
/* source -- a log as the source of a checked stream. It keeps nothing of its own: it begins where its sinks say they are, and says in
 * barriers how far it is.
 *
 * A barrier comes when the log has no more for now (at most every 10 ms), after a second, 64 MiB or as many records as were asked
 * for, and always where a segment ends. At most 8 epochs are open, sent but not committed by all sinks: then the epoch at hand gets longer instead. */
#ifndef BATCH_LOG_SOURCE_H
#define BATCH_LOG_SOURCE_H

#include "batch/log/cat.h"
#include "lib/log/read.h"

/* 0, -1: failure, or out->error. SIGINT and SIGTERM end the stream by `stop`, the second of them the process. */
int source_run(const struct cat_options *o, struct log_dir *dir, struct out *out, struct ledger *ledger, struct failure *f);

#endif
