/* SPDX-License-Identifier: MIT */
#include "lib/agg/multiset.h"

#include "lib/base/mem.h"
#include "tests/unit/check.h"

static struct order_key key_of(const char *text)
{
	return (struct order_key){ .tail = span_of(text) };
}

static void add(struct multiset *s, const char *text, int64_t weight)
{
	struct order_key key = key_of(text);

	multiset_add(s, &key, weight);
}

TEST(what_weighs_nothing_is_not_there)
{
	struct multiset s = { 0 };

	CHECK(multiset_end(&s, ORDER_LEAST).n == 0);
	add(&s, "a", 1);
	add(&s, "a", 0);
	add(&s, "b", 0);
	CHECK_INT(multiset_size(&s), 1);
	add(&s, "a", -1);
	CHECK_INT(multiset_size(&s), 0);
	CHECK_INT(s.positive, 0);
	add(&s, "a", -1);
	CHECK_INT(multiset_size(&s), 1);
	CHECK_INT(s.positive, 0);
	CHECK(multiset_end(&s, ORDER_GREATEST).n == 0);
	add(&s, "a", 2);
	CHECK_INT(s.positive, 1);
	CHECK_SPAN(multiset_end(&s, ORDER_GREATEST), "a");
	multiset_free(&s);
}

TEST(a_key_in_two_pieces_is_the_same_key)
{
	struct multiset s = { 0 };
	struct order_key two = { .head = "ab", .nhead = 2, .tail = SPAN("cd") };

	add(&s, "abcd", 1);
	add(&s, "abc", 1);
	add(&s, "abd", 1);
	add(&s, "a", 1);
	multiset_add(&s, &two, -1);
	CHECK_INT(multiset_size(&s), 3);
	multiset_free(&s);
}

#define KEYS 300

static void random_key(char text[8], size_t k)
{
	snprintf(text, 8, "%zu", k * 7919 % 997);
}

struct collected {
	char text[KEYS][8];
	int64_t weight[KEYS];
	size_t n, limit;
};

static bool collect(void *arg, struct span key, int64_t weight)
{
	struct collected *c = arg;

	snprintf(c->text[c->n], 8, "%.*s", (int)key.n, key.p);
	c->weight[c->n++] = weight;
	return c->n < c->limit;
}

static void check_against(const struct multiset *s, const int64_t want[KEYS])
{
	static struct collected all;
	size_t present = 0, positive = 0;
	const char *least = NULL, *greatest = NULL;

	all = (struct collected){ .limit = SIZE_MAX };
	CHECK_INT(multiset_walk(s, 0, collect, &all), multiset_size(s));
	for (size_t i = 1; i < all.n; i++)
		CHECK(strcmp(all.text[i - 1], all.text[i]) < 0);
	for (size_t i = 0; i < all.n; i++) {
		if (all.weight[i] > 0) {
			least = least ? least : all.text[i];
			greatest = all.text[i];
		}
	}
	for (size_t k = 0; k < KEYS; k++) {
		char text[8];
		size_t i = 0;

		random_key(text, k);
		while (i < all.n && strcmp(all.text[i], text))
			i++;
		CHECK_INT(i < all.n ? all.weight[i] : 0, want[k]);
		present += want[k] != 0;
		positive += want[k] > 0;
	}
	CHECK_INT(multiset_size(s), present);
	CHECK_INT(s->positive, positive);
	if (least) {
		CHECK_SPAN(multiset_end(s, ORDER_LEAST), least);
		CHECK_SPAN(multiset_end(s, ORDER_GREATEST), greatest);
	}
}

static void check_pieces(const struct multiset *s, unsigned long long *seed)
{
	static struct collected all, some;
	size_t next = 0;

	all = (struct collected){ .limit = SIZE_MAX };
	some = (struct collected){ 0 };
	multiset_walk(s, 0, collect, &all);
	while (next < multiset_size(s)) {
		some.limit = some.n + 1 + check_random(seed) % 9;
		next = multiset_walk(s, next, collect, &some);
		CHECK_INT(next, some.n);
	}
	CHECK_INT(some.n, all.n);
	CHECK(memcmp(some.text, all.text, all.n * sizeof *all.text) == 0);
}

TEST(agrees_with_an_array_of_weights)
{
	unsigned long long seed = 4;
	int64_t want[KEYS] = { 0 };
	struct multiset s = { 0 }, other = { 0 };

	for (int i = 0; i < 20000; i++) {
		size_t k = check_random(&seed) % KEYS;
		int64_t weight = (int64_t)(check_random(&seed) % 5) - 2;
		char text[8];

		if (i % 3 == 0 && want[k])
			weight = -want[k];
		random_key(text, k);
		add(i % 2000 < 1000 ? &s : &other, text, weight);
		want[k] += weight;
		if (i % 2000 == 1999) {
			multiset_merge(&s, &other);
			multiset_free(&other);
			check_against(&s, want);
			check_pieces(&s, &seed);
		}
	}
	multiset_free(&s);
}

TEST(keys_in_order_make_no_deep_tree)
{
	struct multiset s = { 0 };

	for (int i = 0; i < 300000; i++) {
		char text[16];

		snprintf(text, sizeof text, "%08d", i);
		add(&s, text, 1);
	}
	CHECK_INT(multiset_size(&s), 300000);
	CHECK_SPAN(multiset_end(&s, ORDER_GREATEST), "00299999");
	multiset_free(&s);
}

static int64_t order_of(const char *a, const char *b, enum order_end end)
{
	struct value v = value_of_text(span_of(a)), w = value_of_text(span_of(b));
	struct order_key key, other;
	struct best stored = { 0 };
	int c;

	order_key_of_value(&key, &v, end);
	order_key_of_value(&other, &w, end);
	best_offer(&stored, &other, end);
	c = order_key_cmp(&key, best_key(&stored));
	best_drop(&stored);
	return (c > 0) - (c < 0);
}

TEST(values_are_ordered_as_numbers_then_text)
{
	static const char *const ascending[] = { "-99999999999999999999.999999999999999999", "-10", "-9.5", "-0.000000000000000001", "0",
	                                         "0.000000000000000001", "9", "10", "99999999999999999999", "", "1 2", "10a", "a", "ab", "b" };
	size_t n = sizeof ascending / sizeof *ascending;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			if (*ascending[i] && *ascending[k])
				CHECK_INT(order_of(ascending[i], ascending[k], ORDER_GREATEST), (i > k) - (i < k));
	CHECK_INT(order_of("1.50", "1.5", ORDER_GREATEST), 1);
	CHECK_INT(order_of("1.50", "1.5", ORDER_LEAST), -1);
	CHECK_INT(order_of("+1.5", "1.5", ORDER_LEAST), 0);
	CHECK_INT(order_of("15e-1", "1.5", ORDER_GREATEST), 0);
}
