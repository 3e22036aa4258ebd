/* SPDX-License-Identifier: MIT */
/* state_text -- the pieces saved states are read from. */
#ifndef LIB_AGG_STATE_TEXT_H
#define LIB_AGG_STATE_TEXT_H

#include <stdint.h>

#include "lib/base/span.h"

/* A saved count or weight is refused from here on, so that adding honest ones never overflows. */
#define WEIGHT_LIMIT ((int64_t)1 << 62)

/* Wraps: dishonest states may meet any number of times, and stay defined. */
static inline int64_t weight_add(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

/* Digits, perhaps after a minus, below WEIGHT_LIMIT. 0 or -1. */
int state_weight(struct span text, int64_t *weight);

/* Cuts *text after the first c (or at its end) and returns what came before. */
struct span state_cut(struct span *text, char c);

#endif
