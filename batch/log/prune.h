/* SPDX-License-Identifier: MIT */
/* prune -- `event-log prune`: takes away the oldest segments, once every view that is made from them has what it needs. */
#ifndef BATCH_LOG_PRUNE_H
#define BATCH_LOG_PRUNE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/failure.h"
#include "lib/stream/out.h"

struct prune_options {
	const char *path;               /* of the log */
	int64_t keep_ms;                /* what was written less long ago stays; -1: not said */
	const char *const *view;        /* directories of all views that are made from it */
	size_t nviews;
	bool has_to, dry_run;
	uint64_t to;                    /* without views: up to there */
	int64_t wait_ms;
};

int log_prune(const struct prune_options *o, struct out *out, struct failure *f);

#endif
