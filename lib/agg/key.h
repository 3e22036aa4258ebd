/* SPDX-License-Identifier: MIT */
/* key -- several key columns as one byte string whose order as bytes is the order column by column.
 * Every column but the last ends in 00 01 and has its own 00 bytes written 00 FF; the last stands as it is, so a key
 * of one column is just that column. */
#ifndef LIB_AGG_KEY_H
#define LIB_AGG_KEY_H

#include "lib/base/buf.h"
#include "lib/base/peek.h"
#include "lib/base/span.h"

/* Appends column; last says that no other follows. */
void key_add(struct buf *key, struct span column, bool last);

/* The same where room is known to be: key_room(column.n) bytes at to. The end of what was written. */
char *key_put(char *to, struct span column, bool last);
static inline size_t key_room(size_t n)
{
	return 2 * n + 2 + PEEK_MOST;
}

/* Splits a key into n columns. Borrowed from key where it holds no 00 bytes, else from scratch (cleared first). */
void key_split(struct span key, size_t n, struct span *column, struct buf *scratch);

#endif
