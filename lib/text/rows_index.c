/* SPDX-License-Identifier: MIT */
/* A block is indexed a chunk at a time: all formats need line ends, CSV and TSV separators, JSON quotes. */
#include "lib/text/rows_impl.h"

#include "lib/base/mem.h"

#define CHUNK ((size_t)32 * 1024)       /* text and its index stay in the first-level cache */

static void make_positions(struct rows *r, size_t n)
{
	size_t each = n + SCAN_SLACK;

	if (n > r->chunk_cap) {
		free(r->positions);
		r->positions = mem_array(NULL, 3 * each + 1, sizeof *r->positions);
		r->chunk_cap = n;
		r->index.sep = r->positions + 1;
		r->index.nl = r->index.sep + each;
		r->index.mark = r->index.nl + each;
	}
}

static void index_text(struct rows *r, const char *p, size_t n)
{
	enum record_format format = r->layout->format;
	char mark = r->block.marked ? layout_mark(format) : '\0';

	if (format_is_delimited(format))
		r->kernel->split(p, n, (uint32_t)r->at, layout_delimiter(format), mark, &r->index);
	else
		r->kernel->json(p, n, (uint32_t)r->at, &r->index);
}

void rows_index(struct rows *r)
{
	const char *p = r->block.data + r->at, *nl;
	size_t left = r->block.n - r->at, n = left < CHUNK ? left : CHUNK;

	nl = memrchr(p, '\n', n);
	if (!nl)
		nl = memchr(p + n, '\n', left - n);
	n = (size_t)(nl - p) + 1;
	make_positions(r, n);
	index_text(r, p, n);
	r->index.sep[-1] = (uint32_t)r->at - 1;         /* wraps at 0, and back when 1 is added */
	r->sep = r->nl = r->mark = 0;
	if (!r->block.marked && format_is_delimited(r->layout->format))
		r->index.nmark = 0;
	r->index.mark[r->index.nmark] = UINT32_MAX;
	r->at += n;
}
