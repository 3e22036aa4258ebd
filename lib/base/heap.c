/* SPDX-License-Identifier: MIT */
#include "lib/base/heap.h"

#include "lib/base/mem.h"

void heap_push(struct heap *h, int64_t at, void *what)
{
	size_t i = h->n;

	h->item = mem_grow(h->item, h->n, &h->cap, sizeof *h->item);
	for (h->n++; i > 0 && at < h->item[(i - 1) / 2].at; i = (i - 1) / 2)
		h->item[i] = h->item[(i - 1) / 2];
	h->item[i] = (struct heap_item){ at, what };
}

struct heap_item heap_pop(struct heap *h)
{
	struct heap_item top = h->item[0], last = h->item[--h->n];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < h->n) {
		if (child + 1 < h->n && h->item[child + 1].at < h->item[child].at)
			child++;
		if (last.at <= h->item[child].at)
			break;
		h->item[i] = h->item[child];
		i = child;
	}
	if (h->n)
		h->item[i] = last;
	return top;
}

void heap_free(struct heap *h)
{
	free(h->item);
	*h = (struct heap){ 0 };
}
