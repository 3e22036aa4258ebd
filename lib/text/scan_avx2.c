/* SPDX-License-Identifier: MIT */
/* AVX2 with BMI: most servers since 2013. */
#include "lib/text/scan_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define SCAN_TARGET __attribute__((target("avx2,bmi,bmi2,popcnt")))

SCAN_TARGET static inline uint64_t scan_match(const char *p, char c)
{
	__m256i pattern = _mm256_set1_epi8(c);
	__m256i low = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
	uint32_t low_bits = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, pattern));
	uint32_t high_bits = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, pattern));

	return (uint64_t)high_bits << 32 | low_bits;
}

SCAN_TARGET static inline uint64_t scan_below(const char *p)
{
	__m256i blank = _mm256_set1_epi8(' ');
	__m256i low = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
	uint32_t low_bits = (uint32_t)_mm256_movemask_epi8(_mm256_cmpgt_epi8(blank, low));
	uint32_t high_bits = (uint32_t)_mm256_movemask_epi8(_mm256_cmpgt_epi8(blank, high));

	return (uint64_t)high_bits << 32 | low_bits;
}

#include "lib/text/scan_template.h"

const struct scan_kernel scan_kernel_avx2 = { "avx2", split, json, count };

#else
typedef int no_scan_avx2;       /* an empty translation unit is not C */
#endif
