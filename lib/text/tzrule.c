/* SPDX-License-Identifier: MIT */
#include "lib/text/tzrule.h"

#include "lib/text/timestamp.h"

static bool take_char(struct span *s, char c)
{
	if (!s->n || *s->p != c)
		return false;
	s->p++, s->n--;
	return true;
}

/* One to three digits. */
static bool take_number(struct span *s, int max, int *value)
{
	size_t i = 0;

	for (*value = 0; i < s->n && i < 3 && s->p[i] >= '0' && s->p[i] <= '9'; i++)
		*value = *value * 10 + (s->p[i] - '0');
	*s = (struct span){ s->p + i, s->n - i };
	return i && *value <= max;
}

/* [+-]h[:mm[:ss]] in seconds. */
static bool take_time(struct span *s, int max_hours, int32_t *seconds)
{
	bool negative = take_char(s, '-');
	int h, m = 0, sec = 0;

	if (!negative)
		take_char(s, '+');
	if (!take_number(s, max_hours, &h))
		return false;
	if (take_char(s, ':') && (!take_number(s, 59, &m) || (take_char(s, ':') && !take_number(s, 59, &sec))))
		return false;
	*seconds = (h * 60 + m) * 60 + sec;
	if (negative)
		*seconds = -*seconds;
	return true;
}

static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* The name of an offset, which nothing needs: three letters or more, or anything in <>. */
static bool take_name(struct span *s)
{
	size_t i = 0;

	if (take_char(s, '<')) {
		while (i < s->n && s->p[i] != '>')
			i++;
		*s = (struct span){ s->p + i, s->n - i };
		return i >= 3 && take_char(s, '>');
	}
	while (i < s->n && is_letter(s->p[i]))
		i++;
	*s = (struct span){ s->p + i, s->n - i };
	return i >= 3;
}

static bool take_day(struct span *s, struct tzrule_day *d)
{
	*d = (struct tzrule_day){ .kind = 'N', .time = 2 * 3600 };
	if (take_char(s, 'M')) {
		d->kind = 'M';
		if (!take_number(s, 12, &d->month) || !take_char(s, '.') || !take_number(s, 5, &d->week) || !take_char(s, '.') ||
		    !take_number(s, 6, &d->day) || !d->month || !d->week)
			return false;
	} else if (take_char(s, 'J')) {
		d->kind = 'J';
		if (!take_number(s, 365, &d->day) || !d->day)
			return false;
	} else if (!take_number(s, 365, &d->day)) {
		return false;
	}
	return !take_char(s, '/') || take_time(s, 167, &d->time);
}

int tzrule_parse(struct span s, struct tzrule *r)
{
	*r = (struct tzrule){ 0 };
	/* POSIX counts offsets west of Greenwich. */
	if (!take_name(&s) || !take_time(&s, 24, &r->standard))
		return -1;
	r->standard = -r->standard;
	if (!s.n)
		return 0;
	r->changes = true;
	r->daylight = r->standard + 3600;
	if (!take_name(&s))
		return -1;
	if (s.n && *s.p != ',') {
		if (!take_time(&s, 24, &r->daylight))
			return -1;
		r->daylight = -r->daylight;
	}
	if (!take_char(&s, ',') || !take_day(&s, &r->begin) || !take_char(&s, ',') || !take_day(&s, &r->end))
		return -1;
	return s.n ? -1 : 0;
}

static int64_t floor_mod(int64_t a, int64_t n)
{
	return (a % n + n) % n;
}

static int64_t weekday_of_month(const struct tzrule_day *d, int64_t year)
{
	int64_t first = days_from_civil(year, (unsigned)d->month, 1);
	int64_t next = d->month == 12 ? days_from_civil(year + 1, 1, 1) : days_from_civil(year, (unsigned)d->month + 1, 1);
	int64_t weekday = floor_mod(first + 4, 7);      /* 1970-01-01 was a Thursday */
	int64_t day = first + floor_mod(d->day - weekday, 7) + (d->week - 1) * 7;

	return day < next ? day : day - 7;
}

static int64_t day_of(const struct tzrule_day *d, int64_t year)
{
	int64_t january = days_from_civil(year, 1, 1);

	if (d->kind == 'M')
		return weekday_of_month(d, year);
	if (d->kind == 'N')
		return january + d->day;
	return january + d->day - 1 + (d->day >= 60 && days_from_civil(year + 1, 1, 1) - january == 366);
}

void tzrule_year(const struct tzrule *r, int64_t year, int64_t *begin, int64_t *end)
{
	*begin = day_of(&r->begin, year) * 86400 + r->begin.time - r->standard;
	*end = day_of(&r->end, year) * 86400 + r->end.time - r->daylight;
}
