/* SPDX-License-Identifier: MIT */
/* textset -- small and large, short texts and long ones, are one set. */
#include "tests/unit/check.h"

#include <stdio.h>

#include "lib/agg/textset.h"

/* The i-th of many different texts, of 1 to 41 bytes: on both sides of where a text no longer stands in its entry. */
static struct span text_of(int i, char room[64])
{
	int n = snprintf(room, 64, "%d-", i), length = n + i * 7 % 36;

	memset(room + n, 'x', (size_t)(length - n));
	return (struct span){ room, (size_t)length };
}

TEST(a_set_small_and_large)
{
	for (int many = 1; many <= 5000; many = many < 40 ? many + 1 : many * 5) {
		struct textset *s = NULL;
		char room[64];

		for (int round = 0; round < 2; round++)
			for (int i = 0; i < many; i++) {
				CHECK(textset_add(&s, text_of(i, room)) == !round);
				CHECK(!textset_add(&s, text_of(i, room)));
				CHECK_INT(textset_count(s), round ? many : i + 1);
			}
		for (size_t i = 1; i < textset_count(s); i++)
			CHECK(span_cmp(textset_at(s, i - 1), textset_at(s, i)) < 0);
		textset_free(s);
	}
}

TEST(texts_that_look_alike_are_different)
{
	static const struct span text[] = {
		{ "", 0 }, { "\0", 1 }, { "\0\0", 2 }, { "a", 1 }, { "a\0", 2 }, { "\0a", 2 },
		{ "123456789012345", 15 }, { "12345678901234\0", 15 }, { "12345678901234", 14 },
		{ "123456789012345\0", 16 }, { "1234567890123456", 16 }, { "12345678901234567", 17 },
		{ "\x0f\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 15 }, { "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16 },
	};
	size_t n = sizeof text / sizeof *text;
	struct textset *s = NULL;

	for (size_t i = 0; i < n; i++) {
		CHECK(textset_add(&s, text[i]));
		for (size_t k = 0; k <= i; k++)
			CHECK(!textset_add(&s, text[k]));
	}
	CHECK_SPAN(textset_at(s, 0), "");
	textset_free(s);
}

TEST(merging)
{
	static const int some[] = { 0, 1, 3, 32, 33, 100 };
	char room[64];

	for (size_t a = 0; a < 6; a++)
		for (size_t b = 0; b < 6; b++) {
			struct textset *into = NULL, *from = NULL;

			for (int i = 0; i < some[a]; i++)
				textset_add(&into, text_of(i, room));
			for (int i = 0; i < some[b]; i++)
				textset_add(&from, text_of(2 * i, room));
			textset_merge(&into, from);
			CHECK_INT(textset_count(from), some[b]);
			for (int i = 0; i < some[a]; i++)
				CHECK(!textset_add(&into, text_of(i, room)));
			for (int i = 0; i < some[b]; i++)
				CHECK(!textset_add(&into, text_of(2 * i, room)));
			textset_free(into);
			textset_free(from);
		}
}

TEST(reading_out_and_adding_take_turns)
{
	struct textset *s = NULL;
	char room[64];

	for (int i = 40; i > 0; i--) {
		snprintf(room, sizeof room, "%02d", i);
		textset_add(&s, span_of(room));
		CHECK_SPAN(textset_at(s, 0), room);
		if (i % 2)
			textset_unsort(s);
		CHECK_SPAN(textset_at(s, textset_count(s) - 1), "40");
	}
	textset_free(s);
}
