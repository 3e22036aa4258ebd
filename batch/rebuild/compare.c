/* SPDX-License-Identifier: MIT */
#include "batch/rebuild/compare.h"

#include "lib/view/row_out.h"
#include "lib/view/windows.h"

struct comparison {
	const struct view *view;
	struct row_out rows;
	struct buf was, is;             /* a row of each side as text; empty: it is not shown */
	struct out *out;
	uint64_t differ;
};

static void render(struct comparison *c, const struct fold_row *r, struct buf *text)
{
	buf_clear(text);
	if (!r || (c->view->retract && r->group->weight <= 0))
		return;
	row_out_render(&c->rows, r->at, r->key, r->group);
	row_out_write(&c->rows, NULL, text);
}

static void put(struct comparison *c, char mark, const struct buf *text)
{
	if (!text->n)
		return;
	buf_byte(&c->out->buf, mark);
	buf_span(&c->out->buf, buf_view(text));
	out_more(c->out);
}

static void compare(struct comparison *c, const struct fold_row *was, const struct fold_row *is)
{
	render(c, was, &c->was);
	render(c, is, &c->is);
	if (span_eq(buf_view(&c->was), buf_view(&c->is)))
		return;
	c->differ++;
	put(c, '-', &c->was);
	put(c, '+', &c->is);
}

static int order(const struct fold_row *a, const struct fold_row *b)
{
	if (!a || !b)
		return (a == NULL) - (b == NULL);
	if (a->at.end != b->at.end)
		return a->at.end < b->at.end ? -1 : 1;
	if (a->at.start != b->at.start)
		return a->at.start < b->at.start ? -1 : 1;
	return span_cmp(a->key, b->key);
}

/* Both are sorted. */
static void compare_lists(struct comparison *c, const struct fold_rows *was, const struct fold_rows *is)
{
	for (size_t i = 0, j = 0; i < was->n || j < is->n;) {
		const struct fold_row *a = i < was->n ? &was->row[i] : NULL, *b = j < is->n ? &is->row[j] : NULL;
		int o = order(a, b);

		compare(c, o <= 0 ? a : NULL, o >= 0 ? b : NULL);
		i += o <= 0;
		j += o >= 0;
	}
}

static void compare_sessions(struct comparison *c, const struct intake *was, const struct intake *is)
{
	struct fold_rows a = { 0 }, b = { 0 };

	sessions_rows(&was->sessions, &a);
	sessions_rows(&is->sessions, &b);
	compare_lists(c, &a, &b);
	fold_rows_free(&a);
	fold_rows_free(&b);
}

/* ---- windows, one by one: those that slide are made of several panes ---- */

struct lane {
	struct windows windows;
	struct window *at;              /* the next one, or NULL */
	struct fold_rows rows;          /* of it */
	struct table merged;
};

static void next_window(struct lane *l)
{
	if (windows_next(&l->windows, INT64_MAX, &l->at) == WINDOW_QUIET)
		l->at = NULL;
}

static void open_lane(struct lane *l, struct intake *t)
{
	struct pane *p;

	*l = (struct lane){ 0 };
	windows_init(&l->windows, &t->fold, false);
	l->windows.lateness = 0;
	for (size_t i = 0; (p = timemap_each(&t->fold.panes, &i));)
		windows_open(&l->windows, p, INT64_MIN);
	next_window(l);
}

/* taken: it is this window's turn. */
static void load_rows(struct lane *l, bool taken)
{
	l->rows = (struct fold_rows){ 0 };
	l->merged = (struct table){ 0 };
	if (taken)
		windows_rows(&l->windows, l->at, &l->rows, &l->merged);
}

static void leave_rows(struct lane *l, bool taken)
{
	if (!taken)
		return;
	windows_rows_free(&l->windows, &l->rows, &l->merged);
	windows_drop(&l->windows, l->at);
	next_window(l);
}

static void compare_windows(struct comparison *c, struct intake *was, struct intake *is)
{
	struct lane a, b;

	open_lane(&a, was);
	open_lane(&b, is);
	while (a.at || b.at) {
		bool left = a.at && (!b.at || a.at->ordinal <= b.at->ordinal), right = b.at && (!a.at || b.at->ordinal <= a.at->ordinal);

		load_rows(&a, left);
		load_rows(&b, right);
		compare_lists(c, &a.rows, &b.rows);
		leave_rows(&a, left);
		leave_rows(&b, right);
	}
	windows_free(&a.windows);
	windows_free(&b.windows);
}

uint64_t compare_rows(struct intake *was, struct intake *is, struct out *out)
{
	struct comparison c = { .view = is->view, .out = out };

	row_out_init(&c.rows, c.view, FORMAT_CSV, NULL);
	if (c.view->window.kind == WINDOW_SESSION)
		compare_sessions(&c, was, is);
	else
		compare_windows(&c, was, is);
	row_out_free(&c.rows);
	buf_free(&c.was);
	buf_free(&c.is);
	return c.differ;
}
