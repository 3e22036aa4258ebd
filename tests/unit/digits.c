/* SPDX-License-Identifier: MIT */
/* Each kernel against decimal_parse and time_parse, on text that is and is not a number, anywhere in a page. */
#include "lib/text/digits.h"

#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/mem.h"
#include "lib/text/decimal.h"
#include "tests/unit/check.h"

static const char *const names[] = { "portable", "sse4" };

#define MOST 64

static uint32_t rows[MOST];

static void check_decimals(const struct digits_kernel *k, const struct span *text, size_t n)
{
	struct digits_column c = { text, 1, rows, n };
	int64_t number[MOST];
	uint8_t scale[MOST];
	size_t left = k->decimals(&c, number, scale), counted = 0;

	for (size_t i = 0; i < n; i++) {
		struct decimal d;
		int rc = text[i].n ? decimal_parse_any(text[i], &d) : 0;

		counted += scale[i] == DIGITS_LEFT;
		if (scale[i] == DIGITS_LEFT)
			continue;
		CHECK(rc == 0 && (scale[i] == DIGITS_NULL) == (text[i].n == 0));
		CHECK(text[i].n == 0 || (number[i] == d.m && scale[i] == d.scale));
	}
	CHECK_INT(left, counted);
}

static void check_thirteen(const struct digits_kernel *k, const struct span *text, size_t n)
{
	struct digits_column c = { text, 1, rows, n };
	int64_t number[MOST];

	k->thirteen(&c, number);
	for (size_t i = 0; i < n; i++) {
		bool is = text[i].n == 13;
		int64_t want = 0;

		for (size_t j = 0; is && j < 13; j++) {
			is = text[i].p[j] >= '0' && text[i].p[j] <= '9';
			want = want * 10 + text[i].p[j] - '0';
		}
		CHECK_INT(number[i], is ? want : -1);
	}
}

static size_t draw(unsigned long long *seed, char *p)
{
	static const char some[] = "0123456789012345678901234567890123456789.-+e \xb0/:";
	size_t n = check_random(seed) % 20, dot = check_random(seed) % 24;
	bool plain = check_random(seed) % 4;

	for (size_t i = 0; i < n; i++)
		p[i] = plain ? (char)('0' + check_random(seed) % 10) : some[check_random(seed) % (sizeof some - 1)];
	if (plain && dot < n)
		p[dot] = '.';
	if (plain && n && check_random(seed) % 4 == 0)
		p[0] = '-';
	return n;
}

static void random_texts(const struct digits_kernel *k, char *room, size_t size)
{
	unsigned long long seed = 11;

	for (int round = 0; round < 3000; round++) {
		struct span text[MOST];
		size_t at = 0, n = 0;

		while (n < MOST && at + 20 < size) {
			size_t length = draw(&seed, room + at);

			text[n++] = (struct span){ room + at, length };
			at += length + check_random(&seed) % 3;
		}
		check_decimals(k, text, n);
		check_thirteen(k, text, n);
	}
}

TEST(kernels_agree_with_the_careful_way)
{
	char room[MOST * 24];

	for (uint32_t i = 0; i < MOST; i++)
		rows[i] = i;
	for (size_t i = 0; i < 2; i++)
		if (digits_kernel(names[i]))
			random_texts(digits_kernel(names[i]), room, sizeof room);
}

TEST(all_that_is_short_is_taken)
{
	static const char *const text[] = { "0", "-1", "12.50", "-12.50", ".5", "5.", "123456789.123456", "-123456789.12345", "0000000000000001", "-0.00" };
	struct span s[10];

	for (uint32_t i = 0; i < 10; i++) {
		rows[i] = i;
		s[i] = span_of(text[i]);
	}
	for (size_t i = 0; i < 2; i++) {
		const struct digits_kernel *k = digits_kernel(names[i]);
		struct digits_column c = { s, 1, rows, 10 };
		int64_t number[10];
		uint8_t scale[10];

		if (k)
			CHECK_INT(k->decimals(&c, number, scale), 0);
		if (k)
			check_decimals(k, s, 10);
	}
}

/* Nothing is read of the pages around. */
TEST(text_at_the_edges_of_a_page)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED && mprotect(p, page, PROT_NONE) == 0 && mprotect(p + 2 * page, page, PROT_NONE) == 0);
	rows[0] = 0;
	for (size_t i = 0; i < 2; i++)
		for (size_t n = 1; n <= 16 && digits_kernel(names[i]); n++) {
			struct span first = { p + page, n }, last = { p + 2 * page - n, n };

			memset(p + page, '1', page);
			check_decimals(digits_kernel(names[i]), &first, 1);
			check_decimals(digits_kernel(names[i]), &last, 1);
			check_thirteen(digits_kernel(names[i]), &first, 1);
			check_thirteen(digits_kernel(names[i]), &last, 1);
		}
	munmap(p, 3 * page);
}

TEST(names)
{
	CHECK(strcmp(digits_kernel("portable")->name, "portable") == 0);
	CHECK(digits_kernel("none") == NULL);
	CHECK(digits_kernel(NULL) != NULL);
	setenv("WEIR_SCAN", "portable", 1);
	CHECK(digits_kernel(NULL) == digits_kernel("portable"));
	unsetenv("WEIR_SCAN");
}
