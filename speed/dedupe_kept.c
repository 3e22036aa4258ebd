/* SPDX-License-Identifier: MIT */
#include "speed/dedupe_kept.h"

#include "lib/agg/window.h"
#include "lib/base/mem.h"
#include "lib/base/table.h"

#define FOREVER 0               /* the one bucket, when there is no span */

struct bucket {
	int64_t number;         /* of times number * within .. (number + 1) * within - 1 */
	struct table keys;      /* key -> int64_t time kept; no payload when for ever */
	struct table_walk saved;        /* behind the keys that kept_each has handed out */
	bool changed;
};

void kept_init(struct kept *k, int64_t within, int64_t lateness)
{
	*k = (struct kept){ .within = within, .lateness = lateness };
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t number_of(const struct kept *k, int64_t ms)
{
	return k->within ? floor_div(ms, k->within) : FOREVER;
}

/* The three buckets around: the one before, its own, the one behind. Records are mostly of the times that those before them had. */
static struct bucket **near_buckets(struct kept *k, int64_t number)
{
	if (!k->near_known || number != k->near_number) {
		for (int side = -1; side <= 1; side++)
			k->near[1 + side] = timemap_get(&k->buckets, time_add(number, side));
		k->near_number = number;
		k->near_known = true;
	}
	return k->near;
}

static struct bucket *open_bucket(struct kept *k, int64_t number)
{
	struct bucket *b = near_buckets(k, number)[1];

	if (b)
		return b;
	b = mem_zalloc(sizeof *b);
	b->number = number;
	table_init(&b->keys, k->within ? sizeof(int64_t) : 0);
	timemap_put(&k->buckets, number, b);
	heap_push(&k->oldest, number, b);
	k->near_known = false;
	return b;
}

static void free_bucket(struct bucket *b)
{
	table_free(&b->keys);
	free(b);
}

void kept_free(struct kept *k)
{
	while (k->oldest.n)
		free_bucket(heap_pop(&k->oldest).what);
	heap_free(&k->oldest);
	timemap_free(&k->buckets);
	free(k->changed);
}

/* Buckets of which every time is further back than a record that is not late can ask for. */
void kept_forget(struct kept *k, int64_t watermark)
{
	while (k->within && k->oldest.n) {
		struct bucket *b;
		int64_t first;

		if (__builtin_mul_overflow(heap_top(&k->oldest).at, k->within, &first))
			first = INT64_MIN;      /* the bucket at the beginning of time is shorter */
		if (time_add(time_add(time_add(first, k->within - 1), k->within), k->lateness) > watermark)
			break;
		b = heap_pop(&k->oldest).what;
		timemap_remove(&k->buckets, b->number);
		k->near_known = false;
		k->n -= table_count(&b->keys);
		free_bucket(b);
	}
}

static bool is_near(int64_t a, int64_t b, int64_t within)
{
	return (a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a) < (uint64_t)within;
}

/* Was a record of that key kept close enough in time? */
static bool is_repeat(struct kept *k, struct span key, uint64_t hash, int64_t number, int64_t ms)
{
	struct bucket **near = near_buckets(k, number);

	for (int i = 0; i < 3; i++) {
		int64_t *at = near[i] ? table_get(&near[i]->keys, key, hash) : NULL;

		if (at && is_near(*at, ms, k->within))
			return true;
	}
	return false;
}

void kept_prefetch(struct kept *k, uint64_t hash, int64_t ms)
{
	struct bucket **near = near_buckets(k, number_of(k, ms));

	for (int i = 0; i < 3; i++)
		if (near[i])
			table_prefetch(&near[i]->keys, hash);
}

void kept_prefetch_entry(struct kept *k, uint64_t hash, int64_t ms)
{
	struct bucket **near = near_buckets(k, number_of(k, ms));

	for (int i = 0; i < 3; i++)
		if (near[i])
			table_prefetch_entry(&near[i]->keys, hash);
}

static void note_change(struct kept *k, struct bucket *b)
{
	b->changed = true;
	k->changed = mem_grow(k->changed, k->nchanged, &k->changed_cap, sizeof *k->changed);
	k->changed[k->nchanged++] = b->number;
}

bool kept_add(struct kept *k, struct span key, uint64_t hash, int64_t ms)
{
	int64_t number = number_of(k, ms);
	struct bucket *b;
	bool is_new;
	void *at;

	if (k->within && is_repeat(k, key, hash, number, ms))
		return false;
	b = open_bucket(k, number);
	at = table_put(&b->keys, key, hash, &is_new);
	if (!is_new && !k->within)
		return false;
	k->n += is_new;
	if (k->within)
		*(int64_t *)at = ms;
	if (k->journaled && !b->changed)
		note_change(k, b);
	return true;
}

static void hand_out(struct kept *k, struct bucket *b, bool all, void (*take)(void *context, struct span key, int64_t ms), void *context)
{
	void *entry;

	if (all)
		b->saved = (struct table_walk){ 0 };
	while ((entry = table_next(&b->keys, &b->saved)))
		take(context, table_key(&b->keys, entry), k->within ? *(int64_t *)entry : 0);
	b->changed = false;
}

void kept_each(struct kept *k, bool all, void (*take)(void *context, struct span key, int64_t ms), void *context)
{
	struct bucket *b;

	for (size_t i = 0; all && (b = timemap_each(&k->buckets, &i));)
		hand_out(k, b, true, take, context);
	for (size_t i = 0; !all && i < k->nchanged; i++)
		if ((b = timemap_get(&k->buckets, k->changed[i])))      /* else it is forgotten already */
			hand_out(k, b, false, take, context);
	k->nchanged = 0;
}

static void skip(void *context, struct span key, int64_t ms)
{
	(void)context, (void)key, (void)ms;
}

void kept_journal(struct kept *k)
{
	kept_each(k, true, skip, NULL);
	k->journaled = true;
}
