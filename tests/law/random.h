/* SPDX-License-Identifier: MIT */
/* random -- choices that are the same in every run with the same seed (splitmix64). */
#ifndef TESTS_LAW_RANDOM_H
#define TESTS_LAW_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dice {
	uint64_t state;
};

static inline uint64_t dice_mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static inline uint64_t dice_next(struct dice *d)
{
	return dice_mix(d->state += 0x9e3779b97f4a7c15u);
}

/* 0 .. n-1 */
static inline uint64_t dice_below(struct dice *d, uint64_t n)
{
	return dice_next(d) % n;
}

static inline int64_t dice_range(struct dice *d, int64_t from, int64_t to)      /* both included */
{
	return from + (int64_t)dice_below(d, (uint64_t)(to - from) + 1);
}

static inline bool dice_one_in(struct dice *d, uint64_t n)
{
	return dice_below(d, n) == 0;
}

/* A number that belongs to (seed, what, id), whatever else there is: choices made by it stay when records are taken away. */
static inline uint64_t dice_tied(uint64_t seed, uint64_t what, uint64_t id)
{
	return dice_mix(dice_mix(dice_mix(seed + 0x9e3779b97f4a7c15u) ^ what) + id * 0x9e3779b97f4a7c15u);
}

#define DICE_PICK(d, array) ((array)[dice_below((d), sizeof(array) / sizeof *(array))])

#endif
