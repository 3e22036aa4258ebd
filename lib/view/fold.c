/* SPDX-License-Identifier: MIT */
#include "lib/view/fold.h"

void group_add(const struct view *v, struct group *g, const struct row *row)
{
	g->weight += row->at.weight;
	for (size_t i = 0; i < v->nmeasures; i++)
		if (row->arg[i].kind != VALUE_NULL)
			v->measure[i].kind->add(&v->measure[i], group_state(g, &v->measure[i]), &row->arg[i], &row->at);
}

void group_merge(const struct view *v, struct group *into, struct group *from)
{
	into->weight += from->weight;
	for (size_t i = 0; i < v->nmeasures; i++) {
		const struct measure *m = &v->measure[i];

		m->kind->merge(m, group_state(into, m), group_state(from, m));
	}
}

void group_drop(const struct view *v, struct group *g)
{
	for (size_t i = 0; i < v->nmeasures; i++)
		if (v->measure[i].kind->drop)
			v->measure[i].kind->drop(&v->measure[i], group_state(g, &v->measure[i]));
}

bool group_is_identity(const struct view *v, struct group *g)
{
	if (g->weight != 0)
		return false;
	for (size_t i = 0; i < v->nmeasures; i++)
		if (!v->measure[i].kind->is_identity(&v->measure[i], group_state(g, &v->measure[i])))
			return false;
	return true;
}

void fold_init(struct fold *f, const struct view *v)
{
	*f = (struct fold){ .view = v };
}

static void free_pane(const struct fold *f, struct pane *p)
{
	struct table_walk walk = { 0 };
	struct group *g;

	while ((g = table_next(&p->groups, &walk)))
		group_drop(f->view, g);
	table_free(&p->groups);
	free(p);
}

void fold_free(struct fold *f)
{
	struct pane *p;

	for (size_t i = 0; (p = timemap_each(&f->panes, &i));)
		free_pane(f, p);
	timemap_free(&f->panes);
	f->recent = NULL;
	f->groups = 0;
}

struct pane *fold_find(struct fold *f, int64_t ms, struct interval *at, bool *in_window)
{
	struct pane *p = f->recent;

	if (p && ms >= p->at.start && ms < p->at.end) {
		*at = p->at;
		*in_window = true;
		return p;
	}
	*in_window = window_pane(&f->view->window, ms, at);
	if (!*in_window)
		return NULL;
	p = timemap_get(&f->panes, at->start);
	if (p)
		f->recent = p;
	return p;
}

struct pane *fold_new_pane(struct fold *f, struct interval at)
{
	struct pane *p = mem_zalloc(sizeof *p);

	p->at = at;
	p->first_end = window_at(&f->view->window, at.start, 0).end;
	table_init(&p->groups, f->view->group_size);
	timemap_put(&f->panes, at.start, p);
	f->recent = p;
	return p;
}

void fold_drop_pane(struct fold *f, struct pane *p)
{
	timemap_remove(&f->panes, p->at.start);
	if (f->recent == p)
		f->recent = NULL;
	f->groups -= table_count(&p->groups);
	free_pane(f, p);
}

struct group *fold_group(struct fold *f, struct pane *p, struct span key)
{
	bool is_new;
	struct group *g = table_put(&p->groups, key, hash_bytes(key.p, key.n), &is_new);

	f->groups += is_new;
	return g;
}

#define LARGE ((size_t)256 * 1024)      /* a table beyond what is near */
#define AHEAD 32                        /* look-ups under way */

/* Tells the memory which slots are wanted, then which entries. */
static void prefetch(struct pane *const *p, const uint64_t *hash, size_t n)
{
	for (size_t i = 0; i < n; i++)
		table_prefetch(&p[i]->groups, hash[i]);
	for (size_t i = 0; i < n; i++)
		table_prefetch_entry(&p[i]->groups, hash[i]);
}

static void find_groups(struct fold *f, struct pane *const *p, const struct span *key, const uint64_t *hash, size_t n, struct group **g)
{
	size_t made = 0;

	for (size_t i = 0; i < n; i++) {
		bool is_new;

		g[i] = table_put(&p[i]->groups, key[i], hash[i], &is_new);
		made += is_new;
	}
	f->groups += made;
}

void fold_groups(struct fold *f, struct pane *const *p, const struct span *key, const uint64_t *hash, size_t n, struct group **g)
{
	for (size_t at = 0; at < n; at += AHEAD) {
		size_t some = n - at < AHEAD ? n - at : AHEAD;

		if (table_bytes(&p[at]->groups) > LARGE)
			prefetch(p + at, hash + at, some);
		find_groups(f, p + at, key + at, hash + at, some, g + at);
	}
}

void fold_merge(struct fold *into, struct fold *from)
{
	struct pane *p;

	for (size_t i = 0; (p = timemap_each(&from->panes, &i));) {
		struct pane *to = timemap_get(&into->panes, p->at.start);
		struct table_walk walk = { 0 };
		struct group *g;

		if (!to)
			to = fold_new_pane(into, p->at);
		while ((g = table_next(&p->groups, &walk)))
			group_merge(into->view, fold_group(into, to, table_key(&p->groups, g)), g);
	}
	fold_free(from);
}
