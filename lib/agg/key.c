/* SPDX-License-Identifier: MIT */
#include "lib/agg/key.h"

/* With its 00 bytes as 00 FF. */
static char *put_escaped(char *to, struct span column)
{
	for (size_t i = 0; i < column.n; i++) {
		*to++ = column.p[i];
		if (column.p[i] == '\0')
			*to++ = '\xff';
	}
	return to;
}

static bool has_zero(uint64_t w)
{
	return ((w - UINT64_C(0x0101010101010101)) & ~w & UINT64_C(0x8080808080808080)) != 0;
}

/* At most 16 bytes, as two words; the bytes behind them are scribbled over. False: there is a 00 among them. */
static inline bool put_short(char *to, struct span column)
{
	struct peek k = peek(column.p, column.n);

	peek_put(to, k);
	return !has_zero(k.w[0] | ~peek_mask[column.n].w[0]) && !has_zero(k.w[1] | ~peek_mask[column.n].w[1]);
}

static bool put_long(char *to, struct span column)
{
	memcpy(to, column.p, column.n);
	return !memchr(column.p, 0, column.n);
}

char *key_put(char *to, struct span column, bool last)
{
	bool plain = column.n <= PEEK_MOST ? put_short(to, column) : put_long(to, column);

	if (last)
		return to + column.n;
	to = plain ? to + column.n : put_escaped(to, column);
	*to++ = '\0';
	*to++ = '\1';
	return to;
}

void key_add(struct buf *key, struct span column, bool last)
{
	char *to = buf_room(key, key_room(column.n));

	key->n += (size_t)(key_put(to, column, last) - to);
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
