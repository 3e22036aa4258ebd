/* SPDX-License-Identifier: MIT */
/* CSV records with quotes: libcsv takes them apart, the fields asked for are copied. */
#include "lib/text/rows_impl.h"

#define PREFIX SPAN("#!weir")

bool rows_is_escaped(struct span line)
{
	size_t n = 0;

	while (n < line.n && line.p[n] == '\\')
		n++;
	return n && span_starts((struct span){ line.p + n, line.n - n }, PREFIX);
}

/* The record with all its physical lines unescaped; borrowed when there is nothing to do. */
static struct span unescape(struct arena *a, struct span rec)
{
	const char *end = rec.p + rec.n, *nl;
	struct span line = rec;
	char *out;
	size_t n = 0;

	if (!memchr(rec.p, '\\', rec.n))
		return rec;
	out = arena_alloc(a, rec.n, 1);
	for (; line.p < end; line.p = nl) {
		nl = memchr(line.p, '\n', (size_t)(end - line.p));
		nl = nl ? nl + 1 : end;
		line.n = (size_t)(nl - line.p);
		if (rows_is_escaped(line))
			line.p++, line.n--;
		memcpy(out + n, line.p, line.n);
		n += line.n;
	}
	return (struct span){ out, n };
}

struct quoted_row {
	struct rows *rows;
	const struct layout_column *next, *end;
	struct span *field;
};

static void take_field(void *arg, size_t column, struct span text)
{
	struct quoted_row *q = arg;
	struct span copy;

	if (q->next == q->end || q->next->column != column)
		return;
	copy = arena_copy(&q->rows->scratch, text);
	for (; q->next < q->end && q->next->column == column; q->next++)
		q->field[q->next->slot] = copy;
}

size_t rows_csv_quoted(struct rows *r, struct span rec, struct span *field)
{
	const struct layout *l = r->layout;
	struct quoted_row q = { r, l->want, l->want + l->nwant, field };

	if (!r->splitter)
		r->splitter = csv_splitter_new();
	if (l->controlled)
		rec = unescape(&r->scratch, rec);
	return csv_split(r->splitter, rec, take_field, &q);
}
