/* SPDX-License-Identifier: MIT */
/* The oracle walks windows one by one and compares; it knows no panes and no modulus. */
#include "lib/agg/window.h"

#include "tests/unit/check.h"

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)

static struct zone *zone(const char *name)
{
	const char *error = "";
	struct zone *z = zone_open(span_of(name), &error);

	if (!z)
		printf("# %s: %s\n", name, error), check_failures++;
	return z;
}

static struct duration dur(const char *text)
{
	struct duration d = { 0, DURATION_MS, false };
	const char *error = "";

	if (duration_parse(span_of(text), &d, &error) < 0)
		printf("# %s: %s\n", text, error), check_failures++;
	return d;
}

/* NULL for no slide, no offset. */
static struct window_spec spec(const char *size, const char *slide, const char *offset, const struct zone *z)
{
	struct duration d[3] = { dur(size), slide ? dur(slide) : dur("0"), offset ? dur(offset) : dur("0") };
	struct window_spec w = { 0 };
	const char *error = "";

	if (window_spec_init(&w, &d[0], slide ? &d[1] : NULL, offset ? &d[2] : NULL, z, &error) < 0)
		printf("# %s %s: %s\n", size, slide ? slide : "-", error), check_failures++;
	return w;
}

static const char *refused(const char *size, const char *slide, const char *offset)
{
	struct duration d[3] = { dur(size), slide ? dur(slide) : dur("0"), offset ? dur(offset) : dur("0") };
	struct window_spec w;
	const char *error = "taken";

	window_spec_init(&w, &d[0], slide ? &d[1] : NULL, offset ? &d[2] : NULL, NULL, &error);
	return error ? error : "taken";
}

static void check_pane(const struct window_spec *w, int64_t ts, int64_t start, int64_t end)
{
	struct interval pane = { -1, -1 };

	CHECK(window_pane(w, ts, &pane));
	CHECK_INT(pane.start, start);
	CHECK_INT(pane.end, end);
}

TEST(tumbling_windows_floor_also_before_1970)
{
	struct window_spec w = spec("1m", NULL, NULL, NULL);

	CHECK_INT(w.kind, WINDOW_TUMBLING);
	check_pane(&w, 0, 0, 60000);
	check_pane(&w, 59999, 0, 60000);
	check_pane(&w, 60000, 60000, 120000);
	check_pane(&w, -1, -60000, 0);
	check_pane(&w, -60000, -60000, 0);
	check_pane(&w, -60001, -120000, -60000);
}

TEST(a_slide_as_long_as_the_window_is_tumbling)
{
	CHECK_INT(spec("1h", "60m", NULL, NULL).kind, WINDOW_TUMBLING);
	CHECK_INT(spec("1h", "30m", NULL, NULL).kind, WINDOW_SLIDING);
}

TEST(offsets_of_any_size_and_sign)
{
	struct window_spec a = spec("1h", NULL, "-8h", NULL), b = spec("1h", NULL, "15m", NULL), c = spec("24h", NULL, "-8h", NULL),
			   d = spec("7ms", NULL, "100000000000ms", NULL);

	CHECK_INT(a.offset, 0);
	check_pane(&b, 0, -45 * 60000, 15 * 60000);
	check_pane(&c, 0, -8 * HOUR, 16 * HOUR);
	CHECK_INT(d.offset, 100000000000 % 7);
}

TEST(sliding_windows_are_kept_as_panes)
{
	struct window_spec w = spec("7ms", "5ms", NULL, NULL);

	check_pane(&w, 0, 0, 2);
	check_pane(&w, 1, 0, 2);
	check_pane(&w, 2, 2, 5);
	check_pane(&w, -1, -3, 0);
	CHECK_INT(window_count(&w, 0), 2);
	CHECK_INT(window_at(&w, 0, 0).start, -5);
	CHECK_INT(window_at(&w, 0, 0).end, 2);
	CHECK_INT(window_at(&w, 0, 1).start, 0);
	CHECK_INT(window_count(&w, 2), 1);
	CHECK_INT(window_at(&w, 2, 0).start, 0);
	CHECK_INT(window_at(&w, 2, 0).end, 7);
	CHECK_INT(window_next(&w, 0).start, 5);
	CHECK_INT(window_next(&w, -5).end, 7);
}

TEST(a_slide_longer_than_the_window_leaves_gaps)
{
	struct window_spec w = spec("2ms", "5ms", "1ms", NULL);
	struct interval pane;

	check_pane(&w, 1, 1, 3);
	CHECK_INT(window_count(&w, 1), 1);
	CHECK(!window_pane(&w, 0, &pane));
	CHECK(!window_pane(&w, 3, &pane));
	CHECK_INT(pane.start, 3);
	CHECK_INT(pane.end, 6);
	CHECK_INT(window_count(&w, 3), 0);
}

TEST(no_windows_and_sessions)
{
	struct window_spec none = { .kind = WINDOW_NONE }, session = { .kind = WINDOW_SESSION, .gap_ms = 30 };

	check_pane(&none, 5, INT64_MIN, INT64_MAX);
	CHECK_INT(window_count(&none, INT64_MIN), 1);
	CHECK_INT(window_at(&none, INT64_MIN, 0).end, INT64_MAX);
	check_pane(&session, 5, 5, 35);
	check_pane(&session, INT64_MAX - 3, INT64_MAX - 3, INT64_MAX);
}

TEST(specs_that_make_no_sense_are_refused)
{
	CHECK_TEXT(refused("0", NULL, NULL), "a window must be longer than nothing");
	CHECK_TEXT(refused("-1h", NULL, NULL), "a window must be longer than nothing");
	CHECK_TEXT(refused("1h", "0", NULL), "a slide must be longer than nothing");
	CHECK_TEXT(refused("1d", "6h", NULL), "a slide must be of the window's kind: fixed, days or months");
	CHECK_TEXT(refused("1mo", "1d", NULL), "a slide must be of the window's kind: fixed, days or months");
	CHECK_TEXT(refused("1d", NULL, "6h"), "an offset must be of the window's kind: fixed, days or months");
	CHECK_TEXT(refused("1d", NULL, "0"), "taken");
}

TEST(weeks_begin_on_monday)
{
	struct window_spec w = spec("1w", NULL, NULL, NULL), sunday = spec("1w", NULL, "-1d", NULL), plain = spec("7d", NULL, NULL, NULL),
			   two = spec("2w", "1w", NULL, NULL);

	CHECK(w.weeks && !plain.weeks);
	check_pane(&w, 0, -3 * DAY, 4 * DAY);           /* 1969-12-29 to 1970-01-05 */
	check_pane(&sunday, 0, -4 * DAY, 3 * DAY);
	check_pane(&plain, 0, 0, 7 * DAY);
	check_pane(&two, 1773878400000, 1773619200000, 1774224000000);  /* 2026-03-19 in the week of the 16th */
	CHECK_INT(window_count(&two, 1773619200000), 2);
	CHECK_INT(window_at(&two, 1773619200000, 0).start, 1773014400000);
}

TEST(months_and_years)
{
	struct window_spec m = spec("1mo", NULL, NULL, NULL), q = spec("3mo", NULL, NULL, NULL), y = spec("1y", NULL, NULL, NULL),
			   fiscal = spec("1y", NULL, "3mo", NULL);

	check_pane(&m, 1709164800000, 1706745600000, 1709251200000);    /* 2024-02-29 */
	check_pane(&m, -1, -31 * DAY, 0);
	check_pane(&q, 1709164800000, 1704067200000, 1711929600000);
	check_pane(&y, 1709164800000, 1704067200000, 1735689600000);
	check_pane(&fiscal, 1709164800000, 1680307200000, 1711929600000);       /* April to March */
	CHECK_INT(window_next(&m, 1706745600000).end, 1711929600000);
}

TEST(calendar_days_across_dst)
{
	struct zone *berlin = zone("Europe/Berlin");
	struct window_spec d = spec("1d", NULL, NULL, berlin), m = spec("1mo", NULL, NULL, berlin);

	check_pane(&d, 1743289200000, 1743289200000, 1743289200000 + 23 * HOUR);        /* 2025-03-30 */
	check_pane(&d, 1761436800000, 1761429600000, 1761429600000 + 25 * HOUR);        /* 2025-10-26 */
	check_pane(&m, 1743289200000, 1740783600000, 1743458400000);                    /* March 2025 */
	CHECK_INT(window_next(&d, 1743289200000).start, 1743289200000 + 23 * HOUR);
	zone_free(berlin);
}

TEST(a_day_whose_midnight_is_swallowed_begins_at_the_change)
{
	struct zone *cairo = zone("Africa/Cairo"), *paulo = zone("America/Sao_Paulo");
	struct window_spec d = spec("1d", NULL, NULL, cairo), e = spec("1d", NULL, NULL, paulo);

	check_pane(&d, 1682632800000, 1682632800000, 1682715600000 - HOUR + HOUR);      /* 2023-04-28, 01:00 to 24:00 */
	check_pane(&d, 1682632799999, 1682546400000, 1682632800000);
	check_pane(&e, 1541300400000, 1541300400000, 1541383200000);    /* 2018-11-04 */
	zone_free(cairo);
	zone_free(paulo);
}

TEST(a_day_that_does_not_exist_is_empty_and_skipped)
{
	struct zone *apia = zone("Pacific/Apia");
	struct window_spec d = spec("1d", NULL, NULL, apia);
	int64_t change = 1325239200000;         /* the end of 2011-12-29 */

	check_pane(&d, change - 1, change - DAY, change);
	check_pane(&d, change, change, change + DAY);
	CHECK_INT(window_next(&d, change - DAY).start, change);
	CHECK_INT(window_next(&d, change - DAY).end, change + DAY);
	CHECK_INT(window_next(&d, change).start, change + DAY);
	zone_free(apia);
}

TEST(a_fold_over_midnight_belongs_to_the_new_day)
{
	struct zone *john = zone("America/St_Johns");   /* 2010-11-07: 00:01 to 23:01 of the 6th */
	struct window_spec d = spec("1d", NULL, NULL, john);
	int64_t midnight = 1289097000000;

	check_pane(&d, midnight - 1, midnight - DAY, midnight);
	check_pane(&d, midnight + 30 * 60000, midnight, midnight + 25 * HOUR);  /* 23:30 once more */
	zone_free(john);
}

/* On a small axis in ms, by walking. */

static int64_t oracle_windows(int64_t size, int64_t slide, int64_t offset, int64_t ts, int64_t *starts)
{
	int64_t n = 0;

	for (int64_t k = -400; k <= 400; k++) {
		int64_t s = k * slide + offset;

		if (s <= ts && ts < s + size)
			starts[n++] = s;
	}
	return n;
}

static bool same_windows(const struct window_spec *w, int64_t at, const int64_t *starts, int64_t n, int64_t size)
{
	if (window_count(w, at) != n)
		return false;
	for (int64_t i = 0; i < n; i++) {
		struct interval v = window_at(w, at, i);

		if (v.start != starts[i] || v.end != starts[i] + size)
			return false;
	}
	return true;
}

/* Is there a window start or end in (from, to)? */
static bool oracle_cut_within(int64_t size, int64_t slide, int64_t offset, int64_t from, int64_t to)
{
	for (int64_t k = -400; k <= 400; k++) {
		int64_t s = k * slide + offset;

		if ((from < s && s < to) || (from < s + size && s + size < to))
			return true;
	}
	return false;
}

static void check_axis(int64_t size, int64_t slide, int64_t offset)
{
	struct duration ds = { size, DURATION_MS, false }, dl = { slide, DURATION_MS, false }, dof = { offset, DURATION_MS, false };
	struct window_spec w;
	struct interval last = { 0, INT64_MIN };
	const char *error;
	int64_t starts[128];

	CHECK_INT(window_spec_init(&w, &ds, &dl, &dof, NULL, &error), 0);
	for (int64_t ts = -60; ts <= 60; ts++) {
		int64_t n = oracle_windows(size, slide, offset, ts, starts);
		struct interval pane;
		bool in = window_pane(&w, ts, &pane);

		if (in != (n > 0) || !same_windows(&w, pane.start, starts, n, size) || !same_windows(&w, ts, starts, n, size) ||
		    pane.start > ts || pane.end <= ts || oracle_cut_within(size, slide, offset, pane.start, pane.end) ||
		    !(pane.start == last.start || pane.start == last.end || last.end == INT64_MIN)) {
			printf("# size %lld slide %lld offset %lld ts %lld\n", (long long)size, (long long)slide, (long long)offset, (long long)ts);
			CHECK(!"windows of a record");
			return;
		}
		if (n && window_next(&w, starts[n - 1]).start != starts[n - 1] + slide)
			CHECK(!"next window");
		last = pane;
	}
}

TEST(every_record_lies_in_the_windows_of_its_pane)
{
	unsigned long long seed = 3;

	for (int64_t size = 1; size <= 24; size++)
		for (int64_t slide = 1; slide <= 24; slide++)
			check_axis(size, slide, (int64_t)(check_random(&seed) % 101) - 50);
}

/* On a calendar axis: windows of days or months, enumerated with the zone's own starts of days. */

static int64_t month_start(const struct zone *z, int64_t month)
{
	int64_t days = 0;
	static const int length[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	for (int64_t m = 0; m < month; m++) {
		int64_t year = 1970 + m / 12;

		days += length[m % 12] + (m % 12 == 1 && year % 4 == 0);        /* 1970 to 2099 */
	}
	return zone_day_start(z, days);
}

static void check_calendar(const struct zone *z, enum duration_unit unit, int64_t size, int64_t slide, int64_t offset, int64_t first,
                           const int64_t *start, int64_t n)
{
	struct duration ds = { size, unit, false }, dl = { slide, unit, false }, dof = { offset, unit, false };
	struct window_spec w;
	const char *error;
	unsigned long long seed = (unsigned long long)(size * 1000 + slide);

	CHECK_INT(window_spec_init(&w, &ds, &dl, &dof, z, &error), 0);
	for (int i = 0; i < 300; i++) {
		int64_t from = start[n / 3], ts = from + (int64_t)(check_random(&seed) % (unsigned long long)(start[2 * n / 3] - from));
		int64_t found = 0;
		struct interval pane;
		bool in;

		if (i < n / 3)
			ts = start[n / 3 + i] - i % 2;          /* just on the border, and just before it */
		in = window_pane(&w, ts, &pane);
		CHECK(pane.start <= ts && ts < pane.end);
		for (int64_t s = 0; s + size < n; s++) {
			if ((first + s - offset) % slide || start[s] > ts || start[s + size] <= ts)
				continue;
			CHECK_INT(window_at(&w, pane.start, found).start, start[s]);
			CHECK_INT(window_at(&w, pane.start, found).end, start[s + size]);
			found++;
		}
		CHECK_INT(window_count(&w, pane.start), found);
		CHECK_INT(in, found > 0);
	}
}

TEST(calendar_windows_are_those_of_the_axis)
{
	static const char *const zones[] = { "Europe/Berlin", "Africa/Cairo", "Pacific/Apia", "America/St_Johns", "Australia/Lord_Howe", "+05:30" };
	enum { DAYS = 1200, MONTHS = 360, FIRST_DAY = 14600 };
	static int64_t day[DAYS], month[MONTHS];

	for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
		struct zone *z = zone(zones[i]);

		for (int64_t d = 0; d < DAYS; d++)
			day[d] = zone_day_start(z, FIRST_DAY + d);
		for (int64_t m = 0; m < MONTHS; m++)
			month[m] = month_start(z, m);
		for (int64_t size = 1; size <= 9; size += 2)
			for (int64_t slide = 1; slide <= 10; slide += 3) {
				check_calendar(z, DURATION_DAYS, size, slide, slide - 3, FIRST_DAY, day, DAYS);
				check_calendar(z, DURATION_MONTHS, size, slide, -1, 0, month, MONTHS);
			}
		zone_free(z);
	}
}

static bool holds(struct interval v, int64_t ts)
{
	return v.start <= ts && (ts < v.end || ts == INT64_MAX);
}

static bool holds_at(const struct window_spec *w, int64_t ts)
{
	struct interval pane, next = window_next(w, ts);
	int64_t count = window_count(w, ts);

	if (next.start <= ts && next.start < INT64_MAX)
		return false;
	if (!window_pane(w, ts, &pane))
		return count == 0 && holds(pane, ts);
	return holds(pane, ts) && count > 0 && holds(window_at(w, ts, 0), ts) && holds(window_at(w, ts, count - 1), ts);
}

TEST(windows_saturate_at_the_ends_of_64_bits)
{
	static const int64_t ends[] = { INT64_MIN, INT64_MIN + 1, INT64_MIN + 59999, -1, 0, INT64_MAX - 60000, INT64_MAX - 1, INT64_MAX };
	static const char *const sizes[] = { "1ms", "1m", "7m", "9223372036854775807ms", "1d", "1w", "106751991168d", "1mo", "100000000000mo",
		"9223372036854775807mo", "9223372036854775807d" };
	enum { ENDS = sizeof ends / sizeof ends[0], SIZES = sizeof sizes / sizeof sizes[0] };
	struct zone *z[] = { NULL, zone("Europe/Berlin"), zone("-12:00"), zone("+14:00") };

	for (int i = 0; i < ENDS * SIZES * SIZES * 4; i++) {
		int64_t ts = ends[i % ENDS];
		struct duration size = dur(sizes[i / ENDS % SIZES]), slide = dur(sizes[i / ENDS / SIZES % SIZES]);
		struct duration offset = { INT64_MAX, size.unit, false };
		struct window_spec w;
		const char *error;

		if (window_spec_init(&w, &size, &slide, i % 3 ? &offset : NULL, z[i / ENDS / SIZES / SIZES], &error) == 0 && !holds_at(&w, ts)) {
			printf("# size %lld slide %lld axis %d ts %lld\n", (long long)w.size, (long long)w.slide, (int)w.axis, (long long)ts);
			CHECK(!"a window that holds its record");
			break;
		}
	}
	for (int n = 0; n < 4; n++)
		zone_free(z[n]);
	CHECK_INT(time_add(INT64_MAX, 1), INT64_MAX);
	CHECK_INT(time_add(INT64_MIN, -1), INT64_MIN);
	CHECK_INT(time_add(INT64_MIN, INT64_MAX), -1);
}

static const char *nests(struct window_spec fine, struct window_spec coarse)
{
	const char *reason = "no reason";

	return window_nests(&fine, &coarse, &reason) ? "yes" : reason;
}

#define CUTS "the coarser windows cut through the finer ones"
#define FIXED(...) spec(__VA_ARGS__, NULL)

TEST(fixed_windows_nest_where_the_cuts_meet)
{
	CHECK_TEXT(nests(FIXED("1m", NULL, NULL), FIXED("1h", NULL, NULL)), "yes");
	CHECK_TEXT(nests(FIXED("5m", NULL, NULL), FIXED("1h", NULL, NULL)), "yes");
	CHECK_TEXT(nests(FIXED("7m", NULL, NULL), FIXED("1h", NULL, NULL)), CUTS);
	CHECK_TEXT(nests(FIXED("1h", NULL, NULL), FIXED("1m", NULL, NULL)), CUTS);
	CHECK_TEXT(nests(FIXED("1h", NULL, NULL), FIXED("1h", NULL, NULL)), "yes");
	CHECK_TEXT(nests(FIXED("5m", NULL, NULL), FIXED("1h", NULL, "3m")), CUTS);
	CHECK_TEXT(nests(FIXED("5m", NULL, "3m"), FIXED("1h", NULL, "3m")), "yes");
	CHECK_TEXT(nests(FIXED("5m", NULL, NULL), FIXED("1h", "10m", NULL)), "yes");
	CHECK_TEXT(nests(FIXED("1m", NULL, NULL), FIXED("7m", "5m", NULL)), "yes");
	CHECK_TEXT(nests(FIXED("2m", NULL, NULL), FIXED("7m", "5m", NULL)), CUTS);
	CHECK_TEXT(nests(FIXED("7m", "5m", NULL), FIXED("5m", NULL, NULL)), "yes");
	CHECK_TEXT(nests(FIXED("7m", "5m", NULL), FIXED("5m", NULL, "2m")), "yes");
	CHECK_TEXT(nests(FIXED("7m", "5m", NULL), FIXED("17m", "10m", NULL)), "yes");
	CHECK_TEXT(nests(FIXED("30m", "20m", NULL), FIXED("10m", NULL, NULL)), "yes");
	CHECK_TEXT(nests(FIXED("6m", "20m", NULL), FIXED("1h", NULL, NULL)), "the finer windows leave gaps");
	CHECK_TEXT(nests(FIXED("6m", "20m", NULL), FIXED("6m", "40m", NULL)), "yes");
	CHECK_TEXT(nests(FIXED("1m", NULL, NULL), FIXED("6m", "20m", NULL)), "yes");
}

TEST(windows_without_fixed_cuts)
{
	struct window_spec none = { .kind = WINDOW_NONE }, s5 = { .kind = WINDOW_SESSION, .gap_ms = 5 }, s9 = { .kind = WINDOW_SESSION, .gap_ms = 9 };

	CHECK_TEXT(nests(FIXED("1m", NULL, NULL), none), "yes");
	CHECK_TEXT(nests(FIXED("1m", "2m", NULL), none), "the finer windows leave gaps");
	CHECK_TEXT(nests(none, none), "yes");
	CHECK_TEXT(nests(none, FIXED("1m", NULL, NULL)), "one row for all of time cannot be split into windows");
	CHECK_TEXT(nests(s5, s5), "yes");
	CHECK_TEXT(nests(s5, none), "yes");
	CHECK_TEXT(nests(s5, s9), "sessions nest only in sessions of the same gap");
	CHECK_TEXT(nests(FIXED("1m", NULL, NULL), s5), "sessions cannot be made from windows");
}

TEST(calendar_windows_nest_by_the_zone)
{
	struct zone *berlin = zone("Europe/Berlin"), *again = zone("Europe/Berlin"), *kolkata = zone("Asia/Kolkata"), *howe = zone("Australia/Lord_Howe");

	CHECK_TEXT(nests(FIXED("1m", NULL, NULL), spec("1d", NULL, NULL, berlin)), "yes");
	CHECK_TEXT(nests(FIXED("1h", NULL, NULL), spec("1d", NULL, NULL, berlin)), "yes");
	CHECK_TEXT(nests(FIXED("2h", NULL, NULL), spec("1d", NULL, NULL, berlin)), CUTS);
	CHECK_TEXT(nests(FIXED("1h", NULL, NULL), spec("1d", NULL, NULL, kolkata)), CUTS);
	CHECK_TEXT(nests(FIXED("30m", NULL, NULL), spec("1d", NULL, NULL, kolkata)), "yes");
	CHECK_TEXT(nests(FIXED("1h", NULL, "30m"), spec("1d", NULL, NULL, kolkata)), "yes");
	CHECK_TEXT(nests(FIXED("1h", NULL, NULL), spec("1d", NULL, NULL, howe)), CUTS);
	CHECK_TEXT(nests(FIXED("15m", NULL, NULL), spec("1mo", NULL, NULL, howe)), "yes");
	CHECK_TEXT(nests(spec("1d", NULL, NULL, berlin), spec("1mo", NULL, NULL, again)), "yes");
	CHECK_TEXT(nests(spec("1d", NULL, NULL, berlin), spec("1w", NULL, NULL, again)), "yes");
	CHECK_TEXT(nests(spec("1w", NULL, NULL, berlin), spec("1mo", NULL, NULL, berlin)), CUTS);
	CHECK_TEXT(nests(spec("5d", NULL, NULL, berlin), spec("100y", NULL, NULL, berlin)), CUTS);
	CHECK_TEXT(nests(spec("1mo", NULL, NULL, berlin), spec("1y", NULL, NULL, berlin)), "yes");
	CHECK_TEXT(nests(spec("1mo", NULL, NULL, berlin), spec("1w", NULL, NULL, berlin)), "longer calendar units do not nest in shorter ones");
	CHECK_TEXT(nests(spec("1d", NULL, NULL, berlin), spec("1mo", NULL, NULL, kolkata)), "calendar windows of different zones");
	CHECK_TEXT(nests(spec("1d", NULL, NULL, NULL), spec("1mo", NULL, NULL, kolkata)), "calendar windows of different zones");
	CHECK_TEXT(nests(spec("1d", NULL, NULL, NULL), FIXED("48h", NULL, NULL)), "yes");
	CHECK_TEXT(nests(FIXED("8h", NULL, NULL), spec("1w", NULL, NULL, NULL)), "yes");
	CHECK_TEXT(nests(spec("1d", NULL, NULL, berlin), FIXED("48h", NULL, NULL)), "longer calendar units do not nest in shorter ones");
	CHECK_TEXT(nests(spec("1d", NULL, NULL, berlin), spec("7d", "1d", NULL, berlin)), "yes");
	zone_free(berlin);
	zone_free(again);
	zone_free(kolkata);
	zone_free(howe);
}

/* Nesting against its meaning: each fine pane lies in one coarse pane or in a gap, and in no fine gap is a coarse window. */
static bool oracle_nests(const struct window_spec *fine, const struct window_spec *coarse)
{
	for (int64_t ts = 0; ts < 1200; ts++) {
		struct interval f, c, d;
		bool in_fine = window_pane(fine, ts, &f), in_coarse = window_pane(coarse, ts, &c);

		window_pane(coarse, f.end - 1, &d);
		if (!in_fine && in_coarse)
			return false;
		if (in_fine && (f.start < c.start || d.start != c.start))
			return false;
	}
	return true;
}

TEST(nesting_is_what_it_means)
{
	unsigned long long seed = 7;
	int yes = 0;

	for (int i = 0; i < 4000; i++) {
		struct duration d[6];
		struct window_spec fine, coarse;
		const char *error, *reason = "";
		bool want;

		for (int k = 0; k < 6; k++)
			d[k] = (struct duration){ 1 + (int64_t)(check_random(&seed) % (k % 2 ? 12 : 24)), DURATION_MS, false };
		if (i % 2)
			d[3].count = d[1].count * (1 + i / 2 % 3), d[5].count = d[4].count;
		window_spec_init(&fine, &d[0], &d[1], &d[4], NULL, &error);
		window_spec_init(&coarse, &d[2], &d[3], &d[5], NULL, &error);
		want = oracle_nests(&fine, &coarse);
		yes += want;
		if (window_nests(&fine, &coarse, &reason) != want) {
			printf("# %lld/%lld+%lld in %lld/%lld+%lld: %s\n", (long long)fine.size, (long long)fine.slide, (long long)fine.offset,
			       (long long)coarse.size, (long long)coarse.slide, (long long)coarse.offset, reason);
			CHECK(!"nesting");
			break;
		}
	}
	CHECK(yes > 200);
}
