/* SPDX-License-Identifier: MIT */
#include "serve/merge/gather.h"

#include "lib/agg/key.h"

void gather_init(struct gather *g, const struct target *target, size_t from_keys)
{
	*g = (struct gather){ .target = target, .view = target->view, .from_keys = from_keys };
	g->column = mem_zalloc(from_keys * sizeof *g->column);
	fold_init(&g->fold, g->view);
	windows_init(&g->windows, &g->fold, false);
	g->windows.lateness = 0;
	sessions_init(&g->sessions, g->view, false);
}

void gather_free(struct gather *g)
{
	if (!g->view)
		return;
	windows_free(&g->windows);
	fold_free(&g->fold);
	sessions_free(&g->sessions);
	free(g->column);
	buf_free(&g->key);
	buf_free(&g->scratch);
	*g = (struct gather){ 0 };
}

/* The row's key in the columns of the target. */
static struct span map_key(struct gather *g, struct span key)
{
	size_t n = g->view->nkeys;

	if (g->target->same_keys)
		return key;
	key_split(key, g->from_keys, g->column, &g->scratch);
	buf_clear(&g->key);
	for (size_t i = 0; i < n; i++)
		key_add(&g->key, g->column[g->target->key_of[i]], i + 1 == n);
	return buf_view(&g->key);
}

static struct pane *pane_of(struct gather *g, int64_t ms, bool opens)
{
	struct interval at;
	bool in_window;
	struct pane *p = fold_find(&g->fold, ms, &at, &in_window);

	if (p || !in_window)
		return p;
	p = fold_new_pane(&g->fold, at);
	if (opens)
		windows_open(&g->windows, p, INT64_MIN);
	return p;
}

bool gather_place(struct gather *g, const struct partial_row *row, bool opens, struct gather_place *place)
{
	*place = (struct gather_place){ .key = map_key(g, row->key) };
	if (g->view->window.kind == WINDOW_SESSION) {
		place->session = sessions_join(&g->sessions, place->key, row->at, g->changed, g->context);
		place->group = &place->session->group;
		return true;
	}
	place->pane = pane_of(g, row->at.start, opens);
	if (!place->pane)
		return false;
	place->group = fold_group(&g->fold, place->pane, place->key);
	return true;
}
