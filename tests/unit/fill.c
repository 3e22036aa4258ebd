/* SPDX-License-Identifier: MIT */
#include "lib/view/fill.h"

#include "tests/unit/check.h"
#include "tests/unit/view_of.h"

static struct view *view_with(const char *window, const char *more)
{
	char text[300];

	snprintf(text, sizeof text, "time t\n%s\ngroup-by k\nmeasure n = count(), s = sum(x), m = max(x)\nfill\n%s\n", window, more);
	return view_of(text);
}

struct shown {
	const struct view *v;
	struct buf text;
};

static void show(void *context, const struct fold_rows *rows)
{
	struct shown *s = context;

	for (size_t i = 0; i < rows->n; i++) {
		const struct fold_row *r = &rows->row[i];

		buf_printf(&s->text, "%lld-%lld %.*s ", (long long)r->at.start, (long long)r->at.end, (int)r->key.n, r->key.p);
		show_group(s->v, r->group, &s->text);
		buf_byte(&s->text, '\n');
	}
}

/* Closes a window in which each of the keys (one letter each) had one record of 7. */
static int close_window(struct fill *f, int64_t start, int64_t end, const char *keys, struct shown *s)
{
	struct fold_rows rows = { 0 };
	struct group *g = group_new(s->v);
	int rc;

	group_add_amount(s->v, g, start, 7);
	for (const char *k = keys; *k; k++)
		fold_rows_add(&rows, (struct interval){ start, end }, (struct span){ k, 1 }, g);
	rc = fill_each(f, (struct interval){ start, end }, &rows, show, s);
	fold_rows_free(&rows);
	group_free(s->v, g);
	return rc;
}

TEST(quiet_windows_and_missing_keys_come_out_in_order)
{
	struct view *v = view_with("window 10ms", "");
	struct shown s = { .v = v };
	struct fill f;

	fill_init(&f, v);
	CHECK_INT(close_window(&f, 0, 10, "b", &s), 0);
	CHECK_INT(close_window(&f, 10, 20, "ac", &s), 0);
	CHECK_INT(close_window(&f, 40, 50, "b", &s), 0);
	CHECK_BUF(s.text,
		"0-10 b 1 7 7\n"
		"10-20 a 1 7 7\n10-20 b 0 0 \n10-20 c 1 7 7\n"
		"20-30 a 0 0 \n20-30 b 0 0 \n20-30 c 0 0 \n"
		"30-40 a 0 0 \n30-40 b 0 0 \n30-40 c 0 0 \n"
		"40-50 a 0 0 \n40-50 b 1 7 7\n40-50 c 0 0 \n");
	CHECK_INT(f.made, 9);
	buf_free(&s.text);
	fill_free(&f);
	view_free(v);
}

TEST(sliding_windows_are_filled_one_slide_after_the_other)
{
	struct view *v = view_with("window 20ms\nslide 10ms\noffset 5ms", "");
	struct shown s = { .v = v };
	struct fill f;

	fill_init(&f, v);
	close_window(&f, -15, 5, "a", &s);
	close_window(&f, 15, 35, "a", &s);
	CHECK_BUF(s.text, "-15-5 a 1 7 7\n-5-15 a 0 0 \n5-25 a 0 0 \n15-35 a 1 7 7\n");
	buf_free(&s.text);
	fill_free(&f);
	view_free(v);
}

TEST(gaps_between_windows_are_not_filled)
{
	struct view *v = view_with("window 3ms\nslide 10ms", "");
	struct shown s = { .v = v };
	struct fill f;

	fill_init(&f, v);
	close_window(&f, 0, 3, "a", &s);
	close_window(&f, 20, 23, "a", &s);
	CHECK_BUF(s.text, "0-3 a 1 7 7\n10-13 a 0 0 \n20-23 a 1 7 7\n");
	buf_free(&s.text);
	fill_free(&f);
	view_free(v);
}

TEST(days_are_filled_across_a_change_of_clocks)
{
	struct view *v = view_with("window 1d\ntz Europe/Berlin", "");
	struct shown s = { .v = v };
	struct fill f;

	fill_init(&f, v);
	/* 2026-03-28, -29 (23 hours), -30 */
	close_window(&f, 1774652400000, 1774738800000, "a", &s);
	close_window(&f, 1774821600000, 1774908000000, "a", &s);
	CHECK_BUF(s.text, "1774652400000-1774738800000 a 1 7 7\n1774738800000-1774821600000 a 0 0 \n1774821600000-1774908000000 a 1 7 7\n");
	buf_free(&s.text);
	fill_free(&f);
	view_free(v);
}

TEST(no_more_rows_than_fill_max)
{
	struct view *v = view_with("window 10ms", "fill-max 3");
	struct shown s = { .v = v };
	struct fill f;

	fill_init(&f, v);
	CHECK_INT(close_window(&f, 0, 10, "a", &s), 0);
	CHECK_INT(close_window(&f, 40, 50, "a", &s), 0);
	CHECK_INT(f.made, 3);
	CHECK_INT(close_window(&f, 50, 60, "a", &s), 0);
	CHECK_INT(close_window(&f, 60, 70, "b", &s), -1);
	CHECK_INT(f.made, 3);
	buf_free(&s.text);
	fill_free(&f);
	view_free(v);
}

/* A single time of another century must not make it run for ever. */
TEST(a_far_away_window_stops_at_fill_max)
{
	struct view *v = view_with("window 1ms", "fill-max 1000");
	struct shown s = { .v = v };
	struct fill f;

	fill_init(&f, v);
	CHECK_INT(close_window(&f, 0, 1, "a", &s), 0);
	CHECK_INT(close_window(&f, INT64_C(9000000000000), INT64_C(9000000000001), "a", &s), -1);
	CHECK_INT(f.made, 1000);
	buf_free(&s.text);
	fill_free(&f);
	view_free(v);
}
