/* SPDX-License-Identifier: MIT */
#include "lib/text/percent.h"

#include "tests/unit/check.h"

static struct buf encoded(struct span text, const char *also)
{
	struct buf b = { 0 };

	percent_encode(&b, text, also);
	return b;
}

TEST(what_would_be_taken_apart_is_encoded)
{
	struct buf b = encoded(SPAN("a b%c\n\t\x7f\0z"), "");

	CHECK_BUF(b, "a%20b%25c%0A%09%7F%00z");
	buf_free(&b);
	b = encoded(SPAN("a,b\"c"), ",");
	CHECK_BUF(b, "a%2Cb\"c");
	buf_free(&b);
	b = encoded(SPAN("M\xc3\xbcnchen \xff"), "\"");
	CHECK_BUF(b, "M\xc3\xbcnchen%20\xff");
	buf_free(&b);
	b = encoded((struct span){ NULL, 0 }, ",");
	CHECK_BUF(b, "");
	buf_free(&b);
}

TEST(any_bytes_come_back)
{
	unsigned long long seed = 8;

	for (int round = 0; round < 5000; round++) {
		char text[40];
		size_t n = check_random(&seed) % sizeof text;
		struct buf b, back = { 0 };

		for (size_t i = 0; i < n; i++)
			text[i] = (char)check_random(&seed);
		b = encoded((struct span){ text, n }, ",;\"\\");
		for (size_t i = 0; i < b.n; i++)
			CHECK((unsigned char)b.p[i] > ' ' && b.p[i] != 0x7f && !strchr(",;\"\\", b.p[i]));
		CHECK_INT(percent_decode(&back, buf_view(&b)), 0);
		CHECK(span_eq(buf_view(&back), (struct span){ text, n }));
		buf_free(&b);
		buf_free(&back);
	}
}

TEST(both_cases_of_hex_are_read)
{
	struct buf b = { 0 };

	CHECK_INT(percent_decode(&b, SPAN("%2f%2F%aB")), 0);
	CHECK_BUF(b, "//\xab");
	buf_free(&b);
}

TEST(a_percent_without_two_hex_digits_is_refused)
{
	static const char *const bad[] = { "%", "a%2", "%g0", "%0g", "%%20", "x%" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct buf b = { 0 };

		CHECK_INT(percent_decode(&b, span_of(bad[i])), -1);
		buf_free(&b);
	}
}

TEST(what_is_decoded_is_added_to_what_is_there)
{
	struct buf b = { 0 };

	buf_text(&b, "x=");
	CHECK_INT(percent_decode(&b, SPAN("a%20b")), 0);
	CHECK_BUF(b, "x=a b");
	buf_free(&b);
}
