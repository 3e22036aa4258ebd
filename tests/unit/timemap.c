/* SPDX-License-Identifier: MIT */
#include "lib/base/timemap.h"

#include "tests/unit/check.h"

#define KEYS 400

/* What the map should hold: one place per key, and any key's time by arithmetic. */
struct plain {
	bool has[KEYS];
	char what[KEYS];
	size_t n;
};

/* Multiples of a power of two, of a minute, both ends: what clusters in a bad hash. */
static int64_t time_of(size_t i)
{
	switch (i % 4) {
	case 0: return (int64_t)i << 32;
	case 1: return ((int64_t)i - KEYS / 2) * 60000;
	case 2: return INT64_MIN + (int64_t)i;
	}
	return INT64_MAX - (int64_t)i;
}

static void check_equal(const struct timemap *m, const struct plain *p)
{
	size_t walked = 0;

	CHECK_INT(m->n, p->n);
	for (size_t i = 0; i < KEYS; i++)
		CHECK(timemap_get(m, time_of(i)) == (p->has[i] ? &p->what[i] : NULL));
	for (size_t i = 0; timemap_each(m, &i);)
		walked++;
	CHECK_INT(walked, p->n);
}

TEST(an_empty_map_holds_nothing)
{
	struct timemap m = { 0 };
	size_t i = 0;

	CHECK(!timemap_get(&m, 0));
	CHECK(!timemap_each(&m, &i));
	timemap_remove(&m, 5);
	timemap_free(&m);
}

TEST(as_a_plain_array_would_in_any_mixture_of_put_and_remove)
{
	static struct plain p;
	unsigned long long seed = 4;
	struct timemap m = { 0 };

	for (int step = 0; step < 40000; step++) {
		size_t i = check_random(&seed) % KEYS;
		/* fills up, then empties, then again */
		bool put = check_random(&seed) % 4 < (step / 4000 % 2 ? 1u : 3u);

		if (put && !p.has[i]) {
			timemap_put(&m, time_of(i), &p.what[i]);
			p.has[i] = true, p.n++;
		} else if (!put) {
			timemap_remove(&m, time_of(i));
			p.n -= p.has[i], p.has[i] = false;
		}
		if (step % 97 == 0)
			check_equal(&m, &p);
	}
	check_equal(&m, &p);
	timemap_free(&m);
}

TEST(walking_gives_each_thing_once)
{
	static char what[KEYS];
	struct timemap m = { 0 };
	char *p;

	for (size_t i = 0; i < KEYS; i++)
		timemap_put(&m, time_of(i), &what[i]);
	for (size_t i = 0; (p = timemap_each(&m, &i));)
		(*p)++;
	for (size_t i = 0; i < KEYS; i++)
		CHECK_INT(what[i], 1);
	timemap_free(&m);
}

/* A stream of windows: few at a time, millions in all. */
TEST(room_follows_what_is_held_not_what_went_through)
{
	struct timemap m = { 0 };

	for (int64_t i = 0; i < 1000000; i++) {
		timemap_put(&m, i * 60000, &m);
		timemap_remove(&m, (i - 20) * 60000);
	}
	CHECK_INT(m.n, 20);
	CHECK(m.mask < 128);
	timemap_free(&m);
}
