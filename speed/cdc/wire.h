/* SPDX-License-Identifier: MIT */
/* wire -- numbers and bytes of a message, within its bounds. One that ran over the end has failed, and gives zeros from then on: it is asked once,
 * at the end. */
#ifndef SPEED_CDC_WIRE_H
#define SPEED_CDC_WIRE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lib/base/span.h"

struct wire {
	const unsigned char *p, *end;
	bool failed;
};

static inline struct wire wire_of(struct span bytes)
{
	const unsigned char *p = (const unsigned char *)(bytes.n ? bytes.p : "");

	return (struct wire){ .p = p, .end = p + bytes.n };
}

static inline size_t wire_left(const struct wire *w)
{
	return (size_t)(w->end - w->p);
}

/* The next n bytes; NULL, and all is taken: there are not so many. */
static inline const unsigned char *wire_skip(struct wire *w, size_t n)
{
	const unsigned char *at = w->p;

	if (wire_left(w) < n) {
		w->failed = true;
		w->p = w->end;
		return NULL;
	}
	w->p += n;
	return at;
}

static inline struct span wire_bytes(struct wire *w, size_t n)
{
	const unsigned char *p = wire_skip(w, n);

	return (struct span){ (const char *)p, p ? n : 0 };
}

static inline uint64_t wire_big_at(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static inline uint64_t wire_little_at(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = n; i-- > 0;)
		v = v << 8 | p[i];
	return v;
}

/* n: at most 8 bytes. */
static inline uint64_t wire_big(struct wire *w, size_t n)
{
	const unsigned char *p = wire_skip(w, n);

	return p ? wire_big_at(p, n) : 0;
}

static inline uint64_t wire_little(struct wire *w, size_t n)
{
	const unsigned char *p = wire_skip(w, n);

	return p ? wire_little_at(p, n) : 0;
}

/* A number as MySQL packs lengths: up to 250 in one byte, else 252 to 254 and 2, 3 or 8 bytes. */
static inline uint64_t wire_packed(struct wire *w)
{
	unsigned v = (unsigned)wire_little(w, 1);

	return v < 251 ? v : v == 252 ? wire_little(w, 2) : v == 253 ? wire_little(w, 3) : wire_little(w, 8);
}

#endif
