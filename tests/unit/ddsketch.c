/* SPDX-License-Identifier: MIT */
#include "lib/agg/ddsketch.h"

#include "tests/unit/check.h"

static struct decimal units(u128 u)     /* of 10^-18 */
{
	return (struct decimal){ .m = (i128)u, .scale = DECIMAL_MAX_SCALE };
}

static u128 value_units(int32_t bin)
{
	struct decimal d = ddsketch_value(bin);

	while (d.scale < DECIMAL_MAX_SCALE)
		d.m *= 10, d.scale++;
	return (u128)d.m;
}

static u128 random_units(unsigned long long *seed)
{
	u128 limit = 1, u = (u128)check_random(seed) << 64 | check_random(seed);
	unsigned digits = 1 + (unsigned)check_random(seed) % 38;

	while (digits--)
		limit *= 10;
	return u % limit;
}

TEST(a_bin_stands_for_its_values_within_one_percent)
{
	unsigned long long seed = 1;

	for (int i = 0; i < 200000; i++) {
		u128 u = random_units(&seed), value = value_units(ddsketch_bin(units(u)));
		u128 error = value > u ? value - u : u - value;

		/* rounded to whole units of 10^-18 */
		CHECK(u > 1000000 ? error * 100 <= u : error * 200 <= u * 2 + 100);
	}
	for (u128 u = 0; u < 50; u++)
		CHECK(value_units(ddsketch_bin(units(u))) == u);
}

TEST(bins_are_in_order_and_35_to_a_doubling)
{
	unsigned long long seed = 2;

	for (int i = 0; i < 200000; i++) {
		u128 u = random_units(&seed) / 2 + 1, v = random_units(&seed);
		int32_t bin = ddsketch_bin(units(u));

		CHECK_INT(ddsketch_bin(units(2 * u)), bin + 35);
		CHECK(u < v ? ddsketch_bin(units(v)) >= bin : ddsketch_bin(units(v)) <= bin);
		CHECK(bin >= 1 && bin <= DDSKETCH_BINS);
		CHECK_INT(ddsketch_bin((struct decimal){ .m = -(i128)u, .scale = DECIMAL_MAX_SCALE }), -bin);
	}
	for (int32_t bin = 2000; bin <= DDSKETCH_BINS; bin++) {
		CHECK_INT(ddsketch_bin(ddsketch_value(bin)), bin);      /* the middle lies inside */
		CHECK(decimal_cmp(ddsketch_value(-bin), ddsketch_value(1 - bin)) < 0);
	}
}

/* The least integer from 2^63 on in the j-th bin of its doubling. */
static uint64_t bound_of(int j)
{
	int32_t bin = 35 * 63 + 1 + j;
	uint64_t low = 0, high = (uint64_t)1 << 63;     /* above 2^63 */

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (ddsketch_bin(units(((u128)1 << 63) + middle)) < bin)
			low = middle + 1;
		else
			high = middle;
	}
	return ((uint64_t)1 << 63) + low;
}

/* Bounds are ceil(2^63 2^(j/35)): two that complete a doubling enclose 2^127, and all lie on one exponential. */
TEST(bounds_are_exact)
{
	for (int i = 1; i < 35; i++) {
		u128 a = bound_of(i), b = bound_of(35 - i);

		CHECK((a - 1) * (b - 1) < (u128)1 << 127 && a * b >= (u128)1 << 127);
		for (int j = 1; i + j < 35; j++) {
			u128 product = a * bound_of(j), want = (u128)bound_of(i + j) << 63;

			CHECK((product > want ? product - want : want - product) < (u128)1 << 66);
		}
	}
}

TEST(the_scale_of_a_number_does_not_matter)
{
	CHECK_INT(ddsketch_bin((struct decimal){ 15, 1 }), ddsketch_bin((struct decimal){ 1500, 3 }));
	CHECK_INT(ddsketch_bin((struct decimal){ 0, 3 }), 0);
}

static int by_size(const void *a, const void *b)
{
	i128 x = *(const i128 *)a, y = *(const i128 *)b;

	return (x > y) - (x < y);
}

/* The nearest rank of exact quantiles: ceil(q n). */
TEST(quantiles_are_those_of_the_sorted_values)
{
	enum { N = 1000 };
	static i128 value[N];
	unsigned long long seed = 3;

	for (int round = 0; round < 30; round++) {
		size_t n = 1 + check_random(&seed) % N;
		struct ddsketch s = { 0 };

		for (size_t i = 0; i < n; i++) {
			value[i] = (i128)(random_units(&seed) % 1000000000) * 1000000000000;
			value[i] = check_random(&seed) % 4 ? value[i] : -value[i];
			ddsketch_add(&s, ddsketch_bin((struct decimal){ value[i], 18 }), 1);
		}
		qsort(value, n, sizeof *value, by_size);
		for (unsigned q = 0; q <= 1000; q += 1 + (unsigned)check_random(&seed) % 50) {
			size_t rank = (q * n + 999) / 1000;
			int32_t bin;

			CHECK(ddsketch_quantile(&s, (struct decimal){ q, 3 }, &bin));
			CHECK_INT(bin, ddsketch_bin((struct decimal){ value[rank ? rank - 1 : 0], 18 }));
		}
		ddsketch_free(&s);
	}
}

TEST(weights_that_cancel_leave_no_bin_and_negative_ones_do_not_count)
{
	struct ddsketch s = { 0 };
	int32_t bin;

	CHECK(!ddsketch_quantile(&s, (struct decimal){ 5, 1 }, &bin));
	ddsketch_add(&s, 10, -2);
	CHECK(!ddsketch_quantile(&s, (struct decimal){ 5, 1 }, &bin));
	ddsketch_add(&s, 20, 1);
	CHECK(ddsketch_quantile(&s, (struct decimal){ 0, 0 }, &bin));
	CHECK_INT(bin, 20);
	ddsketch_add(&s, 10, 2);
	ddsketch_add(&s, 20, -1);
	CHECK_INT(s.n, 0);
	ddsketch_free(&s);
}

TEST(huge_weights_have_exact_ranks)
{
	struct ddsketch s = { 0 };
	int32_t bin;

	for (int32_t i = 1; i <= DDSKETCH_BINS; i++)
		ddsketch_add(&s, i, ((int64_t)1 << 62) - 1);
	CHECK(ddsketch_quantile(&s, (struct decimal){ 1000000000000000000, 18 }, &bin));
	CHECK_INT(bin, DDSKETCH_BINS);
	CHECK(ddsketch_quantile(&s, (struct decimal){ 999999999999999999, 18 }, &bin));
	CHECK_INT(bin, DDSKETCH_BINS);
	CHECK(ddsketch_quantile(&s, (struct decimal){ 2, 1 }, &bin));
	CHECK_INT(bin, DDSKETCH_BINS / 5);
	CHECK(ddsketch_quantile(&s, (struct decimal){ 200000000000000001, 18 }, &bin));
	CHECK_INT(bin, DDSKETCH_BINS / 5 + 1);
	ddsketch_free(&s);
}
