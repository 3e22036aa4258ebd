/* SPDX-License-Identifier: MIT */
#include "lib/base/table.h"

#include "lib/base/mem.h"
#include "tests/unit/check.h"

static void *put(struct table *t, struct span key, bool *is_new)
{
	return table_put(t, key, hash_bytes(key.p, key.n), is_new);
}

static void *get(const struct table *t, struct span key)
{
	return table_get(t, key, hash_bytes(key.p, key.n));
}

static struct span number_key(char room[32], unsigned i)
{
	return (struct span){ room, (size_t)snprintf(room, 32, "key%u", i) };
}

TEST(a_zeroed_struct_is_an_empty_table)
{
	struct table t = { 0 };
	struct table_walk walk = { 0 };
	bool is_new;

	CHECK(!get(&t, SPAN("a")));
	CHECK(!table_next(&t, &walk));
	table_clear(&t);
	table_prefetch(&t, 1);
	table_prefetch_entry(&t, 1);
	CHECK(put(&t, SPAN("a"), &is_new) && is_new);
	CHECK(put(&t, SPAN("a"), &is_new) && !is_new);
	CHECK(put(&t, SPAN(""), &is_new) && is_new);
	CHECK(get(&t, SPAN("a")) && get(&t, SPAN("")) && !get(&t, SPAN("b")));
	CHECK_INT(table_count(&t), 2);
	table_free(&t);
	CHECK_INT(table_bytes(&t), 0);
}

static void check_payload(size_t size, size_t align)
{
	struct table t;
	char room[32];
	bool is_new;

	table_init(&t, size);
	for (unsigned i = 0; i < 3000; i++) {
		unsigned char *p = put(&t, number_key(room, i), &is_new);

		CHECK(is_new && (uintptr_t)p % align == 0);
		for (size_t k = 0; k < size; k++)
			CHECK(p[k] == 0);
		memset(p, (int)(i % 251), size);
	}
	for (unsigned i = 0; i < 3000; i++) {
		struct span key = number_key(room, i);
		unsigned char *p = get(&t, key);

		CHECK(p && span_eq(table_key(&t, p), key));
		for (size_t k = 0; k < size; k++)
			CHECK(p[k] == i % 251);
	}
	table_free(&t);
}

TEST(payloads_are_zeroed_aligned_and_stay)
{
	static const size_t small[] = { 0, 1, 4, 7, 8 }, large[] = { 9, 16, 24, 100, 4096 };

	for (size_t i = 0; i < sizeof small / sizeof *small; i++)
		check_payload(small[i], small[i] ? 8 : 4);
	for (size_t i = 0; i < sizeof large / sizeof *large; i++)
		check_payload(large[i], 16);
}

TEST(walk_goes_in_order_of_insertion_also_while_adding)
{
	struct table t;
	struct table_walk walk = { 0 };
	unsigned seen = 0, added = 1;
	char room[32];
	void *p;
	bool is_new;

	table_init(&t, 8);
	put(&t, number_key(room, 0), &is_new);
	while ((p = table_next(&t, &walk))) {
		CHECK(span_eq(table_key(&t, p), number_key(room, seen)));
		seen++;
		for (int i = 0; i < 2 && added < 5000; i++)
			put(&t, number_key(room, added++), &is_new);
	}
	CHECK_INT(seen, 5000);
	table_free(&t);
}

TEST(clear_forgets_and_can_be_filled_again)
{
	struct table t;
	char room[32];
	bool is_new;

	table_init(&t, 4);
	for (unsigned round = 0; round < 40; round++) {
		unsigned n = round % 2 ? 3 : 2000;
		struct table_walk walk = { 0 };

		for (unsigned i = 0; i < n; i++) {
			put(&t, number_key(room, i + round), &is_new);
			CHECK(is_new);
		}
		for (unsigned i = 0; i < n; i++)
			CHECK(table_next(&t, &walk) != NULL);
		CHECK(!table_next(&t, &walk));
		table_clear(&t);
		CHECK_INT(table_count(&t), 0);
		CHECK(!get(&t, number_key(room, round)));
	}
	table_free(&t);
}

TEST(an_empty_table_may_be_cleared_again)
{
	struct table t;
	char room[32];
	bool is_new;

	table_init(&t, 4);
	table_clear(&t);
	put(&t, number_key(room, 1), &is_new);
	for (int round = 0; round < 3; round++)
		table_clear(&t);
	put(&t, number_key(room, 2), &is_new);
	CHECK_INT(table_count(&t), 1);
	table_free(&t);
}

#define LENGTHS 71

/* Keys of every length to 70, alike but for at most one byte: every way of comparing and hashing is met. */
static struct span nth_key(char room[LENGTHS], size_t length, size_t odd)
{
	memset(room, 'x', LENGTHS);
	if (odd < length)
		room[odd] = 'y';
	return (struct span){ room, length };
}

TEST(agrees_with_an_array_of_counts)
{
	static int64_t want[LENGTHS][LENGTHS + 1];
	unsigned long long seed = 3;
	struct table t;
	size_t distinct = 0;

	table_init(&t, 8);
	for (int i = 0; i < 20000; i++) {
		size_t length = check_random(&seed) % LENGTHS, odd = check_random(&seed) % (length + 1);
		char room[LENGTHS];
		bool is_new;
		int64_t *count = put(&t, nth_key(room, length, odd), &is_new);

		CHECK(is_new == !want[length][odd]);
		CHECK_INT(++*count, ++want[length][odd]);
		distinct += is_new;
	}
	CHECK_INT(table_count(&t), distinct);
	for (size_t length = 0; length < LENGTHS; length++) {
		for (size_t odd = 0; odd <= length; odd++) {
			char room[LENGTHS];
			const int64_t *count = get(&t, nth_key(room, length, odd));

			CHECK_INT(count ? *count : 0, want[length][odd]);
		}
	}
	table_free(&t);
}

TEST(reserve_makes_room_once)
{
	struct table t;
	char room[32];
	bool is_new;
	uint64_t *slots;

	table_init(&t, 0);
	put(&t, SPAN("first"), &is_new);
	table_reserve(&t, 100000);
	slots = t.slots;
	for (unsigned i = 0; i < 99999; i++)
		put(&t, number_key(room, i), &is_new);
	CHECK(t.slots == slots);
	CHECK(get(&t, SPAN("first")) != NULL);
	table_free(&t);
}

TEST(a_small_table_is_small_and_a_large_one_lean)
{
	struct table t;
	bool is_new;

	table_init(&t, 8);
	put(&t, SPAN("one"), &is_new);
	put(&t, SPAN("two"), &is_new);
	put(&t, SPAN("three"), &is_new);
	CHECK(table_bytes(&t) <= 384);
	table_free(&t);

	table_init(&t, 0);
	for (uint64_t i = 0; i < 700000; i++) {
		uint64_t key[2] = { i * 0x9e3779b97f4a7c15u, i };

		put(&t, (struct span){ (char *)key, sizeof key }, &is_new);
	}
	CHECK(table_bytes(&t) / 700000 <= 45);
	table_free(&t);
}

TEST(huge_keys_fit)
{
	size_t n = 3 << 20;
	char *p = mem_zalloc(n);
	struct table t = { 0 };
	bool is_new;

	for (int i = 0; i < 4; i++) {
		p[n - 1] = (char)i;
		put(&t, (struct span){ p, n }, &is_new);
		CHECK(is_new);
	}
	CHECK_INT(table_count(&t), 4);
	put(&t, (struct span){ p, n }, &is_new);
	CHECK(!is_new);
	table_free(&t);
	free(p);
}
