/* SPDX-License-Identifier: MIT */
/* dedupe -- passes on the first record of each key, for ever or within a span of event time.
 *
 * A record is a repeat when one with its key was kept whose time is less than the span away, before or after. What is kept
 * stands in dedupe_kept.h, how it outlives a run in dedupe_state.h. */
#ifndef SPEED_DEDUPE_H
#define SPEED_DEDUPE_H

#include "lib/base/failure.h"
#include "lib/stream/ledger.h"
#include "lib/stream/out.h"
#include "lib/stream/side.h"
#include "lib/text/reader.h"
#include "lib/text/timestamp.h"

struct dedupe_options {
	struct reader_options reader;
	const char *const *path;
	size_t npaths;                  /* 0: stdin */
	const char *key;                /* columns, parted by commas; NULL: the whole record */
	const char *time;               /* column of the event time; needed by within */
	int64_t within;                 /* ms; 0: for ever */
	int64_t watermark_delay;        /* ms; -1: none, nothing is ever forgotten */
	int64_t allowed_lateness;       /* ms */
	int64_t max_ahead;              /* ms; 0: none */
	enum time_unit time_unit;
	const struct zone *input_zone;
	size_t max_keys;                /* 0: no bound */
	const char *state;              /* directory, for checked streams; or NULL */
	struct side *duplicates, *late, *rejects;       /* or NULL */
};

/* Everything from the inputs to out. 0, or the exit status; failure says why, unless the output does. */
int dedupe(const struct dedupe_options *o, struct out *out, struct ledger *ledger, struct failure *failure);

#endif
