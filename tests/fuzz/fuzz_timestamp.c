/* SPDX-License-Identifier: MIT */
/* Times: the fast way and the careful way must agree, and what is printed must parse back. The first byte picks
 * the unit and the zone. */
#include <stdint.h>
#include <stdlib.h>

#include "lib/text/timestamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_printed(int64_t ms, const struct zone *z)
{
	struct time_parser tp;
	struct buf out = { 0 };
	int64_t back;

	time_parser_init(&tp, NULL, TIME_UNIT_AUTO);
	time_print(&out, ms, z, TIME_RFC3339);
	check(time_parse(&tp, buf_view(&out), &back) == 0 && back == ms);
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct zone *zones[4];
	static const char *const names[4] = { "UTC", "+05:30", "Europe/Berlin", "America/St_Johns" };
	struct time_parser tp;
	struct span text = { (const char *)data + 1, size - 1 };
	int64_t ms, again;
	const char *error;
	int taken;

	if (!size)
		return 0;
	for (int i = 0; i < 4; i++)
		zones[i] = zones[i] ? zones[i] : zone_open(span_of(names[i]), &error);
	time_parser_init(&tp, zones[data[0] % 4], data[0] / 4 % 5);
	taken = time_parse(&tp, text, &ms);
	check(time_parse(&tp, text, &again) == taken && (taken < 0 || again == ms));
	check(time_parse_error(text) != NULL);
	if (taken == 0)
		check_printed(ms, zones[data[0] / 20 % 4]);
	return 0;
}
