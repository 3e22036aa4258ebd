/* SPDX-License-Identifier: MIT */
/* position -- a place in a log: the number of records before it, and the chain over them, `1210000@5f3a91c2`.
 * The chain is the CRC-32C of all records before it as they are stored, each with its newline, from the first one on: two logs that agree in it agree
 * in their records. The beginning is 0@00000000. */
#ifndef LIB_LOG_POSITION_H
#define LIB_LOG_POSITION_H

#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"

#define POSITION_TEXT 32

struct position {
	uint64_t at;
	uint32_t chain;
};

/* 0, or -1: text is none. The empty text is the beginning. */
int position_parse(struct span text, struct position *p);
void position_print(struct position p, char text[POSITION_TEXT]);

static inline bool position_eq(struct position a, struct position b)
{
	return a.at == b.at && a.chain == b.chain;
}

#endif
