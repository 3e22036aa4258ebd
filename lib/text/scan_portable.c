/* SPDX-License-Identifier: MIT */
/* Eight bytes at a time in an ordinary register. */
#include "lib/text/scan_kernels.h"

#include <string.h>

#define SCAN_TARGET

#define ONES 0x0101010101010101ull
#define LOWS 0x7f7f7f7f7f7f7f7full

/* The bytes in memory order from the lowest bits up. */
static inline uint64_t load(const char *p)
{
	uint64_t w;

	memcpy(&w, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	return w;
}

/* Bit i is the high bit of byte i. */
static inline uint64_t gather(uint64_t w)
{
	return ((w >> 7 & ONES) * 0x0102040810204080ull) >> 56;         /* bit 8i moves to 56 + i */
}

/* Bit i is set where byte i of the word, in memory order, is zero. */
static inline uint64_t zero_bytes(uint64_t w)
{
	uint64_t high = ~(((w & LOWS) + LOWS) | w | LOWS);      /* 0x80 in each zero byte; no carry leaves its byte */

	return gather(high);
}

static inline uint64_t scan_match(const char *p, char c)
{
	uint64_t pattern = ONES * (unsigned char)c, bits = 0;

	for (unsigned i = 0; i < 8; i++)
		bits |= zero_bytes(load(p + 8 * i) ^ pattern) << (8 * i);
	return bits;
}

static inline uint64_t scan_below(const char *p)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < 8; i++) {
		uint64_t w = load(p + 8 * i);
		uint64_t below = ~((w & LOWS) + ONES * 0x60) | w;       /* its high bit: below a blank, or not ASCII */

		bits |= gather(below) << (8 * i);
	}
	return bits;
}

#include "lib/text/scan_template.h"

const struct scan_kernel scan_kernel_portable = { "portable", split, json, count };
