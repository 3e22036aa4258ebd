/* SPDX-License-Identifier: MIT */
/* Everything is said by how far a position on the axis lies behind the last window start: `back`, from 0 to slide - 1.
 * A window i starts earlier lies back + i * slide behind. Pane and windows are then positions `at - back`, so that nothing
 * overflows before the very result, which saturates; also where the first or last window sticks out of 64 bits. */
#include "lib/agg/window.h"

#include "lib/text/timestamp.h"

#define DAY_MS INT64_C(86400000)
#define FIRST_MONDAY 4          /* 1970-01-05, in days */

int64_t time_add(int64_t a, int64_t b)
{
	int64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? b < 0 ? INT64_MIN : INT64_MAX : sum;
}

static int64_t floor_mod(int64_t a, int64_t n)
{
	int64_t r = a % n;

	return r < 0 ? r + n : r;
}

static int64_t floor_div(int64_t a, int64_t n)
{
	return a / n - (a % n < 0);
}

/* (a - b) mod n for 0 <= b < n, where a - b might overflow. */
static int64_t minus_mod(int64_t a, int64_t b, int64_t n)
{
	int64_t r = floor_mod(a, n) - b;

	return r < 0 ? r + n : r;
}

/* Axis and instants */

/* The day that holds an instant: the last that has begun. Not always its local date: where clocks go back over midnight
 * (St John's, 00:01 to 23:01), the old date comes again while the new one has begun already. */
static int64_t day_at(const struct zone *z, int64_t ms)
{
	int64_t clock = floor_mod(ms, DAY_MS) + zone_offset(z, ms) * INT64_C(1000), next;
	int64_t day = floor_div(ms, DAY_MS) + floor_div(clock, DAY_MS);

	while ((next = zone_day_start(z, day + 1)) <= ms && next < INT64_MAX)
		day++;
	return day;
}

static int64_t month_of_day(int64_t days)
{
	int64_t year;
	unsigned month, day;

	civil_from_days(days, &year, &month, &day);
	return (year - 1970) * 12 + month - 1;
}

static int64_t day_of_month(int64_t month)
{
	const int64_t far = INT64_C(12) << 30;          /* a thousand million years: beyond 64 bits of ms */
	int64_t m = month > far ? far : month < -far ? -far : month, in_year = floor_mod(m, 12);

	return days_from_civil(1970 + floor_div(m, 12), (unsigned)in_year + 1, 1);
}

static int64_t axis_at(const struct window_spec *w, int64_t ms)
{
	switch (w->axis) {
	case DURATION_DAYS: return day_at(w->zone, ms);
	case DURATION_MONTHS: return month_of_day(day_at(w->zone, ms));
	case DURATION_MS: break;
	}
	return ms;
}

static int64_t instant_at(const struct window_spec *w, int64_t position)
{
	switch (w->axis) {
	case DURATION_DAYS: return zone_day_start(w->zone, position);
	case DURATION_MONTHS: return zone_day_start(w->zone, day_of_month(position));
	case DURATION_MS: break;
	}
	return position;
}

static int64_t back_from(const struct window_spec *w, int64_t position)
{
	return minus_mod(position, w->offset, w->slide);
}

static struct interval interval_at(const struct window_spec *w, int64_t start, int64_t end)
{
	return (struct interval){ instant_at(w, start), instant_at(w, end) };
}

static bool is_fixed(const struct window_spec *w)
{
	return w->kind == WINDOW_TUMBLING || w->kind == WINDOW_SLIDING;
}

/* What is no fixed window has one window: all of time, or a session as one record makes it. */
static struct interval single(const struct window_spec *w, int64_t ts)
{
	if (w->kind == WINDOW_SESSION)
		return (struct interval){ ts, time_add(ts, w->gap_ms) };
	return (struct interval){ INT64_MIN, INT64_MAX };
}

/* Building */

static const char *init(struct window_spec *w, const struct duration *size, const struct duration *slide,
                        const struct duration *offset)
{
	const struct duration *step = slide ? slide : size;
	int64_t monday = size->weeks || step->weeks ? FIRST_MONDAY : 0;

	if (size->count <= 0)
		return "a window must be longer than nothing";
	if (step->count <= 0)
		return "a slide must be longer than nothing";
	if (step->unit != size->unit)
		return "a slide must be of the window's kind: fixed, days or months";
	if (offset && offset->count && offset->unit != size->unit)
		return "an offset must be of the window's kind: fixed, days or months";
	w->kind = step->count == size->count ? WINDOW_TUMBLING : WINDOW_SLIDING;
	w->axis = size->unit;
	w->size = size->count;
	w->slide = step->count;
	w->offset = minus_mod(offset ? offset->count : 0, floor_mod(-monday, w->slide), w->slide);
	w->weeks = size->weeks || step->weeks;
	return NULL;
}

int window_spec_init(struct window_spec *w, const struct duration *size, const struct duration *slide,
                     const struct duration *offset, const struct zone *zone, const char **error)
{
	*w = (struct window_spec){ .zone = zone };
	*error = init(w, size, slide, offset);
	return *error ? -1 : 0;
}

int64_t window_stated_offset(const struct window_spec *w)
{
	return minus_mod(w->offset, w->weeks ? floor_mod(FIRST_MONDAY, w->slide) : 0, w->slide);
}

/* Windows and panes */

bool window_pane(const struct window_spec *w, int64_t ts, struct interval *pane)
{
	int64_t at, back, cut;

	if (!is_fixed(w)) {
		*pane = single(w, ts);
		return true;
	}
	at = axis_at(w, ts);
	back = back_from(w, at);
	cut = w->size % w->slide;       /* 0: windows end where others start. Else the first pane ends here */
	if (!cut)
		*pane = interval_at(w, time_add(at, -back), time_add(at, w->slide - back));
	else if (back < cut)
		*pane = interval_at(w, time_add(at, -back), time_add(at, cut - back));
	else
		*pane = interval_at(w, time_add(at, cut - back), time_add(at, w->slide - back));
	return back < w->size;
}

/* Of a position: the windows start at back, back + slide, ... below size behind it. */
static int64_t count_from(const struct window_spec *w, int64_t back)
{
	return back < w->size ? (w->size - back - 1) / w->slide + 1 : 0;
}

int64_t window_count(const struct window_spec *w, int64_t pane_start)
{
	return is_fixed(w) ? count_from(w, back_from(w, axis_at(w, pane_start))) : 1;
}

struct interval window_at(const struct window_spec *w, int64_t pane_start, int64_t i)
{
	int64_t at, back;

	if (!is_fixed(w))
		return single(w, pane_start);
	at = axis_at(w, pane_start);
	back = back_from(w, at);
	back += (count_from(w, back) - 1 - i) * w->slide;
	return interval_at(w, time_add(at, -back), time_add(at, w->size - back));
}

int64_t window_ordinal(const struct window_spec *w, int64_t pane_start, int64_t i)
{
	int64_t at, last;

	if (!is_fixed(w))
		return 0;
	at = axis_at(w, pane_start);
	last = floor_div(at, w->slide) - (floor_mod(at, w->slide) < w->offset);
	return last - (count_from(w, back_from(w, at)) - 1 - i);
}

struct interval window_next(const struct window_spec *w, int64_t start)
{
	struct interval next = { INT64_MAX, INT64_MAX };
	int64_t at;

	if (!is_fixed(w))
		return next;
	at = axis_at(w, start);
	do {
		at = time_add(at, w->slide - back_from(w, at));
		next = interval_at(w, at, time_add(at, w->size));
	} while (next.start == next.end && next.end < INT64_MAX);       /* a date that does not exist */
	return next;
}

/* Nesting */

/* Is a position on w's axis a cut between panes? */
static bool is_cut(const struct window_spec *w, int64_t position)
{
	int64_t back = back_from(w, position);

	return back == 0 || back == w->size % w->slide;
}

static int64_t gcd(int64_t a, int64_t b)
{
	while (b) {
		int64_t r = a % b;

		a = b;
		b = r;
	}
	return a;
}

/* Are all positions first + k * step cuts of w? They meet every g-th position of its slide, and in a slide are at most
 * two cuts. */
static bool all_cuts(const struct window_spec *w, int64_t first, int64_t step)
{
	int64_t g = gcd(w->slide, step), meets = w->slide / g;

	first = floor_mod(first, w->slide);
	return meets <= 2 && is_cut(w, first) && (meets == 1 || is_cut(w, first < g ? first + g : first - g));
}

static bool nests_on_axis(const struct window_spec *fine, const struct window_spec *coarse)
{
	int64_t end = minus_mod(coarse->offset, floor_mod(-coarse->size, coarse->slide), coarse->slide);

	return all_cuts(fine, coarse->offset, coarse->slide) && all_cuts(fine, end, coarse->slide);
}

/* Do all instants at which panes of coarse begin from 1970 to 2100 cut panes of fine? Before that, local mean times of odd
 * seconds cut few things; after it, no zone has an offset that it had not before. Long windows are tried further. */
static bool nests_by_instants(const struct window_spec *fine, const struct window_spec *coarse)
{
	const int64_t to = 47847 * DAY_MS;
	struct interval pane;
	int64_t t = 0;

	for (int n = 0; (t < to || n < 1000) && t < INT64_MAX; n++, t = pane.end) {
		int64_t at;

		window_pane(coarse, t, &pane);
		at = axis_at(fine, pane.start);
		if (!is_cut(fine, at) || instant_at(fine, at) != pane.start)
			return false;
	}
	return true;
}

/* Calendar days in UTC are 24 hours each; so say them in ms, if they fit. */
static struct window_spec simplified(const struct window_spec *w)
{
	struct window_spec s = *w;

	if (w->axis == DURATION_DAYS && zone_is_utc(w->zone) && w->size <= INT64_MAX / DAY_MS && w->slide <= INT64_MAX / DAY_MS) {
		s.axis = DURATION_MS;
		s.size *= DAY_MS;
		s.slide *= DAY_MS;
		s.offset *= DAY_MS;
	}
	return s;
}

/* Fine windows with gaps between them have lost the records there: only the same windows, or every n-th, will do. */
static bool fits_gaps(const struct window_spec *fine, const struct window_spec *coarse)
{
	return fine->slide <= fine->size || (coarse->kind != WINDOW_NONE && fine->axis == coarse->axis && fine->size == coarse->size &&
	       coarse->slide % fine->slide == 0 && coarse->offset % fine->slide == fine->offset);
}

static const char *fixed_nests(const struct window_spec *fine, const struct window_spec *coarse)
{
	struct window_spec f = simplified(fine), c = simplified(coarse);

	if (!fits_gaps(&f, &c))
		return "the finer windows leave gaps";
	if (c.kind == WINDOW_NONE)
		return NULL;
	if (fine->axis != DURATION_MS && coarse->axis != DURATION_MS && zone_fingerprint(f.zone) != zone_fingerprint(c.zone))
		return "calendar windows of different zones";
	if (f.axis > c.axis)
		return "longer calendar units do not nest in shorter ones";
	if (f.axis == c.axis ? !nests_on_axis(&f, &c) : !nests_by_instants(&f, &c))
		return "the coarser windows cut through the finer ones";
	return NULL;
}

static const char *check_nesting(const struct window_spec *fine, const struct window_spec *coarse)
{
	if (fine->kind == WINDOW_NONE)
		return coarse->kind == WINDOW_NONE ? NULL : "one row for all of time cannot be split into windows";
	if (fine->kind == WINDOW_SESSION) {
		if (coarse->kind == WINDOW_NONE || (coarse->kind == WINDOW_SESSION && coarse->gap_ms == fine->gap_ms))
			return NULL;
		return "sessions nest only in sessions of the same gap";
	}
	if (coarse->kind == WINDOW_SESSION)
		return "sessions cannot be made from windows";
	return fixed_nests(fine, coarse);
}

bool window_nests(const struct window_spec *fine, const struct window_spec *coarse, const char **reason)
{
	const char *why = check_nesting(fine, coarse);

	if (why)
		*reason = why;
	return !why;
}
