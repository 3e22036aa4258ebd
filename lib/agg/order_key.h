/* SPDX-License-Identifier: MIT */
/* order_key -- values as bytes whose order is the order wanted, for min, max, first, last.
 *
 *   value   number   01  m as 128 bits at scale 18, sign flipped, highest byte first  scale
 *           text     02  the bytes                                   (so numbers stand before text)
 *   edge    ms  [position]  the bytes                                (64 bits each, highest byte first)
 *
 * The scale only tells equal numbers apart: the one with more digits is the better one, whichever end is wanted. */
#ifndef LIB_AGG_ORDER_KEY_H
#define LIB_AGG_ORDER_KEY_H

#include "lib/base/buf.h"
#include "lib/text/value.h"

enum order_end { ORDER_LEAST, ORDER_GREATEST };

/* A key in two pieces, so that a long text is copied only when it is kept. */
struct order_key {
	unsigned char head[20];
	size_t nhead;
	struct span tail;               /* borrowed */
};

/* Text that is a number counts as one. */
void order_key_of_value(struct order_key *k, const struct value *v, enum order_end end);
void order_key_of_edge(struct order_key *k, int64_t ms, const uint64_t *position, struct span text);

int order_key_cmp(const struct order_key *k, struct span bytes);

/* The other way round. A value's key is a number (true, *d) or text (false, *text, borrowed). */
bool order_key_value(struct span bytes, enum order_end end, struct decimal *d, struct span *text);
void order_key_print_value(struct buf *out, struct span bytes, enum order_end end);
struct span order_key_edge(struct span bytes, int64_t *ms, uint64_t *position);       /* position NULL: it has none */

/* The best key so far; a zeroed struct holds none. Short keys (every number) stand in place. */
struct best {
	uint32_t n, cap;                /* cap 0: in place */
	union {
		unsigned char small[40];
		unsigned char *large;
	} key;
};

struct span best_key(const struct best *b);             /* empty: none. Borrowed until the next offer */
void best_offer(struct best *b, const struct order_key *k, enum order_end end);
void best_merge(struct best *into, const struct best *from, enum order_end end);
void best_drop(struct best *b);

#endif
