/* SPDX-License-Identifier: MIT */
#include "lib/view/windows.h"

void windows_init(struct windows *w, struct fold *f, bool fires)
{
	*w = (struct windows){ .fold = f, .lateness = f->view->allowed_lateness, .fires = fires };
}

static void free_window(struct window *what)
{
	struct table_walk walk = { 0 };
	struct printed *printed;

	while ((printed = table_next(&what->printed, &walk)))
		free(printed->row);
	table_free(&what->printed);
	free(what);
}

void windows_free(struct windows *w)
{
	struct window *what;

	for (size_t i = 0; (what = timemap_each(&w->open, &i));)
		free_window(what);
	timemap_free(&w->open);
	heap_free(&w->to_fire);
	heap_free(&w->to_drop);
}

static int64_t drop_time(const struct windows *w, struct interval at)
{
	return time_add(at.end - 1, w->lateness);
}

void windows_open(struct windows *w, const struct pane *p, int64_t watermark)
{
	const struct window_spec *spec = &w->fold->view->window;
	int64_t n = window_count(spec, p->at.start);

	for (int64_t i = 0; i < n; i++) {
		struct interval at = window_at(spec, p->at.start, i);
		int64_t ordinal = window_ordinal(spec, p->at.start, i);
		struct window *what;

		if (drop_time(w, at) <= watermark || timemap_get(&w->open, ordinal))
			continue;
		what = mem_zalloc(sizeof *what);
		what->at = at;
		what->ordinal = ordinal;
		table_init(&what->printed, sizeof(struct printed));
		timemap_put(&w->open, ordinal, what);
		heap_push(w->fires ? &w->to_fire : &w->to_drop, ordinal, what);
	}
}

static struct window *first_in(const struct heap *h)
{
	return h->n ? heap_top(h).what : NULL;
}

enum window_event windows_next(struct windows *w, int64_t watermark, struct window **what)
{
	struct window *fire = first_in(&w->to_fire), *drop = first_in(&w->to_drop);

	if (fire && fire->at.end - 1 <= watermark && (!drop || fire->at.end - 1 <= drop_time(w, drop->at))) {
		*what = heap_pop(&w->to_fire).what;
		fire->fired = true;
		heap_push(&w->to_drop, fire->ordinal, fire);
		return WINDOW_FIRE;
	}
	if (!drop || drop_time(w, drop->at) > watermark)
		return WINDOW_QUIET;
	*what = heap_pop(&w->to_drop).what;
	return WINDOW_DROP;
}

/* Of the last window that holds a pane. */
static int64_t last_ordinal(const struct windows *w, int64_t pane_start)
{
	const struct window_spec *spec = &w->fold->view->window;

	return window_ordinal(spec, pane_start, window_count(spec, pane_start) - 1);
}

void windows_drop(struct windows *w, struct window *what)
{
	struct fold *f = w->fold;
	int64_t at = what->at.start;

	/* Windows go in order of their starts, so a pane whose last window is this one is needed no more. */
	while (at < what->at.end) {
		struct interval pane;
		struct pane *p;

		if (!window_pane(&f->view->window, at, &pane))
			break;
		if (last_ordinal(w, pane.start) != what->ordinal)
			break;
		p = timemap_get(&f->panes, pane.start);
		if (p)
			fold_drop_pane(f, p);
		if (pane.end == INT64_MAX)
			break;
		at = pane.end;
	}
	timemap_remove(&w->open, what->ordinal);
	free_window(what);
}

void windows_settle(struct windows *w, int64_t watermark)
{
	struct window *what;
	enum window_event event;

	while ((event = windows_next(w, watermark, &what)) != WINDOW_QUIET)
		if (event == WINDOW_DROP)
			windows_drop(w, what);
}

int64_t windows_past(const struct windows *w, struct interval pane, int64_t watermark)
{
	const struct window_spec *spec = &w->fold->view->window;
	int64_t n = window_count(spec, pane.start), past = 0;

	while (past < n && drop_time(w, window_at(spec, pane.start, past)) <= watermark)
		past++;
	return past;
}

struct window *windows_holding(const struct windows *w, const struct pane *p, int64_t *i)
{
	const struct window_spec *spec = &w->fold->view->window;
	int64_t n = window_count(spec, p->at.start);

	while (*i < n) {
		struct window *what = timemap_get(&w->open, window_ordinal(spec, p->at.start, (*i)++));

		if (what)
			return what;
	}
	return NULL;
}

/* The pane at or after *at inside a window; *at moves behind it. NULL at the window's end. */
static struct pane *next_pane(const struct windows *w, const struct window *what, int64_t *at)
{
	struct fold *f = w->fold;

	while (*at < what->at.end) {
		struct interval pane;
		struct pane *p;

		if (!window_pane(&f->view->window, *at, &pane))
			return NULL;
		p = timemap_get(&f->panes, pane.start);
		*at = pane.end;
		if (p)
			return p;
	}
	return NULL;
}

void windows_rows(const struct windows *w, const struct window *what, struct fold_rows *rows, struct table *merged)
{
	const struct view *v = w->fold->view;
	int64_t at = what->at.start;
	struct pane *p;

	rows->n = 0;
	table_init(merged, v->group_size);
	if (v->window.kind != WINDOW_SLIDING) {
		if ((p = next_pane(w, what, &at)))
			fold_rows_pane(rows, what->at, &p->groups);
		fold_rows_sort(rows);
		return;
	}
	while ((p = next_pane(w, what, &at))) {
		struct table_walk walk = { 0 };
		struct group *g;

		while ((g = table_next(&p->groups, &walk))) {
			struct span key = table_key(&p->groups, g);
			bool is_new;

			group_merge(v, table_put(merged, key, hash_bytes(key.p, key.n), &is_new), g);
		}
	}
	fold_rows_pane(rows, what->at, merged);
	fold_rows_sort(rows);
}

bool windows_row(const struct windows *w, const struct window *what, struct span key, struct group *merged)
{
	uint64_t hash = hash_bytes(key.p, key.n);
	int64_t at = what->at.start;
	bool found = false;
	struct pane *p;

	while ((p = next_pane(w, what, &at))) {
		struct group *g = table_get(&p->groups, key, hash);

		if (g) {
			group_merge(w->fold->view, merged, g);
			found = true;
		}
	}
	return found;
}

void windows_rows_free(const struct windows *w, struct fold_rows *rows, struct table *merged)
{
	struct table_walk walk = { 0 };
	struct group *g;

	while ((g = table_next(merged, &walk)))
		group_drop(w->fold->view, g);
	table_free(merged);
	fold_rows_free(rows);
}
