/* SPDX-License-Identifier: MIT */
#include "serve/store/epochs.h"

#include "lib/base/diag.h"

void epochs_init(struct epochs *e, const struct view *v)
{
	*e = (struct epochs){ .view = v };
	fold_init(&e->fold, v);
	sessions_init(&e->sessions, v, false);
	e->state_of = mem_array(NULL, v->nmeasures, sizeof *e->state_of);
	for (size_t i = 0; i < v->nmeasures; i++)
		e->state_of[i] = i;
}

void epochs_free(struct epochs *e)
{
	if (!e->view)
		return;
	fold_free(&e->fold);
	sessions_free(&e->sessions);
	free(e->state_of);
	*e = (struct epochs){ 0 };
}

void epochs_clear(struct epochs *e)
{
	const struct view *v = e->view;

	epochs_free(e);
	epochs_init(e, v);
}

static struct group *group_of(struct epochs *e, const struct partial_row *row)
{
	struct interval at;
	struct pane *p;
	bool in_window;

	if (e->view->window.kind == WINDOW_SESSION)
		return &sessions_join(&e->sessions, row->key, row->at, NULL, NULL)->group;
	p = fold_find(&e->fold, row->at.start, &at, &in_window);
	if (!in_window || at.start != row->at.start || at.end != row->at.end)
		return NULL;
	return fold_group(&e->fold, p ? p : fold_new_pane(&e->fold, at), row->key);
}

int epochs_row(struct epochs *e, const struct partial_row *row, struct failure *f)
{
	struct group *g = group_of(e, row);
	const struct measure *bad;

	if (!g)
		return failure_set(f, EXIT_DATA, "the view has no window from %lld to %lld", (long long)row->at.start, (long long)row->at.end);
	e->rows++;
	if (partial_merge(e->view, e->state_of, g, row, &bad) == 0)
		return 0;
	return failure_set(f, EXIT_DATA, "measure %s: damaged state", bad->name);
}

void epochs_note(struct epochs *e, bool has_time, int64_t time, uint64_t rejected)
{
	e->rejected += rejected;
	if (has_time && (!e->has_time || time > e->time)) {
		e->has_time = true;
		e->time = time;
	}
}

void epochs_move(struct epochs *into, struct epochs *from)
{
	struct epochs empty = *into;

	if (into->rows == 0) {          /* the usual case: nothing has to be touched */
		epochs_note(from, into->has_time, into->time, into->rejected);
		empty.rejected = 0;
		empty.has_time = false;
		*into = *from;
		*from = empty;
		return;
	}
	epochs_note(into, from->has_time, from->time, from->rejected);
	into->rows += from->rows;
	if (into->view->window.kind == WINDOW_SESSION)
		sessions_merge(&into->sessions, &from->sessions);
	else
		fold_merge(&into->fold, &from->fold);
	epochs_clear(from);
}
