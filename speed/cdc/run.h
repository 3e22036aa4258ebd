/* SPDX-License-Identifier: MIT */
/* run -- cdc-tail: from a driver to a plain or checked stream. As a source it keeps nothing of its own: it begins where its sink says it is, and
 * says in barriers how far it is. A barrier stands between two transactions, never in one: when the source has no more for now (at most every
 * 10 ms), after a second or 64 MiB. */
#ifndef SPEED_CDC_RUN_H
#define SPEED_CDC_RUN_H

#include "speed/cdc/driver.h"

#define CDC_NOWHERE "-"         /* the position of a source of which nothing was read yet */

struct cdc_options {
	const struct cdc_driver *driver;
	struct cdc_request request;     /* from is filled from the sink */
	struct emit_options emit;
	const char *source;             /* as it was named: what the stream says it is from */
	const char *resume_from;        /* sink, or NULL */
	bool checked;
	uint64_t epoch_records, epoch_bytes;    /* 0: the default */
	int64_t epoch_ms;                       /* -1: the default */
};

/* The exit status; failure says why when it has a text. SIGINT and SIGTERM end a checked stream by `stop`. */
int cdc_run(struct cdc_options *o, struct out *out, struct ledger *ledger, struct failure *f);

#endif
