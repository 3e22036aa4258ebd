/* SPDX-License-Identifier: MIT */
#include "lib/view/row.h"

#include "lib/agg/key.h"
#include "tests/unit/check.h"
#include "tests/unit/view_of.h"

#define SALES "time t\nwindow 1h\ngroup-by k\nwhere status == \"paid\"\nmeasure n = count(), s = sum(x), r = sum(x) where y > 1, f = first(z), p = sum(x * y)\n"

static struct view *view;
static struct row_maker maker;

static enum row_verdict make(const char *text)
{
	struct span record[32];

	record_of(view, record, text);
	return row_make(&maker, record, 7);
}

static void begin(const char *definition)
{
	view = view_of(definition);
	row_maker_init(&maker, view);
}

static void end(void)
{
	row_maker_free(&maker);
	view_free(view);
}

TEST(a_record_becomes_time_key_and_arguments)
{
	begin(SALES);
	CHECK_INT(make("t=2010-12-01T08:00:00Z k=a status=paid x=1.5 y=2 z=u"), ROW_READY);
	CHECK_INT(maker.row.at.ms, 1291190400000);
	CHECK(maker.row.has_time);
	CHECK_INT(maker.row.at.weight, 1);
	CHECK_INT(maker.row.at.position, 7);
	CHECK_SPAN(maker.row.key, "a");
	CHECK(maker.row.arg[0].kind != VALUE_NULL);
	CHECK_INT(maker.row.arg[1].kind, VALUE_NUMBER);
	CHECK_INT(maker.row.arg[1].number.m, 15);
	CHECK_INT(maker.row.arg[2].number.m, 15);
	CHECK_SPAN(maker.row.arg[3].text, "u");
	CHECK_INT(decimal_cmp(maker.row.arg[4].number, (struct decimal){ .m = 3 }), 0);
	end();
}

TEST(nulls_add_nothing)
{
	begin(SALES);
	CHECK_INT(make("t=2010-12-01T08:00:00Z status=paid"), ROW_READY);
	CHECK_SPAN(maker.row.key, "");
	CHECK(maker.row.arg[0].kind != VALUE_NULL);
	for (int i = 1; i < 5; i++)
		CHECK_INT(maker.row.arg[i].kind, VALUE_NULL);
	CHECK_INT(make("t=2010-12-01T08:00:00Z status=paid x=1 y=1"), ROW_READY);
	CHECK_INT(maker.row.arg[2].kind, VALUE_NULL);
	end();
}

TEST(where_comes_first_and_what_it_drops_may_be_anything)
{
	begin(SALES);
	CHECK_INT(make("t=2010-12-01T08:00:00Z k=a status=open x=junk"), ROW_FILTERED);
	CHECK(maker.row.has_time);
	CHECK_INT(maker.row.at.ms, 1291190400000);
	CHECK_INT(make("t=junk k=a status=open"), ROW_FILTERED);
	CHECK(!maker.row.has_time);
	CHECK_INT(make("k=a"), ROW_FILTERED);
	CHECK(!maker.row.has_time);
	end();
}

TEST(a_bad_record_names_the_field_and_shows_its_text)
{
	static const struct { const char *record, *begins; } cases[] = {
		{ "t=junk status=paid", "t: \"junk\": " },
		{ "status=paid", "t: \"\": " },
		{ "t=2010-12-01T08:00:00Z status=paid x=1,5", "x: \"1,5\": not a number" },
		{ "t=2010-12-01T08:00:00Z status=paid x=123456789012345678901", "x: \"123456789012345678901\": " },
		{ "t=2010-12-01T08:00:00Z status=paid x=1 y=z", "y: \"z\" is not a number" },
		{ "t=2010-12-01T08:00:00Z status=paid _op=+I", "_op: \"+I\": the view takes no changes" },
		{ "t=2010-12-01T08:00:00Z status=paid _change=upsert", "_change: \"upsert\": rows of --emit updates" },
	};

	begin(SALES);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		CHECK_INT(make(cases[i].record), ROW_BAD);
		if (strncmp(maker.scratch.reason, cases[i].begins, strlen(cases[i].begins)) != 0)
			CHECK_TEXT(maker.scratch.reason, cases[i].begins);
	}
	end();
}

TEST(changes_weigh_one_more_or_one_less)
{
	static const struct { const char *op; int weight; } ops[] = { { "+I", 1 }, { "+U", 1 }, { "-U", -1 }, { "-D", -1 } };
	static const char *const bad[] = { "+D", "-I", "I", "+", "+i", "+UU", "*U", "delete" };
	char text[40];

	begin("window none\nmeasure n = count()\nretract\n");
	CHECK_INT(make(""), ROW_READY);
	CHECK_INT(maker.row.at.weight, 1);
	for (size_t i = 0; i < 4; i++) {
		snprintf(text, sizeof text, "_op=%s", ops[i].op);
		CHECK_INT(make(text), ROW_READY);
		CHECK_INT(maker.row.at.weight, ops[i].weight);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		snprintf(text, sizeof text, "_op=%s", bad[i]);
		CHECK_INT(make(text), ROW_BAD);
		CHECK(strstr(maker.scratch.reason, "not one of +I, -U, +U, -D"));
	}
	end();
}

TEST(keys_of_several_columns_and_expressions)
{
	struct span column[3];
	struct buf scratch = { 0 };

	begin("window none\ngroup-by a, b = upper(c), d = e + 1\nmeasure n = count()\n");
	CHECK_INT(make("a=x c=abc e=1.50"), ROW_READY);
	key_split(maker.row.key, 3, column, &scratch);
	CHECK_SPAN(column[0], "x");
	CHECK_SPAN(column[1], "ABC");
	CHECK_SPAN(column[2], "2.50");
	CHECK_INT(make("e=junk"), ROW_BAD);
	CHECK_INT(make(""), ROW_READY);
	key_split(maker.row.key, 3, column, &scratch);
	for (int i = 0; i < 3; i++)
		CHECK_SPAN(column[i], "");
	buf_free(&scratch);
	end();
}

TEST(a_key_is_the_text_as_it_was_written)
{
	begin("window none\ngroup-by a\nmeasure n = count()\n");
	make("a=007");
	CHECK_SPAN(maker.row.key, "007");
	make("a=1.50");
	CHECK_SPAN(maker.row.key, "1.50");
	end();
}

TEST(without_time_column_there_is_no_time)
{
	begin("window none\nmeasure n = count()\n");
	CHECK_INT(make("t=1"), ROW_READY);
	CHECK(!maker.row.has_time);
	end();
}
