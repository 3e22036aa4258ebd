/* SPDX-License-Identifier: MIT */
#include "lib/text/zone.h"

#include <time.h>

#include "tests/unit/check.h"

#define DAY INT64_C(86400000)

static struct zone *zone(const char *name)
{
	const char *error = "";
	struct zone *z = zone_open(span_of(name), &error);

	if (!z)
		printf("# %s: %s\n", name, error), check_failures++;
	return z;
}

static const char *refused(const char *name)
{
	const char *error = "taken";
	struct zone *z = zone_open(span_of(name), &error);

	zone_free(z);
	return z ? "taken" : error;
}

static const char *const names[] = { "Europe/Berlin", "America/New_York", "Africa/Cairo", "Asia/Beirut", "Australia/Lord_Howe", "Pacific/Apia",
	"America/Sao_Paulo", "America/St_Johns", "Asia/Kolkata", "America/Juneau", "Africa/Casablanca", "UTC" };
enum { NAMES = sizeof names / sizeof names[0] };

static const struct {
	const char *zone;
	int64_t at;             /* s */
	int before, after;
} changes[] = {
	{ "Europe/Berlin", -2422054408, 3208, 3600 },
	{ "Europe/Berlin", -776563200, 7200, 10800 },
	{ "Europe/Berlin", 323830800, 3600, 7200 },
	{ "Europe/Berlin", 1711846800, 3600, 7200 },
	{ "Europe/Berlin", 1729990800, 7200, 3600 },
	{ "America/New_York", -2717650800, -17762, -18000 },
	{ "America/New_York", 1173596400, -18000, -14400 },
	{ "America/New_York", 1730613600, -14400, -18000 },
	{ "Africa/Cairo", 1682632800, 7200, 10800 },
	{ "Africa/Cairo", 1698354000, 10800, 7200 },
	{ "Asia/Beirut", 1648332000, 7200, 10800 },
	{ "Asia/Beirut", 1667077200, 10800, 7200 },
	{ "Australia/Lord_Howe", 478621800, 41400, 37800 },
	{ "Australia/Lord_Howe", 1712415600, 39600, 37800 },
	{ "Australia/Lord_Howe", 1728142200, 37800, 39600 },
	{ "Pacific/Apia", 1316872800, -39600, -36000 },
	{ "Pacific/Apia", 1325239200, -36000, 50400 },
	{ "America/Sao_Paulo", 1541300400, -10800, -7200 },
	{ "America/Sao_Paulo", 1550368800, -7200, -10800 },
	{ "America/St_Johns", 576041460, -12600, -5400 },
	{ "America/St_Johns", 1289097060, -9000, -12600 },
	{ "Asia/Kolkata", -764145000, 23400, 19800 },
};

TEST(offsets_change_at_the_instant_they_should)
{
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		struct zone *z = zone(changes[i].zone);

		CHECK_INT(zone_offset(z, changes[i].at * 1000 - 1), changes[i].before);
		CHECK_INT(zone_offset(z, changes[i].at * 1000), changes[i].after);
		zone_free(z);
	}
}

TEST(gaps_read_forward_and_folds_as_the_earlier)
{
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		struct zone *z = zone(changes[i].zone);
		int64_t t = changes[i].at * 1000, a = changes[i].before * 1000, b = changes[i].after * 1000;
		int64_t low = a < b ? a : b, high = a < b ? b : a;

		CHECK_INT(zone_to_utc(z, t + low - 1), t + low - 1 - a);
		CHECK_INT(zone_to_utc(z, t + low), t + low - a);
		CHECK_INT(zone_to_utc(z, t + high - 1), t + high - 1 - a);
		CHECK_INT(zone_to_utc(z, t + high), t + high - b);
		zone_free(z);
	}
}

TEST(days_begin_at_midnight_or_at_the_change_that_swallowed_it)
{
	struct zone *cairo = zone("Africa/Cairo"), *apia = zone("Pacific/Apia"), *john = zone("America/St_Johns"), *india = zone("+05:30"),
		    *toronto = zone("America/Toronto");

	CHECK_INT(zone_day_start(toronto, -18539), -1601753400000);        /* 1919-03-31: 00:30, behind 23:29 */
	CHECK_INT(zone_day_start(cairo, 19475), 1682632800000);         /* 2023-04-28: 01:00 */
	CHECK_INT(zone_day_start(cairo, 19476), 1682715600000);
	CHECK_INT(zone_day_start(cairo, 19657), 1698357600000);         /* 2023-10-27: 00:00 once, 23:00 before it twice */
	CHECK_INT(zone_day_start(apia, 15338), 1325239200000);          /* 2011-12-30 does not exist */
	CHECK_INT(zone_day_start(apia, 15339), 1325239200000);
	CHECK_INT(zone_day_start(john, 14920), 1289097000000);          /* 2010-11-07: the first of two midnights */
	CHECK_INT(zone_day_start(india, 0), -19800000);
	CHECK_INT(zone_day_start(NULL, -1), -DAY);
	CHECK_INT(zone_day_start(NULL, INT64_MAX), INT64_MAX);
	CHECK_INT(zone_day_start(cairo, INT64_MIN), INT64_MIN);
	zone_free(cairo);
	zone_free(apia);
	zone_free(john);
	zone_free(india);
	zone_free(toronto);
}

/* Each against its definition, with zone_offset alone. */

static void check_local(const struct zone *z, int64_t local)
{
	int64_t utc = zone_to_utc(z, local), a = zone_offset(z, local - 26 * 3600000) * INT64_C(1000), b = zone_offset(z, local + 26 * 3600000) * INT64_C(1000);
	bool with_a = a == zone_offset(z, local - a) * INT64_C(1000), with_b = b == zone_offset(z, local - b) * INT64_C(1000);
	int64_t first = a > b ? local - a : local - b;

	if (with_a || with_b)
		CHECK_INT(utc, with_a && with_b ? first : local - (with_a ? a : b));
	else
		CHECK_INT(utc, local - a);
}

static void check_day(const struct zone *z, int64_t day)
{
	int64_t start = zone_day_start(z, day);

	CHECK(start + zone_offset(z, start) * INT64_C(1000) >= day * DAY);
	CHECK(start - 1 + zone_offset(z, start - 1) * INT64_C(1000) < day * DAY);
	for (int64_t t = start - 30 * 3600000; t < start; t += 1800000)
		CHECK(t + zone_offset(z, t) * INT64_C(1000) < day * DAY);
}

TEST(conversions_are_what_they_are_defined_as)
{
	unsigned long long seed = 17;

	for (int k = 0; k < NAMES; k++) {
		struct zone *z = zone(names[k]);

		/* from 1970: before, changes may stand closer together than 52 hours */
		for (int i = 0; i < 5000; i++)
			check_local(z, (int64_t)(check_random(&seed) % 12000000000000u));
		for (int i = 0; i < 500; i++)
			check_day(z, (int64_t)(check_random(&seed) % 140000) - 36500);
		zone_free(z);
	}
}

TEST(local_runs_say_how_far_they_reach)
{
	unsigned long long seed = 19;

	for (int k = 0; k < NAMES; k++) {
		struct zone *z = zone(names[k]);

		for (int i = 0; i < 3000; i++) {
			int64_t local = (int64_t)check_random(&seed) >> (check_random(&seed) % 24);
			struct zone_run r = zone_run_at(z, local), next;

			if (local == INT64_MAX)
				continue;
			CHECK(r.from <= local && local < r.to);
			if (r.to < INT64_MAX) {
				next = zone_run_at(z, r.to);
				CHECK(next.from == r.to && next.offset_ms != r.offset_ms);
				CHECK_INT(zone_run_at(z, r.to - 1).offset_ms, r.offset_ms);
			}
			CHECK_INT(zone_run_at(z, r.from).offset_ms, r.offset_ms);
		}
		zone_free(z);
	}
}

/* The C library reads the same files with other code. */
TEST(offsets_agree_with_the_c_library)
{
	unsigned long long seed = 23;

	for (int k = 0; k < NAMES; k++) {
		struct zone *z = zone(names[k]);

		setenv("TZ", names[k], 1);
		tzset();
		for (int i = 0; i < 20000; i++) {
			time_t t = (time_t)(check_random(&seed) % 40000000000u) - 2000000000;
			struct tm tm;

			localtime_r(&t, &tm);
			if (zone_offset(z, (int64_t)t * 1000) != tm.tm_gmtoff) {
				printf("# %s at %lld\n", names[k], (long long)t);
				CHECK(!"offset");
				break;
			}
		}
		zone_free(z);
	}
	unsetenv("TZ");
	tzset();
}

TEST(times_at_the_ends_of_64_bits_saturate)
{
	for (int k = 0; k < NAMES; k++) {
		struct zone *z = zone(names[k]);

		zone_offset(z, INT64_MIN);
		zone_offset(z, INT64_MAX);
		CHECK(zone_to_utc(z, INT64_MIN) <= INT64_MIN + DAY);
		CHECK(zone_to_utc(z, INT64_MAX) >= INT64_MAX - DAY);
		CHECK(zone_run_at(z, INT64_MIN).from == INT64_MIN);
		CHECK_INT(zone_day_start(z, INT64_MAX / DAY + 3), INT64_MAX);
		CHECK_INT(zone_day_start(z, INT64_MIN / DAY - 3), INT64_MIN);
		zone_free(z);
	}
}

TEST(names_and_fixed_offsets)
{
	static const struct { const char *name, *canonical; int offset; } fixed[] = {
		{ "+01:00", "+01:00", 3600 }, { "-05:30", "-05:30", -19800 }, { "+0530", "+05:30", 19800 }, { "+14", "+14:00", 50400 },
		{ "-00:00", "+00:00", 0 }, { "+00:53:28", "+00:53:28", 3208 }, { "UTC", "UTC", 0 },
	};

	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
		struct zone *z = zone(fixed[i].name);

		CHECK_TEXT(zone_name(z), fixed[i].canonical);
		CHECK_INT(zone_offset(z, 0), fixed[i].offset);
		CHECK_INT(zone_to_utc(z, 0), -fixed[i].offset * 1000);
		CHECK_INT(zone_is_utc(z), fixed[i].offset == 0);
		zone_free(z);
	}
	CHECK_TEXT(zone_name(NULL), "UTC");
	CHECK(zone_is_utc(NULL));
	CHECK_INT(zone_offset(NULL, 5), 0);
	CHECK_INT(zone_to_utc(NULL, 5), 5);
}

TEST(names_that_are_no_zones_are_refused)
{
	static const char *const bad[] = { "", "/etc/passwd", "../../etc/passwd", "Europe/../UTC", "Europe", "Europe/Berlin ", "Mars/Olympus",
		"+1", "+25:00", "+01:60", "+1:00", ".", "europe\n", "Europe/Berl\xc3\xadn" };

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		CHECK_TEXT(refused(bad[i]), "no such time zone");
	CHECK_TEXT(refused("tzdata.zi"), "not a zone file");
}

TEST(fingerprints_tell_zones_apart)
{
	struct zone *a = zone("Europe/Berlin"), *b = zone("Europe/Berlin"), *c = zone("Europe/Paris"), *d = zone("+01:00"), *e = zone("+02:00"), *u = zone("UTC");

	CHECK(zone_fingerprint(a) == zone_fingerprint(b));
	CHECK(zone_fingerprint(a) != zone_fingerprint(c));
	CHECK(zone_fingerprint(a) != zone_fingerprint(d));
	CHECK(zone_fingerprint(d) != zone_fingerprint(e));
	CHECK(zone_fingerprint(u) == 0 && zone_fingerprint(NULL) == 0 && zone_fingerprint(d) != 0);
	zone_free(a), zone_free(b), zone_free(c), zone_free(d), zone_free(e), zone_free(u);
}

/* Zone files made here */

struct change {
	int64_t at;
	int type;
};

static void put32(struct buf *b, uint32_t v)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_byte(b, (char)(v >> shift));
}

static void put_header(struct buf *b, char version, uint32_t times, uint32_t types, uint32_t chars)
{
	buf_text(b, "TZif");
	buf_byte(b, version);
	buf_add(b, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 15);
	put32(b, 0), put32(b, 0), put32(b, 0);
	put32(b, times), put32(b, types), put32(b, chars);
}

static void put_file(struct buf *b, const struct change *c, uint32_t n, const int32_t *offset, uint32_t types, const char *rule)
{
	put_header(b, '2', 0, 1, 1);
	put32(b, 0);
	buf_add(b, "\0\0\0", 3);
	put_header(b, '2', n, types, 1);
	for (uint32_t i = 0; i < n; i++) {
		put32(b, (uint32_t)((uint64_t)c[i].at >> 32));
		put32(b, (uint32_t)c[i].at);
	}
	for (uint32_t i = 0; i < n; i++)
		buf_byte(b, (char)c[i].type);
	for (uint32_t i = 0; i < types; i++) {
		put32(b, (uint32_t)offset[i]);
		buf_add(b, "\0\0", 2);
	}
	buf_byte(b, '\0');
	buf_byte(b, '\n');
	buf_text(b, rule);
	buf_byte(b, '\n');
}

static struct zone *made(const struct change *c, uint32_t n, const int32_t *offset, uint32_t types, const char *rule, const char **error)
{
	struct buf file = { 0 };
	struct zone *z;

	put_file(&file, c, n, offset, types, rule);
	z = zone_from_tzif(SPAN("Made/Up"), buf_view(&file), error);
	buf_free(&file);
	return z;
}

/* A zone that follows a rule from 1970 on. */
static struct zone *ruled(int32_t standard, const char *rule)
{
	struct change c = { 0, 1 };
	int32_t offset[2] = { 0, standard };
	const char *error = "";
	struct zone *z = made(&c, 1, offset, 2, rule, &error);

	if (!z)
		printf("# %s: %s\n", rule, error), check_failures++;
	return z;
}

static void check_change(const struct zone *z, int64_t at, int32_t before, int32_t after)
{
	CHECK_INT(zone_offset(z, at * 1000 - 1), before);
	CHECK_INT(zone_offset(z, at * 1000), after);
}

TEST(rules_go_on_behind_the_last_change)
{
	static const struct { const char *rule; int32_t standard, daylight; int64_t begin[3], end[3]; } rules[] = {
		{ "CET-1CEST,M3.5.0,M10.5.0/3", 3600, 7200, { 1711846800, 4109878800, 32479837200 }, { 1729990800, 4128627600, 32497981200 } },
		{ "AEST-10AEDT,M10.1.0,M4.1.0/3", 36000, 39600, { 1728144000, 4126176000, 32496134400 }, { 1712419200, 4110451200, 32480409600 } },
		{ "IST-2IDT,M3.4.4/26,M10.5.0", 7200, 10800, { 1711670400, 4109702400, 32479660800 }, { 1729983600, 4128620400, 32497974000 } },
		{ "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", -7200, -3600, { 1711846800, 4109878800, 32479837200 }, { 1729990800, 4128627600, 32497981200 } },
		{ "<-04>4<-03>,M9.1.6/24,M4.1.6/24", -14400, -10800, { 1725768000, 4123800000, 32493758400 }, { 1712458800, 4110490800, 32480449200 } },
		{ "AAA0BBB,J60,J300", 0, 3600, { 1709258400, 4107549600, 32477248800 }, { 1729990800, 4128282000, 32497981200 } },
		{ "AAA0BBB,59,299", 0, 3600, { 1709172000, 4107549600, 32477248800 }, { 1729904400, 4128282000, 32497981200 } },
		{ "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 37800, 39600, { 1728142200, 4126174200, 32496132600 }, { 1712415600, 4110447600, 32480406000 } },
	};

	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		struct zone *z = ruled(rules[i].standard, rules[i].rule);

		for (int y = 0; y < 3; y++) {           /* 2024, 2100, 2999 */
			check_change(z, rules[i].begin[y], rules[i].standard, rules[i].daylight);
			check_change(z, rules[i].end[y], rules[i].daylight, rules[i].standard);
		}
		/* 400 years are a whole number of weeks */
		check_change(z, rules[i].begin[2] + 70000 * INT64_C(12622780800), rules[i].standard, rules[i].daylight);
		zone_free(z);
	}
}

TEST(daylight_time_for_ever_has_no_seams)
{
	struct zone *z = ruled(-10800, "XXX3EDT4,0/0,J365/23");
	unsigned long long seed = 31;

	for (int64_t year = 2; year < 1000; year++)
		for (int64_t h = -30; h < 30; h++)
			CHECK_INT(zone_offset(z, year * 31556952000 + h * 3600000), -14400);
	for (int i = 0; i < 1000; i++)
		CHECK_INT(zone_offset(z, 63113904000 + (int64_t)(check_random(&seed) >> 2)), -14400);
	zone_free(z);
}

TEST(changes_spelled_out_or_left_to_the_rule_are_one_zone)
{
	const struct change spelled[] = { { -1000, 0 }, { 0, 1 }, { 7520400, 2 }, { 25664400, 1 }, { 38970000, 2 } };
	const int32_t offset[] = { 0, 3600, 7200 };
	const char *error = "", *rule = "CET-1CEST,M3.5.0,M10.5.0/3";
	struct zone *a = made(spelled, 5, offset, 3, rule, &error), *b = made(spelled + 1, 1, offset, 3, rule, &error);

	CHECK(a && b);
	CHECK_INT(zone_offset(a, 38970000000), 7200);
	CHECK(zone_fingerprint(a) == zone_fingerprint(b));
	zone_free(a);
	zone_free(b);
}

TEST(a_zone_without_changes_or_rule)
{
	const int32_t offset = -16200;
	const char *error = "";
	struct zone *z = made(NULL, 0, &offset, 1, "", &error), *r = made(NULL, 0, &offset, 1, "<-0430>4:30", &error);

	CHECK_INT(zone_offset(z, INT64_MIN), -16200);
	CHECK_INT(zone_offset(z, INT64_MAX), -16200);
	CHECK(zone_fingerprint(z) == zone_fingerprint(r));
	zone_free(z);
	zone_free(r);
}

static const char *damage(const struct change *c, uint32_t n, int32_t first, int32_t second, const char *rule)
{
	const int32_t offset[] = { first, second };
	const char *error = "taken";
	struct zone *z = made(c, n, offset, 2, rule, &error);

	zone_free(z);
	return z ? "taken" : error;
}

TEST(damaged_files_are_refused)
{
	static const char *const rules[] = { "CET", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
		"CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J5", "CET-1CEST,366,J5", "CET-1CEST,M3.5.0/168,M10.5.0", "CE-1", "<CET-1", "CET-25",
		"CET-1CEST,M3.5.0,M10.5.0 ", "CET-2", "CET-1:60", "CET-1CEST,M0.5.0,M10.5.0", ":Europe/Berlin" };
	const struct change good = { 0, 1 }, type = { 0, 2 }, late = { INT64_C(1) << 60, 1 }, twice[] = { { 5, 1 }, { 5, 0 } };

	CHECK_TEXT(damage(&good, 1, 0, 3600, "CET-1"), "taken");
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		CHECK_TEXT(damage(&good, 1, 0, 3600, rules[i]), "damaged zone file: rule");
	CHECK_TEXT(damage(&good, 1, 0, 93600, ""), "damaged zone file: offset");
	CHECK_TEXT(damage(&good, 1, INT32_MIN, 0, ""), "damaged zone file: offset");
	CHECK_TEXT(damage(&type, 1, 0, 0, ""), "damaged zone file: offset");
	CHECK_TEXT(damage(&late, 1, 0, 0, ""), "damaged zone file: order of transitions");
	CHECK_TEXT(damage(twice, 2, 0, 3600, ""), "damaged zone file: order of transitions");
}

TEST(files_cut_off_anywhere_are_refused)
{
	const struct change c[] = { { INT64_MIN, 0 }, { 0, 1 } };
	const int32_t offset[] = { 0, 3600 };
	struct buf file = { 0 };
	const char *error;
	struct zone *z;

	put_file(&file, c, 2, offset, 2, "CET-1CEST,M3.5.0,M10.5.0/3");
	for (size_t n = 0; n < file.n; n++) {
		char *copy = mem_alloc(n);      /* of its very size: sanitizers see what reads beyond it */

		memcpy(copy, file.p, n);
		z = zone_from_tzif(SPAN("x"), (struct span){ copy, n }, &error);
		if (z)
			printf("# taken: %zu bytes\n", n), check_failures++;
		zone_free(z);
		free(copy);
	}
	z = zone_from_tzif(SPAN("x"), buf_view(&file), &error);
	CHECK_INT(zone_offset(z, -1), 0);
	CHECK_INT(zone_offset(z, 0), 3600);
	zone_free(z);
	file.p[4] = '\0';
	CHECK(!zone_from_tzif(SPAN("x"), buf_view(&file), &error));
	CHECK_TEXT(error, "zone file of version 1 (32 bits)");
	buf_free(&file);
}
