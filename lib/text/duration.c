/* SPDX-License-Identifier: MIT */
/* Both notations are runs of number and unit from one table. Fixed, day and month parts are summed apart
 * (128 bits: each number has at most 19 digits), and only the end decides which of them may stand together. */
#include "lib/text/duration.h"

#define DAY_MS 86400000

enum part { PART_MS, PART_DAYS, PART_MONTHS, PARTS };

struct unit {
	const char *name;
	enum part part;
	int64_t factor;
};

/* Largest first: units descend. */
static const struct unit units[] = {
	{ "y", PART_MONTHS, 12 }, { "mo", PART_MONTHS, 1 }, { "w", PART_DAYS, 7 }, { "d", PART_DAYS, 1 },
	{ "h", PART_MS, 3600000 }, { "m", PART_MS, 60000 }, { "s", PART_MS, 1000 }, { "ms", PART_MS, 1 },
};

enum { UNITS = sizeof units / sizeof units[0], UNIT_WEEK = 2, UNIT_DAY = 3, UNIT_HOUR = 4 };

struct parts {
	__int128 sum[PARTS];
	bool seen[PARTS];
	bool negative;
	bool weeks, days;               /* which of the two day units were seen */
};

struct number {
	__int128 digits;                /* all of them, the point left out */
	int64_t scale;                  /* 10^(digits behind the point) */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Takes a number off the front of *s. Leading zeros count as digits: nobody needs 19 of them. */
static bool take_number(struct span *s, struct number *v)
{
	size_t i = 0, point = 0;

	*v = (struct number){ 0, 1 };
	for (; i < s->n && i <= 20 && (is_digit(s->p[i]) || (s->p[i] == '.' && i && !point)); i++) {
		if (s->p[i] == '.') {
			point = i;
			continue;
		}
		v->digits = v->digits * 10 + (s->p[i] - '0');
		if (point && i - point > 9)
			return false;
		v->scale *= point ? 10 : 1;
	}
	if (!i || i > 20 || (point && point == i - 1))
		return false;
	*s = (struct span){ s->p + i, s->n - i };
	return true;
}

/* The unit at the front of *s, the longest name that fits (`ms` and `mo` before `m`); UNITS when there is none. */
static int take_unit(struct span *s)
{
	int found = UNITS;

	for (int u = 0; u < UNITS; u++) {
		struct span name = span_of(units[u].name);

		if (span_starts(*s, name) && (found == UNITS || name.n > strlen(units[found].name)))
			found = u;
	}
	if (found < UNITS) {
		size_t n = strlen(units[found].name);

		*s = (struct span){ s->p + n, s->n - n };
	}
	return found;
}

/* The ISO 8601 designator at the front of *s: M means months before the T and minutes behind it. */
static int take_designator(struct span *s, bool in_time)
{
	static const char date[] = "YMWD", time[] = "HMS";
	const char *set = in_time ? time : date;
	const char *at = s->n && *s->p ? strchr(set, *s->p) : NULL;

	if (!at)
		return UNITS;
	*s = (struct span){ s->p + 1, s->n - 1 };
	return (int)(at - set) + (in_time ? UNIT_HOUR : 0);
}

static const char *add_part(struct parts *p, const struct number *v, int u)
{
	enum part part = units[u].part;
	__int128 scaled = v->digits * units[u].factor;

	if (scaled % v->scale)
		return part == PART_MS ? "finer than a millisecond" : "a calendar unit takes no fraction";
	if (v->scale != 1 && part != PART_MS)
		return "a calendar unit takes no fraction";
	p->sum[part] += scaled / v->scale;
	p->seen[part] = true;
	p->weeks |= u == UNIT_WEEK;
	p->days |= u == UNIT_DAY;
	return NULL;
}

static const char *parse_parts(struct span s, struct parts *p)
{
	bool iso = s.n && *s.p == 'P', in_time = false;
	int last = -1;

	if (iso)
		s.p++, s.n--;
	if (!s.n)
		return "a duration is missing";
	while (s.n) {
		struct number v;
		const char *error;
		int u;

		if (iso && !in_time && *s.p == 'T') {
			in_time = true;
			s.p++, s.n--;
		}
		if (!take_number(&s, &v))
			return "not a duration (500ms 30s 5m30s 1h 1d 2w 3mo 1y)";
		u = iso ? take_designator(&s, in_time) : take_unit(&s);
		if (u == UNITS)
			return "a unit is missing or unknown (ms s m h d w mo y)";
		if (u <= last)
			return "units must descend (1h30m)";
		if (v.scale != 1 && s.n)
			return "only the last unit takes a fraction";
		if ((error = add_part(p, &v, u)))
			return error;
		last = u;
	}
	return NULL;
}

static const char *parse(struct span s, struct parts *p)
{
	*p = (struct parts){ 0 };
	if (s.n && *s.p == '-') {
		p->negative = true;
		s.p++, s.n--;
	}
	if (s.n == 1 && *s.p == '0') {
		p->seen[PART_MS] = true;
		return NULL;
	}
	return parse_parts(s, p);
}

static const char *to_64(__int128 v, bool negative, int64_t *out)
{
	v = negative ? -v : v;
	if (v < INT64_MIN || v > INT64_MAX)
		return "a duration beyond 64 bits";
	*out = (int64_t)v;
	return NULL;
}

static int fail(const char **error, const char *reason)
{
	*error = reason;
	return -1;
}

int duration_parse(struct span text, struct duration *d, const char **error)
{
	static const enum duration_unit unit[PARTS] = { DURATION_MS, DURATION_DAYS, DURATION_MONTHS };
	struct parts p;
	const char *reason = parse(text, &p);
	enum part part = p.seen[PART_MONTHS] ? PART_MONTHS : p.seen[PART_DAYS] ? PART_DAYS : PART_MS;

	if (reason)
		return fail(error, reason);
	if (p.seen[PART_MS] + p.seen[PART_DAYS] + p.seen[PART_MONTHS] != 1)
		return fail(error, "days, months and fixed lengths do not mix (36h, not 1d12h)");
	*d = (struct duration){ 0, unit[part], p.weeks && !p.days };
	if ((reason = to_64(p.sum[part], p.negative, &d->count)))
		return fail(error, reason);
	return 0;
}

int duration_parse_ms(struct span text, int64_t *ms, const char **error)
{
	struct parts p;
	const char *reason = parse(text, &p);

	if (!reason && p.seen[PART_MONTHS])
		reason = "months and years have no fixed length";
	if (!reason)
		reason = to_64(p.sum[PART_DAYS] * DAY_MS + p.sum[PART_MS], p.negative, ms);
	if (!reason && *ms < 0)
		reason = "a negative duration";
	return reason ? fail(error, reason) : 0;
}

static enum part part_of(enum duration_unit unit)
{
	return unit == DURATION_MONTHS ? PART_MONTHS : unit == DURATION_DAYS ? PART_DAYS : PART_MS;
}

void duration_print(struct buf *out, struct duration d)
{
	enum part part = part_of(d.unit);
	uint64_t left = d.count < 0 ? -(uint64_t)d.count : (uint64_t)d.count;
	bool weeks = d.weeks && left % 7 == 0;

	if (!left) {
		buf_text(out, part == PART_MONTHS ? "0mo" : part == PART_MS ? "0s" : weeks ? "0w" : "0d");
		return;
	}
	if (d.count < 0)
		buf_byte(out, '-');
	for (int u = 0; u < UNITS; u++) {
		uint64_t factor = (uint64_t)units[u].factor;

		if (units[u].part != part || (u == UNIT_WEEK && !weeks) || left < factor)
			continue;
		buf_u64(out, left / factor);
		buf_text(out, units[u].name);
		left %= factor;
	}
}
