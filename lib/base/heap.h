/* SPDX-License-Identifier: MIT */
/* heap -- things by their time, earliest first. A zeroed struct is an empty heap. */
#ifndef LIB_BASE_HEAP_H
#define LIB_BASE_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap_item {
	int64_t at;
	void *what;
};

struct heap {
	struct heap_item *item;
	size_t n, cap;
};

void heap_push(struct heap *h, int64_t at, void *what);
/* The earliest; h->n must not be 0. */
static inline struct heap_item heap_top(const struct heap *h)
{
	return h->item[0];
}
struct heap_item heap_pop(struct heap *h);
void heap_free(struct heap *h);

#endif
