/* SPDX-License-Identifier: MIT */
/* Windows against an oracle that keeps every record and knows no panes: which windows fire and go, when, with which rows. */
#include "lib/view/windows.h"

#include "tests/unit/check.h"
#include "tests/unit/view_of.h"

#define RECORDS 400
#define KEYS 3

struct trial {
	struct view *v;
	struct fold fold;
	struct windows windows;
	int64_t size, slide, offset, lateness, watermark;
	bool fires;
	struct record {
		int64_t ms, amount;
		char key;
	} record[RECORDS];
	size_t n;
	/* windows the oracle holds open, by start, and those it has seen go */
	struct expected {
		int64_t start;
		bool fired;
	} open[RECORDS * 8];
	size_t nopen;
};

static int64_t end_of(const struct trial *t, int64_t start)
{
	return time_add(start, t->size);
}

static int64_t drop_of(const struct trial *t, int64_t start)
{
	return time_add(end_of(t, start) - 1, t->lateness);
}

/* The rows of a window from all records there were: key n s; */
static struct buf expected_rows(const struct trial *t, int64_t start)
{
	struct buf out = { 0 };

	for (char key = 'a'; key < 'a' + KEYS; key++) {
		int64_t n = 0, sum = 0;

		for (size_t i = 0; i < t->n; i++)
			if (t->record[i].key == key && t->record[i].ms >= start && t->record[i].ms < end_of(t, start))
				n++, sum += t->record[i].amount;
		if (n)
			buf_printf(&out, "%c %lld %lld;", key, (long long)n, (long long)sum);
	}
	return out;
}

static struct buf rows_of(const struct trial *t, const struct window *what)
{
	struct fold_rows rows = { 0 };
	struct table merged = { 0 };
	struct buf out = { 0 };

	windows_rows(&t->windows, what, &rows, &merged);
	for (size_t i = 0; i < rows.n; i++) {
		struct group *one = group_new(t->v);
		struct buf again = { 0 }, text = { 0 };

		show_group(t->v, rows.row[i].group, &text);
		CHECK(windows_row(&t->windows, what, rows.row[i].key, one));
		show_group(t->v, one, &again);
		CHECK(span_eq(buf_view(&text), buf_view(&again)));
		buf_printf(&out, "%.*s %.*s;", (int)rows.row[i].key.n, rows.row[i].key.p, (int)text.n, text.p);
		buf_free(&text);
		buf_free(&again);
		group_free(t->v, one);
	}
	windows_rows_free(&t->windows, &rows, &merged);
	return out;
}

static void check_rows(const struct trial *t, const struct window *what)
{
	struct buf want = expected_rows(t, what->at.start), got = rows_of(t, what);

	buf_byte(&want, '\0');
	CHECK_BUF(got, want.p);
	buf_free(&want);
	buf_free(&got);
}

/* Every pane there is, is needed by a window that is still open. */
static void check_panes(const struct trial *t)
{
	struct pane *p;

	for (size_t i = 0; (p = timemap_each(&t->fold.panes, &i));) {
		int64_t k = 0;

		CHECK(windows_holding(&t->windows, p, &k) != NULL);
	}
}

static struct expected *find(struct trial *t, int64_t start)
{
	for (size_t i = 0; i < t->nopen; i++)
		if (t->open[i].start == start)
			return &t->open[i];
	return NULL;
}

static void advance(struct trial *t, int64_t watermark)
{
	int64_t before = INT64_MIN;
	enum window_event event;
	struct window *what;

	t->watermark = watermark;
	while ((event = windows_next(&t->windows, watermark, &what)) != WINDOW_QUIET) {
		struct expected *e = find(t, what->at.start);
		int64_t when = event == WINDOW_FIRE ? what->at.end - 1 : drop_of(t, what->at.start);

		CHECK(e != NULL);
		CHECK_INT(what->at.end, end_of(t, what->at.start));
		CHECK(when <= watermark);
		CHECK(when >= before);
		before = when;
		if (event == WINDOW_FIRE || !t->fires)
			check_rows(t, what);
		if (event == WINDOW_FIRE) {
			CHECK(t->fires && !e->fired);
			e->fired = true;
			continue;
		}
		CHECK(e->fired == t->fires);
		*e = t->open[--t->nopen];
		windows_drop(&t->windows, what);
	}
	/* nothing that is due was left */
	for (size_t i = 0; i < t->nopen; i++) {
		CHECK(drop_of(t, t->open[i].start) > watermark);
		CHECK(!t->fires || t->open[i].fired == (end_of(t, t->open[i].start) - 1 <= watermark));
	}
	CHECK_INT(t->windows.open.n, t->nopen);
	check_panes(t);
}

/* The start of the last window that begins at or before ms. */
static int64_t last_start(const struct trial *t, int64_t ms)
{
	int64_t back = (ms - t->offset) % t->slide;

	return ms - (back < 0 ? back + t->slide : back);
}

static void add(struct trial *t, int64_t ms, char key, int64_t amount)
{
	struct interval at;
	bool in_window;
	struct pane *p = fold_find(&t->fold, ms, &at, &in_window);
	int64_t windows = 0, past = 0;

	for (int64_t start = last_start(t, ms); end_of(t, start) > ms; start -= t->slide) {
		windows++;
		past += drop_of(t, start) <= t->watermark;
	}
	CHECK(in_window == (windows > 0));
	if (!in_window)
		return;
	CHECK_INT(window_count(&t->v->window, at.start), windows);
	CHECK_INT(windows_past(&t->windows, at, t->watermark), past);
	if (past == windows)
		return;                 /* late */
	if (!p) {
		p = fold_new_pane(&t->fold, at);
		windows_open(&t->windows, p, t->watermark);
	}
	group_add_amount(t->v, fold_group(&t->fold, p, (struct span){ &key, 1 }), ms, amount);
	t->record[t->n++] = (struct record){ ms, amount, key };
	for (int64_t start = last_start(t, ms); end_of(t, start) > ms; start -= t->slide)
		if (drop_of(t, start) > t->watermark && !find(t, start))
			t->open[t->nopen++] = (struct expected){ start, false };
}

static struct trial *trial_new(int64_t size, int64_t slide, int64_t offset, int64_t lateness, bool fires)
{
	struct trial *t = mem_zalloc(sizeof *t);
	char text[300];

	snprintf(text, sizeof text, "time t\nwindow %lldms\nslide %lldms\noffset %lldms\nallowed-lateness %lldms\ngroup-by k\nmeasure n = count(), s = sum(x)\n",
		(long long)size, (long long)slide, (long long)offset, (long long)lateness);
	t->v = view_of(text);
	t->size = size, t->slide = slide, t->offset = offset, t->lateness = lateness, t->fires = fires;
	t->watermark = INT64_MIN;
	fold_init(&t->fold, t->v);
	windows_init(&t->windows, &t->fold, fires);
	return t;
}

static void trial_end(struct trial *t)
{
	advance(t, INT64_MAX);
	CHECK_INT(t->windows.open.n, 0);
	CHECK_INT(t->fold.panes.n, 0);
	CHECK_INT(t->fold.groups, 0);
	windows_free(&t->windows);
	fold_free(&t->fold);
	view_free(t->v);
	free(t);
}

TEST(windows_fire_and_go_as_if_every_record_was_kept)
{
	unsigned long long seed = 14;

	for (int round = 0; round < 150; round++) {
		int64_t size = 1 + (int64_t)(check_random(&seed) % 60), slide = 1 + (int64_t)(check_random(&seed) % 60);
		int64_t offset = (int64_t)(check_random(&seed) % 40), delay = (int64_t)(check_random(&seed) % 50);
		int64_t lateness = check_random(&seed) % 3 ? (int64_t)(check_random(&seed) % 80) : 0, most = INT64_MIN;
		struct trial *t;

		if (slide < size / 8)
			slide = size / 8 + 1;
		if (round % 3 == 0)
			slide = size;
		t = trial_new(size, slide, offset, lateness, round % 2);
		for (int i = 0; i < RECORDS; i++) {
			int64_t ms = i / 2 - 100 + (int64_t)(check_random(&seed) % 120) - 60;

			add(t, ms, (char)('a' + check_random(&seed) % KEYS), (int64_t)(check_random(&seed) % 100));
			most = ms > most ? ms : most;
			if (check_random(&seed) % 2 || most - delay - 1 > t->watermark + 5)
				advance(t, most - delay - 1 > t->watermark ? most - delay - 1 : t->watermark);
		}
		trial_end(t);
	}
}

/* The exact limits: W = end - 2 does nothing, end - 1 fires, end - 1 + lateness drops. */
TEST(firing_and_dropping_at_the_very_millisecond)
{
	struct trial *t = trial_new(10, 10, 0, 5, true);
	struct window *what;

	add(t, 0, 'a', 1);
	CHECK_INT(windows_next(&t->windows, 8, &what), WINDOW_QUIET);
	CHECK_INT(windows_next(&t->windows, 9, &what), WINDOW_FIRE);
	CHECK_INT(windows_next(&t->windows, 13, &what), WINDOW_QUIET);
	CHECK_INT(windows_past(&t->windows, (struct interval){ 0, 10 }, 13), 0);
	CHECK_INT(windows_past(&t->windows, (struct interval){ 0, 10 }, 14), 1);
	CHECK_INT(windows_next(&t->windows, 14, &what), WINDOW_DROP);
	windows_drop(&t->windows, what);
	t->nopen = 0;
	trial_end(t);
}

/* A lateness that reaches beyond 64 bits: all windows go at the same last moment, and none takes another's panes along. */
TEST(an_endless_lateness_loses_no_rows)
{
	static const int64_t endless[] = { INT64_MAX, INT64_MAX - 50 };
	unsigned long long seed = 15;

	for (int round = 0; round < 40; round++) {
		int64_t slide = 1 + (int64_t)(check_random(&seed) % 20);
		struct trial *t = trial_new(40, slide < 5 ? 5 : slide, 3, endless[round % 2], round / 2 % 2);

		for (int i = 0; i < 150; i++) {
			add(t, (int64_t)(check_random(&seed) % 200) - 100, (char)('a' + check_random(&seed) % KEYS), 1);
			advance(t, i - 100);
		}
		trial_end(t);
	}
}

TEST(windows_at_the_far_end_of_time_come_out_too)
{
	unsigned long long seed = 16;

	for (int round = 0; round < 20; round++) {
		struct trial *t = trial_new(40, round % 2 ? 40 : 11, 0, 0, round / 2 % 2);

		for (int i = 0; i < 100; i++)
			add(t, INT64_MAX - 1 - (int64_t)(check_random(&seed) % 100), (char)('a' + check_random(&seed) % KEYS), 1);
		trial_end(t);
	}
}

TEST(a_long_stream_takes_no_more_room_than_a_short_one)
{
	struct view *v = view_of("time t\nwindow 60s\nslide 10s\nallowed-lateness 20s\ngroup-by k\nmeasure n = count(), d = count_distinct(x)\n");
	struct fold f;
	struct windows w;

	fold_init(&f, v);
	windows_init(&w, &f, false);
	for (int64_t ms = 0; ms < 50000000; ms += 500) {
		enum window_event event;
		struct window *what;
		struct interval at;
		bool in_window;
		struct pane *p = fold_find(&f, ms, &at, &in_window);

		if (!p) {
			p = fold_new_pane(&f, at);
			windows_open(&w, p, ms - 1000);
		}
		group_add_amount(v, fold_group(&f, p, ms % 1000 ? SPAN("a") : SPAN("b")), ms, ms % 7);
		while ((event = windows_next(&w, ms - 1000, &what)) == WINDOW_DROP)
			windows_drop(&w, what);
		CHECK(f.panes.n <= 10 && w.open.n <= 15 && f.groups <= 20 && w.to_drop.n <= 15);
	}
	CHECK(f.panes.mask < 64 && w.open.mask < 64 && w.to_drop.cap < 64);
	windows_free(&w);
	fold_free(&f);
	view_free(v);
}

/* What is printed is owned by the window, with whatever is left in it. */
TEST(windows_left_open_are_freed_with_all_they_hold)
{
	struct trial *t = trial_new(60, 10, 0, 0, true);
	struct window *what;
	bool is_new;

	add(t, 5, 'a', 1);
	CHECK_INT(windows_next(&t->windows, 9, &what), WINDOW_FIRE);
	*(void **)table_put(&what->printed, SPAN("a"), hash_bytes("a", 1), &is_new) = mem_alloc(10);
	windows_free(&t->windows);
	fold_free(&t->fold);
	view_free(t->v);
	free(t);
}
