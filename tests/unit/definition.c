/* SPDX-License-Identifier: MIT */
#include "lib/view/definition.h"

#include <unistd.h>

#include "tests/unit/check.h"
#include "tests/unit/view_of.h"

#define GMV \
	"time paid_at\nwindow 1m\ngroup-by category, region\nwhere status == \"paid\"\nmeasure orders = count()\n" \
	"measure gmv = sum(price * quantity)\nderive basket = gmv / orders\nwatermark-delay 30s\n"

static struct buf hash_of(const char *definition)
{
	struct view *v = view_of(definition);
	struct buf b = { 0 };
	char hash[9];

	view_hash(v, hash);
	buf_add(&b, hash, 9);
	view_free(v);
	return b;
}

static void check_hashes(const char *a, const char *b, bool same)
{
	struct buf x = hash_of(a), y = hash_of(b);

	if (span_eq(buf_view(&x), buf_view(&y)) != same)
		CHECK_TEXT(a, b);
	buf_free(&x);
	buf_free(&y);
}

static struct buf print_of(const char *definition, bool hashed_only)
{
	struct view *v = view_of(definition);
	struct buf b = { 0 };

	view_print(v, hashed_only, &b);
	view_free(v);
	return b;
}

/* What is wrong with a definition; "" when nothing is. */
static const char *error_of(struct span definition)
{
	static char error[256];
	struct view *v = view_new();

	if (view_load_text(v, definition, error) == 0 && view_finish(v, error) == 0)
		error[0] = '\0';
	view_free(v);
	return error;
}

TEST(a_definition_says_what_a_view_is)
{
	struct view *v = view_of(GMV);

	CHECK_SPAN(v->fields.ref[v->time_field].text, "paid_at");
	CHECK_INT(v->window.kind, WINDOW_TUMBLING);
	CHECK_INT(v->window.size, 60000);
	CHECK_INT(v->nkeys, 2);
	CHECK_TEXT(v->key[1].name, "region");
	CHECK(v->key[1].field >= 0);
	CHECK(v->where != NULL);
	CHECK_INT(v->nmeasures, 2);
	CHECK_TEXT(v->measure[1].name, "gmv");
	CHECK_INT(v->nderives, 1);
	CHECK_INT(v->watermark_delay, 30000);
	CHECK_INT(v->allowed_lateness, 0);
	CHECK_INT(v->digits, 6);
	CHECK(!v->retract && !v->skip_bad);
	CHECK_INT(v->emit, EMIT_FINAL);
	view_free(v);
}

TEST(states_of_a_group_lie_aligned_and_apart)
{
	struct view *v = view_of("window none\nmeasure a = count(), b = sum(x), c = approx_quantile(x, 0.5), d = max(x), e = count(x)\n");
	size_t end = sizeof(struct group);

	for (size_t i = 0; i < v->nmeasures; i++) {
		CHECK_INT(v->measure[i].offset % 16, 0);
		CHECK(v->measure[i].offset >= end);
		end = v->measure[i].offset + v->measure[i].kind->size(&v->measure[i]);
	}
	CHECK(v->group_size >= end);
	view_free(v);
}

TEST(comments_blank_lines_and_crlf_say_nothing)
{
	check_hashes(GMV, "# gmv.view: revenue\r\n\r\n \t\r\n" "time\tpaid_at\r\n  window   1m  \r\n   # again\r\n" "group-by category, region\r\n"
		"where status == \"paid\"\r\nmeasure orders = count()\r\nmeasure gmv = sum(price * quantity)", true);
}

TEST(printed_and_loaded_again_it_is_the_same)
{
	static const char *const definitions[] = {
		GMV,
		"window none\nmeasure n = count()\n",
		"time ts\nwindow 1h\nslide 5m\noffset 2m\nmeasure u = approx_count_distinct(user)\nmeasure q = approx_quantile(x, 0.95)\ndigits 2\n",
		"time ts\nsession 30m\ngroup-by user\nmeasure n = count(), t0 = first(url), t1 = last(url) where url like '%a%'\n",
		"time `odd time`\nwindow 1w\ntz Europe/Berlin\ninput-tz America/New_York\ntime-unit ms\ngroup-by `a,b`, c = lower(d), `e``f`\nmeasure `odd name` = max(`x y`)\n",
		"time @3\nwindow 1mo\nslide 1mo\ngroup-by k = @1\nmeasure n = count()\nretract\non-bad skip\nallowed-lateness 1h\ntime-format epoch-ms\nsources a, b\n",
		"time .a.b[0]\nwindow 2w\nslide 1d\noffset 1d\nmeasure n = count(), s = sum(.x.y) where .z is not null\nderive r = s / n, r2 = round(r, 2)\n",
		"time t\nwindow 1y\noffset 3mo\nmeasure n = count()\n",
		"time t\nwindow 10d\nslide 1w\nmeasure n = count()\n",
	};

	for (size_t i = 0; i < sizeof definitions / sizeof *definitions; i++) {
		struct buf once = print_of(definitions[i], false), twice;

		buf_byte(&once, '\0');
		twice = print_of(once.p, false);
		CHECK_BUF(twice, once.p);
		check_hashes(definitions[i], once.p, true);
		buf_free(&once);
		buf_free(&twice);
	}
}

TEST(the_canonical_text)
{
	struct buf b = print_of("measure gmv=sum( price*quantity )where(a='b')\ngroup-by category\nwindow 60s\ntime `t`\nemit updates\nevery 1s\n"
		"idle-timeout 5s\nmax-ahead 1h\nderive d=gmv/2\ndigits 3\nfill-max 7\n", false);

	CHECK_BUF(b, "time t\nwindow 1m\ngroup-by category = category\nmeasure gmv = sum(price * quantity) where a == \"b\"\nderive d = gmv / 2\ndigits 3\n");
	buf_free(&b);
}

TEST(equal_meaning_is_an_equal_hash)
{
	static const char *const pairs[][2] = {
		{ GMV, "measure gmv = sum(price*quantity)\nmeasure orders = count()\nwindow 60s\nwhere (status = 'paid')\ngroup-by category\ngroup-by region\ntime `paid_at`\n" },
		{ "time t\nwindow 1h\nmeasure n = count()", "time t\nwindow PT60M\nslide 1h\nmeasure n=count()\n" },
		{ "time t\nwindow 1h\nmeasure n = count()", "time t\nwindow 1h\noffset 0\nmeasure n = count()" },
		{ "time t\nwindow 1h\noffset 5m\nmeasure n = count()", "time t\nwindow 1h\noffset 300s\nmeasure n = count()" },
		{ "time t\nwindow 1h\noffset 5m\nmeasure n = count()", "time t\nwindow 1h\noffset 1h5m\nmeasure n = count()" },
		{ "time t\nwindow 1h\noffset -5m\nmeasure n = count()", "time t\nwindow 1h\noffset 55m\nmeasure n = count()" },
		{ "time t\nwindow 2w\noffset 1d\nmeasure n = count()", "time t\nwindow 2w\noffset 15d\nmeasure n = count()" },
		{ "time t\nwindow 1d\nmeasure n = count()", "time t\nwindow 1d\ntz UTC\ninput-tz UTC\nmeasure n = count()" },
		{ "time t\nsession 30m\nmeasure n = count()", "time t\nsession 1800s\nmeasure n = count()" },
		{ "time t\nwindow 1h\nmeasure n = count()", "time t\nwindow 1h\nmeasure n = count()\nderive m = n\ndigits 2\nwatermark-delay 1s\nallowed-lateness 1s\nemit updates\ntime-format epoch-ms\nsources x\n" },
		{ "time t\nwindow 1h\nmeasure n = count()", "time t\nwindow 5m\nmeasure n = count()\nwindow 1h\non-bad stop\ntime-unit auto\n" },
		{ "window none\ngroup-by k\nmeasure n = count()", "window none\ngroup-by k = `k`,\nmeasure n = count(),\n" },
	};

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		check_hashes(pairs[i][0], pairs[i][1], true);
}

TEST(another_meaning_is_another_hash)
{
	static const char *const others[] = {
		"time t\nwindow 1h\ngroup-by a, b\nmeasure n = count(), s = sum(x)\n",
		"time u\nwindow 1h\ngroup-by a, b\nmeasure n = count(), s = sum(x)\n",
		"time t\nwindow 2h\ngroup-by a, b\nmeasure n = count(), s = sum(x)\n",
		"time t\nwindow 1h\nslide 30m\ngroup-by a, b\nmeasure n = count(), s = sum(x)\n",
		"time t\nwindow 1h\noffset 1m\ngroup-by a, b\nmeasure n = count(), s = sum(x)\n",
		"time t\nsession 1h\ngroup-by a, b\nmeasure n = count(), s = sum(x)\n",
		"time t\nwindow none\ngroup-by a, b\nmeasure n = count(), s = sum(x)\n",
		"time t\nwindow 1h\ngroup-by b, a\nmeasure n = count(), s = sum(x)\n",
		"time t\nwindow 1h\ngroup-by a\nmeasure n = count(), s = sum(x)\n",
		"time t\nwindow 1h\ngroup-by a, b = c\nmeasure n = count(), s = sum(x)\n",
		"time t\nwindow 1h\ngroup-by a, b\nwhere x > 1\nmeasure n = count(), s = sum(x)\n",
		"time t\nwindow 1h\ngroup-by a, b\nmeasure m = count(), s = sum(x)\n",
		"time t\nwindow 1h\ngroup-by a, b\nmeasure n = count(), s = sum(y)\n",
		"time t\nwindow 1h\ngroup-by a, b\nmeasure n = count(), s = max(x)\n",
		"time t\nwindow 1h\ngroup-by a, b\nmeasure n = count(), s = sum(x) where y\n",
		"time t\nwindow 1h\ngroup-by a, b\nmeasure n = count(), s = sum(x), u = count(x)\n",
		"time t\nwindow 1h\ngroup-by a, b\nmeasure n = count(), s = sum(x)\nretract\n",
		"time t\nwindow 1h\ngroup-by a, b\nmeasure n = count(), s = sum(x)\non-bad skip\n",
		"time t\nwindow 1h\ngroup-by a, b\nmeasure n = count(), s = sum(x)\ntime-unit s\n",
		"time t\nwindow 1h\ngroup-by a, b\nmeasure n = count(), s = sum(x)\ninput-tz Europe/Berlin\n",
		"time t\nwindow 1d\ngroup-by a, b\nmeasure n = count(), s = sum(x)\n",
		"time t\nwindow 24h\ngroup-by a, b\nmeasure n = count(), s = sum(x)\n",
		"time t\nwindow 1d\ntz Europe/Berlin\ngroup-by a, b\nmeasure n = count(), s = sum(x)\n",
		"time t\nwindow 1w\ngroup-by a, b\nmeasure n = count(), s = sum(x)\n",
		"time t\nwindow 7d\ngroup-by a, b\nmeasure n = count(), s = sum(x)\n",
	};
	enum { N = sizeof others / sizeof *others };

	for (size_t i = 0; i < N; i++)
		for (size_t j = 0; j < i; j++)
			check_hashes(others[i], others[j], false);
}

TEST(an_error_in_a_line_names_it)
{
	CHECK_TEXT(error_of(SPAN("# c\ntime t\n\nwindows 1h\n")), "view line:4: windows: no such word in a view definition");
	CHECK_TEXT(error_of(SPAN("a-word-of-more-than-sixty-four-letters-is-no-word-of-a-definition-of-a-view x\n")),
		"view line:1: no such word in a view definition");
}

TEST(what_is_wrong_is_said_with_its_word)
{
	static const struct { const char *definition, *begins; } cases[] = {
		{ "", "window: none is stated" },
		{ "window 1h\nmeasure n = count()", "time: none is stated" },
		{ "window none", "measure: none is stated" },
		{ "time t\nwindow 1x\nmeasure n = count()", "window: " },
		{ "time t\nwindow 0s\nmeasure n = count()", "window: " },
		{ "time t\nwindow -1h\nmeasure n = count()", "window: " },
		{ "time t\nwindow 1h\nslide 1d\nmeasure n = count()", "window: a slide must be" },
		{ "time t\nwindow 1h\nslide x\nmeasure n = count()", "slide: " },
		{ "time t\nwindow none\nslide 1h\nmeasure n = count()", "window: none takes no slide" },
		{ "time t\nsession 1h\nwindow 1h\nmeasure n = count()", "session: stands alone" },
		{ "time t\nsession 0\nmeasure n = count()", "session: " },
		{ "time t\nsession 1h\nretract\nmeasure n = count()", "retract: sessions" },
		{ "window none\ntz Nowhere/None\nmeasure n = count()", "tz: " },
		{ "window none\nwhere a ==\nmeasure n = count()", "where: " },
		{ "window none\ngroup-by a + b\nmeasure n = count()", "group-by: an expression needs a name" },
		{ "window none\ngroup-by ,a\nmeasure n = count()", "group-by: " },
		{ "window none\ngroup-by a, a\nmeasure n = count()", "a: two output columns" },
		{ "window none\ngroup-by n\nmeasure n = count()", "n: two output columns" },
		{ "window none\nmeasure window_end = count()", "window_end: two output columns" },
		{ "window none\nmeasure n = count(), n = sum(x)", "n: two output columns" },
		{ "window none\ngroup-by weight\nmeasure n = count()\nretract", "weight: two output columns" },
		{ "window none\ngroup-by `n:count`\nmeasure n = count()", "n:count: the state of a measure" },
		{ "time t\nwindow 1h\nmeasure _op = count()\nemit changelog", "_op: two output columns" },
		{ "time t\nwindow 1h\ngroup-by _change\nmeasure n = count()\nemit updates", "_change: two output columns" },
		{ "window none\nmeasure n = nothing(x)", "measure: " },
		{ "window none\nmeasure n = first(x)", "n: first and last need a time" },
		{ "window none\nmeasure n = count()\nderive d = m", "derive: " },
		{ "window none\nmeasure n = count()\ndigits 19", "digits: " },
		{ "window none\nmeasure n = count()\ndigits 1.5", "digits: " },
		{ "window none\nmeasure n = count()\nemit some", "emit: not one of its choices" },
		{ "window none\nmeasure n = count()\nretract yes", "retract: takes no value" },
		{ "window none\nmeasure n = count()\nwatermark-delay 1s", "watermark-delay: needs a time" },
		{ "time t\nwindow 1h\nmeasure n = count()\nwatermark-delay -1s", "watermark-delay: " },
		{ "time t\nwindow 1h\nmeasure n = count()\nemit updates\nevery 0s", "every: must be longer" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *error = error_of(span_of(cases[i].definition));

		if (strncmp(error, cases[i].begins, strlen(cases[i].begins)) != 0)
			CHECK_TEXT(error, cases[i].begins);
	}
}

/* One file serves every run: as an option the same words would be a mistake. */
TEST(words_of_another_emission_are_ignored_in_a_file_and_refused_as_options)
{
	static const char *const words[][2] = { { "fill", "" }, { "every", "1s" } };

	for (size_t i = 0; i < 2; i++) {
		struct view *v = view_new();
		struct buf text = { 0 };
		char error[256] = "";

		buf_printf(&text, "window none\nmeasure n = count()\n%s %s\n", words[i][0], words[i][1]);
		CHECK_TEXT(error_of(buf_view(&text)), "");
		buf_free(&text);
		CHECK(view_load_text(v, SPAN("window none\nmeasure n = count()\n"), error) == 0);
		CHECK(view_set(v, words[i][0], span_of(words[i][1]), error) == 0);
		CHECK(view_finish(v, error) < 0);
		CHECK(strncmp(error, words[i][0], strlen(words[i][0])) == 0);
		view_free(v);
	}
}

/* Behind a NUL nothing would be seen. */
TEST(a_nul_byte_is_an_error)
{
	CHECK_TEXT(error_of(SPAN("window none\nmeasure n = count()\nwhere a\0 and b\n")), "view line:3: a NUL byte");
	CHECK_TEXT(error_of(SPAN("window\0x none\nmeasure n = count()\n")), "view line:1: a NUL byte");
}

TEST(later_scalars_win_and_lists_gather)
{
	struct buf b = print_of("window 1h\nwindow none\ngroup-by a\nmeasure n = count()\ngroup-by b, c\nmeasure s = sum(x)\n", false);

	CHECK_BUF(b, "window none\ngroup-by a = a\ngroup-by b = b\ngroup-by c = c\nmeasure n = count()\nmeasure s = sum(x)\n");
	buf_free(&b);
}

TEST(commas_in_quotes_and_parentheses_part_nothing)
{
	struct view *v = view_of("window none\ngroup-by a = concat(b, ','), `c,d`, e = if(f == \"x,y)\", g, h)\nmeasure n = count()\n");

	CHECK_INT(v->nkeys, 3);
	CHECK_TEXT(v->key[1].name, "c,d");
	CHECK_TEXT(v->key[2].name, "e");
	view_free(v);
}

TEST(words_are_stated_and_unsaid)
{
	struct view *v = view_new();
	char error[256];

	CHECK(!view_states(v, "group-by"));
	CHECK_INT(view_set(v, "group-by", SPAN("a"), error), 0);
	CHECK_INT(view_set(v, "window", SPAN(" none "), error), 0);
	CHECK_INT(view_set(v, "group-by", SPAN("b"), error), 0);
	CHECK(view_states(v, "group-by") && view_states(v, "window"));
	view_unset(v, "group-by");
	CHECK(!view_states(v, "group-by") && view_states(v, "window"));
	CHECK_INT(view_set(v, "nothing", SPAN("b"), error), -1);
	CHECK_TEXT(error, "nothing: no such word in a view definition");
	view_free(v);
}

TEST(every_word_is_known_by_its_name)
{
	char error[256];

	for (const char *const *name = view_option_names(); *name; name++) {
		struct view *v = view_new();

		CHECK_INT(view_set(v, *name, SPAN("x"), error), 0);
		CHECK(view_states(v, *name));
		view_free(v);
	}
}

/* Options may hold newlines (a shell's quotes do); what is printed must still be one line per word. */
TEST(newlines_in_options_do_not_break_the_lines_of_a_definition)
{
	struct view *v = view_new(), *again = view_new();
	struct buf once = { 0 }, twice = { 0 };
	char error[256];

	view_set(v, "window", SPAN("none"), error);
	view_set(v, "measure", SPAN("\n  n = count(),\n  s = sum(a\n+ b)\n"), error);
	view_set(v, "sources", SPAN("a,\nb"), error);
	CHECK_INT(view_finish(v, error), 0);
	view_print(v, false, &once);
	CHECK_INT(view_load_text(again, buf_view(&once), error), 0);
	CHECK_INT(view_finish(again, error), 0);
	view_print(again, false, &twice);
	CHECK(span_eq(buf_view(&once), buf_view(&twice)));
	view_free(v);
	view_free(again);
	buf_free(&once);
	buf_free(&twice);
}

TEST(a_file_is_loaded_and_its_errors_name_it)
{
	char path[64], error[256], want[128];
	struct view *v = view_new();
	FILE *f;

	snprintf(path, sizeof path, "/tmp/weir-view-%ld", (long)getpid());
	f = fopen(path, "w");
	fputs("# x\nwindow none\nmeasure n = count()\nnonsense\n", f);
	fclose(f);
	CHECK_INT(view_load(v, path, error), -1);
	snprintf(want, sizeof want, "%s:4: nonsense: no such word in a view definition", path);
	CHECK_TEXT(error, want);
	view_free(v);
	f = fopen(path, "w");
	fputs(GMV, f);
	fclose(f);
	v = view_new();
	CHECK_INT(view_load(v, path, error), 0);
	CHECK_INT(view_finish(v, error), 0);
	CHECK_INT(v->nmeasures, 2);
	view_free(v);
	unlink(path);
	v = view_new();
	CHECK_INT(view_load(v, path, error), -1);
	snprintf(want, sizeof want, "%s: No such file or directory", path);
	CHECK_TEXT(error, want);
	CHECK_INT(view_load(v, "/tmp", error), -1);
	CHECK_TEXT(error, "/tmp: Is a directory");
	CHECK_INT(view_load(v, "/dev/zero", error), -1);
	CHECK_TEXT(error, "/dev/zero: larger than 1 MiB, not a view definition");
	view_free(v);
}

TEST(a_newline_in_quotes_cannot_be_said)
{
	struct view *v = view_new();
	char error[256];

	CHECK_INT(view_set(v, "where", SPAN("a == 'x\ny'"), error), -1);
	CHECK_TEXT(error, "where: a newline in quotes");
	CHECK_INT(view_set(v, "group-by", SPAN("`a\nb`"), error), -1);
	CHECK_INT(view_set(v, "where", SPAN("a == 'x'\nand b == \"it's\"\n"), error), 0);
	view_free(v);
}
