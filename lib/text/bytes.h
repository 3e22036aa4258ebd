/* SPDX-License-Identifier: MIT */
/* bytes -- the next byte that matters: 16 at a time where SSE2 is (every x86-64 has it), 8 at a time elsewhere.
 * Nothing is read at or past end. All return end when there is no such byte. */
#ifndef LIB_TEXT_BYTES_H
#define LIB_TEXT_BYTES_H

#include <stdint.h>
#include <string.h>

#include "lib/base/peek.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

#define BYTES_ONES 0x0101010101010101u
#define BYTES_HIGH 0x8080808080808080u

static inline uint64_t bytes_load(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

/* The first byte of a word in memory order whose high bit is set in m (m != 0). */
static inline unsigned bytes_first(uint64_t m)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	return (unsigned)__builtin_clzll(m) / 8;
#else
	return (unsigned)__builtin_ctzll(m) / 8;
#endif
}

/* A word without all but its first n bytes in memory order, 1 <= n <= 8. */
static inline uint64_t bytes_front(uint64_t v, unsigned n)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	return v & UINT64_MAX << (64 - 8 * n);
#else
	return v & UINT64_MAX >> (64 - 8 * n);
#endif
}

/* High bits of the bytes of v that are c; exact for every byte (no borrow runs into the next one). */
static inline uint64_t bytes_equal(uint64_t v, unsigned char c)
{
	uint64_t x = v ^ BYTES_ONES * c;

	return ~(((x & ~BYTES_HIGH) + ~BYTES_HIGH) | x) & BYTES_HIGH;
}

/* High bits of the bytes of v below 0x20. */
static inline uint64_t bytes_control(uint64_t v)
{
	return ~(((v & ~BYTES_HIGH) + BYTES_ONES * 0x60) | v) & BYTES_HIGH;
}

/* High bits of the bytes of v that are decimal digits. */
static inline uint64_t bytes_decimal(uint64_t v)
{
	uint64_t x = v ^ BYTES_ONES * '0';

	return ~(((x & ~BYTES_HIGH) + BYTES_ONES * 0x76) | x) & BYTES_HIGH;
}

/* High bits of the bytes of v that end a plain run in a JSON string: quote, backslash, control, not ASCII. */
static inline uint64_t bytes_json(uint64_t v)
{
	return bytes_equal(v, '"') | bytes_equal(v, '\\') | bytes_control(v) | (v & BYTES_HIGH);
}

/* Of 16 bytes at p, bit i for p[i]: the same questions. Each has a portable twin. */
static inline unsigned bytes_gather(uint64_t low, uint64_t high)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	low = __builtin_bswap64(low), high = __builtin_bswap64(high);
#endif
	low = (low >> 7) * 0x0102040810204080u >> 56;           /* bit 8i moves to 56 + i */
	high = (high >> 7) * 0x0102040810204080u >> 56;
	return (unsigned)(low | high << 8);
}

static inline unsigned bytes_equal16_portable(const char *p, unsigned char c)
{
	return bytes_gather(bytes_equal(bytes_load(p), c), bytes_equal(bytes_load(p + 8), c));
}

static inline unsigned bytes_decimal16_portable(const char *p)
{
	return bytes_gather(bytes_decimal(bytes_load(p)), bytes_decimal(bytes_load(p + 8)));
}

static inline unsigned bytes_json16_portable(const char *p)
{
	return bytes_gather(bytes_json(bytes_load(p)), bytes_json(bytes_load(p + 8)));
}

#if defined(__x86_64__)
static inline unsigned bytes_equal16(const char *p, unsigned char c)
{
	__m128i v = _mm_loadu_si128((const __m128i *)p);

	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8((char)c)));
}

static inline unsigned bytes_decimal16(const char *p)
{
	__m128i v = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)p), _mm_set1_epi8('0'));

	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(9)), v));
}

static inline unsigned bytes_json16(const char *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)p);
	__m128i m = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));

	/* signed: below a blank are the controls and everything from 0x80 up */
	return (unsigned)_mm_movemask_epi8(_mm_or_si128(m, _mm_cmplt_epi8(v, _mm_set1_epi8(' '))));
}
#else
#define bytes_equal16 bytes_equal16_portable
#define bytes_decimal16 bytes_decimal16_portable
#define bytes_json16 bytes_json16_portable
#endif

/* Not ASCII. */
static inline const char *bytes_ascii_end(const char *p, const char *end)
{
	for (; end - p >= 8; p += 8) {
		uint64_t m = bytes_load(p) & BYTES_HIGH;

		if (m)
			return p + bytes_first(m);
	}
	while (p < end && (unsigned char)*p < 0x80)
		p++;
	return p;
}

/* A byte that ends a plain run in a JSON string: quote, backslash, control, not ASCII. */
static inline const char *bytes_json_end(const char *p, const char *end)
{
#if defined(__x86_64__)
	for (; end - p >= 16; p += 16) {
		unsigned bits = bytes_json16(p);

		if (bits)
			return p + __builtin_ctz(bits);
	}
#endif
	for (; end - p >= 8; p += 8) {
		uint64_t m = bytes_json(bytes_load(p));

		if (m)
			return p + bytes_first(m);
	}
	while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80)
		p++;
	return p;
}

/* One of four bytes. */
static inline const char *bytes_any4(const char *p, const char *end, char a, char b, char c, char d)
{
#if defined(__x86_64__)
	const __m128i va = _mm_set1_epi8(a), vb = _mm_set1_epi8(b), vc = _mm_set1_epi8(c), vd = _mm_set1_epi8(d);

	for (; end - p >= 16; p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)p);
		__m128i m = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, va), _mm_cmpeq_epi8(v, vb)),
			_mm_or_si128(_mm_cmpeq_epi8(v, vc), _mm_cmpeq_epi8(v, vd)));
		unsigned bits = (unsigned)_mm_movemask_epi8(m);

		if (bits)
			return p + __builtin_ctz(bits);
	}
#endif
	for (; end - p >= 8; p += 8) {
		uint64_t v = bytes_load(p);
		uint64_t m = bytes_equal(v, (unsigned char)a) | bytes_equal(v, (unsigned char)b)
			| bytes_equal(v, (unsigned char)c) | bytes_equal(v, (unsigned char)d);

		if (m)
			return p + bytes_first(m);
	}
	if (p < end) {
		uint64_t v = peek(p, (size_t)(end - p)).w[0];           /* whatever the machine, its first byte is the lowest */
		uint64_t m = bytes_equal(v, (unsigned char)a) | bytes_equal(v, (unsigned char)b)
			| bytes_equal(v, (unsigned char)c) | bytes_equal(v, (unsigned char)d);

		p = m && (size_t)__builtin_ctzll(m) / 8 < (size_t)(end - p) ? p + __builtin_ctzll(m) / 8 : end;
	}
	return p;
}

/* Bit i of *at_a: byte i of the 16 that x begins with is a; the same for b. */
static inline void bytes_masks16(struct peek x, char a, char b, uint64_t *at_a, uint64_t *at_b)
{
#if defined(__x86_64__)
	__m128i v = _mm_set_epi64x((long long)x.w[1], (long long)x.w[0]);

	*at_a = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8(a)));
	*at_b = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8(b)));
#else
	*at_a = *at_b = 0;
	for (unsigned i = 0; i < 16; i++) {
		char c = (char)(x.w[i / 8] >> 8 * (i % 8));

		*at_a |= (uint64_t)(c == a) << i;
		*at_b |= (uint64_t)(c == b) << i;
	}
#endif
}

/* Which of n bytes, at most 64, are a and which are b; neither is NUL. */
static inline void bytes_masks(const char *p, size_t n, char a, char b, uint64_t *at_a, uint64_t *at_b)
{
	*at_a = *at_b = 0;
	for (size_t i = 0; i < n; i += 16) {
		uint64_t x, y;

		bytes_masks16(peek(p + i, n - i < 16 ? n - i : 16), a, b, &x, &y);
		*at_a |= x << i;
		*at_b |= y << i;
	}
}

#endif
