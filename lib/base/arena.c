/* SPDX-License-Identifier: MIT */
#include "lib/base/arena.h"

#include "lib/base/mem.h"

#define FIRST_CHUNK 256
#define LAST_CHUNK (256 * 1024)

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;                    /* of bytes[] */
	_Alignas(16) char bytes[];
};

void *arena_more(struct arena *a, size_t size, size_t align)
{
	size_t want = a->chunk ? a->chunk->size * 2 : FIRST_CHUNK;
	struct arena_chunk *c;

	if (want > LAST_CHUNK)
		want = LAST_CHUNK;
	if (size > SIZE_MAX / 2)
		mem_fail();
	if (want < size + align)
		want = size + align;
	c = mem_alloc(sizeof *c + want);
	c->size = want;
	c->next = a->chunk;
	a->chunk = c;
	a->at = c->bytes;
	a->end = c->bytes + want;
	a->bytes += sizeof *c + want;
	return arena_alloc(a, size, align);
}

struct span arena_copy(struct arena *a, struct span s)
{
	char *p = arena_alloc(a, s.n, 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	return (struct span){ p, s.n };
}

char *arena_text(struct arena *a, struct span s)
{
	char *p = arena_alloc(a, s.n + 1, 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}

void arena_clear(struct arena *a)
{
	struct arena_chunk *c = a->chunk, *next;

	if (!c)
		return;
	for (struct arena_chunk *old = c->next; old; old = next) {
		next = old->next;
		free(old);
	}
	c->next = NULL;
	a->at = c->bytes;
	a->end = c->bytes + c->size;
	a->bytes = sizeof *c + c->size;
}

void arena_free(struct arena *a)
{
	struct arena_chunk *next;

	for (struct arena_chunk *c = a->chunk; c; c = next) {
		next = c->next;
		free(c);
	}
	*a = (struct arena){ 0 };
}
