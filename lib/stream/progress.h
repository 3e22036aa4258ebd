/* SPDX-License-Identifier: MIT */
/* progress -- how far long work has come, on stderr when that is a terminal: records, share, rate, time left. */
#ifndef LIB_STREAM_PROGRESS_H
#define LIB_STREAM_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define PROGRESS_UNKNOWN UINT64_MAX     /* of a total */

struct progress {
	bool shown;                     /* there is a line to be wiped */
	bool wanted;
	uint64_t total;                 /* records */
	_Atomic uint64_t done;          /* added to by any thread */
	int64_t begun_ms;
};

void progress_begin(struct progress *p, uint64_t total);
void progress_show(struct progress *p);         /* now and then, by one thread */
void progress_end(struct progress *p);

#endif
