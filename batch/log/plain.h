/* SPDX-License-Identifier: MIT */
/* plain -- a log as the file it would be: one header, records as they came in. Columns are those of all segments in the range, looked at beforehand;
 * where a segment has others its records are laid out anew, else they pass as they are. */
#ifndef BATCH_LOG_PLAIN_H
#define BATCH_LOG_PLAIN_H

#include "batch/log/cat.h"
#include "lib/log/read.h"

/* 0, -1: failure, or out->error. */
int plain_run(const struct cat_options *o, struct log_dir *dir, struct out *out, struct ledger *ledger, struct failure *f);

#endif
