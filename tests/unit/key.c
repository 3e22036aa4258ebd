/* SPDX-License-Identifier: MIT */
#include "lib/agg/key.h"

#include "tests/unit/check.h"

#define COLUMNS 4

/* Columns of the bytes that could confuse it: 00, 01, FF; short, often equal. */
static struct span some_column(unsigned long long *seed, char *room)
{
	static const char bytes[] = { 0, 1, '\xff', 'a', '\xfe' };
	size_t n = check_random(seed) % 5;

	for (size_t i = 0; i < n; i++)
		room[i] = bytes[check_random(seed) % sizeof bytes];
	return (struct span){ n ? room : NULL, n };
}

static struct buf encode(const struct span *column, size_t n)
{
	struct buf key = { 0 };

	for (size_t i = 0; i < n; i++)
		key_add(&key, column[i], i + 1 == n);
	return key;
}

static bool equal(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

TEST(a_key_of_one_column_is_just_that_column)
{
	struct span column = { "a\0b\1", 4 }, back[1];
	struct buf key = encode(&column, 1), scratch = { 0 };

	CHECK(equal(buf_view(&key), column));
	key_split(buf_view(&key), 1, back, &scratch);
	CHECK(equal(back[0], column));
	buf_free(&key);
	buf_free(&scratch);
}

TEST(a_key_of_no_columns_is_empty)
{
	struct buf scratch = { 0 };

	key_split((struct span){ NULL, 0 }, 0, NULL, &scratch);
	CHECK_INT(scratch.n, 0);
	buf_free(&scratch);
}

TEST(columns_come_back_as_they_were)
{
	unsigned long long seed = 6;
	struct buf scratch = { 0 };

	for (int round = 0; round < 50000; round++) {
		char room[COLUMNS][8];
		struct span column[COLUMNS], back[COLUMNS];
		size_t n = 1 + check_random(&seed) % COLUMNS;
		struct buf key;

		for (size_t i = 0; i < n; i++)
			column[i] = some_column(&seed, room[i]);
		key = encode(column, n);
		key_split(buf_view(&key), n, back, &scratch);
		for (size_t i = 0; i < n; i++)
			CHECK(equal(back[i], column[i]));
		buf_free(&key);
	}
	buf_free(&scratch);
}

static int by_columns(const struct span *a, const struct span *b, size_t n)
{
	int c = 0;

	for (size_t i = 0; i < n && c == 0; i++)
		c = span_cmp(a[i], b[i]);
	return (c > 0) - (c < 0);
}

TEST(the_order_of_keys_is_the_order_column_by_column)
{
	unsigned long long seed = 7;

	for (int round = 0; round < 50000; round++) {
		char room[2][COLUMNS][8];
		struct span x[COLUMNS], y[COLUMNS];
		size_t n = 1 + check_random(&seed) % COLUMNS;
		struct buf a, b;
		int c;

		for (size_t i = 0; i < n; i++) {
			x[i] = some_column(&seed, room[0][i]);
			y[i] = check_random(&seed) % 2 ? x[i] : some_column(&seed, room[1][i]);
		}
		a = encode(x, n), b = encode(y, n);
		c = span_cmp(buf_view(&a), buf_view(&b));
		CHECK_INT((c > 0) - (c < 0), by_columns(x, y, n));
		buf_free(&a);
		buf_free(&b);
	}
}
