/* SPDX-License-Identifier: MIT */
/* timestamp -- points in time: signed 64-bit milliseconds since 1970-01-01T00:00:00Z, proleptic Gregorian. */
#ifndef LIB_TEXT_TIMESTAMP_H
#define LIB_TEXT_TIMESTAMP_H

#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"
#include "lib/text/digits.h"
#include "lib/text/zone.h"

enum time_unit { TIME_UNIT_AUTO, TIME_UNIT_S, TIME_UNIT_MS, TIME_UNIT_US, TIME_UNIT_NS };

struct time_parser {
	const struct zone *zone;        /* for times without an offset; NULL: UTC */
	enum time_unit unit;            /* of bare numbers; AUTO: by magnitude */
	const struct digits_kernel *digits;
	/* the date parsed last, and its midnight: most records share it */
	char date[10];
	int64_t date_ms;
	struct zone_run run;            /* and the offset of the local time converted last, with its reach */
};

void time_parser_init(struct time_parser *tp, const struct zone *zone, enum time_unit unit);

/* RFC 3339 (`2026-03-19T12:00:00.5Z`, `+01:00`; also lower-case t and z), `YYYY-MM-DD HH:MM[:SS[.f]]` with or
 * without offset, `YYYY-MM-DD`, and numbers: epoch s, ms, us or ns by magnitude (|v| < 10^11 s, < 10^14 ms,
 * < 10^17 us, else ns) or as unit says; a fraction is taken for seconds too (1700000000.25).
 * Finer than ms is floored, also before 1970. A leap second :60 reads as :59.999... of that minute plus 1 s.
 * Offsets are those of zone_parse_offset. Blanks around are not taken. A parser belongs to one thread.
 * Local times in a DST gap read forward, in a fold as the earlier of the two.
 * 0; -1 when it is not a time (time_parse_error says why) or lies outside 64 bits. */
int time_parse(struct time_parser *tp, struct span text, int64_t *ms);
/* Those of a column; INT64_MAX where it is not a time, or that very one. */
void time_parse_many(struct time_parser *tp, const struct digits_column *c, int64_t *ms);
const char *time_parse_error(struct span text);

enum time_format { TIME_RFC3339, TIME_EPOCH_MS };

/* RFC 3339 in the zone (NULL: UTC, written `Z`): `2010-12-01T08:00:00Z`, `...T09:00:00.250+01:00`; a fraction only
 * when it is not zero. Years beyond 0000..9999 get a sign and as many digits as they need, both ways. */
void time_print(struct buf *out, int64_t ms, const struct zone *zone, enum time_format format);

/* Civil date arithmetic (days since 1970-01-01; any year). */
int64_t days_from_civil(int64_t year, unsigned month, unsigned day);
void civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day);

#endif
