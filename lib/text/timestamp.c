/* SPDX-License-Identifier: MIT */
/* Two shapes are fast, since logs are made of them: 13 digits, and a date that is the one of the record before with
 * a time of day behind it. Both are read eight bytes at a time. All others, and all errors, take the careful way. */
#include "lib/text/timestamp.h"

#define DAY_MS INT64_C(86400000)

static const char not_a_time[] = "not a time (RFC 3339, YYYY-MM-DD HH:MM:SS or epoch)";
static const char out_of_range[] = "a time beyond 64 bits of milliseconds";

void time_parser_init(struct time_parser *tp, const struct zone *zone, enum time_unit unit)
{
	*tp = (struct time_parser){ .zone = zone, .unit = unit, .digits = digits_kernel(NULL), .run = zone_run_at(zone, 0) };
	memcpy(tp->date, "1970-01-01", sizeof tp->date);
}

/* Eight bytes at once: byte i of the text is byte i of the value from the low end, on every machine. */

static uint64_t load8(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* `HH:MM:SS` in ms; false when it is something else. Second 60 is taken. */
static bool time_of_day(const char *p, int64_t *ms)
{
	uint64_t v = load8(p) ^ UINT64_C(0x30303a30303a3030);
	unsigned h, m, s;

	/* 0x76 carries into the top bit from 10 on, 0x7f from 1 on. */
	if (((v + UINT64_C(0x76767f76767f7676)) | v) & EACH(0x80))
		return false;
	v = v * 10 + (v >> 8);
	h = v & 0xff, m = v >> 24 & 0xff, s = v >> 48 & 0xff;
	*ms = ((h * 60 + m) * 60 + s) * INT64_C(1000);
	return h <= 23 && m <= 59 && s <= 60;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Local times without an offset. The run of the one before nearly always holds. */
static const char *from_local(struct time_parser *tp, __int128 local, int64_t *ms)
{
	if (local < INT64_MIN || local > INT64_MAX)
		return out_of_range;
	if (local < tp->run.from || local >= tp->run.to)
		tp->run = zone_run_at(tp->zone, (int64_t)local);
	return __builtin_sub_overflow((int64_t)local, tp->run.offset_ms, ms) ? out_of_range : NULL;
}

static const char *from_utc(__int128 utc, int64_t *ms)
{
	*ms = (int64_t)utc;
	return *ms == utc ? NULL : out_of_range;
}

/* `.f` off the front of *s: whole ms of it. */
static bool take_fraction(struct span *s, unsigned *ms)
{
	static const unsigned weight[3] = { 100, 10, 1 };
	size_t i = 1;

	for (*ms = 0; i < s->n && is_digit(s->p[i]); i++)
		*ms += i <= 3 ? (unsigned)(s->p[i] - '0') * weight[i - 1] : 0;
	*s = (struct span){ s->p + i, s->n - i };
	return i > 1;
}

/* What stands behind a time of day: an offset or none. */
static const char *with_offset(struct time_parser *tp, __int128 local, struct span rest, int64_t *ms)
{
	int32_t offset;

	if (!rest.n)
		return from_local(tp, local, ms);
	if (rest.n == 1 && (*rest.p == 'Z' || *rest.p == 'z'))
		return from_utc(local, ms);
	if (zone_parse_offset(rest, &offset) < 0)
		return "not an offset (Z, +01:00) behind a time";
	return from_utc(local - offset * INT64_C(1000), ms);
}

/* What stands behind `HH:MM:SS`. */
static const char *with_fraction(struct time_parser *tp, __int128 local, struct span rest, int64_t *ms)
{
	unsigned fraction;

	if (rest.n && *rest.p == '.') {
		if (!take_fraction(&rest, &fraction))
			return "no digits behind the point of a time";
		local += fraction;
	}
	return with_offset(tp, local, rest, ms);
}

/* Digits off the front of *s, at most max of them; their number is returned. */
static size_t take_digits(struct span *s, size_t max, int64_t *v)
{
	size_t i = 0;

	for (*v = 0; i < s->n && i < max && is_digit(s->p[i]); i++)
		*v = *v * 10 + (s->p[i] - '0');
	*s = (struct span){ s->p + i, s->n - i };
	return i;
}

static bool take_two(struct span *s, char before, int64_t *v)
{
	if (!s->n || *s->p != before)
		return false;
	s->p++, s->n--;
	return take_digits(s, 2, v) == 2;
}

static unsigned days_of_month(int64_t year, unsigned month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (month == 2 && year % 4 == 0 && (year % 100 || year % 400 == 0))
		return 29;
	return days[month - 1];
}

/* `YYYY-MM-DD`; with a sign the year has four to nine digits. */
static const char *take_date(struct span *s, int64_t *days)
{
	bool is_signed = *s->p == '-' || *s->p == '+', negative = *s->p == '-';
	int64_t year, month, day;
	size_t digits;

	if (is_signed)
		s->p++, s->n--;
	digits = take_digits(s, is_signed ? 10 : 4, &year);
	if (digits < 4 || !take_two(s, '-', &month) || !take_two(s, '-', &day))
		return not_a_time;
	if (digits > 9)
		return out_of_range;
	year = negative ? -year : year;
	if (month < 1 || month > 12)
		return "month out of range";
	if (day < 1 || day > days_of_month(year, (unsigned)month))
		return "day out of range";
	*days = days_from_civil(year, (unsigned)month, (unsigned)day);
	return NULL;
}

/* ` HH:MM[:SS]` in ms. */
static const char *take_clock(struct span *s, int64_t *ms, bool *seconds)
{
	int64_t h, m, sec = 0;

	if (*s->p != ' ' && *s->p != 'T' && *s->p != 't')
		return not_a_time;
	if (!take_two(s, *s->p, &h) || !take_two(s, ':', &m))
		return not_a_time;
	*seconds = s->n && *s->p == ':';
	if (*seconds && !take_two(s, ':', &sec))
		return not_a_time;
	if (h > 23 || m > 59 || sec > 60)
		return "time of day out of range";
	*ms = ((h * 60 + m) * 60 + sec) * 1000;
	return NULL;
}

static const char *parse_civil(struct time_parser *tp, struct span s, int64_t *ms)
{
	const char *date = s.p, *error;
	int64_t days, clock;
	__int128 local;
	bool seconds;

	if ((error = take_date(&s, &days)))
		return error;
	if (is_digit(*date)) {
		memcpy(tp->date, date, sizeof tp->date);
		tp->date_ms = days * DAY_MS;
	}
	local = (__int128)days * DAY_MS;
	if (!s.n)
		return from_local(tp, local, ms);
	if ((error = take_clock(&s, &clock, &seconds)))
		return error;
	local += clock;
	return seconds ? with_fraction(tp, local, s, ms) : with_offset(tp, local, s, ms);
}

/* Nanoseconds in the unit of a number. */
static int64_t unit_ns(enum time_unit unit, uint64_t magnitude)
{
	switch (unit) {
	case TIME_UNIT_S: return 1000000000;
	case TIME_UNIT_MS: return 1000000;
	case TIME_UNIT_US: return 1000;
	case TIME_UNIT_NS: return 1;
	case TIME_UNIT_AUTO: break;
	}
	return magnitude < UINT64_C(100000000000) ? 1000000000
	     : magnitude < UINT64_C(100000000000000) ? 1000000
	     : magnitude < UINT64_C(100000000000000000) ? 1000 : 1;
}

/* Dividing 128 bits is slow, and no time of these centuries needs it. */
static __int128 whole_ms(__int128 ns)
{
	return ns <= INT64_MAX ? (int64_t)ns / 1000000 : ns / 1000000;
}

/* -?digits[.digits]: is_number has seen to that. The ninth digit behind the point is the last that can be a whole
 * nanosecond; of those after it only counts whether they are all 0. */
static const char *parse_number(const struct time_parser *tp, struct span s, int64_t *ms)
{
	bool negative = *s.p == '-', more = false;
	__int128 ns;
	int64_t scale;
	uint64_t v = 0;
	size_t i = negative;

	for (; i < s.n && s.p[i] != '.'; i++)
		if (__builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, (unsigned)(s.p[i] - '0'), &v))
			return out_of_range;
	scale = unit_ns(tp->unit, v);
	ns = (__int128)v * scale;
	for (i++; i < s.n; i++) {
		scale /= 10;
		ns += scale * (s.p[i] - '0');
		more |= !scale && s.p[i] != '0';
	}
	return from_utc(negative ? -whole_ms(ns + more + 999999) : whole_ms(ns), ms);
}

static bool is_number(struct span s)
{
	size_t i = *s.p == '-', first = i;

	while (i < s.n && is_digit(s.p[i]))
		i++;
	if (i > first && i + 1 < s.n && s.p[i] == '.')
		for (i++; i < s.n && is_digit(s.p[i]);)
			i++;
	return i > first && i == s.n;
}

static const char *parse(struct time_parser *tp, struct span s, int64_t *ms)
{
	if (!s.n)
		return "a time is missing";
	return is_number(s) ? parse_number(tp, s, ms) : parse_civil(tp, s, ms);
}

/* `Z` or `.883Z` behind a time of day, as most programs write it: the ms of it. */
static bool is_utc_tail(struct span s, int64_t *ms)
{
	unsigned a, b, c;

	*ms = 0;
	if (s.n == 1)
		return *s.p == 'Z';
	if (s.n != 5 || s.p[0] != '.' || s.p[4] != 'Z')
		return false;
	a = (unsigned char)s.p[1] - '0', b = (unsigned char)s.p[2] - '0', c = (unsigned char)s.p[3] - '0';
	*ms = a * 100 + b * 10 + c;
	return (a <= 9) & (b <= 9) & (c <= 9);
}

/* The date of the record before, alone or with a time of day behind it. */
static inline bool parse_same_date(struct time_parser *tp, struct span s, int64_t *ms)
{
	int64_t clock, fraction;
	struct span tail;

	if (memcmp(s.p, tp->date, 10) != 0)
		return false;
	if (s.n == 10)
		return !from_local(tp, tp->date_ms, ms);
	if (s.n < 19 || (s.p[10] != ' ' && (s.p[10] | 0x20) != 't') || !time_of_day(s.p + 11, &clock))
		return false;
	tail = (struct span){ s.p + 19, s.n - 19 };
	if (is_utc_tail(tail, &fraction)) {
		*ms = tp->date_ms + clock + fraction;
		return true;
	}
	return !with_fraction(tp, tp->date_ms + clock, tail, ms);
}

static bool takes_ms(const struct time_parser *tp)
{
	return tp->unit == TIME_UNIT_MS || tp->unit == TIME_UNIT_AUTO;
}

/* 13 digits below that begin with zeros: seconds, unless the unit says otherwise. */
#define SECONDS_BELOW INT64_C(100000000000)

int time_parse(struct time_parser *tp, struct span text, int64_t *ms)
{
	if (text.n == 13 && takes_ms(tp)) {
		if (digits_thirteen(text.p, ms) && (*ms >= SECONDS_BELOW || tp->unit == TIME_UNIT_MS))
			return 0;
	} else if (text.n >= 10 && parse_same_date(tp, text, ms)) {
		return 0;
	}
	return parse(tp, text, ms) ? -1 : 0;
}

void time_parse_many(struct time_parser *tp, const struct digits_column *c, int64_t *ms)
{
	bool thirteen = takes_ms(tp) && c->n && c->field[c->row[0] * c->width].n == 13;
	int64_t least = tp->unit == TIME_UNIT_MS ? 0 : SECONDS_BELOW;

	if (thirteen)
		tp->digits->thirteen(c, ms);
	for (size_t i = 0; i < c->n; i++) {
		struct span text;

		if (thirteen && ms[i] >= least)
			continue;
		text = c->field[c->row[i] * c->width];
		if (text.n >= 19 && parse_same_date(tp, text, &ms[i]))
			continue;
		if (time_parse(tp, text, &ms[i]) < 0)
			ms[i] = INT64_MAX;
	}
}

const char *time_parse_error(struct span text)
{
	struct time_parser tp;
	const char *error;
	int64_t ms;

	time_parser_init(&tp, NULL, TIME_UNIT_AUTO);
	error = parse(&tp, text, &ms);
	return error ? error : out_of_range;
}

/* Printing */

static char *put_digits(char *p, uint64_t v, int width)
{
	for (int i = width; i-- > 0; v /= 10)
		p[i] = (char)('0' + v % 10);
	return p + width;
}

static int64_t floor_div(int64_t a, int64_t n)
{
	return a / n - (a % n < 0);
}

static char *put_year(char *p, int64_t year)
{
	uint64_t v = (uint64_t)(year < 0 ? -year : year);
	int width = 4;

	if (year < 0 || year > 9999)
		*p++ = year < 0 ? '-' : '+';
	for (uint64_t limit = 10000; v >= limit; limit *= 10)
		width++;
	return put_digits(p, v, width);
}

static char *put_civil(char *p, int64_t days, int64_t clock_ms)
{
	int64_t year;
	unsigned month, day;
	uint64_t ms = (uint64_t)clock_ms;

	civil_from_days(days, &year, &month, &day);
	p = put_year(p, year);
	*p++ = '-';
	p = put_digits(p, month, 2);
	*p++ = '-';
	p = put_digits(p, day, 2);
	*p++ = 'T';
	p = put_digits(p, ms / 3600000, 2);
	*p++ = ':';
	p = put_digits(p, ms / 60000 % 60, 2);
	*p++ = ':';
	p = put_digits(p, ms / 1000 % 60, 2);
	if (ms % 1000) {
		*p++ = '.';
		p = put_digits(p, ms % 1000, 3);
	}
	return p;
}

void time_print(struct buf *out, int64_t ms, const struct zone *zone, enum time_format format)
{
	int64_t days = floor_div(ms, DAY_MS), clock = ms % DAY_MS + (ms % DAY_MS < 0 ? DAY_MS : 0), offset_days;
	int32_t offset = zone_offset(zone, ms);
	char *room;

	if (format == TIME_EPOCH_MS) {
		buf_i64(out, ms);
		return;
	}
	/* The local time may lie outside 64 bits; its date does not. */
	clock += offset * INT64_C(1000);
	offset_days = floor_div(clock, DAY_MS);
	room = buf_room(out, 64);
	out->n += (size_t)(put_civil(room, days + offset_days, clock - offset_days * DAY_MS) - room);
	if (zone_is_utc(zone))
		buf_byte(out, 'Z');
	else
		zone_print_offset(out, offset);
}

/* The calendar, counted in years that begin on 1 March, so that 29 February is the last day of its year. 719468 days lie
 * between 0000-03-01 and 1970-01-01. */

#define CYCLE_DAYS 146097       /* of 400 years */

int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
	int64_t march_year = year - (month <= 2), cycle = floor_div(march_year, 400), y = march_year - cycle * 400;
	int64_t m = (month + 9) % 12;           /* March is 0 */

	/* (153 m + 2) / 5: months of 31 30 31 30 31 days, over and over */
	return cycle * CYCLE_DAYS + y * 365 + y / 4 - y / 100 + (153 * m + 2) / 5 + day - 1 - 719468;
}

void civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
	int64_t z = days + 719468, cycle = floor_div(z, CYCLE_DAYS), d = z - cycle * CYCLE_DAYS;
	/* Take out the leap days that have passed: one each 1461 days, but for each 36524, and the last of the cycle. */
	int64_t y = (d - d / 1460 + d / 36524 - d / 146096) / 365;
	int64_t in_year = d - (y * 365 + y / 4 - y / 100), m = (5 * in_year + 2) / 153;

	*month = (unsigned)(m < 10 ? m + 3 : m - 9);
	*day = (unsigned)(in_year - (153 * m + 2) / 5 + 1);
	*year = cycle * 400 + y + (m >= 10);
}
