/* SPDX-License-Identifier: MIT */
#include "lib/view/sessions.h"

#define FORGET_ABOVE 1024       /* keys */

void sessions_init(struct sessions *s, const struct view *v, bool fires)
{
	*s = (struct sessions){ .view = v, .lateness = v->allowed_lateness, .fires = fires };
	table_init(&s->keys, sizeof(struct session_chain));
}

static void free_session(const struct sessions *s, struct session *what)
{
	if (!what->dead)
		group_drop(s->view, &what->group);
	free(what->printed);
	free(what);
}

void sessions_free(struct sessions *s)
{
	while (s->due.n)
		free_session(s, heap_pop(&s->due).what);
	heap_free(&s->due);
	table_free(&s->keys);
	s->live = 0;
}

static bool overlaps(struct interval a, struct interval b)
{
	return a.start < b.end && b.start < a.end;
}

static struct interval hull(struct interval a, struct interval b)
{
	return (struct interval){ a.start < b.start ? a.start : b.start, a.end > b.end ? a.end : b.end };
}

/* The first session that ends after at begins: it and those behind it may overlap at. *before: the one in front of it. */
static struct session *find(const struct session_chain *c, struct interval at, struct session **before)
{
	struct session *x = c->recent ? c->recent : c->first;

	while (x && x->prev && x->at.start > at.start)
		x = x->prev;
	*before = x ? x->prev : NULL;
	while (x && x->at.end <= at.start) {
		*before = x;
		x = x->next;
	}
	return x;
}

struct interval sessions_hull(const struct sessions *s, struct span key, int64_t ms)
{
	struct interval at = { ms, time_add(ms, s->view->window.gap_ms) }, all = at;
	const struct session_chain *c = table_get(&s->keys, key, hash_bytes(key.p, key.n));
	struct session *before;

	/* Sessions of a key are disjoint, so what overlaps the hull overlaps the record itself. */
	for (struct session *x = c ? find(c, at, &before) : NULL; x && overlaps(x->at, at); x = x->next)
		all = hull(all, x->at);
	return all;
}

static int64_t due_time(const struct sessions *s, const struct session *x)
{
	int64_t fire = x->at.end - 1;

	return s->fires && !x->fired ? fire : time_add(fire, s->lateness);
}

static void link_session(struct session_chain *c, struct session *x, struct session *before, struct session *behind)
{
	x->prev = before;
	x->next = behind;
	*(before ? &before->next : &c->first) = x;
	if (behind)
		behind->prev = x;
}

static void unlink_session(struct session_chain *c, struct session *x)
{
	*(x->prev ? &x->prev->next : &c->first) = x->next;
	if (x->next)
		x->next->prev = x->prev;
	if (c->recent == x)
		c->recent = NULL;
}

static struct session *new_session(struct sessions *s, struct session_chain *c, struct session *before, struct session *behind, struct interval at)
{
	struct session *x = mem_zalloc(offsetof(struct session, group) + s->view->group_size);

	x->at = at;
	x->key = table_key(&s->keys, c);
	link_session(c, x, before, behind);
	s->live++;
	heap_push(&s->due, due_time(s, x), x);
	return x;
}

/* Takes the session behind x into x. */
static void absorb(struct sessions *s, struct session_chain *c, struct session *x, sessions_changed *changed, void *context)
{
	struct session *next = x->next;

	if (changed)
		changed(context, next);
	x->at = hull(x->at, next->at);
	group_merge(s->view, &x->group, &next->group);
	group_drop(s->view, &next->group);
	unlink_session(c, next);
	next->dead = true;
	s->live--;
}

static bool inside(struct interval inner, struct interval outer)
{
	return inner.start >= outer.start && inner.end <= outer.end;
}

struct session *sessions_join(struct sessions *s, struct span key, struct interval at, sessions_changed *changed, void *context)
{
	bool is_new;
	struct session_chain *c = table_put(&s->keys, key, hash_bytes(key.p, key.n), &is_new);
	struct session *before, *x = find(c, at, &before);

	if (x && overlaps(x->at, at) && inside(at, x->at))
		return c->recent = x;
	/* One that has fired and grows is another window from now on, which fires anew: it is replaced. */
	if (!x || !overlaps(x->at, at) || x->fired) {
		x = new_session(s, c, before, x, at);
	} else {
		if (changed)
			changed(context, x);
		x->at = hull(x->at, at);
	}
	while (x->next && overlaps(x->next->at, at))
		absorb(s, c, x, changed, context);
	return c->recent = x;
}

struct session *sessions_at(const struct sessions *s, struct span key, int64_t ms)
{
	const struct session_chain *c = table_get(&s->keys, key, hash_bytes(key.p, key.n));
	struct session *before, *x = c ? find(c, (struct interval){ ms, time_add(ms, 1) }, &before) : NULL;

	return x && x->at.start <= ms ? x : NULL;
}

struct session *sessions_restore(struct sessions *s, struct span key, struct interval at)
{
	bool is_new;
	struct session_chain *c = table_put(&s->keys, key, hash_bytes(key.p, key.n), &is_new);
	struct session *before, *x = find(c, at, &before);

	while (x && overlaps(x->at, at)) {
		struct session *next = x->next;

		group_drop(s->view, &x->group);
		unlink_session(c, x);
		x->dead = true;
		s->live--;
		x = next;
	}
	return c->recent = new_session(s, c, before, x, at);
}

enum session_event sessions_next(struct sessions *s, int64_t watermark, struct session **what)
{
	while (s->due.n && heap_top(&s->due).at <= watermark) {
		struct session *x = heap_pop(&s->due).what;

		if (x->dead) {
			free_session(s, x);
			continue;
		}
		if (due_time(s, x) > watermark) {       /* it has grown since */
			heap_push(&s->due, due_time(s, x), x);
			continue;
		}
		*what = x;
		if (!s->fires || x->fired)
			return SESSION_DROP;
		x->fired = true;
		heap_push(&s->due, due_time(s, x), x);
		return SESSION_FIRE;
	}
	return SESSION_QUIET;
}

/* Keys without sessions go when they are most: the table itself does not delete. */
static void forget_keys(struct sessions *s)
{
	struct table old = s->keys;
	struct table_walk walk = { 0 };
	struct session_chain *c;

	table_init(&s->keys, sizeof(struct session_chain));
	while ((c = table_next(&old, &walk))) {
		struct span key = table_key(&old, c);
		struct session_chain *to;

		if (!c->first)
			continue;
		to = table_add(&s->keys, key, hash_bytes(key.p, key.n));
		*to = *c;
		for (struct session *x = c->first; x; x = x->next)
			x->key = table_key(&s->keys, to);
	}
	table_free(&old);
}

/* Only after sessions_next() took it out of the heap. */
void sessions_drop(struct sessions *s, struct session *what)
{
	unlink_session(table_get(&s->keys, what->key, hash_bytes(what->key.p, what->key.n)), what);
	s->live--;
	free_session(s, what);
	if (table_count(&s->keys) > FORGET_ABOVE && s->live < table_count(&s->keys) / 4)
		forget_keys(s);
}

void sessions_settle(struct sessions *s, int64_t watermark)
{
	struct session *what;
	enum session_event event;

	while ((event = sessions_next(s, watermark, &what)) != SESSION_QUIET)
		if (event == SESSION_DROP)
			sessions_drop(s, what);
}

void sessions_rows(const struct sessions *s, struct fold_rows *rows)
{
	struct table_walk walk = { 0 };
	struct session_chain *c;

	while ((c = table_next(&s->keys, &walk)))
		for (struct session *x = c->first; x; x = x->next)
			fold_rows_add(rows, x->at, x->key, &x->group);
	fold_rows_sort(rows);
}

void sessions_merge(struct sessions *into, struct sessions *from)
{
	struct table_walk walk = { 0 };
	struct session_chain *c;

	while ((c = table_next(&from->keys, &walk)))
		for (struct session *x = c->first; x; x = x->next) {
			struct session *to = sessions_join(into, x->key, x->at, NULL, NULL);

			group_merge(into->view, &to->group, &x->group);
		}
	sessions_free(from);
}
