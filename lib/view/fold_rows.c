/* SPDX-License-Identifier: MIT */
/* Sorting: the rows of a window differ by their keys alone, and these in a few of the eight bytes behind those that all of them begin with.
 * So they are dealt out by these, the last one first; what is still equal then, and rows of several windows, is compared. */
#include "lib/view/fold.h"

#define FEW 64                  /* rows that are compared at once */

static uint64_t key_prefix(struct span key)
{
	unsigned char head[8] = { 0 };
	uint64_t prefix = 0;

	if (key.n)
		memcpy(head, key.p, key.n < 8 ? key.n : 8);
	for (int i = 0; i < 8; i++)
		prefix = prefix << 8 | head[i];
	return prefix;
}

void fold_rows_add(struct fold_rows *rows, struct interval at, struct span key, struct group *g)
{
	rows->row = mem_grow(rows->row, rows->n, &rows->cap, sizeof *rows->row);
	rows->row[rows->n++] = (struct fold_row){ at, key, g, key_prefix(key) };
}

void fold_rows_pane(struct fold_rows *rows, struct interval at, struct table *groups)
{
	struct table_walk walk = { 0 };
	struct group *g;

	while ((g = table_next(groups, &walk)))
		fold_rows_add(rows, at, table_key(groups, g), g);
}

static int row_order(const void *a, const void *b)
{
	const struct fold_row *x = a, *y = b;

	if (x->at.end != y->at.end)
		return x->at.end < y->at.end ? -1 : 1;
	if (x->at.start != y->at.start)
		return x->at.start < y->at.start ? -1 : 1;
	if (x->prefix != y->prefix)
		return x->prefix < y->prefix ? -1 : 1;
	return span_cmp(x->key, y->key);
}

/* A row's place in the unsorted ones. */
struct item {
	uint64_t prefix;
	const struct fold_row *row;
};

static int item_order(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return span_cmp(x->row->key, y->row->key);
}

/* By one byte of the prefix; equal ones stay in their order. */
static void deal(const struct item *from, struct item *to, size_t n, unsigned shift)
{
	size_t at[256] = { 0 }, sum = 0;

	for (size_t i = 0; i < n; i++)
		at[from[i].prefix >> shift & 255]++;
	for (unsigned b = 0; b < 256; b++) {
		size_t some = at[b];

		at[b] = sum;
		sum += some;
	}
	for (size_t i = 0; i < n; i++)
		to[at[from[i].prefix >> shift & 255]++] = from[i];
}

/* Sorts items, in which the prefixes differ by the bits of differ; returns where they are: in them or in spare. */
static struct item *sort_items(struct item *item, struct item *spare, size_t n, uint64_t differ)
{
	for (unsigned shift = 0; shift < 64; shift += 8)
		if (differ >> shift & 255) {
			struct item *sorted = spare;

			deal(item, sorted, n, shift);
			spare = item;
			item = sorted;
		}
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && item[end].prefix == item[i].prefix;)
			end++;
		if (end - i > 1)
			qsort(item + i, end - i, sizeof *item, item_order);
	}
	return item;
}

static bool one_window(const struct fold_rows *rows)
{
	const struct fold_row *first = rows->row;
	bool same = true;

	for (size_t i = 1; i < rows->n; i++)
		same &= rows->row[i].at.end == first->at.end && rows->row[i].at.start == first->at.start;
	return same;
}

/* How many bytes all keys begin with. */
static size_t shared_bytes(const struct fold_rows *rows)
{
	struct span first = rows->row->key;
	size_t shared = first.n;

	for (size_t i = 1; i < rows->n && shared; i++) {
		struct span key = rows->row[i].key;
		size_t n = 0;

		while (n < shared && n < key.n && key.p[n] == first.p[n])
			n++;
		shared = n;
	}
	return shared;
}

static void sort_by_key(struct fold_rows *rows)
{
	size_t n = rows->n, shared = shared_bytes(rows);
	struct item *item = mem_array(NULL, n, 2 * sizeof *item), *sorted;
	struct fold_row *row = mem_array(NULL, n, sizeof *row);
	uint64_t differ = 0;

	for (size_t i = 0; i < n; i++) {
		struct span key = rows->row[i].key;

		item[i] = (struct item){ key_prefix((struct span){ shared ? key.p + shared : key.p, key.n - shared }), &rows->row[i] };
		differ |= item[i].prefix ^ item[0].prefix;
	}
	sorted = sort_items(item, item + n, n, differ);
	for (size_t i = 0; i < n; i++)
		row[i] = *sorted[i].row;
	free(item);
	free(rows->row);
	rows->row = row;
	rows->cap = n;
}

void fold_rows_sort(struct fold_rows *rows)
{
	if (rows->n > FEW && one_window(rows))
		sort_by_key(rows);
	else if (rows->n)
		qsort(rows->row, rows->n, sizeof *rows->row, row_order);
}

void fold_rows_free(struct fold_rows *rows)
{
	free(rows->row);
	*rows = (struct fold_rows){ 0 };
}
