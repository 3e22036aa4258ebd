/* SPDX-License-Identifier: MIT */
#include "speed/window/lateness.h"

#include "lib/text/duration.h"
#include "tests/unit/check.h"

static struct buf explain(const struct lateness *l, const struct watermark *w)
{
	static const char *const names[] = { "a.csv", "b.csv" };
	struct buf out = { 0 };

	lateness_explain(l, w, names, &out);
	buf_byte(&out, '\0');
	return out;
}

static void check_says(const struct buf *text, const char *what)
{
	if (!strstr(text->p, what))
		CHECK_TEXT(text->p, what);
}

/* The n-th suggested delay, in ms. */
static int64_t suggested(const struct buf *text, int n)
{
	const char *p = strstr(text->p, "would have been enough"), *error;
	int64_t ms = -1;

	for (int i = 0; i <= n && p; i++)
		if ((p = strstr(p, "--watermark-delay ")))
			p += sizeof "--watermark-delay " - 1;
	if (p && duration_parse_ms((struct span){ p, strcspn(p, " ") }, &ms, &error) < 0)
		CHECK_TEXT(error, "a duration");
	return ms;
}

TEST(records_in_order_need_no_delay)
{
	struct lateness l = { .on = true };
	struct watermark w;
	struct buf text;

	watermark_init(&w, 1, -1, 0);
	lateness_note(&l, WATERMARK_NONE, 5);
	lateness_note(&l, 5, 5);
	lateness_note(&l, 5, 9);
	text = explain(&l, &w);
	check_says(&text, "in order: 3, 100.00 % so far\n");
	for (int i = 0; i < 3; i++)
		CHECK_INT(suggested(&text, i), 0);
	buf_free(&text);
	watermark_free(&w);
}

/* Random lags: each delay covers what it promises, and the larger of the first two is less than twice what is needed. */
TEST(a_suggested_delay_covers_its_share)
{
	enum { RECORDS = 20000 };
	static int64_t lag[RECORDS];
	static const unsigned per_mille[] = { 990, 999, 1000 };
	unsigned long long seed = 11;

	for (int round = 0; round < 20; round++) {
		struct lateness l = { .on = true };
		int64_t largest = 0;
		struct watermark w;
		struct buf text;

		watermark_init(&w, 1, -1, 0);
		for (size_t i = 0; i < RECORDS; i++) {
			lag[i] = (int64_t)(check_random(&seed) >> (30 + check_random(&seed) % 34));
			largest = lag[i] > largest ? lag[i] : largest;
			lateness_note(&l, 1000, 1000 - lag[i]);
		}
		CHECK_INT(l.records, RECORDS);
		CHECK_INT(l.largest, largest);
		text = explain(&l, &w);
		for (int i = 0; i < 3; i++) {
			int64_t delay = suggested(&text, i);
			size_t covered = 0, half = 0;

			for (size_t k = 0; k < RECORDS; k++)
				covered += lag[k] <= delay, half += lag[k] <= delay / 2 - 1;
			CHECK(covered * 1000 >= (size_t)RECORDS * per_mille[i]);
			CHECK(i == 2 || delay < 2 || half * 1000 < (size_t)RECORDS * per_mille[i]);
			CHECK(delay <= largest);
		}
		CHECK_INT(suggested(&text, 2), largest);
		buf_free(&text);
		watermark_free(&w);
	}
}

TEST(the_widest_lag_there_is)
{
	struct lateness l = { .on = true };
	struct watermark w;
	struct buf text;

	watermark_init(&w, 1, -1, 0);
	lateness_note(&l, INT64_MAX, INT64_MIN + 1);
	lateness_note(&l, INT64_MAX, 0);
	text = explain(&l, &w);
	CHECK_INT(l.largest, INT64_MAX);
	CHECK_INT(suggested(&text, 2), INT64_MAX);
	buf_free(&text);
	watermark_free(&w);
}

TEST(shares_add_up_in_hundredths)
{
	struct lateness l = { .on = true };
	struct watermark w;
	struct buf text;

	watermark_init(&w, 1, -1, 0);
	for (int i = 0; i < 2; i++)
		lateness_note(&l, 0, 0);
	lateness_note(&l, 100, 97);
	text = explain(&l, &w);
	check_says(&text, "in order: 2, 66.66 % so far\n");
	check_says(&text, "<= 3ms: 1, 100.00 % so far\n");
	buf_free(&text);
	watermark_free(&w);
}

TEST(what_holds_w_back_is_named)
{
	struct lateness l = { .on = true };
	struct watermark w;
	struct buf text;

	watermark_init(&w, 2, 1000, 60000);
	watermark_observe(&w, 0, 1291190400000);
	watermark_observe(&w, 0, 9291190400000);
	text = explain(&l, &w);
	check_says(&text, "input a.csv: largest time 2010-12-01T08:00:00Z, watermark 2010-12-01T07:59:58.999Z, 1 records too far ahead");
	check_says(&text, "input b.csv: largest time none, watermark minus infinity\n");
	check_says(&text, "held back by b.csv\n");
	CHECK(!strstr(text.p, "--watermark-delay"));
	buf_free(&text);
	w.input[1].idle = true;
	text = explain(&l, &w);
	check_says(&text, "minus infinity, idle\n");
	check_says(&text, "held back by a.csv\n");
	buf_free(&text);
	watermark_end(&w, 0);
	text = explain(&l, &w);
	check_says(&text, ", ended\n");
	CHECK(!strstr(text.p, "held back"));
	buf_free(&text);
	watermark_free(&w);
}

TEST(no_delay_at_all_is_said)
{
	struct lateness l = { .on = true };
	struct watermark w;
	struct buf text;

	watermark_init(&w, 1, -1, 0);
	text = explain(&l, &w);
	check_says(&text, "no --watermark-delay is stated");
	CHECK(!strstr(text.p, "would have been enough"));
	buf_free(&text);
	watermark_free(&w);
}
