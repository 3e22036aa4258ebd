/* SPDX-License-Identifier: MIT */
#include "lib/base/arena.h"

#include "lib/base/mem.h"
#include "tests/unit/check.h"

TEST(an_empty_arena_is_a_zeroed_struct)
{
	struct arena a = { 0 };

	arena_clear(&a);
	arena_free(&a);
	CHECK_INT(a.bytes, 0);
}

TEST(what_it_gave_out_stays_as_it_was_written)
{
	enum { MANY = 3000 };
	static unsigned char *p[MANY];
	static size_t size[MANY];
	unsigned long long seed = 5;
	struct arena a = { 0 };

	for (size_t i = 0; i < MANY; i++) {
		size_t align = (size_t)1 << check_random(&seed) % 5;

		size[i] = check_random(&seed) % (i % 500 == 0 ? 400000 : 200);
		p[i] = arena_alloc(&a, size[i], align);
		CHECK_INT((uintptr_t)p[i] % align, 0);
		memset(p[i], (int)(i & 0xff), size[i]);
	}
	for (size_t i = 0; i < MANY; i++)
		for (size_t k = 0; k < size[i]; k++)
			if (p[i][k] != (i & 0xff)) {
				CHECK_INT(p[i][k], i & 0xff);
				break;
			}
	arena_free(&a);
}

TEST(copies_have_their_own_bytes)
{
	struct arena a = { 0 };
	char text[] = "abc";
	struct span copy = arena_copy(&a, (struct span){ text, 3 });
	char *line = arena_text(&a, (struct span){ text, 3 });

	text[0] = 'X';
	CHECK_SPAN(copy, "abc");
	CHECK_TEXT(line, "abc");
	CHECK_SPAN(arena_copy(&a, (struct span){ NULL, 0 }), "");
	CHECK_TEXT(arena_text(&a, (struct span){ NULL, 0 }), "");
	arena_free(&a);
}

TEST(a_small_arena_costs_little_and_a_large_one_few_calls)
{
	struct arena a = { 0 };
	size_t chunks = 0, before = 0;

	arena_alloc(&a, 10, 1);
	CHECK(a.bytes <= 512);
	for (int i = 0; i < 100000; i++) {
		arena_alloc(&a, 40, 8);
		chunks += a.bytes != before;
		before = a.bytes;
	}
	CHECK(chunks < 40);
	CHECK(a.bytes < 2 * 100000 * 40);
	arena_free(&a);
}

/* One record after the other: what a long stream needs is what its largest record needs. */
TEST(clearing_keeps_one_chunk_so_a_long_stream_takes_no_more)
{
	struct arena a = { 0 };
	size_t most = 0;

	for (int i = 0; i < 10000; i++) {
		arena_clear(&a);
		for (int k = 0; k < 50; k++)
			memset(arena_alloc(&a, 100, 16), 1, 100);
		most = a.bytes > most ? a.bytes : most;
	}
	CHECK(most < 40000);
	arena_free(&a);
	CHECK_INT(a.bytes, 0);
}
