/* SPDX-License-Identifier: MIT */
/* Rows are looked at in their order, as W may move with each; their groups are found and added to together, before anything fires. */
#include "speed/window/many.h"

bool many_fit(const struct engine *e)
{
	const struct view *v = e->view;

	return columns_fit(v) && v->window.kind != WINDOW_SESSION && (v->emit == EMIT_FINAL || v->emit == EMIT_PARTIAL) && !v->max_ahead &&
		!e->lateness.on;
}

void many_begin(struct engine *e, const struct batch *b)
{
	if (!e->columns.view)
		columns_init(&e->columns, e->view);
	columns_make(&e->columns, b);
	e->next_pick = 0;
}

/* The pane of the record before, and until which W records may come to it. */
struct place_in_time {
	struct pane *pane;
	struct interval at;
	int64_t closes;
};

/* Another one. NULL: there is none yet. */
static void find_pane(struct engine *e, int64_t ms, struct place_in_time *t)
{
	bool in_window;

	t->pane = fold_find(&e->fold, ms, &t->at, &in_window);
	t->closes = t->pane ? time_add(t->pane->first_end - 1, e->view->allowed_lateness) : 0;
}

/* Moves W. True: something is due at it. */
static bool moves(struct engine *e, size_t input, int64_t ms)
{
	if (!watermark_observe(&e->watermark, input, ms) || !watermark_combine(&e->watermark))
		return false;
	return e->controlled || windows_due(&e->windows, e->watermark.at);
}

/* Adds picks first .. e->next_pick to their groups. */
static int take_picks(struct engine *e, size_t first)
{
	struct columns *c = &e->columns;

	columns_add(c, &e->fold, first, e->next_pick);
	for (size_t i = first; e->unsaved.on && i < e->next_pick; i++)
		unsaved_group(&e->unsaved, c->pane[i], c->group[i]);
	e->ledger.out += e->next_pick - first;
	return engine_check_bound(e);
}

static int64_t own_watermark(const struct engine *e, size_t input)
{
	int64_t own = e->watermark.input[input].at;

	return own > e->watermark.at ? own : e->watermark.at;
}

static void count_rows(struct engine *e, size_t input, size_t from, size_t to, size_t picks)
{
	int64_t latest = e->latest;

	for (size_t row = from; engine_watches(e) && row < to; row++)
		latest = e->columns.ms[row] > latest ? e->columns.ms[row] : latest;
	e->latest = latest;
	e->watermark.input[input].idle &= from == to;
	e->ledger.in += to - from;
	e->ledger.filtered += to - from - picks;
}

/* Rows from .. *to in order, as far as they go; picks that are not taken yet begin at first. */
static int look_at_rows(struct engine *e, size_t from, size_t *to, size_t input, size_t *first)
{
	struct columns *c = &e->columns;
	const uint8_t *kind = c->row;
	const int64_t *ms = c->ms;
	int64_t own = own_watermark(e, input), newest = engine_watches(e) ? e->watermark.input[input].max_ms : INT64_MAX;
	struct place_in_time in = { .pane = NULL };
	size_t pick = e->next_pick, row, n = c->n;

	for (row = from; row < n && kind[row] != COLUMN_OTHER; row++) {
		if (kind[row] == COLUMN_READY) {
			if (!in.pane || ms[row] < in.at.start || ms[row] >= in.at.end)
				find_pane(e, ms[row], &in);
			if (!in.pane || (own != WATERMARK_NONE && in.closes <= own))
				break;
			c->pane[pick++] = in.pane;
		}
		if (ms[row] <= newest)
			continue;
		e->next_pick = pick;
		if (moves(e, input, ms[row])) {
			if (take_picks(e, *first) < 0 || engine_advance(e) < 0)
				return -1;
			*first = pick;
			in.pane = NULL;         /* it may have gone */
		}
		newest = e->watermark.input[input].max_ms;
		own = own_watermark(e, input);
	}
	e->next_pick = pick;
	*to = row;
	return 0;
}

ssize_t many_take(struct engine *e, size_t from, size_t input)
{
	const struct columns *c = &e->columns;
	size_t begin, first, to;

	while (e->next_pick < c->npicks && c->pick[e->next_pick] < from)
		e->next_pick++;
	begin = first = e->next_pick;
	if (look_at_rows(e, from, &to, input, &first) < 0)
		return -1;
	count_rows(e, input, from, to, e->next_pick - begin);
	return take_picks(e, first) < 0 ? -1 : (ssize_t)(to - from);
}
