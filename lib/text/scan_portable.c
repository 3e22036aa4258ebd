/* SPDX-License-Identifier: MIT */
/* Eight bytes at a time in an ordinary register. */
#include "lib/text/scan_kernels.h"

#include <string.h>

#define SCAN_TARGET

#define ONES 0x0101010101010101ull
#define LOWS 0x7f7f7f7f7f7f7f7full

/* Bit i is set where byte i of the word, in memory order, is zero. */
static inline uint64_t zero_bytes(uint64_t w)
{
	uint64_t high = ~(((w & LOWS) + LOWS) | w | LOWS);      /* 0x80 in each zero byte; no carry leaves its byte */

	return ((high >> 7) * 0x0102040810204080ull) >> 56;     /* bit 8i moves to 56 + i */
}

static inline uint64_t scan_match(const char *p, char c)
{
	uint64_t pattern = ONES * (unsigned char)c, bits = 0, w;

	for (unsigned i = 0; i < 8; i++) {
		memcpy(&w, p + 8 * i, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		w = __builtin_bswap64(w);
#endif
		bits |= zero_bytes(w ^ pattern) << (8 * i);
	}
	return bits;
}

#include "lib/text/scan_template.h"

const struct scan_kernel scan_kernel_portable = { "portable", split, count };
