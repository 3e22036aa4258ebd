/* SPDX-License-Identifier: MIT */
#include "lib/base/heap.h"

#include "tests/unit/check.h"

#define MANY 5000

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Many equal times, negative ones, both ends of 64 bits. */
static int64_t some_time(unsigned long long *seed)
{
	unsigned long long r = check_random(seed);

	return r % 50 == 0 ? INT64_MIN : r % 50 == 1 ? INT64_MAX : (int64_t)(r >> 8) % 300 - 150;
}

TEST(an_empty_heap_is_a_zeroed_struct_and_may_be_freed)
{
	struct heap h = { 0 };

	heap_free(&h);
	CHECK_INT(h.n, 0);
}

TEST(things_come_out_in_order_of_time)
{
	static int64_t at[MANY];
	unsigned long long seed = 1;
	struct heap h = { 0 };

	for (size_t i = 0; i < MANY; i++) {
		at[i] = some_time(&seed);
		heap_push(&h, at[i], NULL);
	}
	qsort(at, MANY, sizeof *at, by_time);
	for (size_t i = 0; i < MANY; i++) {
		CHECK_INT(heap_top(&h).at, at[i]);
		CHECK_INT(heap_pop(&h).at, at[i]);
	}
	CHECK_INT(h.n, 0);
	heap_free(&h);
}

TEST(each_thing_comes_out_once_with_its_own_time)
{
	static int64_t at[MANY];
	static bool out[MANY];
	unsigned long long seed = 2;
	struct heap h = { 0 };

	for (size_t i = 0; i < MANY; i++) {
		at[i] = some_time(&seed);
		heap_push(&h, at[i], &at[i]);
	}
	while (h.n) {
		struct heap_item item = heap_pop(&h);
		size_t i = (size_t)((int64_t *)item.what - at);

		CHECK(!out[i]);
		CHECK_INT(item.at, at[i]);
		out[i] = true;
	}
	for (size_t i = 0; i < MANY; i++)
		CHECK(out[i]);
	heap_free(&h);
}

/* Against an array that is searched: pushing and popping in any mixture. */
TEST(pushing_between_pops_keeps_the_earliest_on_top)
{
	int64_t held[300];
	size_t n = 0;
	unsigned long long seed = 3;
	struct heap h = { 0 };

	for (int step = 0; step < 20000; step++) {
		if (n == 0 || (n < 300 && check_random(&seed) % 2)) {
			heap_push(&h, held[n++] = some_time(&seed), NULL);
		} else {
			size_t least = 0;

			for (size_t i = 1; i < n; i++)
				if (held[i] < held[least])
					least = i;
			CHECK_INT(heap_pop(&h).at, held[least]);
			held[least] = held[--n];
		}
		CHECK_INT(h.n, n);
	}
	heap_free(&h);
}
