/* SPDX-License-Identifier: MIT */
/* verdict -- what the statuses of all members come to, once all have ended. */
#ifndef SPEED_PIPELINE_VERDICT_H
#define SPEED_PIPELINE_VERDICT_H

#include "speed/pipeline/members.h"

enum verdict {
	VERDICT_DONE,           /* all have ended well */
	VERDICT_AGAIN,          /* it may go well the next time */
	VERDICT_FATAL,          /* it would not */
	VERDICT_UNREAD,         /* nobody reads what the last one writes */
};

/* Is it for its own reasons that it ended badly? Not when we told it to, nor when it died writing to one that had ended. */
bool member_failed(const struct member *one);

/* *status: for us to exit with. */
enum verdict members_verdict(const struct members *m, int *status);

#endif
