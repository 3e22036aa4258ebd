/* SPDX-License-Identifier: MIT */
#include "lib/base/buf.h"

#include <inttypes.h>

#include "tests/unit/check.h"

TEST(an_empty_buffer_is_a_zeroed_struct_and_becomes_one_again)
{
	struct buf b = { 0 };

	buf_free(&b);
	buf_add(&b, NULL, 0);
	CHECK_INT(b.n, 0);
	buf_text(&b, "x");
	buf_free(&b);
	CHECK(!b.p && !b.n && !b.cap);
}

TEST(pieces_stand_one_behind_the_other)
{
	struct buf b = { 0 };

	buf_text(&b, "a=");
	buf_i64(&b, -12);
	buf_byte(&b, ',');
	buf_span(&b, SPAN("xyz"));
	buf_printf(&b, " %s/%03d", "p", 7);
	CHECK_BUF(b, "a=-12,xyz p/007");
	buf_clear(&b);
	CHECK_BUF(b, "");
	buf_free(&b);
}

TEST(numbers_to_their_last_digit)
{
	static const int64_t numbers[] = { 0, 1, -1, 9, 10, -10, INT64_MAX, INT64_MIN, INT64_MIN + 1 };
	struct buf b = { 0 };
	char want[32];

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		buf_clear(&b);
		buf_i64(&b, numbers[i]);
		snprintf(want, sizeof want, "%" PRId64, numbers[i]);
		CHECK_BUF(b, want);
		buf_clear(&b);
		buf_u64(&b, (uint64_t)numbers[i]);
		snprintf(want, sizeof want, "%" PRIu64, (uint64_t)numbers[i]);
		CHECK_BUF(b, want);
	}
	buf_free(&b);
}

TEST(growing_keeps_every_byte)
{
	struct buf b = { 0 };
	size_t moves = 0;

	for (int i = 0; i < 100000; i++) {
		char *before = b.p;

		buf_byte(&b, (char)(i % 251));
		moves += b.p != before;
	}
	CHECK_INT(b.n, 100000);
	CHECK(moves < 30);
	for (int i = 0; i < 100000; i++)
		if (b.p[i] != (char)(i % 251)) {
			CHECK_INT(b.p[i], (char)(i % 251));
			break;
		}
	buf_free(&b);
}

TEST(room_is_behind_what_is_used_and_does_not_count_yet)
{
	struct buf b = { 0 };
	char *p;

	buf_text(&b, "ab");
	p = buf_room(&b, 1000);
	CHECK(p == b.p + 2);
	CHECK(b.cap - b.n >= 1000);
	CHECK_INT(b.n, 2);
	memset(p, 'x', 1000);
	CHECK_BUF(b, "ab");
	buf_free(&b);
}

TEST(a_long_text_by_printf)
{
	struct buf b = { 0 };

	buf_printf(&b, "%5000d", 1);
	CHECK_INT(b.n, 5000);
	CHECK_INT(b.p[4999], '1');
	buf_free(&b);
}

TEST(numbers_of_every_length_are_printed_as_the_c_library_prints_them)
{
	struct buf b = { 0 };
	uint64_t v = 0x9e3779b97f4a7c15;
	char want[24];

	for (int i = 0; i < 20000; i++) {
		int64_t some = (int64_t)((v = v * 6364136223846793005 + 1442695040888963407) >> i % 64);

		buf_clear(&b);
		buf_i64(&b, some);
		snprintf(want, sizeof want, "%lld", (long long)some);
		CHECK_BUF(b, want);
	}
	buf_free(&b);
}
