/* SPDX-License-Identifier: MIT */
#include "serve/merge/answer.h"

#include <fcntl.h>
#include <unistd.h>

#include "tests/unit/check.h"
#include "tests/unit/view_of.h"

#define ALL .since = INT64_MIN, .until = INT64_MAX

static const char definition[] = "time t\ntime-unit ms\nwindow 10ms\ngroup-by k\nmeasure n = count(), m = max(x), s = sum(x)\ntime-format epoch-ms\n";

struct line {
	int64_t start;
	const char *key, *amount;       /* amount: of one record; NULL: none */
};

/* The answer of rows, as CSV without its header; or the error. */
static struct buf ask(const struct answer_options *o, const struct line *line)
{
	struct view *v = view_of(definition);
	struct ledger ledger = { 0 };
	struct out out;
	struct buf text = { 0 };
	char error[400];
	struct answer *a;
	int rc = 0;

	out_init(&out, open("/dev/null", O_WRONLY), "null");
	a = answer_new(v, FORMAT_CSV, o, &out, &ledger, error);
	if (!a) {
		buf_text(&text, error);
		goto done;
	}
	buf_clear(&out.buf);
	for (; line->key && rc == 0; line++) {
		struct group *g = group_new(v);
		struct value arg[3] = { { .kind = VALUE_BOOL }, value_of_text(span_of(line->amount ? line->amount : "")) };
		struct row row = { .at = { .weight = 1 }, .arg = arg };

		if (line->amount && decimal_parse(span_of(line->amount), &arg[2].number) == 0)
			arg[2].kind = VALUE_NUMBER;
		for (int i = 0; line->amount && i < (line->start == 999 ? 2000 : 1); i++)
			group_add(v, g, &row);
		rc = answer_row(a, (struct interval){ line->start, line->start + 10 }, span_of(line->key), g);
		group_free(v, g);
	}
	if (rc == 0)
		rc = answer_end(a);
	if (rc < 0)
		buf_text(&text, answer_error(a));
	else
		buf_span(&text, buf_view(&out.buf));
	answer_free(a);
done:
	out_close(&out);
	view_free(v);
	return text;
}

static void check_answer(struct answer_options o, const struct line *line, const char *want)
{
	struct buf b = ask(&o, line);

	CHECK_BUF(b, want);
	buf_free(&b);
}

static const struct line mixed[] = {
	{ 0, "a", "9" }, { 0, "b", "10" }, { 0, "c", "x" }, { 0, "d", NULL }, { 0, "e", "-1" }, { 10, "f", "10.0" }, { 10, "g", "abc" }, { 10, "h", NULL }, { 0 },
};

TEST(without_order_rows_come_as_they_are)
{
	check_answer((struct answer_options){ ALL }, mixed,
		"0,10,a,1,9,9\n0,10,b,1,10,10\n0,10,c,1,x,0\n0,10,d,0,,0\n0,10,e,1,-1,-1\n10,20,f,1,10.0,10.0\n10,20,g,1,abc,0\n10,20,h,0,,0\n");
	check_answer((struct answer_options){ ALL, .top = 2 }, mixed, "0,10,a,1,9,9\n0,10,b,1,10,10\n");
	check_answer((struct answer_options){ ALL, .top = 1, .per_window = true }, mixed, "0,10,a,1,9,9\n10,20,f,1,10.0,10.0\n");
}

TEST(numbers_stand_before_text_and_null_is_last)
{
	check_answer((struct answer_options){ ALL, .order = "m" }, mixed,
		"0,10,e,1,-1,-1\n0,10,a,1,9,9\n0,10,b,1,10,10\n10,20,f,1,10.0,10.0\n10,20,g,1,abc,0\n0,10,c,1,x,0\n0,10,d,0,,0\n10,20,h,0,,0\n");
}

TEST(descending_turns_the_order_but_null_stays_last)
{
	check_answer((struct answer_options){ ALL, .order = "m desc" }, mixed,
		"0,10,c,1,x,0\n10,20,g,1,abc,0\n0,10,b,1,10,10\n10,20,f,1,10.0,10.0\n0,10,a,1,9,9\n0,10,e,1,-1,-1\n0,10,d,0,,0\n10,20,h,0,,0\n");
}

TEST(several_columns_one_after_the_other)
{
	check_answer((struct answer_options){ ALL, .order = " window_start desc , m asc, k desc", .top = 3 }, mixed,
		"10,20,f,1,10.0,10.0\n10,20,g,1,abc,0\n10,20,h,0,,0\n");
}

TEST(top_of_each_window)
{
	check_answer((struct answer_options){ ALL, .order = "k desc", .top = 2, .per_window = true }, mixed,
		"0,10,e,1,-1,-1\n0,10,d,0,,0\n10,20,h,0,,0\n10,20,g,1,abc,0\n");
}

TEST(since_and_until_go_by_the_start_of_windows)
{
	check_answer((struct answer_options){ .since = 1, .until = 11, .top = 1 }, mixed, "10,20,f,1,10.0,10.0\n");
	check_answer((struct answer_options){ .since = INT64_MIN, .until = 10, .order = "k desc", .top = 1 }, mixed, "0,10,e,1,-1,-1\n");
	check_answer((struct answer_options){ .since = 11, .until = INT64_MAX }, mixed, "");
}

TEST(where_speaks_of_the_columns_of_the_output)
{
	check_answer((struct answer_options){ ALL, .where = "s >= 9 and k != 'b'" }, mixed, "0,10,a,1,9,9\n10,20,f,1,10.0,10.0\n");
	check_answer((struct answer_options){ ALL, .where = "m is null" }, mixed, "0,10,d,0,,0\n10,20,h,0,,0\n");
	check_answer((struct answer_options){ ALL, .where = "window_start = 10 and n = 0" }, mixed, "10,20,h,0,,0\n");
}

TEST(what_is_asked_wrongly_is_said)
{
	check_answer((struct answer_options){ ALL, .where = "nothing > 1" }, mixed, "--where: the output has no column \"nothing\"");
	check_answer((struct answer_options){ ALL, .order = "k, nothing desc" }, mixed, "--order: the output has no column \"nothing\"");
	check_answer((struct answer_options){ ALL, .order = "k," }, mixed,
		"0,10,a,1,9,9\n0,10,b,1,10,10\n0,10,c,1,x,0\n0,10,d,0,,0\n0,10,e,1,-1,-1\n10,20,f,1,10.0,10.0\n10,20,g,1,abc,0\n10,20,h,0,,0\n");
}

TEST(a_condition_on_a_value_it_cannot_take_is_an_error)
{
	struct buf b = ask(&(struct answer_options){ ALL, .where = "m + 1 > 2" }, mixed);

	CHECK(b.n > 9 && memcmp(b.p, "--where: ", 9) == 0);
	buf_free(&b);
}

/* A sum has more digits than a record's number may have: it is a number all the same. */
TEST(sums_larger_than_any_record_are_ordered_as_numbers)
{
	static const struct line sums[] = {
		{ 0, "small", "99999999999999999999" }, { 999, "large", "99999999999999999999.5" }, { 999, "larger", "99999999999999999999.75" },
		{ 0, "text", "x" }, { 999, "lowest", "-99999999999999999999" }, { 0, "null", NULL }, { 0 },
	};

	check_answer((struct answer_options){ ALL, .order = "s desc", .top = 3 }, sums,
		"999,1009,larger,2000,99999999999999999999.75,199999999999999999999500.00\n"
		"999,1009,large,2000,99999999999999999999.5,199999999999999999999000.0\n"
		"0,10,small,1,99999999999999999999,99999999999999999999\n");
	check_answer((struct answer_options){ ALL, .order = "s", .top = 1 }, sums,
		"999,1009,lowest,2000,-99999999999999999999,-199999999999999999998000\n");
}

/* Many rows of few values: equal ones stay as they came, and --top holds few of them at a time. */
TEST(the_sort_is_stable_and_top_is_the_head_of_it)
{
	enum { MANY = 12000, TOP = 50 };
	static char key[MANY][8], amount[MANY][4];
	static struct line line[MANY + 1];
	unsigned long long seed = 19;
	struct buf whole, top;

	for (size_t i = 0; i < MANY; i++) {
		snprintf(key[i], sizeof key[i], "%05zu", i);
		snprintf(amount[i], sizeof amount[i], "%d", (int)(check_random(&seed) % 30));
		line[i] = (struct line){ 0, key[i], amount[i] };
	}
	whole = ask(&(struct answer_options){ ALL, .order = "m desc, n" }, line);
	top = ask(&(struct answer_options){ ALL, .order = "m desc, n", .top = TOP }, line);
	CHECK(top.n > 0 && top.n < whole.n);
	CHECK(memcmp(top.p, whole.p, top.n) == 0);
	/* 0,10,KEY,1,29,29: keys ascend within the first value */
	for (size_t at = 0, n = 0; n + 1 < TOP; n++) {
		size_t next = (size_t)((char *)memchr(top.p + at, '\n', top.n - at) - top.p) + 1;

		CHECK(memcmp(top.p + at + 5, top.p + next + 5, 5) < 0);
		CHECK(memcmp(top.p + at + 10, ",1,29,29\n", 9) == 0);
		at = next;
	}
	buf_free(&whole);
	buf_free(&top);
}

TEST(rows_that_were_taken_back_are_not_printed)
{
	struct view *v = view_of("window none\nmeasure n = count()\nretract\n");
	struct answer_options o = { ALL };
	struct ledger ledger = { 0 };
	struct group *g = group_new(v);
	struct out out;
	char error[400];
	struct answer *a;

	out_init(&out, open("/dev/null", O_WRONLY), "null");
	a = answer_new(v, FORMAT_CSV, &o, &out, &ledger, error);
	for (g->weight = -1; g->weight <= 1; g->weight++)
		CHECK_INT(answer_row(a, (struct interval){ INT64_MIN, INT64_MAX }, SPAN(""), g), 0);
	CHECK_INT(answer_end(a), 0);
	CHECK_BUF(out.buf, "n\n0\n");
	CHECK_INT(ledger.rows, 1);
	answer_free(a);
	group_free(v, g);
	out_close(&out);
	view_free(v);
}

TEST(a_full_disk_is_an_error_without_a_reason_of_its_own)
{
	struct view *v = view_of("window none\nmeasure n = count()\n");
	struct answer_options o = { ALL };
	struct ledger ledger = { 0 };
	struct group *g = group_new(v);
	struct out out;
	char error[400];
	struct answer *a;
	int rc = 0;

	out_init(&out, open("/dev/full", O_WRONLY), "full");
	a = answer_new(v, FORMAT_CSV, &o, &out, &ledger, error);
	for (int i = 0; i < 1000000 && rc == 0; i++)
		rc = answer_row(a, (struct interval){ INT64_MIN, INT64_MAX }, SPAN(""), g);
	CHECK_INT(rc, -1);
	CHECK_TEXT(answer_error(a), "");
	answer_free(a);
	group_free(v, g);
	CHECK_INT(out_close(&out), -1);
	view_free(v);
}

TEST(columns_of_odd_names_stand_in_backticks)
{
	struct view *v = view_of("window none\ngroup-by `a, b desc`, `c``d`\nmeasure n = count()\n");
	struct answer_options o = { ALL, .order = "`c``d` desc, `a, b desc` asc,n" };
	struct ledger ledger = { 0 };
	struct out out;
	char error[400] = "";
	struct answer *a;

	out_init(&out, open("/dev/null", O_WRONLY), "null");
	a = answer_new(v, FORMAT_CSV, &o, &out, &ledger, error);
	CHECK_TEXT(error, "");
	CHECK(a != NULL);
	answer_free(a);
	out_close(&out);
	view_free(v);
}
