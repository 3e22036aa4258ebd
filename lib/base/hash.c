/* SPDX-License-Identifier: MIT */
/* Folded multiplication for tables; XXH64 after its published specification (seed 0); CRC-32C by the processor's
 * instruction where there is one, else by sixteen tables of nibbles, which stay in the first cache level. */
#include "lib/base/hash.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

#define CRC32C_POLYNOMIAL 0x82f63b78u           /* reflected */

uint64_t hash_seed[4];
static uint32_t crc_nibble[16][16];             /* [i][v]: v as the i-th nibble of 8 bytes; made before main */

static uint64_t next_random(uint64_t *state)    /* splitmix64 */
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* 32 bytes from the kernel; early in boot or in a sandbox that has none, the clock and the layout of the address space. */
void hash_seed_init(void)
{
	const char *fixed = getenv("WEIR_HASH_SEED");
	uint64_t state;

	if (!fixed && getrandom(hash_seed, sizeof hash_seed, GRND_NONBLOCK) == (ssize_t)sizeof hash_seed)
		return;
	if (fixed) {
		state = strtoull(fixed, NULL, 0);
	} else {
		struct timespec now;

		clock_gettime(CLOCK_REALTIME, &now);
		state = (uint64_t)now.tv_nsec << 32 ^ (uint64_t)now.tv_sec ^ (uint64_t)getpid() << 16 ^ (uint64_t)(uintptr_t)&now;
	}
	for (int i = 0; i < 4; i++)
		hash_seed[i] = next_random(&state);
}

static void crc_nibble_init(void)
{
	for (uint32_t v = 0; v < 16; v++) {
		uint32_t crc = v;

		for (int i = 15; i >= 0; i--) {
			for (int bit = 0; bit < 4; bit++)
				crc = crc >> 1 ^ (crc & 1 ? CRC32C_POLYNOMIAL : 0);
			crc_nibble[i][v] = crc;
		}
	}
}

__attribute__((constructor)) static void hash_init(void)
{
	int saved = errno;

	hash_seed_init();
	crc_nibble_init();
	errno = saved;
}

/* Two lanes with secrets of their own, so that long keys are not bound by the latency of one multiplier chain. */
uint64_t hash_long(const unsigned char *p, size_t n, uint64_t h)
{
	uint64_t g = hash_seed[3];

	for (; n > 48; p += 32, n -= 32) {
		h = hash_fold(hash_load64(p) ^ hash_seed[1], hash_load64(p + 8) ^ h);
		g = hash_fold(hash_load64(p + 16) ^ hash_seed[2], hash_load64(p + 24) ^ g);
	}
	for (; n > 16; p += 16, n -= 16)
		h = hash_fold(hash_load64(p) ^ hash_seed[1], hash_load64(p + 8) ^ h);
	return h ^ g;
}

/* XXH64. The names of constants and steps are the specification's. */
#define PRIME64_1 0x9e3779b185ebca87u
#define PRIME64_2 0xc2b2ae3d27d4eb4fu
#define PRIME64_3 0x165667b19e3779f9u
#define PRIME64_4 0x85ebca77c2b2ae63u
#define PRIME64_5 0x27d4eb2f165667c5u

static uint64_t little64(const unsigned char *p)
{
	uint64_t v = hash_load64(p);

	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap64(v) : v;
}

static uint64_t little32(const unsigned char *p)
{
	uint32_t v = (uint32_t)hash_load32(p);

	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap32(v) : v;
}

static uint64_t rotate(uint64_t v, int by)
{
	return v << by | v >> (64 - by);
}

static uint64_t xxh_round(uint64_t acc, uint64_t lane)
{
	return rotate(acc + lane * PRIME64_2, 31) * PRIME64_1;
}

static uint64_t xxh_merge(uint64_t acc, uint64_t lane)
{
	return (acc ^ xxh_round(0, lane)) * PRIME64_1 + PRIME64_4;
}

static uint64_t xxh_stripes(const unsigned char *p, const unsigned char *end)
{
	uint64_t a = PRIME64_1 + PRIME64_2, b = PRIME64_2, c = 0, d = -PRIME64_1, acc;

	for (; end - p >= 32; p += 32) {
		a = xxh_round(a, little64(p));
		b = xxh_round(b, little64(p + 8));
		c = xxh_round(c, little64(p + 16));
		d = xxh_round(d, little64(p + 24));
	}
	acc = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
	acc = xxh_merge(acc, a);
	acc = xxh_merge(acc, b);
	acc = xxh_merge(acc, c);
	return xxh_merge(acc, d);
}

uint64_t hash_xxh64(const void *bytes, size_t n)
{
	const unsigned char *p = bytes, *end = p + n;
	uint64_t acc = n >= 32 ? xxh_stripes(p, end) : PRIME64_5;

	acc += n;
	for (p += n & ~(size_t)31; end - p >= 8; p += 8)
		acc = rotate(acc ^ xxh_round(0, little64(p)), 27) * PRIME64_1 + PRIME64_4;
	for (; end - p >= 4; p += 4)
		acc = rotate(acc ^ little32(p) * PRIME64_1, 23) * PRIME64_2 + PRIME64_3;
	for (; p < end; p++)
		acc = rotate(acc ^ *p * PRIME64_5, 11) * PRIME64_1;
	acc = (acc ^ acc >> 33) * PRIME64_2;
	acc = (acc ^ acc >> 29) * PRIME64_3;
	return acc ^ acc >> 32;
}

uint32_t hash_crc32c_portable(uint32_t crc, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	crc = ~crc;
	for (; n >= 8; p += 8, n -= 8) {
		uint64_t v = little64(p) ^ crc;

		crc = 0;
		for (int i = 0; i < 16; i++, v >>= 4)
			crc ^= crc_nibble[i][v & 15];
	}
	for (; n; p++, n--) {
		crc ^= *p;
		crc = crc >> 4 ^ crc_nibble[15][crc & 15];
		crc = crc >> 4 ^ crc_nibble[15][crc & 15];
	}
	return ~crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t crc, const unsigned char *p, size_t n)
{
	uint64_t c = ~crc;

	for (; n >= 8; p += 8, n -= 8)
		c = _mm_crc32_u64(c, hash_load64(p));
	for (; n; p++, n--)
		c = _mm_crc32_u8((uint32_t)c, *p);
	return ~(uint32_t)c;
}
#endif

uint32_t hash_crc32c(uint32_t crc, const void *p, size_t n)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("sse4.2"))
		return crc32c_sse42(crc, p, n);
#endif
	return hash_crc32c_portable(crc, p, n);
}
