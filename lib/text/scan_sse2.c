/* SPDX-License-Identifier: MIT */
/* What every x86-64 has. */
#include "lib/text/scan_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define SCAN_TARGET

static inline uint64_t scan_match(const char *p, char c)
{
	__m128i pattern = _mm_set1_epi8(c);
	uint64_t bits = 0;

	for (int i = 0; i < 4; i++) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));

		bits |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, pattern)) << (16 * i);
	}
	return bits;
}

static inline uint64_t scan_below(const char *p)
{
	__m128i blank = _mm_set1_epi8(' ');
	uint64_t bits = 0;

	for (int i = 0; i < 4; i++) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));

		bits |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmplt_epi8(v, blank)) << (16 * i);
	}
	return bits;
}

#include "lib/text/scan_template.h"

const struct scan_kernel scan_kernel_sse2 = { "sse2", split, json, count };

#else
typedef int no_scan_sse2;       /* an empty translation unit is not C */
#endif
