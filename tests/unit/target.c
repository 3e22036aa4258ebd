/* SPDX-License-Identifier: MIT */
#include "serve/merge/target.h"

#include "tests/unit/check.h"
#include "tests/unit/view_of.h"

#define MINUTE "time t\nwindow 1m\ngroup-by a, b = lower(c), `d e`\nmeasure n = count(), s = sum(x)\nderive r = s / n\n"

static char why[400];

/* The target of the options over partials of a definition: its canonical text, or the error. */
static struct buf target_of(const char *definition, struct target_options o, struct target *kept)
{
	struct view *from = view_of(definition);
	struct target t;
	struct buf out = { 0 };
	char hash[9];

	view_hash(from, hash);
	why[0] = '\0';
	if (target_init(&t, from, hash, &o, why) < 0)
		buf_text(&out, why);
	else
		view_print(t.view, false, &out);
	if (kept)
		*kept = t;
	else
		target_free(&t);
	view_free(from);
	return out;
}

static void check_target(const char *definition, struct target_options o, const char *want)
{
	struct buf b = target_of(definition, o, NULL), canonical = { 0 };

	if (*why) {
		CHECK_TEXT(why, "");
	} else {
		struct view *v = view_of(want);

		view_print(v, false, &canonical);
		buf_byte(&canonical, '\0');
		CHECK_BUF(b, canonical.p);
		view_free(v);
	}
	buf_free(&canonical);
	buf_free(&b);
}

static void check_refused(const char *definition, struct target_options o, const char *what)
{
	struct buf b = target_of(definition, o, NULL);

	if (!strstr(why, what))
		CHECK_TEXT(why, what);
	buf_free(&b);
}

TEST(without_options_it_is_the_view_itself)
{
	struct target t;
	struct buf b = target_of(MINUTE, (struct target_options){ 0 }, &t);

	CHECK(t.same_keys && t.same_windows);
	CHECK_INT(t.view->nkeys, 3);
	target_free(&t);
	buf_free(&b);
	check_target(MINUTE, (struct target_options){ 0 }, MINUTE);
}

TEST(coarser_windows_are_those_that_records_would_have_made)
{
	check_target(MINUTE, (struct target_options){ .window = "1h" }, "window 1h\ntime t\ngroup-by a, b = lower(c), `d e`\nmeasure n = count(), s = sum(x)\nderive r = s / n\n");
	check_target("time t\nwindow 10m\nslide 5m\nmeasure n = count()", (struct target_options){ .window = "1h", .slide = "20m", .offset = "5m" },
		"time t\nwindow 1h\nslide 20m\noffset 5m\nmeasure n = count()");
	check_target("time t\nwindow 1h\nmeasure n = count()", (struct target_options){ .window = "1d", .tz = "Europe/Berlin" },
		"time t\nwindow 1d\ntz Europe/Berlin\nmeasure n = count()");
	check_target("time t\nsession 1h\ngroup-by k\nmeasure n = count()", (struct target_options){ .window = "none" }, "time t\nwindow none\ngroup-by k\nmeasure n = count()");
}

TEST(windows_that_do_not_nest_are_refused)
{
	check_refused(MINUTE, (struct target_options){ .window = "90s" }, "do not nest");
	check_refused(MINUTE, (struct target_options){ .window = "1h", .offset = "30s" }, "do not nest");
	check_refused("time t\nwindow 1d\nmeasure n = count()", (struct target_options){ .window = "1h" }, "do not nest");
	check_refused("time t\nwindow 1d\nmeasure n = count()", (struct target_options){ .window = "1w", .tz = "Europe/Berlin" }, "do not nest");
	check_refused("time t\nwindow 1m\nslide 1h\nmeasure n = count()", (struct target_options){ .window = "1d" }, "do not nest");
	check_refused("window none\nmeasure n = count()", (struct target_options){ .window = "1h" }, "time: none is stated");
	check_refused("time t\nwindow none\nmeasure n = count()", (struct target_options){ .window = "1h" }, "do not nest");
	check_refused("time t\nsession 1h\nmeasure n = count()", (struct target_options){ .window = "1h" }, "do not nest");
	check_refused(MINUTE, (struct target_options){ .slide = "1m" }, "go with --window");
	check_refused(MINUTE, (struct target_options){ .window = "1x" }, "window: ");
}

TEST(fewer_keys_in_any_order)
{
	struct target t;
	struct buf b = target_of(MINUTE, (struct target_options){ .group_by = "`d e`, a" }, &t);

	CHECK_TEXT(why, "");
	CHECK(!t.same_keys && t.same_windows);
	CHECK_INT(t.view->nkeys, 2);
	CHECK_INT(t.key_of[0], 2);
	CHECK_INT(t.key_of[1], 0);
	target_free(&t);
	buf_free(&b);
	check_target(MINUTE, (struct target_options){ .group_by = "b" }, "time t\nwindow 1m\ngroup-by b = lower(c)\nmeasure n = count(), s = sum(x)\nderive r = s / n\n");
	check_target(MINUTE, (struct target_options){ .group_by = "" }, "time t\nwindow 1m\nmeasure n = count(), s = sum(x)\nderive r = s / n\n");
}

TEST(the_same_keys_turned_are_not_the_same)
{
	struct target t;
	struct buf b = target_of("window none\ngroup-by a, b\nmeasure n = count()", (struct target_options){ .group_by = "b,a" }, &t);

	CHECK(!t.same_keys);
	target_free(&t);
	buf_free(&b);
}

TEST(keys_that_are_not_there_or_twice_are_refused)
{
	check_refused(MINUTE, (struct target_options){ .group_by = "a, c" }, "--group-by: the partials have no key \"c\"");
	check_refused("window none\ngroup-by a\nmeasure n = count()", (struct target_options){ .group_by = "a,a,a,a,a,a,a,a" }, "--group-by: \"a\" stands there twice");
	check_refused("window none\nmeasure n = count()", (struct target_options){ .group_by = "a" }, "--group-by: the partials have no key \"a\"");
	check_refused("time t\nsession 1h\ngroup-by a, b\nmeasure n = count()", (struct target_options){ .group_by = "a" }, "sessions belong to their keys");
}

TEST(names_in_backticks_may_hold_commas)
{
	check_target("window none\ngroup-by `a,b`, `c``d`, e\nmeasure n = count()", (struct target_options){ .group_by = "`c``d`, `a,b`" },
		"window none\ngroup-by `c``d`, `a,b`\nmeasure n = count()");
}

TEST(how_rows_are_printed_may_be_stated_anew)
{
	struct view *words = view_new(), *given = view_of("group-by a, b = lower(c), `d e`\nmeasure s = sum(x), n = count()\nderive q = n * 2\ndigits 4\ntime t\nwindow 60s\n");
	char error[256];

	view_set(words, "digits", SPAN("2"), error);
	view_set(words, "derive", SPAN("z = n + 1"), error);
	check_target(MINUTE, (struct target_options){ .words = words }, MINUTE "derive z = n + 1\ndigits 2\n");
	check_target(MINUTE, (struct target_options){ .given = given, .words = words },
		"time t\nwindow 1m\ngroup-by a, b = lower(c), `d e`\nmeasure n = count(), s = sum(x)\nderive q = n * 2, z = n + 1\ndigits 2\n");
	view_free(words);
	view_free(given);
	given = view_of("window none\nmeasure n = count()\n");
	check_refused(MINUTE, (struct target_options){ .given = given }, "-V: another definition");
	view_free(given);
}
