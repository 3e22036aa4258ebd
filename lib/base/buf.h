/* SPDX-License-Identifier: MIT */
/* buf -- bytes that grow. A zeroed struct is an empty buffer; buf_free makes it one again. */
#ifndef LIB_BASE_BUF_H
#define LIB_BASE_BUF_H

#include <stdint.h>

#include "lib/base/mem.h"
#include "lib/base/span.h"

struct buf {
	char *p;
	size_t n;        /* used */
	size_t cap;
};

void buf_grow(struct buf *b, size_t more);      /* what buf_room does when there is no room */

/* Makes room for more bytes behind the used ones and returns where they go. */
static inline char *buf_room(struct buf *b, size_t more)
{
	if (!b->p || more > b->cap - b->n)
		buf_grow(b, more);
	return b->p + b->n;
}

static inline void buf_add(struct buf *b, const void *p, size_t n)
{
	if (n) {
		memcpy(buf_room(b, n), p, n);
		b->n += n;
	}
}

static inline void buf_span(struct buf *b, struct span s)
{
	buf_add(b, s.p, s.n);
}

static inline void buf_text(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

static inline void buf_byte(struct buf *b, char c)
{
	*buf_room(b, 1) = c;
	b->n++;
}

/* Writes the digits of v, at least one, so that they end there; returns the first of them. */
char *digits_before(char *end, uint64_t v);
extern const char digit_pairs[200];             /* "00" to "99" */

void buf_u64(struct buf *b, uint64_t v);         /* decimal digits */
void buf_i64(struct buf *b, int64_t v);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline struct span buf_view(const struct buf *b)
{
	return (struct span){ b->p, b->n };
}

static inline void buf_clear(struct buf *b)
{
	b->n = 0;
}

void buf_free(struct buf *b);

#endif
