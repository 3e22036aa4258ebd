/* SPDX-License-Identifier: MIT */
#include "lib/text/duration.h"

#include "tests/unit/check.h"

static struct duration parsed(const char *text)
{
	struct duration d = { -77, DURATION_MS, false };
	const char *error = NULL;

	if (duration_parse(span_of(text), &d, &error) < 0)
		printf("# %s: %s\n", text, error), check_failures++;
	return d;
}

static const char *refused(const char *text)
{
	struct duration d;
	const char *error = "taken";

	return duration_parse(span_of(text), &d, &error) < 0 ? error : "taken";
}

#define CHECK_DURATION(text, n, u, w) \
	do { \
		struct duration d_ = parsed(text); \
		CHECK_INT(d_.count, n); \
		CHECK_INT(d_.unit, u); \
		CHECK_INT(d_.weeks, w); \
	} while (0)

TEST(fixed_lengths)
{
	CHECK_DURATION("500ms", 500, DURATION_MS, 0);
	CHECK_DURATION("30s", 30000, DURATION_MS, 0);
	CHECK_DURATION("5m30s", 330000, DURATION_MS, 0);
	CHECK_DURATION("1h", 3600000, DURATION_MS, 0);
	CHECK_DURATION("1h1ms", 3600001, DURATION_MS, 0);
	CHECK_DURATION("36h", 129600000, DURATION_MS, 0);
	CHECK_DURATION("0", 0, DURATION_MS, 0);
	CHECK_DURATION("-0", 0, DURATION_MS, 0);
	CHECK_DURATION("-8h", -28800000, DURATION_MS, 0);
	CHECK_DURATION("1.5s", 1500, DURATION_MS, 0);
	CHECK_DURATION("1h0.5m", 3630000, DURATION_MS, 0);
}

TEST(calendar_lengths)
{
	CHECK_DURATION("1d", 1, DURATION_DAYS, 0);
	CHECK_DURATION("2w", 14, DURATION_DAYS, 1);
	CHECK_DURATION("14d", 14, DURATION_DAYS, 0);
	CHECK_DURATION("1w3d", 10, DURATION_DAYS, 0);
	CHECK_DURATION("3mo", 3, DURATION_MONTHS, 0);
	CHECK_DURATION("1y", 12, DURATION_MONTHS, 0);
	CHECK_DURATION("1y6mo", 18, DURATION_MONTHS, 0);
	CHECK_DURATION("-1d", -1, DURATION_DAYS, 0);
	CHECK_DURATION("0d", 0, DURATION_DAYS, 0);
}

TEST(iso_8601)
{
	CHECK_DURATION("PT5M30S", 330000, DURATION_MS, 0);
	CHECK_DURATION("PT0.25S", 250, DURATION_MS, 0);
	CHECK_DURATION("PT36H", 129600000, DURATION_MS, 0);
	CHECK_DURATION("P1D", 1, DURATION_DAYS, 0);
	CHECK_DURATION("P2W", 14, DURATION_DAYS, 1);
	CHECK_DURATION("P1M", 1, DURATION_MONTHS, 0);
	CHECK_DURATION("P1Y2M", 14, DURATION_MONTHS, 0);
	CHECK_DURATION("-PT1S", -1000, DURATION_MS, 0);
}

TEST(what_is_not_a_duration_is_refused)
{
	static const char *const bad[] = {
		"", "-", "5", "h", "1x", "1h ", " 1h", "1 h", "1H", "1D", "1M", "30m1h", "1s1s", "1m5mo", "--1h", "+1h", "1.h",
		".5h", "1..5h", "1.5.5h", "1.5h30m", "0.0001s", "1.5d", "1.0d", "1d12h", "1mo1d", "1y1s", "P", "PT", "P1", "PT1",
		"P1H", "PT1D", "P1DT", "P1DT12H", "P1MT1M", "p1d", "P-1D", "PT1H30", "1e3s", "00", "123456789012345678901ms",
		"9223372036854775808ms", "-9223372036854775809ms", "2562047788016h", "0x1s", "1h\n",
	};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (!strcmp(refused(bad[i]), "taken"))
			printf("# taken: \"%s\"\n", bad[i]), check_failures++;
	CHECK_TEXT(refused("1d12h"), "days, months and fixed lengths do not mix (36h, not 1d12h)");
	CHECK_TEXT(refused("15"), "a unit is missing or unknown (ms s m h d w mo y)");
	CHECK(duration_parse((struct span){ "1s\0", 3 }, &(struct duration){ 0 }, &(const char *){ 0 }) < 0);
}

TEST(the_whole_range_is_taken)
{
	CHECK_DURATION("9223372036854775807ms", INT64_MAX, DURATION_MS, 0);
	CHECK_DURATION("-9223372036854775808ms", INT64_MIN, DURATION_MS, 0);
	CHECK_DURATION("9223372036854775807d", INT64_MAX, DURATION_DAYS, 0);
}

TEST(spans_of_fixed_length)
{
	const char *error = NULL;
	int64_t ms = -1;

	CHECK_INT(duration_parse_ms(SPAN("1d12h"), &ms, &error), 0);
	CHECK_INT(ms, 129600000);
	CHECK_INT(duration_parse_ms(SPAN("P1DT12H"), &ms, &error), 0);
	CHECK_INT(ms, 129600000);
	CHECK_INT(duration_parse_ms(SPAN("1w"), &ms, &error), 0);
	CHECK_INT(ms, 604800000);
	CHECK_INT(duration_parse_ms(SPAN("0"), &ms, &error), 0);
	CHECK_INT(ms, 0);
	CHECK_INT(duration_parse_ms(SPAN("1mo"), &ms, &error), -1);
	CHECK_TEXT(error, "months and years have no fixed length");
	CHECK_INT(duration_parse_ms(SPAN("-1s"), &ms, &error), -1);
	CHECK_TEXT(error, "a negative duration");
	CHECK_INT(duration_parse_ms(SPAN("106751991168d"), &ms, &error), -1);
	CHECK_TEXT(error, "a duration beyond 64 bits");
}

static void check_printed(const char *text, const char *want)
{
	struct buf out = { 0 };

	duration_print(&out, parsed(text));
	CHECK_BUF(out, want);
	buf_free(&out);
}

TEST(canonical_text)
{
	check_printed("330s", "5m30s");
	check_printed("PT90M", "1h30m");
	check_printed("24h", "24h");
	check_printed("1001ms", "1s1ms");
	check_printed("1w", "1w");
	check_printed("7d", "7d");
	check_printed("12mo", "1y");
	check_printed("14mo", "1y2mo");
	check_printed("0", "0s");
	check_printed("0w", "0w");
	check_printed("-90s", "-1m30s");
}

TEST(printed_text_parses_back_to_the_same)
{
	unsigned long long seed = 11;
	struct buf out = { 0 };

	for (int i = 0; i < 200000; i++) {
		struct duration d = { (int64_t)check_random(&seed) >> (check_random(&seed) % 64), (enum duration_unit)(i % 3), false };
		struct duration back = { 0 };
		const char *error;

		d.weeks = d.unit == DURATION_DAYS && d.count % 7 == 0 && check_random(&seed) % 2;
		buf_clear(&out);
		duration_print(&out, d);
		if (duration_parse(buf_view(&out), &back, &error) < 0 || back.count != d.count || back.unit != d.unit ||
		    back.weeks != d.weeks) {
			CHECK(!"round trip");
			printf("# %.*s\n", (int)out.n, out.p);
			break;
		}
	}
	buf_free(&out);
}
