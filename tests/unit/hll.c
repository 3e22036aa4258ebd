/* SPDX-License-Identifier: MIT */
#include "lib/agg/hll.h"

#include "lib/base/hash.h"
#include "tests/unit/check.h"

static uint64_t hash_of(uint64_t stream, uint64_t i)
{
	uint64_t key[2] = { stream, i };

	return hash_xxh64(key, sizeof key);
}

/* Over many streams the error at n must have the mean and the spread that 2^14 registers promise:
 * 1.04 / 128 = 0.81 % per stream (less for few values). In ppm. */
static void check_error(uint64_t n, unsigned streams, double max_mean, double max_spread)
{
	double sum = 0, squares = 0;

	for (unsigned stream = 0; stream < streams; stream++) {
		struct hll h = { 0 };
		double error;

		for (uint64_t i = 0; i < n; i++)
			hll_add(&h, hash_of(stream, i));
		error = ((double)hll_estimate(&h) - (double)n) * 1e6 / (double)n;
		sum += error;
		squares += error * error;
		hll_free(&h);
	}
	if (sum / streams > max_mean || sum / streams < -max_mean || squares / streams > max_spread * max_spread) {
		printf("# n %llu: mean error %.0f ppm, root of squares %.0f^2 ppm^2\n", (unsigned long long)n, sum / streams, squares / streams);
		CHECK(!"error");
	}
}

TEST(errors_are_as_promised_without_a_bump)
{
	static const uint64_t n[] = { 300, 1000, 3000, 10000, 20000, 30000, 41000, 50000, 60000, 82000, 120000 };

	for (size_t i = 0; i < sizeof n / sizeof *n; i++)
		check_error(n[i], 24, 4000, 9800);      /* standard error of the mean of 24: 1650 ppm */
	check_error(1000000, 2, 15000, 15000);
}

TEST(small_counts_are_near_exact)
{
	struct hll h = { 0 };

	CHECK_INT(hll_estimate(&h), 0);
	for (uint64_t n = 1; n <= 5000; n++) {
		long long error;

		hll_add(&h, hash_of(77, n));
		error = (long long)hll_estimate(&h) - (long long)n;
		CHECK(llabs(error) <= (long long)(1 + n / 50));
		if (n <= 20)
			CHECK_INT(error, 0);
	}
	hll_free(&h);
}

TEST(large_counts_grow_on)
{
	struct hll h = { 0 };
	uint64_t i = 0;

	for (uint64_t n = 100000; n <= 10000000; n *= 10) {
		for (; i < n; i++)
			hll_add(&h, hash_of(5, i));
		CHECK(hll_estimate(&h) > n - n / 40 && hll_estimate(&h) < n + n / 40);
	}
	hll_free(&h);
}

static void check_round_trip(const struct hll *h)
{
	struct buf text = { 0 }, again = { 0 };
	struct hll copy = { 0 };

	hll_save(h, &text);
	CHECK(hll_merge_text(&copy, buf_view(&text)) == 0);
	CHECK(hll_merge_text(&copy, buf_view(&text)) == 0);     /* twice is once */
	hll_save(&copy, &again);
	CHECK(span_eq(buf_view(&text), buf_view(&again)));
	CHECK_INT(hll_estimate(&copy), hll_estimate(h));
	hll_free(&copy);
	buf_free(&text);
	buf_free(&again);
}

TEST(text_depends_on_the_registers_alone)
{
	static const uint64_t n[] = { 0, 1, 2, 1000, 4000, 4700, 4800, 5000, 20000, 200000 };

	for (size_t k = 0; k < sizeof n / sizeof *n; k++) {
		struct hll whole = { 0 }, even = { 0 }, odd = { 0 };
		struct buf a = { 0 }, b = { 0 };

		for (uint64_t i = 0; i < n[k]; i++) {
			hll_add(&whole, hash_of(1, i));
			hll_add(i % 8 ? &odd : &even, hash_of(1, n[k] - 1 - i));
		}
		hll_merge(k % 2 ? &odd : &even, k % 2 ? &even : &odd);
		hll_save(&whole, &a);
		hll_save(k % 2 ? &odd : &even, &b);
		CHECK(span_eq(buf_view(&a), buf_view(&b)));
		CHECK(a.n == (whole.n == 0 ? 0 : whole.n <= HLL_SPARSE_MAX ? 1 + 4 * whole.n : 1 + HLL_REGISTERS));
		check_round_trip(&whole);
		hll_free(&whole), hll_free(&even), hll_free(&odd);
		buf_free(&a), buf_free(&b);
	}
}

TEST(a_full_state_from_elsewhere_still_counts)
{
	struct buf text = { 0 };
	struct hll h = { 0 };

	buf_byte(&text, 'd');
	for (unsigned i = 0; i < HLL_REGISTERS; i++)
		buf_byte(&text, 'z');
	CHECK(hll_merge_text(&h, buf_view(&text)) == 0);
	CHECK(hll_estimate(&h) == UINT64_MAX);
	hll_free(&h);
	text.p[1] = '0';                        /* rank 52: beyond the hash */
	CHECK(hll_merge_text(&h, buf_view(&text)) == -1);
	for (unsigned i = 1; i <= HLL_REGISTERS; i++)
		text.p[i] = 'A';                /* no register: not how that is written */
	CHECK(hll_merge_text(&h, buf_view(&text)) == -1);
	CHECK_INT(h.n, 0);
	buf_free(&text);
}
