/* SPDX-License-Identifier: MIT */
/* naive -- the rows of a view by definition: every record is put into every window that holds it, all is sorted, and each
 * group is added up in 128-bit integers; local dates come from libc. Shares no code with the tools but buffers. */
#ifndef TESTS_LAW_NAIVE_H
#define TESTS_LAW_NAIVE_H

#include "tests/law/files.h"

typedef __int128 wide;

struct naive_entry {
	int64_t start, end;
	const struct record *record;
};

struct naive_entries {
	struct naive_entry *item;
	size_t n, cap;
};

static const struct sample *naive_sample;       /* for sorting */

static inline void naive_add(struct naive_entries *e, int64_t start, int64_t end, const struct record *r)
{
	e->item = mem_grow(e->item, e->n, &e->cap, sizeof *e->item);
	e->item[e->n++] = (struct naive_entry){ start, end, r };
}

static inline int64_t naive_floor(int64_t a, int64_t n)
{
	int64_t q = a / n;

	return q * n > a ? q - 1 : q;
}

/* Windows that hold a position: they start at k * slide + offset and are size long. */
static inline void naive_positions(struct naive_entries *e, const struct window *w, int64_t unit, int64_t origin, int64_t at,
                                   int64_t (*instant)(int64_t), const struct record *r)
{
	int64_t size = w->size * unit, slide = w->slide * unit, offset = w->offset * unit + origin;

	for (int64_t k = naive_floor(at - offset, slide);; k--) {
		int64_t start = k * slide + offset;

		if (start + size <= at)
			break;
		naive_add(e, instant(start), instant(start + size), r);
	}
}

static inline int64_t naive_same(int64_t ms)
{
	return ms;
}

/* The calendar. */

static inline int64_t naive_local_day(int64_t s, struct tm *tm)
{
	time_t t = (time_t)s;
	struct tm date;

	localtime_r(&t, tm);
	date = (struct tm){ .tm_year = tm->tm_year, .tm_mon = tm->tm_mon, .tm_mday = tm->tm_mday };
	return naive_floor(timegm(&date), 86400);
}

/* The first instant of a local day, in ms. */
static inline int64_t naive_day_start(int64_t d)
{
	int64_t before = d * 86400 - 40 * 3600, at = d * 86400 + 40 * 3600;
	struct tm tm;

	while (at - before > 1) {
		int64_t middle = before + (at - before) / 2;

		if (naive_local_day(middle, &tm) >= d)
			at = middle;
		else
			before = middle;
	}
	return at * 1000;
}

static inline int64_t naive_month_start(int64_t m)
{
	struct tm first = { .tm_year = (int)(70 + naive_floor(m, 12)), .tm_mon = (int)(m - naive_floor(m, 12) * 12), .tm_mday = 1 };

	return naive_day_start(naive_floor(timegm(&first), 86400));
}

static inline void naive_calendar(struct naive_entries *e, const struct window *w, const struct record *r)
{
	struct tm tm;
	int64_t d = naive_local_day(naive_floor(r->ms, 1000), &tm), m = (tm.tm_year - 70) * 12 + tm.tm_mon;

	switch (w->unit[0]) {
	case 'd': naive_positions(e, w, 1, 0, d, naive_day_start, r); break;
	case 'w': naive_positions(e, w, 7, 4, d, naive_day_start, r); break;            /* 1970-01-05 was a Monday */
	case 'm': naive_positions(e, w, 1, 0, m, naive_month_start, r); break;
	default: naive_positions(e, w, 12, 0, m, naive_month_start, r); break;
	}
}

/* Order, and sessions, which need it. */

static inline int naive_keys(const struct record *a, const struct record *b)
{
	int c = 0;

	for (size_t i = 0; c == 0 && i < naive_sample->nkeys; i++)
		c = span_cmp(a->text[naive_sample->key[i]], b->text[naive_sample->key[i]]);
	return c;
}

static inline int naive_key_time_order(const void *a, const void *b)
{
	const struct naive_entry *x = a, *y = b;
	int c = naive_keys(x->record, y->record);

	return c ? c : x->start < y->start ? -1 : x->start > y->start;
}

static inline int naive_order(const void *a, const void *b)
{
	const struct naive_entry *x = a, *y = b;

	if (x->end != y->end)
		return x->end < y->end ? -1 : 1;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return naive_keys(x->record, y->record);
}

/* Records less than a gap apart are one session, from the first to a gap after the last. */
static inline void naive_sessions(struct naive_entries *e, int64_t gap)
{
	qsort(e->item, e->n, sizeof *e->item, naive_key_time_order);
	for (size_t from = 0, to; from < e->n; from = to) {
		int64_t last = e->item[from].start;

		for (to = from + 1; to < e->n && naive_keys(e->item[from].record, e->item[to].record) == 0 && e->item[to].start < last + gap; to++)
			last = e->item[to].start;
		for (size_t i = to; i-- > from;) {
			e->item[i].start = e->item[from].start;
			e->item[i].end = last + gap;
		}
	}
}

static inline void naive_place(struct naive_entries *e, const struct sample *s)
{
	const struct window *w = &s->window;

	for (size_t i = 0; i < s->records.n; i++) {
		const struct record *r = &s->records.item[i];

		switch (w->shape) {
		case NONE: naive_add(e, 0, 0, r); break;
		case SESSION: naive_add(e, r->ms, r->ms, r); break;
		case CALENDAR: naive_calendar(e, w, r); break;
		default: naive_positions(e, w, 1, 0, r->ms, naive_same, r); break;
		}
	}
	if (w->shape == SESSION && e->n)
		naive_sessions(e, w->size);
	if (e->n)
		qsort(e->item, e->n, sizeof *e->item, naive_order);
}

/* Numbers: m / 10^scale. */

struct naive_number {
	wide m;
	int scale;
};

static inline wide naive_power(int n)
{
	wide p = 1;

	while (n-- > 0)
		p *= 10;
	return p;
}

static inline struct naive_number naive_parse(struct span t)
{
	struct naive_number v = { 0 };
	bool minus = t.p[0] == '-', point = false;
	int exponent = 0, sign = 1;
	size_t i = minus || t.p[0] == '+';

	for (; i < t.n && t.p[i] != 'e' && t.p[i] != 'E'; i++) {
		if (t.p[i] == '.')
			point = true;
		else
			v.m = v.m * 10 + (t.p[i] - '0'), v.scale += point;
	}
	for (i++; i < t.n; i++) {
		if (t.p[i] == '-')
			sign = -1;
		else
			exponent = exponent * 10 + (t.p[i] - '0');
	}
	v.scale -= sign * exponent;
	if (v.scale < 0)
		v.m *= naive_power(-v.scale), v.scale = 0;
	if (minus)
		v.m = -v.m;
	return v;
}

static inline void naive_print(struct buf *out, struct naive_number v)
{
	char digits[64];
	int n = 0;
	wide m = v.m < 0 ? -v.m : v.m;

	while (m || n <= v.scale) {
		digits[n++] = (char)('0' + (int)(m % 10));
		m /= 10;
	}
	if (v.m < 0)
		buf_byte(out, '-');
	while (n-- > 0) {
		buf_byte(out, digits[n]);
		if (n == v.scale && n)
			buf_byte(out, '.');
	}
}

static inline struct naive_number naive_scaled(struct naive_number v, int scale)
{
	return scale > v.scale ? (struct naive_number){ v.m * naive_power(scale - v.scale), scale } : v;
}

static inline struct naive_number naive_plus(struct naive_number a, struct naive_number b)
{
	a = naive_scaled(a, b.scale), b = naive_scaled(b, a.scale);
	return (struct naive_number){ a.m + b.m, a.scale };
}

/* Of equal numbers the one with more digits counts, as smallest and as greatest. */
static inline bool naive_beats(struct naive_number a, struct naive_number b, bool greatest)
{
	wide x = naive_scaled(a, b.scale).m, y = naive_scaled(b, a.scale).m;

	return x == y ? a.scale > b.scale : greatest ? x > y : x < y;
}

/* Measures over a group: entries from..to. */

static inline void naive_extreme(struct buf *out, const struct naive_entry *from, const struct naive_entry *to, bool greatest)
{
	struct naive_number best = { 0 };
	bool any = false;

	for (; from < to; from++) {
		struct naive_number v;

		if (!from->record->text[A].n)
			continue;
		v = naive_parse(from->record->text[A]);
		if (!any || naive_beats(v, best, greatest))
			best = v;
		any = true;
	}
	if (any)
		naive_print(out, best);
}

static inline void naive_sum(struct buf *out, const struct naive_entry *from, const struct naive_entry *to)
{
	struct naive_number sum = { 0 };

	for (; from < to; from++)
		if (from->record->text[A].n)
			sum = naive_plus(sum, naive_parse(from->record->text[A]));
	naive_print(out, sum);
}

static inline void naive_distinct(struct buf *out, const struct naive_entry *from, const struct naive_entry *to)
{
	uint64_t n = 0;

	for (const struct naive_entry *i = from; i < to; i++) {
		bool seen = !i->record->text[C].n;

		for (const struct naive_entry *j = from; j < i && !seen; j++)
			seen = span_eq(i->record->text[C], j->record->text[C]);
		n += !seen;
	}
	buf_u64(out, n);
}

static inline void naive_count(struct buf *out, const struct naive_entry *from, const struct naive_entry *to, bool all)
{
	uint64_t n = 0;

	for (; from < to; from++)
		n += all || from->record->text[C].n;
	buf_u64(out, n);
}

static inline void naive_measure(struct buf *out, const struct aggregate *g, const struct naive_entry *from, const struct naive_entry *to)
{
	if (is_kind(g, "sum"))
		naive_sum(out, from, to);
	else if (is_kind(g, "count"))
		naive_count(out, from, to, g->arg[0] == '\0');
	else if (is_kind(g, "count_distinct"))
		naive_distinct(out, from, to);
	else
		naive_extreme(out, from, to, is_kind(g, "max"));
}

static inline void naive_row(struct buf *out, const struct sample *s, const struct naive_entry *from, const struct naive_entry *to)
{
	size_t columns = 0, start = out->n;
	struct buf cell = { 0 };

	if (s->window.shape != NONE)
		buf_printf(out, "%lld,%lld", (long long)from->start, (long long)from->end), columns = 2;
	for (size_t i = 0; i < s->nkeys; i++) {
		buf_text(out, columns++ ? "," : "");
		put_csv(out, from->record->text[s->key[i]], false);
	}
	for (size_t i = 0; i < s->naggregates; i++) {
		buf_text(out, columns++ ? "," : "");
		buf_clear(&cell);
		naive_measure(&cell, &s->aggregate[i], from, to);
		buf_span(out, buf_view(&cell));
	}
	if (out->n == start)
		buf_text(out, "\"\"");
	buf_byte(out, '\n');
	buf_free(&cell);
}

static inline void naive_header(struct buf *out, const struct sample *s)
{
	const char *comma = "";

	if (s->window.shape != NONE)
		buf_text(out, "window_start,window_end"), comma = ",";
	for (size_t i = 0; i < s->nkeys; i++, comma = ",")
		buf_printf(out, "%s%s", comma, column_name[s->key[i]]);
	for (size_t i = 0; i < s->naggregates; i++, comma = ",")
		buf_printf(out, "%sm%zu", comma, i);
	buf_byte(out, '\n');
}

/* Final rows as CSV. */
static inline void naive_rows(struct buf *out, const struct sample *s)
{
	struct naive_entries e = { 0 };

	naive_sample = s;
	setenv("TZ", s->window.tz ? s->window.tz : "UTC", 1);
	tzset();
	naive_place(&e, s);
	setenv("TZ", "UTC", 1);
	tzset();
	naive_header(out, s);
	for (size_t from = 0, to; from < e.n; from = to) {
		for (to = from + 1; to < e.n && naive_order(&e.item[from], &e.item[to]) == 0; to++)
			;
		naive_row(out, s, &e.item[from], &e.item[to]);
	}
	free(e.item);
}

/* Cuts a sample down to what is done here. */
static inline void naive_view(struct sample *s)
{
	static const struct aggregate known[] = {
		{ "sum", "a", NULL }, { "min", "a", NULL }, { "max", "a", NULL }, { "count", "", NULL }, { "count", "c", NULL },
		{ "count_distinct", "c", NULL },
	};

	for (size_t i = 0; i < s->naggregates; i++)
		s->aggregate[i] = known[dice_tied(s->seed, 5, i) % (sizeof known / sizeof *known)];
	for (size_t i = 0; i < MAX_KEYS; i++)
		s->key_is_computed[i] = false;
	s->where = NULL;
	s->fill = s->derive = false;
	s->epoch_ms = true;
}

/* An answer made by hand: hours from 10 minutes past, each half hour; -1 and 0 ms lie in the two that begin at -50 and -20 minutes. */
static inline bool naive_is_right(void)
{
	struct record r[] = {
		{ .ms = -1, .text = { [A] = SPAN("1.5"), [C] = SPAN("x"), [K1] = SPAN("a,b") } },
		{ .ms = 0, .text = { [A] = SPAN("-2e1"), [C] = SPAN("x"), [K1] = SPAN("a,b") } },
		{ .ms = 0, .text = { [A] = SPAN("1.50"), [K1] = SPAN("a,b") } },
	};
	struct sample s = {
		.window = { .shape = SLIDING, .size = 3600000, .slide = 1800000, .offset = 600000 }, .nkeys = 1, .key = { K1 },
		.aggregate = { { "count", "", NULL }, { "sum", "a", NULL }, { "max", "a", NULL }, { "min", "a", NULL }, { "count_distinct", "c", NULL } },
		.naggregates = 5, .records = { r, 3, 3 },
	};
	struct buf got = { 0 };
	bool right;

	naive_rows(&got, &s);
	right = span_eq(buf_view(&got), SPAN(
		"window_start,window_end,k1,m0,m1,m2,m3,m4\n"
		"-3000000,600000,\"a,b\",3,-17.00,1.50,-20,1\n"
		"-1200000,2400000,\"a,b\",3,-17.00,1.50,-20,1\n"));
	buf_free(&got);
	return right;
}

#endif
