/* SPDX-License-Identifier: MIT */
/* timemap -- from a time (or any 64-bit number) to a thing. Small, grows and forgets. A zeroed struct is an empty map. */
#ifndef LIB_BASE_TIMEMAP_H
#define LIB_BASE_TIMEMAP_H

#include <stddef.h>
#include <stdint.h>

struct timemap_slot {
	int64_t at;
	void *what;             /* NULL: the slot is free */
};

struct timemap {
	struct timemap_slot *slot;
	size_t n, mask;         /* mask + 1 slots, a power of two; none while slot is NULL */
};

void *timemap_get(const struct timemap *m, int64_t at);           /* NULL: nothing there */
void timemap_put(struct timemap *m, int64_t at, void *what);      /* what is not NULL; at is not in the map yet */
void timemap_remove(struct timemap *m, int64_t at);               /* nothing there: nothing done */

/* All of them, in no order: start with *i = 0. NULL at the end. The map must not change meanwhile. */
void *timemap_each(const struct timemap *m, size_t *i);

void timemap_free(struct timemap *m);

#endif
