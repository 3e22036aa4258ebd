/* SPDX-License-Identifier: MIT */
/* supervise -- a pipeline as one failure unit: it runs as a whole, ends as a whole, and is started again as a whole.
 *
 *   a member ends badly        the others find their pipes closed; those that do not end within grace_ms are told to, then killed
 *   all have ended             statuses decide: done, again after a while, or not worth it
 *   we are asked to stop       the first member is, and the others follow the end of its stream, within drain_ms */
#ifndef SPEED_PIPELINE_SUPERVISE_H
#define SPEED_PIPELINE_SUPERVISE_H

#include <stdint.h>

#include "lib/base/failure.h"

struct supervise_options {
	int64_t grace_ms, drain_ms;
	int64_t delay_ms, max_delay_ms;         /* before the first restart in a row; at most */
	int64_t restarts;                       /* in a row, at most; -1: no limit */
	const char *log, *stats;                /* files, or NULL */
};

/* words: commands with `|` between them, NULL at the end; changed. The exit status; failure says why it never came to run. */
int supervise(const struct supervise_options *o, char **words, struct failure *f);

#endif
