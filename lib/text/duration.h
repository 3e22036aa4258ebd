/* SPDX-License-Identifier: MIT */
/* duration -- spans of time as options have them: `500ms 30s 5m30s 1h 1d 2w 3mo 1y`, ISO 8601 (`PT5M30S`, `P1D`,
 * `P1M`), 0. d, w, mo and y are calendar units when a window is meant (their length depends on the zone). */
#ifndef LIB_TEXT_DURATION_H
#define LIB_TEXT_DURATION_H

#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"

enum duration_unit {
	DURATION_MS,            /* fixed length: count is milliseconds */
	DURATION_DAYS,          /* calendar days; a week is 7 with `weeks` set */
	DURATION_MONTHS,        /* calendar months; a year is 12 */
};

struct duration {
	int64_t count;
	enum duration_unit unit;
	bool weeks;             /* was written in weeks: windows begin on Monday */
};

/* A leading '-' is taken. Units descend (`1h30m`); calendar units do not mix with others (`1d12h` is refused;
 * 36h says it). The last unit of a fixed length takes a fraction that comes to whole ms (`1.5s`).
 * 0; -1 with *error set to a static text. */
int duration_parse(struct span text, struct duration *d, const char **error);

/* The same for delays, time-outs and spans: a fixed length in ms, where 1d is 24 h and 1w is 7 d (and so
 * `1d12h` is fine); months and years are refused, and so is a negative value. */
int duration_parse_ms(struct span text, int64_t *ms, const char **error);

/* Canonical: the largest units that express it exactly, `5m30s`, `1d`, `1w`, `3mo`. Parses back to the same. */
void duration_print(struct buf *out, struct duration d);

#endif
