/* SPDX-License-Identifier: MIT */
/* Open addressing with linear probing; removal shifts back, so no slot is ever a tombstone. */
#include "lib/base/timemap.h"

#include "lib/base/mem.h"

#define FIRST_SLOTS 16

static size_t home(const struct timemap *m, int64_t at)
{
	uint64_t x = (uint64_t)at * 0x9e3779b97f4a7c15u;

	return (size_t)(x ^ x >> 32) & m->mask;
}

static size_t find(const struct timemap *m, int64_t at)
{
	size_t i = home(m, at);

	while (m->slot[i].what && m->slot[i].at != at)
		i = (i + 1) & m->mask;
	return i;
}

void *timemap_get(const struct timemap *m, int64_t at)
{
	return m->slot ? m->slot[find(m, at)].what : NULL;
}

static void grow(struct timemap *m)
{
	struct timemap old = *m;
	size_t slots = old.slot ? (old.mask + 1) * 2 : FIRST_SLOTS;

	m->slot = mem_zalloc(slots * sizeof *m->slot);
	m->mask = slots - 1;
	for (size_t i = 0; old.slot && i <= old.mask; i++)
		if (old.slot[i].what)
			m->slot[find(m, old.slot[i].at)] = old.slot[i];
	free(old.slot);
}

void timemap_put(struct timemap *m, int64_t at, void *what)
{
	if (!m->slot || m->n + 1 > (m->mask + 1) / 2)
		grow(m);
	m->slot[find(m, at)] = (struct timemap_slot){ at, what };
	m->n++;
}

void timemap_remove(struct timemap *m, int64_t at)
{
	size_t hole, i;

	if (!m->slot || !m->slot[hole = find(m, at)].what)
		return;
	m->n--;
	for (i = (hole + 1) & m->mask; m->slot[i].what; i = (i + 1) & m->mask) {
		size_t want = home(m, m->slot[i].at);

		if (((i - want) & m->mask) >= ((i - hole) & m->mask)) {
			m->slot[hole] = m->slot[i];
			hole = i;
		}
	}
	m->slot[hole].what = NULL;
}

void *timemap_each(const struct timemap *m, size_t *i)
{
	while (m->slot && *i <= m->mask) {
		void *what = m->slot[(*i)++].what;

		if (what)
			return what;
	}
	return NULL;
}

void timemap_free(struct timemap *m)
{
	free(m->slot);
	*m = (struct timemap){ 0 };
}
