/* SPDX-License-Identifier: MIT */
/* zone -- time zones by IANA name, from the system's TZif files (RFC 8536), with their POSIX rule for the
 * years behind the last transition. Several zones at once, no process-wide state, safe to share by threads. */
#ifndef LIB_TEXT_ZONE_H
#define LIB_TEXT_ZONE_H

#include <stdint.h>

#include "lib/base/span.h"

struct zone;

/* `Europe/Berlin`, `UTC`, or a fixed offset `+01:00`. Looks in $TZDIR, else /usr/share/zoneinfo; names with
 * `..` or a leading slash are refused. NULL with *error set to a static text. Owned by the caller. */
struct zone *zone_open(struct span name, const char **error);
void zone_free(struct zone *z);

const char *zone_name(const struct zone *z);
bool zone_is_utc(const struct zone *z);

/* Seconds east of UTC at an instant (ms). */
int32_t zone_offset(const struct zone *z, int64_t utc_ms);

/* The instant of a local wall-clock time given as ms since 1970-01-01T00:00:00 local. In a gap: read with the offset
 * before it, which moves it forward past the gap. In a fold: the earlier instant. */
int64_t zone_to_utc(const struct zone *z, int64_t local_ms);

/* First instant of a local date (days since 1970-01-01): usually its midnight; where a gap swallows midnight, the
 * instant of the transition. */
int64_t zone_day_start(const struct zone *z, int64_t days);

/* A hash over all that decides conversions (transitions, offsets, rule), so that two machines with different
 * zone data do not merge views unawares. UTC: 0. */
uint64_t zone_fingerprint(const struct zone *z);

#endif
