/* SPDX-License-Identifier: MIT */
#include "lib/text/timestamp.h"

#include <time.h>

#include "tests/unit/check.h"

static int64_t parsed_in(const struct zone *z, enum time_unit unit, struct span text)
{
	struct time_parser tp;
	int64_t ms = -77, again = -77;

	time_parser_init(&tp, z, unit);
	if (time_parse(&tp, text, &ms) < 0)
		printf("# refused: \"%.*s\": %s\n", (int)text.n, text.p, time_parse_error(text)), check_failures++;
	/* now with the date in the cache */
	if (time_parse(&tp, text, &again) < 0 || again != ms)
		printf("# another time the second time: \"%.*s\"\n", (int)text.n, text.p), check_failures++;
	return ms;
}

static int64_t parsed(const char *text)
{
	return parsed_in(NULL, TIME_UNIT_AUTO, span_of(text));
}

static bool refused(struct span text)
{
	struct time_parser tp;
	int64_t ms;

	time_parser_init(&tp, NULL, TIME_UNIT_AUTO);
	return time_parse(&tp, text, &ms) < 0;
}

static struct zone *zone(const char *name)
{
	const char *error = "";
	struct zone *z = zone_open(span_of(name), &error);

	if (!z)
		printf("# %s: %s\n", name, error), check_failures++;
	return z;
}

TEST(rfc_3339)
{
	CHECK_INT(parsed("2026-03-19T12:00:00Z"), 1773921600000);
	CHECK_INT(parsed("2026-03-19t12:00:00z"), 1773921600000);
	CHECK_INT(parsed("2026-03-19T12:00:00.5Z"), 1773921600500);
	CHECK_INT(parsed("2026-03-19T12:00:00.25+01:00"), 1773918000250);
	CHECK_INT(parsed("2026-03-19T12:00:00-05:30"), 1773941400000);
	CHECK_INT(parsed("2026-03-19T12:00:00-00:00"), 1773921600000);
	CHECK_INT(parsed("2026-03-19T12:00Z"), 1773921600000);
	CHECK_INT(parsed("1985-04-12T23:20:50.52Z"), 482196050520);
	CHECK_INT(parsed("1937-01-01T12:00:27.87+00:20"), -1041337172130);
	CHECK_INT(parsed("0000-01-01T00:00:00Z"), -62167219200000);
	CHECK_INT(parsed("9999-12-31T23:59:59.999Z"), 253402300799999);
	CHECK_INT(parsed("2024-02-29T00:00:00Z"), 1709164800000);
}

TEST(dates_with_a_blank_and_dates_alone)
{
	CHECK_INT(parsed("2026-03-19 12:00:00"), 1773921600000);
	CHECK_INT(parsed("2026-03-19 12:00:00.123456"), 1773921600123);
	CHECK_INT(parsed("2026-03-19 12:00"), 1773921600000);
	CHECK_INT(parsed("2026-03-19"), 1773878400000);
	CHECK_INT(parsed("1970-01-01"), 0);
	CHECK_INT(parsed("2026-03-19 12:00:00+01"), 1773918000000);             /* as PostgreSQL writes it */
	CHECK_INT(parsed("2026-03-19 12:00:00.5+05:30"), 1773901800500);
	CHECK_INT(parsed("1890-01-01 00:00:00+00:53:28"), -2524524808000);
	CHECK_INT(parsed("2026-03-19 12:00+0100"), 1773918000000);
}

TEST(leap_seconds_run_on_into_the_next_minute)
{
	CHECK_INT(parsed("1990-12-31T23:59:60Z"), 662688000000);
	CHECK_INT(parsed("1990-12-31T23:59:60.25Z"), 662688000250);
	CHECK_INT(parsed("1990-12-31T15:59:60-08:00"), 662688000000);
}

TEST(years_of_other_lengths_have_a_sign)
{
	CHECK_INT(parsed("+10000-01-01T00:00:00Z"), 253402300800000);
	CHECK_INT(parsed("-0001-12-31T00:00:00Z"), -62167305600000);
	CHECK_INT(parsed("+2026-03-19T12:00:00Z"), 1773921600000);
	CHECK_INT(parsed("+292278994-08-17T07:12:55.807Z"), INT64_MAX);
	CHECK_INT(parsed("-292275055-05-16T16:47:04.192Z"), INT64_MIN);
	CHECK_INT(parsed("+292278994-08-17T08:12:55.807+01:00"), INT64_MAX);
	CHECK(refused(SPAN("+292278994-08-17T07:12:55.808Z")));
	CHECK(refused(SPAN("-292275055-05-16T16:47:04.191Z")));
	CHECK_TEXT(time_parse_error(SPAN("+292278994-08-17T07:12:55.808Z")), "a time beyond 64 bits of milliseconds");
	CHECK(refused(SPAN("+99999999999-01-01")));
}

TEST(numbers_by_magnitude)
{
	CHECK_INT(parsed("1773921600"), 1773921600000);
	CHECK_INT(parsed("1773921600123"), 1773921600123);
	CHECK_INT(parsed("1773921600123999"), 1773921600123);
	CHECK_INT(parsed("1773921600123999999"), 1773921600123);
	CHECK_INT(parsed("99999999999"), 99999999999000);
	CHECK_INT(parsed("100000000000"), 100000000000);
	CHECK_INT(parsed("99999999999999"), 99999999999999);
	CHECK_INT(parsed("100000000000000"), 100000000000);
	CHECK_INT(parsed("99999999999999999"), 99999999999999);
	CHECK_INT(parsed("100000000000000000"), 100000000000);
	CHECK_INT(parsed("0"), 0);
	CHECK_INT(parsed("-1"), -1000);
	CHECK_INT(parsed("-1773921600123"), -1773921600123);
	CHECK_INT(parsed("0000000001000"), 1000000);            /* 13 digits, but a thousand seconds */
	CHECK_INT(parsed("0100000000000"), 100000000000);
	CHECK_INT(parsed("18446744073709551615"), 18446744073709);
	CHECK(refused(SPAN("18446744073709551616")));
}

TEST(finer_than_a_millisecond_is_floored)
{
	CHECK_INT(parsed("1700000000.25"), 1700000000250);
	CHECK_INT(parsed("1700000000.9999999999"), 1700000000999);
	CHECK_INT(parsed("-0.5"), -500);
	CHECK_INT(parsed("-0.0005"), -1);
	CHECK_INT(parsed("-0.00000000000000000001"), -1);
	CHECK_INT(parsed("-0.00000000000000000000"), 0);
	CHECK_INT(parsed("-1.001"), -1001);
	CHECK_INT(parsed("-1.0010001"), -1002);
	CHECK_INT(parsed("-100000000000001"), -100000000001);   /* us */
	CHECK_INT(parsed("1773921600123.9"), 1773921600123);
	CHECK_INT(parsed("-1773921600123.9"), -1773921600124);
	CHECK_INT(parsed("1969-12-31T23:59:59.9999Z"), -1);
	CHECK_INT(parsed("1969-12-31 23:59:59.0009"), -1000);
}

TEST(numbers_in_a_stated_unit)
{
	CHECK_INT(parsed_in(NULL, TIME_UNIT_S, SPAN("1773921600123")), 1773921600123000);
	CHECK_INT(parsed_in(NULL, TIME_UNIT_MS, SPAN("0000000000012")), 12);
	CHECK_INT(parsed_in(NULL, TIME_UNIT_MS, SPAN("12")), 12);
	CHECK_INT(parsed_in(NULL, TIME_UNIT_MS, SPAN("-12")), -12);
	CHECK_INT(parsed_in(NULL, TIME_UNIT_US, SPAN("1773921600123")), 1773921600);
	CHECK_INT(parsed_in(NULL, TIME_UNIT_NS, SPAN("-1")), -1);
	CHECK_INT(parsed_in(NULL, TIME_UNIT_MS, SPAN("9223372036854775807")), INT64_MAX);
	CHECK_INT(parsed_in(NULL, TIME_UNIT_MS, SPAN("-9223372036854775808")), INT64_MIN);
	CHECK_INT(parsed_in(NULL, TIME_UNIT_S, SPAN("2026-03-19")), 1773878400000);
}

TEST(what_is_not_a_time_is_refused)
{
	static const char *const bad[] = {
		"", " ", "-", "+", ".", "1.", ".5", "1e9", "+5", "0x10", "now", "17739216001x3", "1773921600-23", "x773921600123", " 1773921600123",
		"2026-03-19T", "2026-03-19T1", "2026-03-19T12", "2026-03-19T12:", "2026-03-19T12:0", "2026-03-19T12:00:", "2026-03-19T12:00:0",
		"2026-03-19T12:00:00.", "2026-03-19T12:00:00.Z", "2026-03-19T12:00:00ZZ", "2026-03-19T12:00:00 Z", "2026-03-19T12:00:00+",
		"2026-03-19T12:00:00+1", "2026-03-19T12:00:00+01:", "2026-03-19T12:00:00+24:00", "2026-03-19T12:00:00+01:60", "2026-03-19Z",
		"2026-03-19_12:00:00", "2026-03-19T12:00.5", "2026-03-19 24:00:00", "2026-03-19 23:60:00", "2026-03-19 23:59:61", "2026-13-01",
		"2026-00-01", "2026-02-29", "2100-02-29", "2026-04-31", "2026-01-00", "2026-1-1", "2026/01/01", "20260-01-01", "+202-01-01",
		"2026-03-19T12:00:0:", "2026-03-19T12:0/:00", "2026-03-19T:2:00:00", "2026-03-19T12;00:00", "2026-03-19T12:00;00", "--2026-01-01",
		"2026-03-19T12:00:00.5 ", "2026-03-19 12:00:00,5", "2026-03-19  12:00:00",
	};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (!refused(span_of(bad[i])))
			printf("# taken: \"%s\"\n", bad[i]), check_failures++;
	CHECK(refused((struct span){ NULL, 0 }));
	CHECK(refused((struct span){ "\0\0\0\0\0\0\0\0\0\0T12:00:00", 19 }));
	CHECK_TEXT(time_parse_error(SPAN("")), "a time is missing");
	CHECK_TEXT(time_parse_error(SPAN("2026-02-29")), "day out of range");
	CHECK_TEXT(time_parse_error(SPAN("2026-13-29")), "month out of range");
	CHECK_TEXT(time_parse_error(SPAN("2026-01-29 25:00")), "time of day out of range");
	CHECK_TEXT(time_parse_error(SPAN("yesterday")), "not a time (RFC 3339, YYYY-MM-DD HH:MM:SS or epoch)");
}

static const char *const shapes[] = { "1773921600123", "2026-03-19 12:00:00", "2026-03-19T12:34:56.789Z", "2026-03-19T12:34:56+01:00" };

/* May byte i of a shape be c, if it is neither what it was nor another digit? */
static bool also_legal(int shape, size_t i, int c)
{
	switch (shape) {
	case 0: return i < 12 && ((c == '-' && i == 0) || (c == '.' && i > 0));
	case 1: return (i == 10 && (c == 'T' || c == 't')) || (i == 16 && (c == '+' || c == '-'));      /* 12:00+00 */
	case 2: return (i == 10 && (c == ' ' || c == 't')) || (i == 23 && (c == 'z' || (c >= '0' && c <= '9')));
	default: return (i == 10 && (c == ' ' || c == 't')) || (i == 19 && c == '-');
	}
}

TEST(no_character_of_the_fast_shapes_is_unchecked)
{
	for (int i = 0; i < 4 * 32 * 256; i++) {
		int shape = i / 32 / 256, c = i % 256;
		size_t at = (size_t)(i / 256 % 32), n = strlen(shapes[shape]);
		struct time_parser tp;
		char text[32];
		int64_t ms;
		bool was_digit;

		if (at >= n || (char)c == shapes[shape][at])
			continue;
		was_digit = shapes[shape][at] >= '0' && shapes[shape][at] <= '9';
		memcpy(text, shapes[shape], n);
		text[at] = (char)c;
		time_parser_init(&tp, NULL, TIME_UNIT_AUTO);
		CHECK_INT(time_parse(&tp, span_of(shapes[shape]), &ms), 0);     /* its date is in the cache now */
		if (was_digit && c >= '0' && c <= '9')
			continue;                       /* a number, right or out of range */
		if ((time_parse(&tp, (struct span){ text, n }, &ms) == 0) != also_legal(shape, at, c))
			printf("# \"%.*s\" byte %zu = %d\n", (int)n, text, at, c), check_failures++;
	}
}

TEST(the_fast_numbers_are_right_in_each_digit)
{
	unsigned long long seed = 5;

	for (int i = 0; i < 100000; i++) {
		int64_t want = (int64_t)(check_random(&seed) % 10000000000000u);
		char text[32];

		snprintf(text, sizeof text, "%013lld", (long long)want);
		if (parsed_in(NULL, TIME_UNIT_MS, span_of(text)) != want)
			CHECK(!"13 digits");
	}
}

/* The C library's calendar is the oracle. */
TEST(random_dates_agree_with_gmtime)
{
	unsigned long long seed = 9;
	struct time_parser tp;

	time_parser_init(&tp, NULL, TIME_UNIT_AUTO);
	for (int i = 0; i < 200000; i++) {
		time_t t = (time_t)(check_random(&seed) % 315000000000u) - 62100000000;
		int64_t ms, offset = (int64_t)(check_random(&seed) % 2880) - 1440;
		struct tm tm;
		char text[64];

		t = i % 2 ? t : t % 86400 + 1700006400;
		offset = offset > -1440 ? offset : 0;
		gmtime_r(&t, &tm);
		snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03d%c%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
		         tm.tm_hour, tm.tm_min, tm.tm_sec, i % 1000, offset < 0 ? '-' : '+', abs((int)offset) / 60, abs((int)offset) % 60);
		if (time_parse(&tp, span_of(text), &ms) < 0 || ms != (int64_t)t * 1000 + i % 1000 - offset * 60000) {
			printf("# %s\n", text);
			CHECK(!"a date");
			break;
		}
	}
}

TEST(local_times_in_gaps_and_folds)
{
	struct zone *berlin = zone("Europe/Berlin"), *cairo = zone("Africa/Cairo");

	CHECK_INT(parsed_in(berlin, TIME_UNIT_AUTO, SPAN("2026-03-19 12:00:00")), 1773918000000);
	CHECK_INT(parsed_in(berlin, TIME_UNIT_AUTO, SPAN("2026-03-19 12:00:00Z")), 1773921600000);
	CHECK_INT(parsed_in(berlin, TIME_UNIT_AUTO, SPAN("2025-03-30 01:59:59.999")), 1743296399999);
	CHECK_INT(parsed_in(berlin, TIME_UNIT_AUTO, SPAN("2025-03-30 02:30:00")), 1743298200000);       /* is 03:30 */
	CHECK_INT(parsed_in(berlin, TIME_UNIT_AUTO, SPAN("2025-03-30 03:30:00")), 1743298200000);
	CHECK_INT(parsed_in(berlin, TIME_UNIT_AUTO, SPAN("2025-10-26 02:30:00")), 1761438600000);       /* the first of two */
	CHECK_INT(parsed_in(berlin, TIME_UNIT_AUTO, SPAN("2025-10-26 03:00:00")), 1761444000000);
	CHECK_INT(parsed_in(cairo, TIME_UNIT_AUTO, SPAN("2023-04-28")), 1682632800000);
	zone_free(berlin);
	zone_free(cairo);
}

TEST(local_times_in_any_order_are_those_of_the_zone)
{
	struct zone *z = zone("Australia/Lord_Howe");
	unsigned long long seed = 21;
	struct time_parser tp;

	time_parser_init(&tp, z, TIME_UNIT_AUTO);
	for (int i = 0; i < 100000; i++) {
		int64_t local = (int64_t)(check_random(&seed) % 7300000000000u) - 2300000000000, ms;
		struct buf text = { 0 };
		bool same;

		time_print(&text, local, NULL, TIME_RFC3339);
		text.n--;                               /* the Z */
		same = time_parse(&tp, buf_view(&text), &ms) == 0 && ms == zone_to_utc(z, local);
		buf_free(&text);
		if (!same) {
			CHECK_INT(ms, zone_to_utc(z, local));
			break;
		}
	}
	zone_free(z);
}

static void check_printed(int64_t ms, const struct zone *z, const char *want)
{
	struct buf out = { 0 };

	time_print(&out, ms, z, TIME_RFC3339);
	CHECK_BUF(out, want);
	buf_free(&out);
}

TEST(printing)
{
	struct zone *berlin = zone("Europe/Berlin"), *india = zone("+05:30"), *west = zone("-00:30"), *utc = zone("UTC");
	struct buf out = { 0 };

	check_printed(1291190400000, NULL, "2010-12-01T08:00:00Z");
	check_printed(1291190400000, utc, "2010-12-01T08:00:00Z");
	check_printed(1291190400250, berlin, "2010-12-01T09:00:00.250+01:00");
	check_printed(1291190400000, india, "2010-12-01T13:30:00+05:30");
	check_printed(0, west, "1969-12-31T23:30:00-00:30");
	check_printed(-1, NULL, "1969-12-31T23:59:59.999Z");
	check_printed(-2524524808000, berlin, "1890-01-01T00:00:00+00:53:28");
	check_printed(-62167219200001, NULL, "-0001-12-31T23:59:59.999Z");
	check_printed(253402300800000, NULL, "+10000-01-01T00:00:00Z");
	check_printed(INT64_MAX, NULL, "+292278994-08-17T07:12:55.807Z");
	check_printed(INT64_MIN, NULL, "-292275055-05-16T16:47:04.192Z");
	check_printed(INT64_MAX, india, "+292278994-08-17T12:42:55.807+05:30");
	check_printed(INT64_MIN, west, "-292275055-05-16T16:17:04.192-00:30");
	time_print(&out, -5, berlin, TIME_EPOCH_MS);
	CHECK_BUF(out, "-5");
	buf_free(&out);
	zone_free(berlin);
	zone_free(india);
	zone_free(west);
	zone_free(utc);
}

TEST(printed_times_parse_back_in_every_zone)
{
	static const char *const names[] = { "UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "+05:30" };
	unsigned long long seed = 13;

	for (int k = 0; k < 5; k++) {
		struct zone *z = zone(names[k]);
		struct buf out = { 0 };

		for (int i = 0; i < 20000; i++) {
			int64_t ms = (int64_t)check_random(&seed) >> (check_random(&seed) % 40), back;
			struct time_parser tp;

			time_parser_init(&tp, NULL, TIME_UNIT_AUTO);
			buf_clear(&out);
			time_print(&out, ms, z, TIME_RFC3339);
			if (time_parse(&tp, buf_view(&out), &back) < 0 || back != ms) {
				CHECK_BUF(out, "itself");
				break;
			}
		}
		buf_free(&out);
		zone_free(z);
	}
}

TEST(every_day_of_many_years_has_its_date)
{
	static const int length[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t days = days_from_civil(-401, 1, 1), year;
	unsigned month, day;

	CHECK_INT(days_from_civil(1970, 1, 1), 0);
	for (int64_t y = -401; y <= 2401; y++)
		for (unsigned m = 1; m <= 12; m++) {
			bool leap = m == 2 && y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);

			for (unsigned d = 1; d <= (unsigned)length[m - 1] + leap; d++, days++) {
				civil_from_days(days, &year, &month, &day);
				if (days_from_civil(y, m, d) != days || year != y || month != m || day != d) {
					CHECK(!"a date");
					return;
				}
			}
		}
	CHECK_INT(days_from_civil(2402, 1, 1), days);
}
