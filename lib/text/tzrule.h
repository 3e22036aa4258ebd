/* SPDX-License-Identifier: MIT */
/* tzrule -- the POSIX TZ string at the end of a TZif file (`CET-1CEST,M3.5.0,M10.5.0/3`): which offsets hold behind the
 * last transition, and when they change in a year. With the hours of RFC 8536, -167 to 167. */
#ifndef LIB_TEXT_TZRULE_H
#define LIB_TEXT_TZRULE_H

#include <stdint.h>

#include "lib/base/span.h"

struct tzrule_day {
	char kind;                      /* 'J' day 1 to 365 without 29 February, 'N' day 0 to 365, 'M' weekday of a week of a month */
	int month, week, day;           /* week 5: the last; weekday 0: Sunday */
	int32_t time;                   /* seconds behind local midnight */
};

struct tzrule {
	int32_t standard, daylight;     /* seconds east of UTC */
	bool changes;                   /* false: standard for ever */
	struct tzrule_day begin, end;   /* of daylight time */
};

int tzrule_parse(struct span text, struct tzrule *r);           /* 0, or -1: not such a rule */

/* Instants (seconds, UTC) at which daylight time begins and ends in a year; the end comes first in the south. */
void tzrule_year(const struct tzrule *r, int64_t year, int64_t *begin, int64_t *end);

#endif
