/* SPDX-License-Identifier: MIT */
#include "lib/text/value_opts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/diag.h"
#include "lib/text/duration.h"

int64_t duration_option(const char *name, const char *text)
{
	const char *reason;
	int64_t ms;

	if (duration_parse_ms(span_of(text), &ms, &reason) < 0)
		die(EXIT_USAGE, "--%s: %s: %s", name, diag_show(text, strlen(text)), reason);
	return ms;
}

struct zone *zone_option(const char *name, const char *text)
{
	const char *reason;
	struct zone *z = zone_open(span_of(text), &reason);

	if (!z)
		die(EXIT_USAGE, "--%s: %s: %s", name, diag_show(text, strlen(text)), reason);
	return z;
}

enum time_unit unit_option(const char *text)
{
	static const char *const names[] = { "auto", "s", "ms", "us", "ns" };
	int i = 0;

	while (i < 4 && strcmp(names[i], text) != 0)
		i++;
	return (enum time_unit)i;
}

size_t size_option(const char *name, const char *text)
{
	char *end;
	unsigned long long n;
	unsigned shift = 0;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (*end && end[1] == '\0')
		shift = *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
	if (errno || *text < '0' || *text > '9' || (*end && !shift) || n == 0 || n > SIZE_MAX >> shift)
		die(EXIT_USAGE, "--%s: \"%s\" is not a count above 0 (K, M and G are taken)", name, text);
	return (size_t)n << shift;
}
