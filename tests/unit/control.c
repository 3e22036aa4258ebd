/* SPDX-License-Identifier: MIT */
#include "lib/stream/control.h"

#include "tests/unit/check.h"

static void check_value(const struct control *c, const char *name, const char *want)
{
	struct buf b = { 0 };

	CHECK(control_value(c, name, &b));
	CHECK_BUF(b, want);
	buf_free(&b);
}

static bool has_value(const struct control *c, const char *name)
{
	struct buf b = { 0 };
	bool has = control_value(c, name, &b);

	buf_free(&b);
	return has;
}

TEST(a_word_and_named_values)
{
	struct control c = { 0 };
	int64_t t;

	CHECK_INT(control_parse(&c, SPAN("#!weir view hash=5f3a91c2 name=a%20b t=-7 empty=")), 0);
	CHECK_SPAN(c.word, "view");
	CHECK_SPAN(c.rest, "hash=5f3a91c2 name=a%20b t=-7 empty=");
	check_value(&c, "hash", "5f3a91c2");
	check_value(&c, "name", "a b");
	check_value(&c, "empty", "");
	CHECK(control_i64(&c, "t", &t));
	CHECK_INT(t, -7);
	CHECK(!has_value(&c, "nam"));
	CHECK(!has_value(&c, "ame"));
	CHECK(!has_value(&c, "a"));
	CHECK(!control_i64(&c, "hash", &t));
	control_free(&c);
}

TEST(a_line_of_columns_is_kept_as_it_stands)
{
	struct control c = { 0 };

	CHECK_INT(control_parse(&c, SPAN("#!weir columns a,b%20c,d")), 0);
	CHECK_SPAN(c.word, "columns");
	CHECK_SPAN(c.rest, "a,b%20c,d");
	control_free(&c);
}

TEST(the_same_in_json)
{
	struct control c = { 0 };
	int64_t t;

	CHECK_INT(control_parse(&c, SPAN("{\"@weir\":\"watermark\",\"t\":-123,\"u\":\"45\",\"name\":\"a%20b\"}")), 0);
	CHECK(c.json);
	CHECK_SPAN(c.word, "watermark");
	CHECK(control_i64(&c, "t", &t));
	CHECK_INT(t, -123);
	CHECK(control_i64(&c, "u", &t));
	CHECK_INT(t, 45);
	check_value(&c, "name", "a b");
	CHECK(!has_value(&c, "none"));
	control_free(&c);
}

TEST(what_is_no_control_line_is_refused)
{
	static const char *const none[] = {
		"", "#!weir", "#!weir ", "#!weird x", " #!weir end", "a,b", "{\"@weir\":", "{\"@weir\":\"\"}", "{\"@weir\":\"x\"", "{\"a\":1}",
		"{\"@weir\":null}",
	};
	struct control c = { 0 };

	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		if (control_parse(&c, span_of(none[i])) == 0)
			CHECK_TEXT(none[i], "refused");
	control_free(&c);
}

TEST(a_value_that_is_not_encoded_well_counts_as_missing)
{
	struct control c = { 0 };

	CHECK_INT(control_parse(&c, SPAN("#!weir x a=%2 b=%zz c=1")), 0);
	CHECK(!has_value(&c, "a"));
	CHECK(!has_value(&c, "b"));
	CHECK(has_value(&c, "c"));
	control_free(&c);
}

/* Any bytes in any value, in both forms; one struct for all of them. */
TEST(what_is_written_is_read_back)
{
	unsigned long long seed = 9;
	struct control c = { 0 };
	struct buf line = { 0 }, got = { 0 };

	for (int round = 0; round < 4000; round++) {
		char text[30];
		size_t n = 1 + check_random(&seed) % (sizeof text - 1);
		bool json = round % 2, utf8 = json;
		int64_t number = (int64_t)check_random(&seed), back;

		for (size_t i = 0; i < n; i++)
			text[i] = (char)(check_random(&seed) & (utf8 ? 0x7f : 0xff));
		buf_clear(&line);
		control_begin(&line, json, "word");
		control_add_i64(&line, json, "n", number);
		control_add(&line, json, "v", (struct span){ text, n });
		control_end(&line, json);
		CHECK(line.p[line.n - 1] == '\n' && !memchr(line.p, '\n', line.n - 1));
		line.n--;
		CHECK(control_is_line(buf_view(&line)));
		CHECK_INT(control_parse(&c, buf_view(&line)), 0);
		CHECK_SPAN(c.word, "word");
		CHECK(control_i64(&c, "n", &back));
		CHECK_INT(back, number);
		buf_clear(&got);
		CHECK(control_value(&c, "v", &got));
		CHECK(span_eq(buf_view(&got), (struct span){ text, n }));
	}
	buf_free(&line);
	buf_free(&got);
	control_free(&c);
}

static struct buf escaped(const char *text, bool json)
{
	struct buf b = { 0 };

	buf_text(&b, "#!weir before\n");
	buf_text(&b, text);
	control_escape(&b, sizeof "#!weir before\n" - 1, json);
	return b;
}

TEST(data_that_looks_like_a_control_line_is_escaped_line_by_line)
{
	static const struct { const char *data, *want; bool json; } cases[] = {
		{ "a,b\n", "a,b\n", false },
		{ "#!weir end\n", "\\#!weir end\n", false },
		{ "\\#!weir end\n", "\\\\#!weir end\n", false },
		{ "\\\\#!weird\n", "\\\\\\#!weird\n", false },
		{ "x #!weir\n", "x #!weir\n", false },
		{ "\"a\n#!weir b\",2\n#!weir\n", "\"a\n\\#!weir b\",2\n\\#!weir\n", false },
		{ "#!wei\n", "#!wei\n", false },
		{ "{\"@weir\":1}\n{\"a\":\"@weir\"}\n", " {\"@weir\":1}\n{\"a\":\"@weir\"}\n", true },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf b = escaped(cases[i].data, cases[i].json), want = { 0 };

		buf_text(&want, "#!weir before\n");
		buf_text(&want, cases[i].want);
		buf_byte(&want, '\0');
		CHECK_BUF(b, want.p);
		buf_free(&b);
		buf_free(&want);
	}
}

/* Escaped any number of times and taken back as often, the data is what it was, and no line of it is a control line. */
TEST(escapes_can_be_taken_back)
{
	struct buf b = { 0 };

	buf_text(&b, "#!weir x\n\\#!weir y\n#!weir z\n");
	for (int i = 0; i < 3; i++)
		control_escape(&b, 0, false);
	for (const char *p = b.p, *end = b.p + b.n; p < end; p = memchr(p, '\n', (size_t)(end - p)), p++)
		CHECK(!control_is_line((struct span){ p, (size_t)(end - p) }));
	CHECK_BUF(b, "\\\\\\#!weir x\n\\\\\\\\#!weir y\n\\\\\\#!weir z\n");
	for (int i = 0; i < 3; i++)
		control_unescape(&b, 0, false);
	CHECK_BUF(b, "#!weir x\n\\#!weir y\n#!weir z\n");
	buf_free(&b);
}

TEST(only_what_was_escaped_is_taken_back)
{
	static const struct { const char *data, *want; bool json; } cases[] = {
		{ "", "", false },
		{ "a\n\\b\n", "a\n\\b\n", false },
		{ "#!weir end\n", "#!weir end\n", false },
		{ "\\#!weir end", "#!weir end", false },
		{ "\"a\n\\\\#!weir b\",2\n \\#!weir\n\\#!wei\n", "\"a\n\\#!weir b\",2\n \\#!weir\n\\#!wei\n", false },
		{ "\\#!weir\n {\"@weir\":1}\n", "\\#!weir\n {\"@weir\":1}\n", true },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf b = { 0 }, want = { 0 };

		buf_text(&b, "\\#!weir before\n");
		buf_text(&want, "\\#!weir before\n");
		buf_text(&b, cases[i].data);
		buf_text(&want, cases[i].want);
		control_unescape(&b, sizeof "\\#!weir before\n" - 1, cases[i].json);
		CHECK(span_eq(buf_view(&b), buf_view(&want)));
		buf_free(&b);
		buf_free(&want);
	}
}
