/* SPDX-License-Identifier: MIT */
/* lateness -- how far records lag behind the largest event time of their input: what --explain-watermark prints.
 * Bins are powers of two in ms, so that any delay is off by less than a factor of two. */
#ifndef SPEED_WINDOW_LATENESS_H
#define SPEED_WINDOW_LATENESS_H

#include <stdbool.h>

#include "lib/base/buf.h"
#include "speed/window/watermark.h"

#define LATENESS_BINS 65        /* 0: in order; i: lag of 2^(i-1) .. 2^i - 1 ms */

struct lateness {
	bool on;
	uint64_t records, bin[LATENESS_BINS];
	int64_t largest;                /* ms */
};

void lateness_note(struct lateness *l, int64_t max_ms, int64_t ms);

/* What holds W back, the histogram, and delays that would have been enough for 99 %, 99.9 % and all records. */
void lateness_explain(const struct lateness *l, const struct watermark *w, const char *const *names, struct buf *out);

#endif
