/* SPDX-License-Identifier: MIT */
/* AVX-512 with VBMI2: a compare yields the 64 bits at once, and VPCOMPRESSB makes positions of them without a loop. */
#include "lib/text/scan_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define SCAN_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi,bmi2,popcnt")))
#define SCAN_HAS_EMIT

SCAN_TARGET static inline uint64_t scan_match(const char *p, char c)
{
	return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(p), _mm512_set1_epi8(c));
}

static const unsigned char positions[64] = {
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
	32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63,
};

/* Compresses in a register: stores of VPCOMPRESS to memory are very slow on some machines. */
SCAN_TARGET static inline uint32_t *scan_emit(uint32_t *out, uint64_t bits, uint32_t base)
{
	__m512i at = _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(positions));
	__m512i from = _mm512_set1_epi32((int)base);
	uint32_t *end = out + __builtin_popcountll(bits);

	_mm512_storeu_si512(out, _mm512_add_epi32(from, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(at))));
	while ((out += 16) < end) {
		at = _mm512_shuffle_i64x2(at, at, 0x39);        /* the next 16 bytes down */
		_mm512_storeu_si512(out, _mm512_add_epi32(from, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(at))));
	}
	return end;
}

SCAN_TARGET static inline uint64_t scan_below(const char *p)
{
	return _mm512_cmplt_epi8_mask(_mm512_loadu_si512(p), _mm512_set1_epi8(' '));
}

#include "lib/text/scan_template.h"

const struct scan_kernel scan_kernel_avx512 = { "avx512", split, json, count };

#else
typedef int no_scan_avx512;     /* an empty translation unit is not C */
#endif
