/* SPDX-License-Identifier: MIT */
/* Zone files: whatever is accepted must convert every time without harm, and stay consistent with itself. */
#include <stdint.h>
#include <stdlib.h>

#include "lib/text/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DAY INT64_C(86400000)

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_at(const struct zone *z, int64_t t)
{
	struct zone_run run = zone_run_at(z, t);
	int64_t day = t / DAY, start = zone_day_start(z, day);

	check(run.from <= t && (t < run.to || t == INT64_MAX));
	check(zone_offset(z, t) > -25 * 3600 && zone_offset(z, t) < 26 * 3600);
	check(zone_day_start(z, day + 1) >= start);
	if (t > INT64_MIN / 2 && t < INT64_MAX / 2) {
		check(zone_to_utc(z, t) == t - run.offset_ms);
		check(start + zone_offset(z, start) * INT64_C(1000) >= day * DAY);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t times[] = { INT64_MIN, INT64_MIN / 2, -2208988800000, -1, 0, 1, 1773921600000, 4102444800000, 16725225600000,
		INT64_MAX / 2, INT64_MAX };
	const char *error = NULL;
	struct zone *z = zone_from_tzif(SPAN("Fuzz/Zone"), (struct span){ (const char *)data, size }, &error);
	int32_t seconds;

	zone_parse_offset((struct span){ (const char *)data, size }, &seconds);
	check(z ? !error : error != NULL);
	if (!z)
		return 0;
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
		check_at(z, times[i]);
	for (int64_t t = 0; t < 4000000000000; t += 77777777777)
		check_at(z, t);
	zone_free(z);
	return 0;
}
