/* SPDX-License-Identifier: MIT */
/* arena -- many small things with one end of life. Chunks grow from 256 bytes to 256 KiB, so that a
 * hundred thousand small arenas cost little and a large one costs few calls.
 * A zeroed struct is an empty arena. Pointers stay valid until arena_clear or arena_free. */
#ifndef LIB_BASE_ARENA_H
#define LIB_BASE_ARENA_H

#include <stdint.h>

#include "lib/base/span.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *chunk;      /* newest first */
	char *at, *end;                 /* free room in the newest */
	size_t bytes;                   /* taken from malloc, all chunks */
};

void *arena_more(struct arena *a, size_t size, size_t align);

/* Not zeroed. align is a power of two, at most 16. */
static inline void *arena_alloc(struct arena *a, size_t size, size_t align)
{
	char *p = (char *)(((uintptr_t)a->at + (align - 1)) & ~(uintptr_t)(align - 1));

	if (!a->at || size > (size_t)(a->end - a->at) || p > a->end - size)
		return arena_more(a, size, align);
	a->at = p + size;
	return p;
}

struct span arena_copy(struct arena *a, struct span s);
char *arena_text(struct arena *a, struct span s);          /* a copy, NUL-terminated */
void arena_clear(struct arena *a);                         /* empty, keeping one chunk to use again */
void arena_free(struct arena *a);

#endif
