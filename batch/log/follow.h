/* SPDX-License-Identifier: MIT */
/* follow -- waiting for a log to grow, without missing a signal or the end of whoever reads us. */
#ifndef BATCH_LOG_FOLLOW_H
#define BATCH_LOG_FOLLOW_H

#include "lib/log/read.h"
#include "lib/stream/out.h"

struct follow {
	struct log_wait *wait;
	bool signals;
};

/* signals: from now on the first SIGINT or SIGTERM only makes follow_stop true, and the second ends the process. One at a time. */
void follow_begin(struct follow *w, const struct log_dir *dir, bool signals);
void follow_end(struct follow *w);
bool follow_stop(const struct follow *w);

/* Until the log may have changed, a signal came or ms have passed (-1: for ever). -1: nobody reads out any more; the process ends by SIGPIPE
 * unless that is ignored. */
int follow_wait(struct follow *w, struct out *out, int64_t ms);

int64_t follow_now(void);               /* monotonic, ms */

#endif
