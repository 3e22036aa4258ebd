/* SPDX-License-Identifier: MIT */
#include "speed/window/early.h"

struct due_row {
	struct window *what;
	struct span key;
};

static int due_order(const void *a, const void *b)
{
	const struct due_row *x = a, *y = b;

	if (x->what != y->what)
		return x->what->ordinal < y->what->ordinal ? -1 : 1;
	return span_cmp(x->key, y->key);
}

static void print_changed(struct engine *e)
{
	struct due_row *due = NULL;
	size_t n = 0, cap = 0;

	for (size_t i = 0; i < e->changed.n; i++) {
		struct pane *p = timemap_get(&e->fold.panes, e->changed.row[i].at.start);
		struct window *what;
		int64_t k = 0;

		while (p && (what = windows_holding(&e->windows, p, &k))) {
			due = mem_grow(due, n, &cap, sizeof *due);
			due[n++] = (struct due_row){ what, e->changed.row[i].key };
		}
	}
	if (n)
		qsort(due, n, sizeof *due, due_order);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || due_order(&due[i - 1], &due[i]) != 0)
			emission_row(&e->emission, &e->windows, due[i].what, due[i].key);
	free(due);
	e->changed.n = 0;
	e->marks++;
}

static void print_sessions(struct engine *e)
{
	struct table_walk walk = { 0 };
	struct session_chain *c;

	e->print.n = 0;
	while ((c = table_next(&e->sessions.keys, &walk)))
		for (struct session *s = c->first; s; s = s->next)
			if (s->group.mark == e->marks + 1)
				session_list_add(&e->print, s);
	emission_sessions(&e->emission, e->print.item, e->print.n);
	e->marks++;
}

void early_keep_time(struct engine *e, int64_t ms)
{
	int64_t every = e->view->every, past = ms % every;

	if (e->tick != NO_TICK && ms < e->tick)
		return;
	if (e->tick != NO_TICK && e->view->window.kind == WINDOW_SESSION)
		print_sessions(e);
	else if (e->tick != NO_TICK)
		print_changed(e);
	e->tick = time_add(ms, every - (past < 0 ? past + every : past));
}

void early_restore(struct engine *e)
{
	struct pane *p;

	for (size_t i = 0; e->view->every > 0 && (p = timemap_each(&e->fold.panes, &i));) {
		struct table_walk walk = { 0 };
		struct group *g;

		while ((g = table_next(&p->groups, &walk)))
			if (g->mark == e->marks + 1)
				fold_rows_add(&e->changed, p->at, table_key(&p->groups, g), g);
	}
}
