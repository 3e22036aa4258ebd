/* SPDX-License-Identifier: MIT */
/* hash -- three hashes for three ends: a keyed one for tables, a named one for sketches and definitions, a checksum. */
#ifndef LIB_BASE_HASH_H
#define LIB_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/base/peek.h"

/* Drawn from the kernel before main, so reading it needs no lock and no check. WEIR_HASH_SEED in the environment
 * fixes it, for tests. Who does not know it cannot choose keys that collide. */
extern uint64_t hash_seed[4];
/* Draws again (environment first). Runs by itself at start; a test that sets WEIR_HASH_SEED calls it while no table exists. */
void hash_seed_init(void);

static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t hash_load64(const unsigned char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

static inline uint64_t hash_load32(const unsigned char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

/* All but the last 16 bytes of more than 16, folded into h. */
uint64_t hash_long(const unsigned char *p, size_t n, uint64_t h);

static inline uint64_t hash_words(uint64_t a, uint64_t b, uint64_t h)
{
	return hash_fold(hash_fold(a ^ hash_seed[1], b ^ h) ^ hash_seed[2], hash_seed[3]);
}

/* For tables within one process: differs from run to run and from machine to machine. */
static inline uint64_t hash_bytes(const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	uint64_t h = hash_seed[0] ^ n;
	struct peek k;

	if (n > PEEK_MOST) {
		h = hash_long(p, n, h);
		return hash_words(hash_load64(p + n - 16), hash_load64(p + n - 8), h);
	}
	k = peek(bytes, n);
	return hash_words(k.w[0], k.w[1], h);
}

/* XXH64 with seed 0, as its specification has it: the same everywhere and for ever. Sketches and definitions. */
uint64_t hash_xxh64(const void *p, size_t n);

/* CRC-32C (Castagnoli). Start with 0; feed the result back in to go on. */
uint32_t hash_crc32c(uint32_t crc, const void *p, size_t n);
uint32_t hash_crc32c_portable(uint32_t crc, const void *p, size_t n);      /* the same without special instructions */

#endif
