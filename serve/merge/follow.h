/* SPDX-License-Identifier: MIT */
/* follow -- the rows of views, and then each row that becomes another one, as upserts and deletes. */
#ifndef SERVE_MERGE_FOLLOW_H
#define SERVE_MERGE_FOLLOW_H

#include "serve/merge/merge.h"

/* Ends only by a failure or a signal. The status; failure says why. */
int follow(const struct merge_options *o, struct out *out, struct ledger *ledger, struct failure *failure);

#endif
