/* SPDX-License-Identifier: MIT */
#include "batch/log/parser.h"

#include <string.h>

#include "lib/base/diag.h"

#define MAX_RECORD ((size_t)1024 * 1024 * 1024)         /* what was let in comes out */

static int use_columns(struct parser *p, const struct segment_head *h, struct failure *f)
{
	const char *error = "";

	if (p->layout && span_eq(buf_view(&p->columns), buf_view(&h->columns)))
		return 0;
	layout_free(p->layout);
	buf_clear(&p->columns);
	buf_span(&p->columns, buf_view(&h->columns));
	p->layout = format_is_delimited(h->format) ? layout_columns(h->format, &p->fields, buf_view(&h->columns), &error) : layout_lines(h->format, true);
	return p->layout ? 0 : failure_set(f, EXIT_DATA, "segment %llu: %s", (unsigned long long)h->first.at, error);
}

int parser_begin(struct parser *p, const struct log_block *b, struct failure *f)
{
	char mark = layout_mark(b->segment->format);
	struct block block = { .data = b->data.p, .n = b->data.n, .line = 1 };

	if (!p->rows)
		p->rows = rows_new(&p->fields, MAX_RECORD);
	if (use_columns(p, b->segment, f) < 0)
		return -1;
	block.layout = p->layout;
	block.marked = memchr(b->data.p, mark, b->data.n) != NULL;
	rows_begin(p->rows, &block);
	return 0;
}

void parser_free(struct parser *p)
{
	rows_free(p->rows);
	layout_free(p->layout);
	fields_free(&p->fields);
	buf_free(&p->columns);
	*p = (struct parser){ 0 };
}
