/* SPDX-License-Identifier: MIT */
#include "lib/text/digits.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/peek.h"

/* ---- portable ---- */

static size_t decimals(const struct digits_column *c, int64_t *number, uint8_t *scale)
{
	size_t left = 0;

	for (size_t i = 0; i < c->n; i++) {
		struct span text = c->field[c->row[i] * c->width];
		struct decimal d;

		if (text.n == 0) {
			scale[i] = DIGITS_NULL;
		} else if (text.n > 16 || decimal_parse(text, &d) < 0) {
			scale[i] = DIGITS_LEFT;
		} else {
			number[i] = (int64_t)d.m;
			scale[i] = number[i] == d.m ? (uint8_t)d.scale : DIGITS_LEFT;
		}
		left += scale[i] == DIGITS_LEFT;
	}
	return left;
}

static void thirteen(const struct digits_column *c, int64_t *number)
{
	for (size_t i = 0; i < c->n; i++) {
		struct span text = c->field[c->row[i] * c->width];

		if (text.n != 13 || !digits_thirteen(text.p, &number[i]))
			number[i] = -1;
	}
}

static const struct digits_kernel portable = { "portable", decimals, thirteen };

/* ---- SSE4.1 ---- */

#if defined(__x86_64__)

#include <smmintrin.h>

#define TARGET __attribute__((target("sse4.1")))

/* keep[16 - n]: the last n bytes. */
static const unsigned char keep[32] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
};


/* The 16 bytes that end there, less '0' each. Those before the text are whatever stands there; never another page than the text's. */
TARGET static inline __m128i load_before(const char *end, size_t n)
{
	__m128i x;

	if (__builtin_expect(!peek_is_safe(end - 16), 0)) {
		char whole[16] = { 0 };

		memcpy(whole + 16 - n, end - n, n);
		x = _mm_loadu_si128((const __m128i *)whole);
	} else {
		/* see peek_word */
		__asm__("" : "+r"(end));
		__asm__("movdqu %1, %0" : "=x"(x) : "m"(*(const char (*)[16])(end - 16)));
	}
	return _mm_sub_epi8(x, _mm_set1_epi8('0'));
}

/* Bit i: byte i of the last n is no digit. */
TARGET static inline unsigned not_digits(__m128i x, size_t n)
{
	__m128i digit = _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(9)), x);

	return ~(unsigned)_mm_movemask_epi8(digit) & 0xffff & 0xffff0000u >> n;
}

/* The last n bytes as digits: to pairs, to fours, to eights. */
TARGET static inline int64_t join(__m128i x, size_t n)
{
	const __m128i tens = _mm_set1_epi16(1 << 8 | 10), hundreds = _mm_set1_epi32(1 << 16 | 100);
	const __m128i myriads = _mm_set1_epi32(1 << 16 | 10000);

	x = _mm_and_si128(x, _mm_loadu_si128((const __m128i *)(keep + n)));
	x = _mm_madd_epi16(_mm_maddubs_epi16(x, tens), hundreds);
	x = _mm_madd_epi16(_mm_packus_epi32(x, x), myriads);
	return (int64_t)((uint64_t)(uint32_t)_mm_cvtsi128_si32(x) * 100000000 + (uint32_t)_mm_extract_epi32(x, 1));
}

/* n (1..16) characters without a sign. -1: left. */
TARGET static inline int unsigned_decimal(const char *end, size_t n, int64_t *number)
{
	__m128i x = load_before(end, n);
	unsigned odd = not_digits(x, n), at, scale = 0;

	if (odd) {
		at = (unsigned)__builtin_ctz(odd);
		if (odd & (odd - 1) || end[(int)at - 16] != '.' || n == 1)
			return -1;
		scale = 15 - at;
		x = _mm_blendv_epi8(_mm_slli_si128(x, 1), x, _mm_loadu_si128((const __m128i *)(keep + scale)));
		n--;
	}
	*number = join(x, n);
	return (int)scale;
}

/* -1: left. Most have no sign, and are not asked for one. */
TARGET static inline int short_decimal(struct span text, int64_t *number)
{
	const char *end = text.p + text.n;
	int scale = text.n <= 16 ? unsigned_decimal(end, text.n, number) : -1;

	if (__builtin_expect(scale >= 0 || text.p[0] != '-' || text.n - 2 >= 16, 1))
		return scale;
	scale = unsigned_decimal(end, text.n - 1, number);
	*number = -*number;
	return scale;
}

TARGET static size_t decimals_sse4(const struct digits_column *c, int64_t *number, uint8_t *scale)
{
	const struct span *field = c->field;
	const uint32_t *row = c->row;
	size_t width = c->width, n = c->n, left = 0;

	for (size_t i = 0; i < n; i++) {
		struct span text = field[row[i] * width];
		int got = text.n ? short_decimal(text, &number[i]) : DIGITS_NULL;

		scale[i] = got < 0 ? DIGITS_LEFT : (uint8_t)got;
		left += got < 0;
	}
	return left;
}

TARGET static void thirteen_sse4(const struct digits_column *c, int64_t *number)
{
	const struct span *field = c->field;
	const uint32_t *row = c->row;
	size_t width = c->width, n = c->n;

	for (size_t i = 0; i < n; i++) {
		struct span text = field[row[i] * width];
		__m128i x;

		number[i] = -1;
		if (text.n != 13)
			continue;
		x = load_before(text.p + 13, 13);
		if (!not_digits(x, 13))
			number[i] = join(x, 13);
	}
}

static const struct digits_kernel sse4 = { "sse4", decimals_sse4, thirteen_sse4 };

static bool has_sse4(void)
{
	return __builtin_cpu_supports("sse4.1");
}

#endif

/* ---- choice ---- */

const struct digits_kernel *digits_kernel(const char *name)
{
	const char *wanted = name ? name : getenv("WEIR_SCAN");
	bool slow = wanted && strcmp(wanted, "portable") == 0;

#if defined(__x86_64__)
	if (!slow && (!name || strcmp(name, "sse4") == 0) && has_sse4())
		return &sse4;
#endif
	return slow || !name ? &portable : NULL;
}
