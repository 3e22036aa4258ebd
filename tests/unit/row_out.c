/* SPDX-License-Identifier: MIT */
#include "lib/view/row_out.h"

#include "lib/agg/key.h"
#include "tests/unit/check.h"
#include "tests/unit/view_of.h"

#define HOUR "time t\nwindow 1h\ngroup-by k, l\nmeasure n = count(), s = sum(x), m = max(x)\nderive a = s / n\ndigits 2\n"

static struct buf key_of(const char *a, const char *b)
{
	struct buf key = { 0 };

	key_add(&key, span_of(a), false);
	key_add(&key, span_of(b), true);
	return key;
}

static void render(struct row_out *r, int64_t amount, int records)
{
	struct group *g = group_new(r->view);
	struct buf key = key_of("a,b", "c");

	for (int i = 0; i < records; i++)
		group_add_amount(r->view, g, 0, amount);
	row_out_render(r, (struct interval){ 3600000, 7200000 }, buf_view(&key), g);
	buf_free(&key);
	group_free(r->view, g);
}

static void check_output(const char *definition, enum record_format format, const char *mark, const char *want)
{
	struct view *v = view_of(definition);
	struct row_out r;
	struct buf out = { 0 };

	row_out_init(&r, v, format, mark ? "_op" : NULL);
	row_out_header(&r, &out);
	render(&r, 5, 2);
	row_out_write(&r, mark, &out);
	CHECK_BUF(out, want);
	buf_free(&out);
	row_out_free(&r);
	view_free(v);
}

TEST(columns_stand_in_order_in_each_format)
{
	check_output(HOUR, FORMAT_CSV, NULL, "window_start,window_end,k,l,n,s,m,a\n1970-01-01T01:00:00Z,1970-01-01T02:00:00Z,\"a,b\",c,2,10,5,5.00\n");
	check_output(HOUR, FORMAT_TSV, "+I",
		"_op\twindow_start\twindow_end\tk\tl\tn\ts\tm\ta\n+I\t1970-01-01T01:00:00Z\t1970-01-01T02:00:00Z\ta,b\tc\t2\t10\t5\t5.00\n");
	check_output(HOUR, FORMAT_NDJSON, NULL,
		"{\"window_start\":\"1970-01-01T01:00:00Z\",\"window_end\":\"1970-01-01T02:00:00Z\",\"k\":\"a,b\",\"l\":\"c\",\"n\":2,\"s\":10,\"m\":5,\"a\":5.00}\n");
	check_output(HOUR "time-format epoch-ms\n", FORMAT_NDJSON, "-D",
		"{\"_op\":\"-D\",\"window_start\":3600000,\"window_end\":7200000,\"k\":\"a,b\",\"l\":\"c\",\"n\":2,\"s\":10,\"m\":5,\"a\":5.00}\n");
	check_output("time t\nwindow 1h\ntz Asia/Tokyo\ngroup-by k, l\nmeasure n = count()\n", FORMAT_CSV, NULL,
		"window_start,window_end,k,l,n\n1970-01-01T10:00:00+09:00,1970-01-01T11:00:00+09:00,\"a,b\",c,2\n");
	check_output("window none\ngroup-by k, l\nmeasure n = count()\n", FORMAT_CSV, NULL, "k,l,n\n\"a,b\",c,2\n");
}

TEST(the_columns_line_of_controlled_streams)
{
	struct view *v = view_of("window none\ngroup-by `a, b`, `c%`\nmeasure n = count()\n");
	struct row_out r;
	struct buf out = { 0 };

	row_out_init(&r, v, FORMAT_CSV, NULL);
	row_out_columns(&r, &out);
	CHECK_BUF(out, "#!weir columns a%2C%20b,c%25,n\n");
	row_out_free(&r);
	buf_clear(&out);
	row_out_init(&r, v, FORMAT_NDJSON, NULL);
	row_out_columns(&r, &out);
	row_out_header(&r, &out);
	CHECK_BUF(out, "");
	row_out_free(&r);
	buf_free(&out);
	view_free(v);
}

TEST(a_group_of_nothing_has_zero_counts_and_sums_and_nulls)
{
	struct view *v = view_of(HOUR);
	struct row_out r;
	struct buf out = { 0 };

	row_out_init(&r, v, FORMAT_NDJSON, NULL);
	render(&r, 0, 0);
	row_out_write(&r, NULL, &out);
	CHECK(strstr((buf_byte(&out, '\0'), out.p), "\"n\":0,\"s\":0,\"m\":null,\"a\":null}"));
	buf_free(&out);
	row_out_free(&r);
	view_free(v);
}

/* Text that a measure keeps is bare in JSON only where JSON has such a number. */
TEST(kept_text_is_a_number_in_json_only_when_it_is_one_there)
{
	static const struct { const char *text, *want; } cases[] = {
		{ "1", "1" }, { "-1.50", "-1.50" }, { "0", "0" }, { "1e5", "1e5" }, { "-0.5", "-0.5" }, { "a", "\"a\"" }, { "007", "\"007\"" },
		{ "-.5", "\"-.5\"" }, { ".5", "\".5\"" }, { "5.", "\"5.\"" }, { "+5", "\"+5\"" }, { "-01", "\"-01\"" }, { "5.e1", "\"5.e1\"" },
	};
	struct view *v = view_of("time t\nwindow 1h\nmeasure l = last(x)\n");
	struct row_out r;

	row_out_init(&r, v, FORMAT_NDJSON, NULL);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct value arg = value_of_text(span_of(cases[i].text));
		struct row row = { .at = { .weight = 1 }, .arg = &arg };
		struct group *g = group_new(v);
		struct buf out = { 0 }, want = { 0 };

		group_add(v, g, &row);
		row_out_render(&r, (struct interval){ 0, 3600000 }, SPAN(""), g);
		row_out_write(&r, NULL, &out);
		buf_printf(&want, "{\"window_start\":\"1970-01-01T00:00:00Z\",\"window_end\":\"1970-01-01T01:00:00Z\",\"l\":%s}\n", cases[i].want);
		buf_byte(&want, '\0');
		CHECK_BUF(out, want.p);
		buf_free(&out);
		buf_free(&want);
		group_free(v, g);
	}
	row_out_free(&r);
	view_free(v);
}

TEST(a_kept_row_is_told_apart_and_recalled)
{
	struct view *v = view_of(HOUR);
	struct row_out r;
	struct blob *five, *six;
	struct buf out = { 0 };

	row_out_init(&r, v, FORMAT_CSV, "_change");
	render(&r, 5, 2);
	five = row_out_keep(&r);
	CHECK(row_out_same(&r, five));
	render(&r, 6, 2);
	CHECK(!row_out_same(&r, five));
	six = row_out_keep(&r);
	CHECK(row_out_same(&r, six));
	render(&r, 5, 2);
	CHECK(row_out_same(&r, five));
	CHECK(!row_out_same(&r, six));
	row_out_recall(&r, six);
	row_out_write(&r, "upsert", &out);
	row_out_recall(&r, five);
	row_out_write(&r, "delete", &out);
	CHECK_BUF(out, "upsert,1970-01-01T01:00:00Z,1970-01-01T02:00:00Z,\"a,b\",c,2,12,6,6.00\n"
		"delete,1970-01-01T01:00:00Z,1970-01-01T02:00:00Z,\"a,b\",c,2,10,5,5.00\n");
	free(five);
	free(six);
	buf_free(&out);
	row_out_free(&r);
	view_free(v);
}

/* 1 and 2 in two columns are not 12 and nothing. */
TEST(the_same_bytes_in_other_columns_are_another_row)
{
	struct view *v = view_of("window none\ngroup-by k, l\nmeasure n = count()\n");
	struct row_out r;
	struct group *g = group_new(v);
	struct buf ab = key_of("1", "2"), ba = key_of("12", "");
	struct blob *b;

	row_out_init(&r, v, FORMAT_CSV, NULL);
	row_out_render(&r, (struct interval){ 0, 1 }, buf_view(&ab), g);
	b = row_out_keep(&r);
	row_out_render(&r, (struct interval){ 0, 1 }, buf_view(&ba), g);
	CHECK(!row_out_same(&r, b));
	free(b);
	buf_free(&ab);
	buf_free(&ba);
	group_free(v, g);
	row_out_free(&r);
	view_free(v);
}
