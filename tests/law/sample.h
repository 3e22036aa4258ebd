/* SPDX-License-Identifier: MIT */
/* sample -- a random view and random records for it.
 * Records have the columns below. Their texts are made once; how a file writes them (format, quotes, gzip) is files.h's. */
#ifndef TESTS_LAW_SAMPLE_H
#define TESTS_LAW_SAMPLE_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/span.h"
#include "tests/law/random.h"

enum column { TS, K1, K2, K3, A, B, Q, C, STATUS, OP, COLUMNS };
static const char *const column_name[COLUMNS] = { "ts", "k1", "k2", "k3", "a", "b", "q", "c", "status", "_op" };

enum fault { SOUND, BAD_TIME, BAD_NUMBER, BAD_SHAPE };

struct record {
	uint64_t id;
	int64_t ms;
	enum fault fault;
	int weight;                     /* of the change; 1 in append views */
	struct span text[COLUMNS];
};

struct records {
	struct record *item;
	size_t n, cap;
};

enum shape { NONE, TUMBLING, SLIDING, SESSION, CALENDAR };

struct window {
	enum shape shape;
	int64_t size, slide, offset;    /* ms; session: size is the gap; calendar: in units */
	const char *unit;               /* calendar: d, w, mo, y */
	const char *tz;                 /* or NULL */
	int64_t reach;                  /* how long a window is, about: records spread over some of them */
};

enum scale { FIXED, MIXED, HUGE_NUMBERS };

struct aggregate {
	const char *kind, *arg, *where; /* where: or NULL */
};

#define MAX_AGGREGATES 10
#define MAX_KEYS 3

struct sample {
	uint64_t seed;
	struct window window;
	bool has_time, retract, skip_bad, fill, odd_bytes, epoch_ms, has_edge;
	const char *where;              /* or NULL */
	enum column key[MAX_KEYS];
	bool key_is_computed[MAX_KEYS]; /* k1 = upper(k1) */
	size_t nkeys;
	struct aggregate aggregate[MAX_AGGREGATES];
	size_t naggregates;
	bool derive;
	unsigned digits;
	enum scale scale;
	struct records records;
	struct arena arena;
};

/* What a property can take. */
struct wish {
	unsigned shapes;                /* 1 << SHAPE; 0: all */
	bool no_edges;                  /* first, last */
	bool no_bad;
	bool retract;
	bool fixed_scale;
	bool small_numbers;
	bool needs_time;
	bool no_extremes;               /* times near the ends of 64 bits */
	bool modern;                    /* no local mean times, which cut hours */
	int64_t reach;                  /* not 0: records lie some windows of that length apart; the view's own is not used */
};

static const int64_t minute = 60000, hour = 3600000, day = 86400000;

/* Windows. */

static inline struct window random_fixed(struct dice *d)
{
	static const int64_t sizes[] = { 7, 1000, 1500, 60000, 420000, 900000, 3600000, 5400000, 86400000 };
	struct window w = { .shape = TUMBLING, .size = DICE_PICK(d, sizes) };

	w.slide = w.reach = w.size;
	if (dice_one_in(d, 3))
		w.offset = dice_range(d, -2 * w.size, 2 * w.size);
	if (dice_one_in(d, 4)) {
		static const char *const zones[] = { "Europe/Berlin", "Asia/Kathmandu", "UTC" };

		w.tz = DICE_PICK(d, zones);             /* prints only */
	}
	return w;
}

static inline struct window random_sliding(struct dice *d)
{
	struct window w = random_fixed(d);

	w.shape = SLIDING;
	switch (dice_below(d, 4)) {
	case 0: w.slide = w.size / dice_range(d, 2, 7); break;
	case 1: w.slide = w.size + dice_range(d, 1, w.size); break;             /* gaps */
	default: w.slide = w.size * dice_range(d, 2, 9) / 10; break;
	}
	if (w.slide == 0)
		w.slide = 1;
	if (w.slide > w.reach)
		w.reach = w.slide;
	return w;
}

static inline struct window random_calendar(struct dice *d)
{
	static const char *const units[] = { "d", "w", "mo", "y" };
	static const char *const zones[] = { NULL, "UTC", "Europe/Berlin", "America/Sao_Paulo" };
	static const int reach[] = { 1, 7, 31, 366 };
	size_t u = dice_below(d, 4);
	struct window w = { .shape = CALENDAR, .size = 1, .unit = units[u], .tz = DICE_PICK(d, zones) };

	if (dice_one_in(d, 4))
		w.size = dice_range(d, 1, 4);
	w.slide = w.size;
	if (w.size > 1 && dice_one_in(d, 2))
		w.slide = dice_range(d, 1, w.size + 1);
	if (dice_one_in(d, 4))
		w.offset = dice_range(d, -3, 3);
	w.reach = reach[u] * w.size * day;
	return w;
}

static inline struct window random_window(struct dice *d, unsigned shapes)
{
	static const enum shape usual[] = { NONE, TUMBLING, TUMBLING, SLIDING, SLIDING, SLIDING, SESSION, SESSION, CALENDAR, CALENDAR, CALENDAR };
	struct window w = { 0 };
	enum shape s;

	do
		s = DICE_PICK(d, usual);
	while (shapes && !(shapes >> s & 1));
	switch (s) {
	case NONE: return (struct window){ .shape = NONE, .reach = hour };
	case TUMBLING: return random_fixed(d);
	case SLIDING: return random_sliding(d);
	case CALENDAR: return random_calendar(d);
	case SESSION:
		w = random_fixed(d);
		return (struct window){ .shape = SESSION, .size = w.size, .tz = w.tz, .reach = w.size };
	}
	return w;
}

/* Numbers and texts. */

static inline void random_digits(struct dice *d, struct buf *out, int64_t n)
{
	while (n-- > 0)
		buf_byte(out, (char)('0' + dice_below(d, 10)));
}

static inline void random_number(struct dice *d, enum scale scale, struct buf *out)
{
	int64_t fraction = scale == FIXED ? 2 : dice_range(d, 0, scale == MIXED ? 6 : 18);

	if (scale == MIXED && dice_one_in(d, 12)) {
		static const char *const odd[] = { "007", "+5", ".5", "5.", "1e3", "1.5E-2", "-0", "-0.00", "0.0", "1.50", "1.5" };

		buf_text(out, DICE_PICK(d, odd));
		return;
	}
	if (dice_one_in(d, 3))
		buf_byte(out, '-');
	buf_byte(out, (char)('1' + dice_below(d, 9)));
	random_digits(d, out, dice_range(d, 0, scale == HUGE_NUMBERS ? 19 : 5));
	if (fraction)
		buf_byte(out, '.');
	random_digits(d, out, fraction);
}

static const struct span odd_texts[] = {
	SPAN(""), SPAN("a"), SPAN("b"), SPAN("A"), SPAN("a,b"), SPAN("q\"uote"), SPAN("\""), SPAN("new\nline"), SPAN("tab\there"),
	SPAN("back\\slash"), SPAN("\\n"), SPAN("\xc3\xa9t\xc3\xa9"), SPAN("\xe6\x97\xa5\xe6\x9c\xac"), SPAN("\xf0\x9f\x98\x80"),
	SPAN("nul\0byte"), SPAN(" lead"), SPAN("trail "), SPAN("#!weir end"), SPAN("cr\rmid"), SPAN("0"), SPAN("1.50"), SPAN("1.5"),
	SPAN("-7"), SPAN("'"), SPAN("`"), SPAN("%2C"), SPAN("x*1"), SPAN("1@2=3"), SPAN("{\"a\":1}"), SPAN("a\n#!weir end\nb"),
	SPAN("\x01"), SPAN("null"), SPAN("a\0"), SPAN("\n"), SPAN(","), SPAN("a a-long-text-that-is-more-than-thirty-two-bytes"),
};
static const struct span odd_bytes[] = { SPAN("\xff\xfe"), SPAN("\x80"), SPAN("a\xc3"), SPAN("\xed\xa0\x80") };

static inline struct span random_text(struct dice *d, bool bytes)
{
	return bytes && dice_one_in(d, 6) ? DICE_PICK(d, odd_bytes) : DICE_PICK(d, odd_texts);
}

/* Aggregates. */

static const char *const conditions[] = {
	"status == \"paid\"", "status != 'open'", "q > 2", "q in (1, 2, 3)", "c like \"%a%\"", "c is not null and q >= 1",
	"not (status == \"paid\" or q < 2)", "length(c) > 2", "q is null", "q * 2 - 1 <= 5",
};

static inline bool is_kind(const struct aggregate *g, const char *kind)
{
	return strcmp(g->kind, kind) == 0;
}

static inline bool is_edge(const struct aggregate *g)
{
	return is_kind(g, "first") || is_kind(g, "last");
}

static inline bool takes_number(const struct aggregate *g)
{
	return is_kind(g, "sum") || is_kind(g, "avg") || strncmp(g->kind, "var", 3) == 0 || strncmp(g->kind, "std", 3) == 0 ||
	       is_kind(g, "approx_quantile");
}

static inline struct aggregate random_aggregate(struct dice *d, const struct sample *s, const struct wish *wish)
{
	static const char *const kinds[] = {
		"count", "sum", "avg", "min", "max", "first", "last", "var_pop", "var_samp", "stddev_pop", "stddev_samp",
		"count_distinct", "approx_count_distinct", "approx_quantile", "count", "sum",
	};
	static const char *const numbers[] = {
		"a", "a", "b", "q", "a * q", "a + b", "a - b", "-b", "b / q", "abs(a)", "coalesce(a, 0)", "if(status == \"paid\", a, 0)",
		"round(a, 1)", "number(b)", "least(a, b)",
	};
	static const char *const same_scale[] = { "a", "b", "q", "a + b", "a - b", "-b", "abs(a)" };
	static const char *const anything[] = { "c", "c", "k1", "a", "upper(c)", "concat(c, status)", "number(a)", "status" };
	struct aggregate g = { .kind = DICE_PICK(d, kinds) };

	while ((is_edge(&g) && (wish->no_edges || !s->has_time)) || (wish->retract && is_kind(&g, "approx_count_distinct")))
		g.kind = DICE_PICK(d, kinds);
	if (is_kind(&g, "count") && dice_one_in(d, 2))
		g.arg = "";
	else if (!takes_number(&g))
		g.arg = DICE_PICK(d, anything);
	else if (wish->fixed_scale)
		g.arg = DICE_PICK(d, same_scale);
	else
		g.arg = s->scale == HUGE_NUMBERS ? numbers[dice_below(d, 4)] : DICE_PICK(d, numbers);
	if (dice_one_in(d, 4) && !(wish->fixed_scale && takes_number(&g)))
		g.where = DICE_PICK(d, conditions);
	return g;
}

/* Times. */

static inline int64_t random_base(struct dice *d, const struct window *w, const struct wish *wish)
{
	static const int64_t instants[] = {
		0, 0, -1, 1577836800000, 1700000000000, -1000000000000, 253370764800000,
		1711846800000, 1729990800000,           /* Berlin, 2024-03-31 and 2024-10-27 */
		1541300400000, 1518919200000,           /* Sao Paulo, 2018-11-04 and 2018-02-18: at midnight */
		-2208988800000, -62135596800000,        /* the years 1900 and 1 */
	};

	if (!wish->no_extremes && dice_one_in(d, 40))
		return dice_one_in(d, 2) ? INT64_MAX - 3 * w->reach : INT64_MIN + 3 * w->reach;
	return instants[dice_below(d, sizeof instants / sizeof *instants - (wish->modern ? 2 : 0))];
}

static inline int64_t add_capped(int64_t a, int64_t b)
{
	int64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? b < 0 ? INT64_MIN : INT64_MAX : sum;
}

static inline int64_t floor_to(int64_t ms, int64_t step)
{
	int64_t r = ms % step;

	return r < 0 ? ms - r - step : ms - r;
}

static inline int64_t random_time(struct dice *d, const struct window *w, int64_t base, int64_t spread)
{
	int64_t ms = add_capped(base, dice_range(d, -spread, spread));

	if (w->shape != CALENDAR && w->shape != NONE && dice_one_in(d, 3) && ms > INT64_MIN / 2 && ms < INT64_MAX / 2) {
		int64_t step = w->shape == SLIDING ? w->slide : w->size;

		return floor_to(ms, step) + w->offset % step + dice_range(d, -1, 1);            /* at the edges */
	}
	if (w->shape == CALENDAR && dice_one_in(d, 3) && ms > INT64_MIN / 2)
		return floor_to(ms, hour) - (int64_t)dice_below(d, 2);
	return ms;
}

/* RFC 3339, sometimes with an offset, where years have four digits; else ms as a number. Views say time-unit ms. */
static inline void time_text(struct dice *d, int64_t ms, struct buf *out)
{
	int64_t shift = dice_one_in(d, 4) ? dice_range(d, -14, 14) * 15 * minute : 0;
	struct tm tm;
	time_t s;
	int part;

	if (ms < -62135596800000 + day || ms > 253402300799999 - day || dice_one_in(d, 2)) {
		buf_i64(out, ms);
		return;
	}
	s = (time_t)(floor_to(ms + shift, 1000) / 1000);
	part = (int)(ms + shift - floor_to(ms + shift, 1000));
	gmtime_r(&s, &tm);
	buf_printf(out, "%04d-%02d-%02d%c%02d:%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, dice_one_in(d, 2) ? 'T' : ' ',
	           tm.tm_hour, tm.tm_min, tm.tm_sec);
	if (part || dice_one_in(d, 2))
		buf_printf(out, ".%03d", part);
	if (shift)
		buf_printf(out, "%c%02d:%02d", shift < 0 ? '-' : '+', (int)(llabs(shift) / hour), (int)(llabs(shift) % hour / minute));
	else
		buf_text(out, "Z");
}

/* Records. */

static inline struct record *new_record(struct sample *s)
{
	struct record *r;

	s->records.item = mem_grow(s->records.item, s->records.n, &s->records.cap, sizeof *r);
	r = &s->records.item[s->records.n];
	*r = (struct record){ .id = s->records.n++, .weight = 1 };
	return r;
}

static inline struct span keep(struct sample *s, struct buf *scratch)
{
	struct span text = arena_copy(&s->arena, buf_view(scratch));

	buf_clear(scratch);
	return text;
}

static inline void random_fields(struct dice *d, struct sample *s, struct record *r, const struct span *pool, size_t npool)
{
	static const struct span statuses[] = { SPAN("paid"), SPAN("open"), SPAN(""), SPAN("paid") };
	struct buf scratch = { 0 };

	for (enum column k = K1; k <= K3; k++)
		r->text[k] = pool[dice_below(d, npool)];
	if (s->scale == FIXED || !dice_one_in(d, 10))
		random_number(d, s->scale, &scratch);
	r->text[A] = keep(s, &scratch);
	if (s->scale == FIXED || !dice_one_in(d, 10))
		random_number(d, s->scale == HUGE_NUMBERS ? MIXED : s->scale, &scratch);
	r->text[B] = keep(s, &scratch);
	if (!dice_one_in(d, 10))
		buf_u64(&scratch, dice_below(d, 6));
	r->text[Q] = keep(s, &scratch);
	r->text[C] = dice_one_in(d, 3) ? r->text[A] : random_text(d, s->odd_bytes);
	r->text[STATUS] = DICE_PICK(d, statuses);
	buf_free(&scratch);
}

static inline bool time_taken(const struct sample *s, int64_t ms)
{
	for (size_t i = 0; i + 1 < s->records.n; i++)
		if (s->records.item[i].ms == ms)
			return true;
	return false;
}

static inline void set_time(struct dice *d, struct sample *s, struct record *r, int64_t ms)
{
	struct buf scratch = { 0 };

	r->ms = ms;
	if (r->fault == BAD_TIME)
		buf_text(&scratch, dice_one_in(d, 2) ? "yesterday" : "2024-02-30T00:00:00Z");
	else
		time_text(d, ms, &scratch);
	r->text[TS] = keep(s, &scratch);
	buf_free(&scratch);
}

static inline void random_records(struct dice *d, struct sample *s, size_t n, int64_t base)
{
	int64_t spread = s->window.reach / 2 * dice_range(d, 1, s->window.shape == SESSION ? 60 : 12);
	struct span pool[8];
	size_t npool = (size_t)dice_range(d, 1, 8);

	for (size_t i = 0; i < npool; i++)
		pool[i] = random_text(d, s->odd_bytes);
	while (n--) {
		struct record *r = new_record(s);
		int64_t ms = random_time(d, &s->window, base, spread);

		if (r->id && dice_one_in(d, 8))
			ms = s->records.item[dice_below(d, r->id)].ms;
		while (s->has_edge && time_taken(s, ms))
			ms += base > 0 ? -1 : 1;
		random_fields(d, s, r, pool, npool);
		if (s->skip_bad && dice_one_in(d, 15))
			r->fault = (enum fault)dice_range(d, BAD_TIME, BAD_SHAPE);
		if (r->fault == BAD_NUMBER)
			r->text[A] = r->text[Q] = SPAN("12x");
		set_time(d, s, r, ms);
	}
}

/* Turns records into changes: some are updated, some deleted. What survives has weight sum 1. */
static inline void random_changes(struct dice *d, struct sample *s)
{
	size_t n = s->records.n;

	for (size_t i = 0; i < n; i++) {
		size_t at = i;

		s->records.item[i].text[OP] = SPAN("+I");
		while (dice_one_in(d, 3)) {
			struct record *minus = new_record(s), *plus = NULL;
			uint64_t id = minus->id;

			*minus = s->records.item[at];
			minus->id = id, minus->weight = -1;
			if (dice_one_in(d, 3)) {
				minus->text[OP] = SPAN("-D");
				break;
			}
			minus->text[OP] = SPAN("-U");
			plus = new_record(s);
			id = plus->id;
			*plus = s->records.item[dice_below(d, n)];
			plus->id = id, plus->weight = 1;
			plus->text[TS] = s->records.item[at].text[TS];
			plus->ms = s->records.item[at].ms;
			plus->text[OP] = SPAN("+U");
			at = id;
		}
	}
}

/* The whole sample. */

static inline void random_view(struct dice *d, struct sample *s, const struct wish *wish)
{
	size_t n = (size_t)dice_range(d, 1, 7);
	enum column keys[] = { K1, K2, K3 };

	s->window = random_window(d, wish->shapes);
	if (wish->reach)
		s->window = (struct window){ .shape = TUMBLING, .size = wish->reach, .slide = wish->reach, .reach = wish->reach };
	s->has_time = wish->needs_time || s->window.shape != NONE || dice_one_in(d, 2);
	s->retract = wish->retract;
	s->odd_bytes = dice_one_in(d, 4);
	s->epoch_ms = dice_one_in(d, 5);
	s->skip_bad = !wish->no_bad && dice_one_in(d, 5);
	s->scale = wish->fixed_scale ? FIXED : !wish->small_numbers && dice_one_in(d, 4) ? HUGE_NUMBERS : MIXED;
	s->fill = s->window.shape != NONE && s->window.shape != SESSION && dice_one_in(d, 5);
	s->digits = dice_one_in(d, 3) ? (unsigned)dice_below(d, 13) : 6;
	if (dice_one_in(d, 3))
		s->where = DICE_PICK(d, conditions);
	s->nkeys = dice_below(d, MAX_KEYS + 1);
	for (size_t i = 0; i < s->nkeys; i++) {
		size_t pick = i + dice_below(d, MAX_KEYS - i);

		s->key[i] = keys[pick];
		keys[pick] = keys[i];
		s->key_is_computed[i] = dice_one_in(d, 6);
	}
	for (; s->naggregates < n; s->naggregates++) {
		s->aggregate[s->naggregates] = random_aggregate(d, s, wish);
		s->has_edge |= is_edge(&s->aggregate[s->naggregates]);
	}
	s->derive = dice_one_in(d, 3);
}

static inline struct sample random_sample(uint64_t seed, const struct wish *wish)
{
	struct dice d = { seed };
	struct sample s = { .seed = seed };
	static const size_t sizes[] = { 0, 1, 2, 5, 20, 20, 60, 60, 60, 120, 120, 250 };
	size_t records;

	random_view(&d, &s, wish);
	records = DICE_PICK(&d, sizes);
	random_records(&d, &s, records, random_base(&d, &s.window, wish));
	if (wish->retract)
		random_changes(&d, &s);
	return s;
}

static inline void sample_free(struct sample *s)
{
	free(s->records.item);
	arena_free(&s->arena);
}

#endif
