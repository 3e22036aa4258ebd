/* SPDX-License-Identifier: MIT */
#include "lib/base/hash.h"

#include "tests/unit/check.h"

/* The buffer of xxHash's own sanity test. */
static void sanity_buffer(unsigned char *p, size_t n)
{
	uint32_t gen = 2654435761u;

	for (size_t i = 0; i < n; i++) {
		p[i] = (unsigned char)(gen >> 24);
		gen *= gen;
	}
}

static uint64_t xxh_text(const char *text)
{
	return hash_xxh64(text, strlen(text));
}

TEST(xxh64_agrees_with_published_vectors)
{
	unsigned char sanity[101];

	sanity_buffer(sanity, sizeof sanity);
	CHECK(hash_xxh64(NULL, 0) == 0xef46db3751d8e999u);
	CHECK(hash_xxh64(sanity, 1) == 0x4fce394cc88952d8u);
	CHECK(hash_xxh64(sanity, 14) == 0xcffa8db881bc3a3du);
	CHECK(hash_xxh64(sanity, 101) == 0x0eab543384f878adu);
	CHECK(xxh_text("a") == 0xd24ec4f1a98c6e5bu);
	CHECK(xxh_text("abc") == 0x44bc2cf5ad770999u);
	CHECK(xxh_text("Nobody inspects the spammish repetition") == 0xfbcea83c8a378bf1u);
}

static uint32_t crc_text(uint32_t (*crc)(uint32_t, const void *, size_t), const char *text)
{
	return crc(0, text, strlen(text));
}

/* RFC 3720, B.4 */
static void check_crc_vectors(uint32_t (*crc)(uint32_t, const void *, size_t))
{
	unsigned char bytes[32];

	CHECK(crc_text(crc, "") == 0);
	CHECK(crc_text(crc, "123456789") == 0xe3069283u);
	memset(bytes, 0, sizeof bytes);
	CHECK(crc(0, bytes, sizeof bytes) == 0x8a9136aau);
	memset(bytes, 0xff, sizeof bytes);
	CHECK(crc(0, bytes, sizeof bytes) == 0x62a8ab43u);
	for (int i = 0; i < 32; i++)
		bytes[i] = (unsigned char)i;
	CHECK(crc(0, bytes, sizeof bytes) == 0x46dd794eu);
}

TEST(crc32c_agrees_with_published_vectors)
{
	check_crc_vectors(hash_crc32c);
	check_crc_vectors(hash_crc32c_portable);
}

TEST(crc32c_is_the_same_in_pieces_and_by_either_way)
{
	unsigned long long seed = 1;
	unsigned char bytes[300];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)check_random(&seed);
	for (int i = 0; i < 2000; i++) {
		size_t from = check_random(&seed) % 40, n = check_random(&seed) % (sizeof bytes - from + 1);
		size_t cut = check_random(&seed) % (n + 1);
		uint32_t whole = hash_crc32c(0, bytes + from, n);

		CHECK(hash_crc32c_portable(0, bytes + from, n) == whole);
		CHECK(hash_crc32c(hash_crc32c(0, bytes + from, cut), bytes + from + cut, n - cut) == whole);
		CHECK(hash_crc32c_portable(hash_crc32c(0, bytes + from, cut), bytes + from + cut, n - cut) == whole);
	}
}

TEST(seed_comes_from_the_environment_when_it_says_so)
{
	uint64_t one, other;

	setenv("WEIR_HASH_SEED", "7", 1);
	hash_seed_init();
	one = hash_bytes("user-1", 6);
	hash_seed_init();
	CHECK(hash_bytes("user-1", 6) == one);
	setenv("WEIR_HASH_SEED", "8", 1);
	hash_seed_init();
	other = hash_bytes("user-1", 6);
	CHECK(other != one);
	unsetenv("WEIR_HASH_SEED");
	hash_seed_init();
	CHECK(hash_bytes("user-1", 6) != one && hash_bytes("user-1", 6) != other);
}

/* Each bit of the input must flip each bit of the hash about every second time. */
TEST(keyed_hash_mixes_every_bit)
{
	static const size_t length[] = { 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 49, 64, 100, 113 };
	unsigned long long seed = 2;
	unsigned char key[128];

	for (size_t l = 0; l < sizeof length / sizeof *length; l++) {
		for (size_t bit = 0; bit < length[l] * 8; bit++) {
			unsigned flips = 0;

			for (int i = 0; i < 64; i++) {
				uint64_t before;

				for (size_t k = 0; k < length[l]; k++)
					key[k] = (unsigned char)check_random(&seed);
				before = hash_bytes(key, length[l]);
				key[bit / 8] ^= (unsigned char)(1 << bit % 8);
				flips += (unsigned)__builtin_popcountll(before ^ hash_bytes(key, length[l]));
			}
			CHECK(flips > 64 * 27 && flips < 64 * 37);
		}
	}
}

/* Keys that differ in a counter must spread over slots (low bits) and tags (high bits) as balls over bins. */
TEST(keyed_hash_spreads_counters)
{
	enum { KEYS = 1 << 16 };
	static unsigned char low[KEYS], high[KEYS];
	size_t low_used = 0, high_used = 0;

	memset(low, 0, sizeof low);
	memset(high, 0, sizeof high);
	for (unsigned i = 0; i < KEYS; i++) {
		char key[32];
		int n = snprintf(key, sizeof key, "user-%08u", i);
		uint64_t h = hash_bytes(key, (size_t)n);

		low_used += !low[h % KEYS]++;
		high_used += !high[h >> 48]++;
	}
	/* 65536 * (1 - 1/e) = 41427, standard deviation 126 */
	CHECK(low_used > 40600 && low_used < 42250);
	CHECK(high_used > 40600 && high_used < 42250);
}
