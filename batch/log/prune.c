/* SPDX-License-Identifier: MIT */
#include "batch/log/prune.h"

#include "lib/base/diag.h"

int log_prune(const struct prune_options *o, struct out *out, struct failure *f)
{
	(void)o;
	(void)out;
	failure_set(f, EXIT_BUG, "prune: not there yet");
	return f->status;
}
