/* SPDX-License-Identifier: MIT */
#include "lib/view/state.h"

#include "tests/unit/view_of.h"

#define MS(window) "time t\ntime-unit ms\n" window "\ngroup-by k\nmeasure n = count()\nmeasure s = sum(x)\nmeasure d = count_distinct(x)\ntime-format epoch-ms\n"

/* All that has a state, of one view. */
struct held {
	struct view *view;
	struct fold fold;
	struct windows windows;
	struct sessions sessions;
	struct fill fill;
	struct row_out rows;
	struct view_state state;
	struct failure failure;
};

static void hold(struct held *h, const char *definition, bool fires)
{
	*h = (struct held){ .view = view_of(definition) };
	fold_init(&h->fold, h->view);
	windows_init(&h->windows, &h->fold, fires);
	sessions_init(&h->sessions, h->view, fires);
	fill_init(&h->fill, h->view);
	row_out_init(&h->rows, h->view, FORMAT_CSV, "_change");
	h->state = (struct view_state){ h->view, &h->fold, &h->windows, &h->sessions, &h->fill, &h->rows, { 0 } };
}

static void let_go(struct held *h)
{
	windows_free(&h->windows);
	fold_free(&h->fold);
	sessions_free(&h->sessions);
	fill_free(&h->fill);
	row_out_free(&h->rows);
	buf_free(&h->state.scratch);
	view_free(h->view);
}

static int take(struct held *h, const char *line)
{
	h->failure = (struct failure){ 0 };
	return state_take(&h->state, span_of(line), &h->failure);
}

/* All groups and sessions, sorted, one line each; then printed rows of window `ordinal`. */
static struct buf all_of(struct held *h)
{
	struct fold_rows rows = { 0 };
	struct pane *p;
	struct buf out = { 0 };

	for (size_t i = 0; (p = timemap_each(&h->fold.panes, &i));)
		fold_rows_pane(&rows, p->at, &p->groups);
	fold_rows_sort(&rows);
	for (size_t i = 0; i < rows.n; i++) {
		state_print_group(&h->state, rows.row[i].at, rows.row[i].key, rows.row[i].group, &out);
		buf_byte(&out, '\n');
	}
	rows.n = 0;
	sessions_rows(&h->sessions, &rows);
	for (size_t i = 0; i < rows.n; i++) {
		state_print_session(&h->state, sessions_at(&h->sessions, rows.row[i].key, rows.row[i].at.start), &out);
		buf_byte(&out, '\n');
	}
	fold_rows_free(&rows);
	return out;
}

#define CHECK_ALL(h, text) do { struct buf all_ = all_of(h); CHECK_BUF(all_, text); buf_free(&all_); } while (0)

TEST(groups_are_what_they_were_and_the_last_line_counts)
{
	struct held h;

	hold(&h, MS("window 10ms"), true);
	CHECK_INT(take(&h, "g\t0\t3\t2\ta\t2\t1.50\t1,2"), 0);
	CHECK_INT(take(&h, "g\t10\t0\t1\ta%09b%00\t1\t7\t7"), 0);
	CHECK_INT(take(&h, "g\t0\t4\t3\ta\t3\t4.50\t1,2,3"), 0);
	CHECK_INT(take(&h, "g\t-10\t0\t0\t\t\t\t"), 0);
	CHECK_ALL(&h, "g\t-10\t0\t0\t\t\t\t\ng\t0\t4\t3\ta\t3\t4.50\t1,2,3\ng\t10\t0\t1\ta%09b%00\t1\t7\t7\n");
	CHECK_INT(h.fold.groups, 3);
	let_go(&h);
}

TEST(sliding_windows_share_their_panes)
{
	struct held h;

	hold(&h, MS("window 20ms\nslide 10ms"), true);
	CHECK_INT(take(&h, "g\t0\t0\t1\ta\t1\t1\t1"), 0);
	CHECK_INT(h.windows.open.n, 2);
	CHECK_INT(take(&h, "g\t10\t0\t1\ta\t1\t1\t1"), 0);
	CHECK_INT(h.windows.open.n, 3);
	/* [-10, 10) has ended; what it printed needs it no more, but [0, 20) needs its pane */
	state_settle(&h.state, 9);
	CHECK_INT(h.windows.open.n, 2);
	CHECK_INT(h.fold.groups, 2);
	state_settle(&h.state, 19);
	CHECK_INT(h.windows.open.n, 1);
	CHECK_INT(h.fold.groups, 1);
	let_go(&h);
}

TEST(what_had_fired_has_fired)
{
	struct held h;
	struct window *what;

	hold(&h, MS("window 10ms\nallowed-lateness 50ms"), true);
	take(&h, "g\t0\t0\t1\ta\t1\t1\t1");
	take(&h, "g\t10\t0\t1\ta\t1\t1\t1");
	state_settle(&h.state, 15);
	CHECK_INT(h.windows.open.n, 2);
	CHECK(((struct window *)timemap_get(&h.windows.open, 0))->fired);
	CHECK(!((struct window *)timemap_get(&h.windows.open, 1))->fired);
	CHECK(windows_next(&h.windows, 18, &what) == WINDOW_QUIET);
	CHECK(windows_next(&h.windows, 19, &what) == WINDOW_FIRE && what->at.start == 10);
	let_go(&h);
}

TEST(printed_rows)
{
	struct held h;
	struct window *what;
	struct printed *p;
	struct buf out = { 0 };
	struct span key = SPAN("a,b");

	hold(&h, MS("window 10ms"), true);
	CHECK_INT(take(&h, "p\t0\ta,b\t=0,10,a%2Cb,1,5,"), -1);             /* of a window that is not there */
	CHECK_INT(h.failure.status, EXIT_DATA);
	take(&h, "g\t0\t0\t1\ta,b\t1\t5\t5");
	CHECK_INT(take(&h, "p\t0\ta,b\t=0,10,a%2Cb,1,5,"), 0);
	CHECK_INT(take(&h, "p\t0\ta,b\t=0,10,a%2Cb,1,5,1"), 0);
	what = timemap_get(&h.windows.open, 0);
	p = table_get(&what->printed, key, hash_bytes(key.p, key.n));
	state_print_row(&h.state, what, key, p, &out);
	CHECK_BUF(out, "p\t0\ta,b\t=0,10,a%2Cb,1,5,1");
	/* as it would be rendered anew */
	fold_find(&h.fold, 5, &(struct interval){ 0, 0 }, &(bool){ false });
	row_out_render(&h.rows, what->at, key, table_get(&h.fold.recent->groups, key, hash_bytes(key.p, key.n)));
	CHECK(row_out_same(&h.rows, p->row));
	CHECK_INT(take(&h, "p\t0\ta,b\t"), 0);
	CHECK(!p->row);
	buf_free(&out);
	let_go(&h);
}

TEST(a_session_takes_the_place_of_those_it_overlaps)
{
	struct held h;

	hold(&h, MS("session 10ms"), true);
	take(&h, "s\t0\t10\t0\t1\ta\t\t1\t1\t1");
	take(&h, "s\t20\t30\t0\t1\ta\t\t1\t1\t1");
	take(&h, "s\t40\t50\t0\t1\ta\t=40,50,a,1,1,1\t1\t1\t1");
	take(&h, "s\t0\t10\t0\t1\tb\t\t1\t1\t1");
	CHECK_INT(h.sessions.live, 4);
	take(&h, "s\t5\t40\t2\t3\ta\t=5,40,a,3,6,3\t3\t6\t1,2,3");
	CHECK_ALL(&h, "s\t0\t10\t0\t1\tb\t\t1\t1\t1\ns\t5\t40\t2\t3\ta\t=5,40,a,3,6,3\t3\t6\t1,2,3\ns\t40\t50\t0\t1\ta\t=40,50,a,1,1,1\t1\t1\t1\n");
	CHECK(!sessions_at(&h.sessions, SPAN("a"), 4) && sessions_at(&h.sessions, SPAN("a"), 5));
	CHECK(sessions_at(&h.sessions, SPAN("a"), 39)->at.start == 5 && sessions_at(&h.sessions, SPAN("a"), 40)->at.start == 40);
	CHECK(!sessions_at(&h.sessions, SPAN("c"), 5));
	state_settle(&h.state, 39);
	CHECK_INT(h.sessions.live, 1);
	let_go(&h);
}

TEST(fill)
{
	struct held h;
	struct buf out = { 0 };

	hold(&h, MS("window 10ms\nfill"), false);
	CHECK_INT(take(&h, "k\ta%20b"), 0);
	CHECK_INT(take(&h, "k\ta%20b"), 0);
	CHECK_INT(take(&h, "f\t-30\t17"), 0);
	CHECK_INT(table_count(&h.fill.known), 1);
	CHECK(h.fill.begun && h.fill.next == -30 && h.fill.made == 17);
	state_print_fill(&h.fill, &out);
	buf_byte(&out, ' ');
	state_print_known(SPAN("a b"), &out);
	CHECK_BUF(out, "f\t-30\t17 k\ta%20b");
	buf_free(&out);
	let_go(&h);
}

TEST(damage_is_refused)
{
	static const char *const bad[] = {
		"g", "g\t0", "g\t0\t0\t0", "g\tx\t0\t0\ta\t1\t1\t1", "g\t3\t0\t0\ta\t1\t1\t1", "g\t0\t0\t0\ta%\t1\t1\t1", "g\t0\t0\t0\ta\tx\t1\t1",
		"g\t0\t0\t0\ta\t1\t1\t1\t1", "g\t0\t0\t99999999999999999999\ta\t1\t1\t1", "p\t0\ta\t0,10,a,1,5,1", "p\t0\ta\t=0,10,a,1,5,1,7",
		"p\t0\ta\t=%", "p\t0\ta\t=0,10,a,1,5,1\tx", "s\t0\t0\t0\t1\ta\t\t1\t1\t1", "s\t10\t0\t0\t1\ta\t\t1\t1\t1", "s\t0\t10\t0\t1\ta\tx\t1\t1\t1",
		"k\t%4", "k\ta\tb", "f\t1", "f\t1\t2\t3",
	};
	struct held h;

	hold(&h, MS("window 10ms"), true);
	take(&h, "g\t0\t0\t1\ta\t1\t1\t1");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		CHECK_INT(take(&h, bad[i]), -1);
		CHECK_INT(h.failure.status, EXIT_DATA);
		if (take(&h, bad[i]) != -1)
			printf("# %s\n", bad[i]);
	}
	CHECK_INT(take(&h, "x\t1"), 1);
	CHECK_INT(take(&h, ""), 1);
	CHECK_INT(take(&h, "gg\t1"), 1);
	let_go(&h);
}
