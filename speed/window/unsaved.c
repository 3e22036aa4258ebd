/* SPDX-License-Identifier: MIT */
#include "speed/window/unsaved.h"

void unsaved_free(struct unsaved *c)
{
	fold_rows_free(&c->groups);
	free(c->session);
	free(c->row);
	arena_free(&c->keys);
	buf_free(&c->line);
	*c = (struct unsaved){ 0 };
}

void unsaved_session(struct unsaved *c, struct session *s)
{
	if (!c->on || s->group.unsaved)
		return;
	s->group.unsaved = 1;
	c->session = mem_grow(c->session, c->nsessions, &c->sessions_cap, sizeof *c->session);
	c->session[c->nsessions++] = (struct session_note){ arena_copy(&c->keys, s->key), s->at.start };
}

void unsaved_row(struct unsaved *c, const struct window *what, struct printed *p)
{
	if (!c->on || p->unsaved)
		return;
	p->unsaved = true;
	c->row = mem_grow(c->row, c->nrows, &c->rows_cap, sizeof *c->row);
	c->row[c->nrows++] = (struct row_note){ what->ordinal, table_key(&what->printed, p), p };
}

static void put_line(struct unsaved *c, struct journal *j)
{
	journal_put(j, buf_view(&c->line));
	buf_clear(&c->line);
}

static void put_group(struct unsaved *c, const struct view_state *s, struct interval pane, struct span key, struct group *g, struct journal *j)
{
	state_print_group(s, pane, key, g, &c->line);
	put_line(c, j);
	g->unsaved = 0;
}

static void put_session(struct unsaved *c, const struct view_state *s, struct session *what, struct journal *j)
{
	state_print_session(s, what, &c->line);
	put_line(c, j);
	what->group.unsaved = 0;
}

static void put_row(struct unsaved *c, const struct view_state *s, const struct window *what, struct span key, struct printed *p, struct journal *j)
{
	state_print_row(s, what, key, p, &c->line);
	put_line(c, j);
	p->unsaved = false;
}

/* Panes and windows that W has dropped do not come back: all that could be in them would be late. */
static void put_changed(struct unsaved *c, const struct view_state *s, struct journal *j)
{
	for (size_t i = 0; i < c->groups.n; i++) {
		struct fold_row *row = &c->groups.row[i];

		if (timemap_get(&s->fold->panes, row->at.start))
			put_group(c, s, row->at, row->key, row->group, j);
	}
	for (size_t i = 0; i < c->nsessions; i++) {
		struct session *what = sessions_at(s->sessions, c->session[i].key, c->session[i].start);

		if (what && what->group.unsaved)        /* else two of them have become one */
			put_session(c, s, what, j);
	}
	for (size_t i = 0; i < c->nrows; i++) {
		struct window *what = timemap_get(&s->windows->open, c->row[i].ordinal);

		if (what)
			put_row(c, s, what, c->row[i].key, c->row[i].printed, j);
	}
}

static void put_all_groups(struct unsaved *c, const struct view_state *s, struct journal *j)
{
	struct pane *p;

	for (size_t i = 0; (p = timemap_each(&s->fold->panes, &i));) {
		struct table_walk walk = { 0 };
		struct group *g;

		while ((g = table_next(&p->groups, &walk)))
			put_group(c, s, p->at, table_key(&p->groups, g), g, j);
	}
}

static void put_all_sessions(struct unsaved *c, const struct view_state *s, struct journal *j)
{
	struct table_walk walk = { 0 };
	struct session_chain *chain;

	while ((chain = table_next(&s->sessions->keys, &walk)))
		for (struct session *what = chain->first; what; what = what->next)
			put_session(c, s, what, j);
}

static void put_all_rows(struct unsaved *c, const struct view_state *s, struct journal *j)
{
	struct window *what;

	for (size_t i = 0; (what = timemap_each(&s->windows->open, &i));) {
		struct table_walk walk = { 0 };
		struct printed *p;

		while ((p = table_next(&what->printed, &walk)))
			put_row(c, s, what, table_key(&what->printed, p), p, j);
	}
}

static void put_fill(struct unsaved *c, const struct fill *f, struct journal *j)
{
	void *known;

	while ((known = table_next(&f->known, &c->known))) {
		state_print_known(table_key(&f->known, known), &c->line);
		put_line(c, j);
	}
	if (f->begun) {
		state_print_fill(f, &c->line);
		put_line(c, j);
	}
}

void unsaved_put(struct unsaved *c, const struct view_state *s, bool all, struct journal *j)
{
	if (all) {
		put_all_groups(c, s, j);
		put_all_sessions(c, s, j);
		put_all_rows(c, s, j);
		c->known = (struct table_walk){ 0 };
	} else {
		put_changed(c, s, j);
	}
	put_fill(c, s->fill, j);
	c->groups.n = c->nsessions = c->nrows = 0;
	arena_clear(&c->keys);
}
