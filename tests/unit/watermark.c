/* SPDX-License-Identifier: MIT */
#include "speed/window/watermark.h"

#include "tests/unit/check.h"

/* What an input's record makes of W. */
static int64_t after(struct watermark *w, size_t input, int64_t ms)
{
	if (watermark_observe(w, input, ms))
		watermark_combine(w);
	return w->at;
}

TEST(w_is_the_largest_time_less_the_delay_and_one_millisecond)
{
	struct watermark w;

	watermark_init(&w, 1, 1000, 0);
	CHECK_INT(w.at, WATERMARK_NONE);
	CHECK_INT(after(&w, 0, 5000), 3999);
	CHECK_INT(after(&w, 0, 5001), 4000);
	watermark_free(&w);
	watermark_init(&w, 1, 0, 0);
	CHECK_INT(after(&w, 0, -5), -6);
	watermark_free(&w);
}

TEST(w_never_goes_back)
{
	unsigned long long seed = 10;
	struct watermark w;
	int64_t before = WATERMARK_NONE, most = INT64_MIN;

	watermark_init(&w, 1, 70, 0);
	for (int i = 0; i < 10000; i++) {
		int64_t ms = i + (int64_t)(check_random(&seed) % 400) - 200;

		most = ms > most ? ms : most;
		CHECK_INT(after(&w, 0, ms), most - 70 - 1);
		CHECK(w.at >= before);
		before = w.at;
	}
	watermark_free(&w);
}

TEST(several_inputs_go_by_the_slowest)
{
	struct watermark w;

	watermark_init(&w, 3, 0, 0);
	CHECK_INT(watermark_slowest(&w), 0);
	CHECK_INT(after(&w, 0, 100), WATERMARK_NONE);
	CHECK_INT(after(&w, 1, 200), WATERMARK_NONE);
	CHECK_INT(watermark_slowest(&w), 2);
	CHECK_INT(after(&w, 2, 50), 49);
	CHECK_INT(after(&w, 2, 150), 99);
	CHECK_INT(watermark_slowest(&w), 0);
	CHECK_INT(after(&w, 0, 300), 149);
	CHECK_INT(w.input[1].at, 199);
	watermark_free(&w);
}

TEST(an_input_that_ended_holds_nothing_back)
{
	struct watermark w;

	watermark_init(&w, 2, 0, 0);
	after(&w, 0, 100);
	after(&w, 1, 500);
	CHECK_INT(w.at, 99);
	watermark_end(&w, 0);
	CHECK(watermark_combine(&w));
	CHECK_INT(w.at, 499);
	CHECK_INT(watermark_slowest(&w), 1);
	watermark_end(&w, 1);
	CHECK(!watermark_combine(&w));
	CHECK_INT(w.at, 499);
	CHECK_INT(watermark_slowest(&w), 2);
	watermark_free(&w);
}

TEST(an_input_that_ended_without_a_record_leaves_w_to_the_others)
{
	struct watermark w;

	watermark_init(&w, 2, 0, 0);
	after(&w, 1, 10);
	watermark_end(&w, 0);
	CHECK(watermark_combine(&w));
	CHECK_INT(w.at, 9);
	watermark_free(&w);
}

TEST(an_idle_input_steps_aside_until_it_speaks)
{
	struct watermark w;

	watermark_init(&w, 2, 0, 0);
	after(&w, 0, 100);
	after(&w, 1, 500);
	w.input[0].idle = true;
	CHECK(watermark_combine(&w));
	CHECK_INT(w.at, 499);
	CHECK_INT(after(&w, 0, 300), 499);      /* it is behind W now, which stays */
	CHECK(!w.input[0].idle);
	after(&w, 1, 900);
	CHECK_INT(w.at, 499);                   /* and holds back again */
	CHECK_INT(after(&w, 0, 700), 699);
	watermark_free(&w);
}

TEST(an_old_record_wakes_an_idle_input_too)
{
	struct watermark w;

	watermark_init(&w, 2, 0, 0);
	after(&w, 0, 100);
	after(&w, 1, 500);
	w.input[0].idle = true;
	watermark_combine(&w);
	CHECK(!watermark_observe(&w, 0, 60));
	CHECK(!w.input[0].idle);
	watermark_free(&w);
}

TEST(when_all_step_aside_w_goes_as_far_as_the_furthest_got)
{
	struct watermark w;

	watermark_init(&w, 2, 0, 0);
	after(&w, 0, 100);
	after(&w, 1, 500);
	w.input[0].idle = w.input[1].idle = true;
	CHECK(watermark_combine(&w));
	CHECK_INT(w.at, 499);
	watermark_free(&w);
}

TEST(without_delay_only_watermark_lines_count)
{
	struct watermark w;

	watermark_init(&w, 1, -1, 0);
	CHECK_INT(after(&w, 0, 1000), WATERMARK_NONE);
	CHECK_INT(w.input[0].max_ms, 1000);
	CHECK(watermark_line(&w, 0, 400));
	CHECK(watermark_combine(&w));
	CHECK_INT(w.at, 400);
	CHECK(!watermark_line(&w, 0, 400));
	CHECK(!watermark_line(&w, 0, 399));
	CHECK_INT(w.input[0].at, 400);
	CHECK(watermark_line(&w, 0, INT64_MAX));
	CHECK(watermark_combine(&w));
	CHECK_INT(w.at, INT64_MAX);
	watermark_free(&w);
}

TEST(near_the_ends_of_time_it_sticks_and_does_not_wrap)
{
	struct watermark w;

	watermark_init(&w, 1, INT64_MAX, 0);
	after(&w, 0, -100);
	CHECK_INT(w.at, INT64_MIN);
	CHECK_INT(after(&w, 0, INT64_MAX), -1);
	watermark_free(&w);
	watermark_init(&w, 1, 0, INT64_MAX);
	after(&w, 0, 5);
	CHECK_INT(after(&w, 0, INT64_MAX), INT64_MAX - 1);
	watermark_free(&w);
}

/* --max-ahead */

TEST(one_record_from_the_future_harms_nothing)
{
	struct watermark w;

	watermark_init(&w, 1, 0, 1000);
	after(&w, 0, 100);
	CHECK_INT(after(&w, 0, 1101), 99);
	CHECK_INT(w.input[0].held_back, 1);
	CHECK_INT(after(&w, 0, 200), 199);
	CHECK_INT(w.input[0].max_ms, 200);
	CHECK_INT(after(&w, 0, 1200), 1199);    /* exactly so far ahead is believed */
	watermark_free(&w);
}

TEST(the_first_record_is_believed_whatever_it_says)
{
	struct watermark w;

	watermark_init(&w, 1, 0, 1000);
	CHECK_INT(after(&w, 0, 1000000000), 999999999);
	watermark_free(&w);
}

TEST(a_hundred_in_a_row_are_believed_as_far_as_all_of_them_reached)
{
	struct watermark w;

	watermark_init(&w, 1, 0, 1000);
	after(&w, 0, 100);
	for (int i = 0; i < AHEAD_RUN - 1; i++)
		CHECK_INT(after(&w, 0, 50000 + (i * 37) % 100), 99);
	CHECK_INT(w.input[0].held_back, AHEAD_RUN - 1);
	CHECK_INT(after(&w, 0, 60000), 49999);
	CHECK_INT(w.input[0].max_ms, 50000);
	CHECK_INT(w.input[0].held_back, AHEAD_RUN - 1);         /* the last one moved W */
	watermark_free(&w);
}

TEST(a_record_in_reach_breaks_the_run)
{
	static const int64_t breaks[] = { 50, 100, 101 };       /* behind, at, before the largest time */

	for (size_t k = 0; k < 3; k++) {
		struct watermark w;

		watermark_init(&w, 1, 0, 1000);
		after(&w, 0, 100);
		for (int i = 0; i < AHEAD_RUN - 1; i++)
			after(&w, 0, 50000);
		after(&w, 0, breaks[k]);
		for (int i = 0; i < AHEAD_RUN - 1; i++)
			CHECK(after(&w, 0, 70000) < 1000);
		CHECK_INT(after(&w, 0, 70000), 69999);
		watermark_free(&w);
	}
}

TEST(each_input_has_its_own_run)
{
	struct watermark w;

	watermark_init(&w, 2, 0, 1000);
	after(&w, 0, 100);
	after(&w, 1, 100);
	for (int i = 0; i < AHEAD_RUN - 1; i++)
		after(&w, 0, 50000), after(&w, 1, 50000);
	CHECK_INT(w.input[0].max_ms, 100);
	CHECK_INT(w.input[1].max_ms, 100);
	watermark_free(&w);
}
