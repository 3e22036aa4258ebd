/* SPDX-License-Identifier: MIT */
/* hll -- HyperLogLog with 2^14 registers over hash_xxh64: how many different values, within 0.81 % (standard error).
 * The estimate is made of the registers alone, by integers: any order of adding and merging gives the same digits.
 * Few set registers stand in a sorted list, more in an array of all. A zeroed struct has seen nothing. */
#ifndef LIB_AGG_HLL_H
#define LIB_AGG_HLL_H

#include "lib/base/buf.h"

#define HLL_BITS 14
#define HLL_REGISTERS (1u << HLL_BITS)
#define HLL_SPARSE_MAX (HLL_REGISTERS / 4)      /* set registers in the list: four characters each, as long as all of them */

struct hll {
	uint32_t n;                     /* set registers; dense when more than HLL_SPARSE_MAX */
	uint32_t cap;                   /* of list */
	union {
		uint32_t *list;         /* register << 6 | rank, ascending */
		uint8_t *rank;          /* of every register, 0: not set */
	} in;
};

void hll_add(struct hll *h, uint64_t hash);
/* It is added to soon. */
static inline void hll_prefetch(const struct hll *h)
{
	__builtin_prefetch(h->in.list);
}

void hll_merge(struct hll *into, const struct hll *from);
uint64_t hll_estimate(const struct hll *h);
void hll_free(struct hll *h);

/* `s` and four base64url characters for each set register (three of number, one of rank), or `d` and one
 * character of rank for every register: equal registers have equal text. Nothing seen: "". */
void hll_save(const struct hll *h, struct buf *out);
int hll_merge_text(struct hll *into, struct span text);         /* -1: not one; into is as it was */

#endif
