/* SPDX-License-Identifier: MIT */
/* zone -- time zones by IANA name, from the system's TZif files (RFC 8536), with their POSIX rule for the
 * years behind the last transition. Several zones at once, no process-wide state, safe to share by threads.
 * Everywhere below a NULL zone means UTC. */
#ifndef LIB_TEXT_ZONE_H
#define LIB_TEXT_ZONE_H

#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"

struct zone;

/* `Europe/Berlin`, `UTC`, or a fixed offset `+01:00`. Looks in $TZDIR, else /usr/share/zoneinfo; names with
 * `..` or a leading slash are refused. NULL with *error set to a static text. Owned by the caller. */
struct zone *zone_open(struct span name, const char **error);
void zone_free(struct zone *z);

/* The same from the bytes of a TZif file. */
struct zone *zone_from_tzif(struct span name, struct span bytes, const char **error);

const char *zone_name(const struct zone *z);
bool zone_is_utc(const struct zone *z);

/* Seconds east of UTC at an instant (ms). */
int32_t zone_offset(const struct zone *z, int64_t utc_ms);

/* The instant of a local wall-clock time given as ms since 1970-01-01T00:00:00 local. In a gap: read with the offset
 * before it, which moves it forward past the gap. In a fold: the earlier instant. Saturates. */
int64_t zone_to_utc(const struct zone *z, int64_t local_ms);

/* The local times around one that zone_to_utc reads with the same offset: for from <= local < to the instant is
 * local - offset_ms. For those who convert many. */
struct zone_run {
	int64_t from, to;
	int64_t offset_ms;
};
struct zone_run zone_run_at(const struct zone *z, int64_t local_ms);

/* First instant of a local date (days since 1970-01-01): usually its midnight; where a gap swallows midnight, the
 * instant of the transition. A date that does not exist is empty: it starts where the next one does. Saturates. */
int64_t zone_day_start(const struct zone *z, int64_t days);

/* A hash over all that decides conversions (transitions, offsets, rule), so that two machines with different
 * zone data do not merge views unawares. UTC: 0. */
uint64_t zone_fingerprint(const struct zone *z);

/* An offset as zones and timestamps have it: `+01`, `+0100`, `+01:00`, `+00:53:28` (old local mean times), less
 * than 24 hours. 0; -1 when it is none. */
int zone_parse_offset(struct span text, int32_t *seconds);
void zone_print_offset(struct buf *out, int32_t seconds);       /* `+01:00`, seconds only when there are any */

#endif
