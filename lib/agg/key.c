/* SPDX-License-Identifier: MIT */
#include "lib/agg/key.h"

void key_add(struct buf *key, struct span column, bool last)
{
	if (last) {
		buf_span(key, column);
		return;
	}
	for (const char *zero; column.n && (zero = memchr(column.p, 0, column.n));) {
		size_t n = (size_t)(zero - column.p) + 1;

		buf_add(key, column.p, n);
		buf_byte(key, '\xff');
		column.p += n, column.n -= n;
	}
	buf_span(key, column);
	buf_add(key, "\0\1", 2);
}

/* The end of the column that begins at p: its 00 01. *plain: no 00 FF on the way. */
static const char *column_end(const char *p, const char *end, bool *plain)
{
	*plain = true;
	while ((p = memchr(p, 0, (size_t)(end - p))) && p[1] != '\1') {
		*plain = false;
		p += 2;
	}
	return p;
}

/* 00 FF back to 00. The scratch has room: it was sized for the whole key. */
static struct span unescape(const char *p, const char *end, struct buf *scratch)
{
	char *to = scratch->p + scratch->n, *begin = to;

	for (; p < end; p++) {
		*to++ = *p;
		if (*p == '\0')
			p++;
	}
	scratch->n += (size_t)(to - begin);
	return (struct span){ begin, (size_t)(to - begin) };
}

void key_split(struct span key, size_t n, struct span *column, struct buf *scratch)
{
	const char *p = key.n ? key.p : "", *end = p + key.n;

	buf_clear(scratch);
	buf_room(scratch, key.n);
	for (size_t i = 0; i + 1 < n; i++) {
		bool plain;
		const char *stop = column_end(p, end, &plain);

		column[i] = plain ? (struct span){ p, (size_t)(stop - p) } : unescape(p, stop, scratch);
		p = stop + 2;
	}
	if (n)
		column[n - 1] = (struct span){ p, (size_t)(end - p) };
}
