/* SPDX-License-Identifier: MIT */
#include "lib/view/intake.h"

static bool has_sessions(const struct intake *t)
{
	return t->view->window.kind == WINDOW_SESSION;
}

void intake_init(struct intake *t, const struct view *v)
{
	*t = (struct intake){ .view = v };
	row_maker_init(&t->rows, v);
	fold_init(&t->fold, v);
	sessions_init(&t->sessions, v, false);
}

void intake_free(struct intake *t)
{
	fold_free(&t->fold);
	sessions_free(&t->sessions);
	row_maker_free(&t->rows);
	columns_free(&t->columns);
}

static void note_time(struct intake *t, int64_t ms)
{
	if (!t->has_time || ms > t->time)
		t->time = ms;
	t->has_time = true;
}

/* NULL: slides leave gaps, and it is in one. */
static struct group *group_of(struct intake *t, int64_t ms, struct span key)
{
	struct interval at;
	bool in_window;
	struct pane *p = fold_find(&t->fold, ms, &at, &in_window);

	if (!in_window)
		return NULL;
	return fold_group(&t->fold, p ? p : fold_new_pane(&t->fold, at), key);
}

static struct group *session_of(struct intake *t, struct interval at, struct span key)
{
	return &sessions_join(&t->sessions, key, at, NULL, NULL)->group;
}

int intake_record(struct intake *t, const struct span *record, uint64_t position)
{
	enum row_verdict verdict = row_make(&t->rows, record, position);
	const struct row *row = &t->rows.row;
	struct group *g = NULL;

	if (row->has_time)
		note_time(t, row->at.ms);
	if (verdict == ROW_BAD)
		return 1;
	t->ledger.in++;
	if (verdict == ROW_READY)
		g = has_sessions(t) ? session_of(t, (struct interval){ row->at.ms, time_add(row->at.ms, t->view->window.gap_ms) }, row->key)
		                    : group_of(t, row->at.ms, row->key);
	if (!g) {
		t->ledger.filtered++;
		return 0;
	}
	group_add(t->view, g, row);
	t->ledger.out++;
	return 0;
}

bool intake_begin(struct intake *t, const struct batch *b)
{
	if (has_sessions(t) || !columns_fit(t->view))
		return false;
	if (!t->columns.view)
		columns_init(&t->columns, t->view);
	columns_make(&t->columns, b);
	t->next_pick = 0;
	return true;
}

/* Rows before a gap that slides leave, from there on the other row has to be looked at. */
static size_t find_panes(struct intake *t, size_t row)
{
	struct columns *c = &t->columns;
	struct interval at;
	bool in_window;

	for (; row < c->n && c->row[row] != COLUMN_OTHER; row++) {
		struct pane *p;

		if (c->row[row] != COLUMN_READY)
			continue;
		p = fold_find(&t->fold, c->ms[row], &at, &in_window);
		if (!in_window)
			break;
		c->pane[t->next_pick++] = p ? p : fold_new_pane(&t->fold, at);
	}
	return row;
}

size_t intake_rows(struct intake *t, size_t from)
{
	struct columns *c = &t->columns;
	size_t first, to;

	while (t->next_pick < c->npicks && c->pick[t->next_pick] < from)
		t->next_pick++;
	first = t->next_pick;
	to = find_panes(t, from);
	columns_add(c, &t->fold, first, t->next_pick);
	for (size_t row = from; t->view->time_field >= 0 && row < to; row++)
		note_time(t, c->ms[row]);
	t->ledger.in += to - from;
	t->ledger.out += t->next_pick - first;
	t->ledger.filtered += to - from - (t->next_pick - first);
	return to - from;
}

int intake_bad(struct intake *t)
{
	t->ledger.in++;
	t->ledger.rejected++;
	return t->view->skip_bad ? 0 : -1;
}

/* The start of a pane lies in it. */
int intake_partial(struct intake *t, const struct partial_row *row, const size_t *state_of, const struct measure **bad)
{
	struct group *g = has_sessions(t) ? session_of(t, row->at, row->key) : group_of(t, row->at.start, row->key);

	return g ? partial_merge(t->view, state_of, g, row, bad) : 0;
}

void intake_states(const struct view *v, const struct view *from, size_t *state_of)
{
	for (size_t i = 0; i < v->nmeasures; i++)
		for (size_t j = 0; j < from->nmeasures; j++)
			if (strcmp(v->measure[i].name, from->measure[j].name) == 0)
				state_of[i] = j;
}

size_t intake_groups(const struct intake *t)
{
	return t->fold.groups + t->sessions.live;
}

void intake_merge(struct intake *into, struct intake *from)
{
	fold_merge(&into->fold, &from->fold);
	sessions_merge(&into->sessions, &from->sessions);
	ledger_add(&into->ledger, &from->ledger);
	if (from->has_time)
		note_time(into, from->time);
	from->ledger = (struct ledger){ 0 };
	from->has_time = false;
}
