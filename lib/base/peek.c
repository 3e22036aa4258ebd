/* SPDX-License-Identifier: MIT */
#include "lib/base/peek.h"

#define LOW(n) ((n) >= 8 ? ~UINT64_C(0) : (UINT64_C(1) << (8 * (n) & 63)) - 1)
#define HIGH(n) ((n) <= 8 ? 0 : LOW((n) - 8))
#define MASK(n) { { LOW(n), HIGH(n) } }

const struct peek peek_mask[PEEK_MOST + 1] = {
	MASK(0), MASK(1), MASK(2), MASK(3), MASK(4), MASK(5), MASK(6), MASK(7), MASK(8),
	MASK(9), MASK(10), MASK(11), MASK(12), MASK(13), MASK(14), MASK(15), MASK(16),
};

struct peek peek_copy(const char *p, size_t n)
{
	struct peek k = { { 0 } };

	for (size_t i = 0; i < n; i++)
		k.w[i / 8] |= (uint64_t)(unsigned char)p[i] << i % 8 * 8;
	return k;
}
