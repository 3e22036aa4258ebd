/* SPDX-License-Identifier: MIT */
/* textset -- a set of texts: eight in a row of bytes, more in a hash table. A zeroed struct is an empty set. */
#ifndef LIB_AGG_TEXTSET_H
#define LIB_AGG_TEXTSET_H

#include "lib/base/span.h"
#include "lib/base/table.h"

#define TEXTSET_SMALL 8

struct textset {
	size_t n;
	union {                         /* n > TEXTSET_SMALL: table */
		char *row;              /* [u32 length][bytes] ..., as entries of the table are */
		struct table *table;
	} in;
	size_t used, cap;               /* bytes of row */
	const char **sorted;            /* entries in order, while the set is being read out; else NULL */
};

/* True when it was not there. */
bool textset_add(struct textset *s, struct span text);
void textset_merge(struct textset *into, const struct textset *from);
void textset_free(struct textset *s);

/* The i-th in order of bytes. Sorts at the first call after an add; textset_unsort lets that memory go. */
struct span textset_at(struct textset *s, size_t i);
void textset_unsort(struct textset *s);

#endif
