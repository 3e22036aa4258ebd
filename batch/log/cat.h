/* SPDX-License-Identifier: MIT */
/* cat -- `event-log cat`: the records of a log, as a plain file would have them or as a checked stream. */
#ifndef BATCH_LOG_CAT_H
#define BATCH_LOG_CAT_H

#include "lib/base/failure.h"
#include "lib/log/position.h"
#include "lib/stream/ledger.h"
#include "lib/stream/out.h"
#include "lib/text/reader.h"
#include "lib/text/timestamp.h"

struct cat_options {
	const char *path;               /* of the log */
	bool has_from, from_has_chain;
	struct position from;
	bool has_to, to_has_chain;
	struct position to;
	const char *since, *until;      /* event times as they were written, or NULL; need time */
	const char *time;               /* column */
	enum time_unit time_unit;
	const struct zone *input_zone;  /* NULL: UTC */
	bool follow, sealed, checked, final;
	const char *const *resume_from; /* sinks */
	size_t nresume;
	uint64_t fallback;              /* begin so many epochs before what the sink has committed */
	uint64_t epoch_records, epoch_bytes;    /* 0: the default */
	int64_t epoch_ms;                       /* -1: the default */
	enum record_format output;              /* AUTO: as stored */
};

/* The exit status; failure says why when it has a text. */
int cat_run(const struct cat_options *o, struct out *out, struct ledger *ledger, struct failure *f);

#endif
