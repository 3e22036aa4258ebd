/* SPDX-License-Identifier: MIT */
/* The questions that are asked of 16 bytes at once: instructions and their portable twins against one byte at a time. */
#include "lib/text/bytes.h"

#include "tests/unit/check.h"

static unsigned long long seed = 16;

static void random_bytes(char *p)
{
	static const char some[] = "\"\\09/: \x1f\x20\x7f\x80\xff\xb0\xb9,";

	for (int i = 0; i < 16; i++)
		p[i] = check_random(&seed) % 2 ? (char)check_random(&seed) : some[check_random(&seed) % sizeof some];
}

TEST(sixteen_at_once_are_as_one_by_one)
{
	int wrong = 0;

	for (int round = 0; round < 200000; round++) {
		unsigned equal = 0, decimal = 0, json = 0;
		char p[16], c;

		random_bytes(p);
		c = p[check_random(&seed) % 16];
		for (int i = 0; i < 16; i++) {
			unsigned char u = (unsigned char)p[i];

			equal |= (unsigned)(p[i] == c) << i;
			decimal |= (unsigned)(u >= '0' && u <= '9') << i;
			json |= (unsigned)(u == '"' || u == '\\' || u < 0x20 || u >= 0x80) << i;
		}
		wrong += bytes_equal16(p, (unsigned char)c) != equal || bytes_equal16_portable(p, (unsigned char)c) != equal;
		wrong += bytes_decimal16(p) != decimal || bytes_decimal16_portable(p) != decimal;
		wrong += bytes_json16(p) != json || bytes_json16_portable(p) != json;
	}
	CHECK_INT(wrong, 0);
}

TEST(the_front_of_a_word)
{
	uint64_t a = bytes_load("abcdefgh"), b = bytes_load("abcdXYZW");

	for (unsigned n = 1; n <= 8; n++)
		CHECK_INT(bytes_front(a, n) == bytes_front(b, n), n <= 4);
}
