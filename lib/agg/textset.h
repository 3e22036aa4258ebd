/* SPDX-License-Identifier: MIT */
/* textset -- a set of texts. Few stand in a row, behind one another in the block that is the set; more in a hash table. NULL is the empty set,
 * so an empty one costs nothing and a small one a single block. */
#ifndef LIB_AGG_TEXTSET_H
#define LIB_AGG_TEXTSET_H

#include "lib/base/span.h"

#define TEXTSET_SMALL 32        /* texts in the row at most */

struct textset;

size_t textset_count(const struct textset *s);

/* True when it was not there. The set moves when it grows. */
bool textset_add(struct textset **s, struct span text);
void textset_merge(struct textset **into, const struct textset *from);
void textset_free(struct textset *s);

/* It is added to soon. */
static inline void textset_prefetch(const struct textset *s)
{
	__builtin_prefetch(s);
	__builtin_prefetch((const char *)s + 64);
}

/* The i-th in order of bytes. Sorts at the first call after an add; textset_unsort lets that memory go. */
struct span textset_at(struct textset *s, size_t i);
void textset_unsort(struct textset *s);

#endif
