/* SPDX-License-Identifier: MIT */
#include "lib/view/partial.h"

#include <fcntl.h>
#include <unistd.h>

#include "tests/unit/check.h"
#include "tests/unit/partial_of.h"

#define DEFINITION "time t\ntime-unit ms\nwindow 10ms\ngroup-by k\nmeasure n = count(), s = sum(x), u = count_distinct(x), l = last(x)\nderive r = s / n\n"

static const char *const some[] = { "t=5 k=b x=1.50", "t=5 k=a x=2", "t=-1 k=a x=3", "t=12 k= x=4", "t=13 k=a", "t=6 k=b x=1", NULL };

/* Reads all of it and shows it as window, key and finished measures; rows of one place merged. The status, 0 when all is well. */
static int read_all(struct span bytes, struct buf *shown, uint64_t *rejected, char error[400])
{
	struct partial_reader *r = partial_open(partial_file(bytes), (size_t)64 << 20);
	const struct measure *bad;
	struct partial_row row;
	enum partial_event event;
	int status = 0;

	while (status == 0 && (event = partial_next(r, &row)) != PARTIAL_END) {
		const struct view *v = partial_view(r);
		size_t state_of[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };
		struct group *g;

		if (event == PARTIAL_ERROR) {
			snprintf(error, 400, "%s", partial_error(r));
			status = partial_status(r);
		}
		if (event != PARTIAL_ROW)
			continue;
		g = group_new(v);
		if (partial_merge(v, state_of, g, &row, &bad) < 0) {
			status = EXIT_DATA;
		} else {
			buf_printf(shown, "%lld-%lld %.*s: ", (long long)row.at.start, (long long)row.at.end, (int)row.key.n, row.key.n ? row.key.p : "");
			show_group(v, g, shown);
			for (size_t i = 0; i < v->nderives; i++) {
				buf_byte(shown, ' ');
				derive_finish(v->derive[i], v->measure, g, v->digits, shown);
			}
			buf_byte(shown, '\n');
		}
		group_free(v, g);
	}
	*rejected = partial_rejected(r);
	partial_close(r);
	partial_file_remove();
	return status;
}

static struct buf partial_with(const char *definition, const char *const *records)
{
	struct view *v = view_of(definition);
	struct buf b = partial_of(v, records, 3);

	view_free(v);
	return b;
}

static void check_reads(const char *definition, const char *const *records, const char *want)
{
	struct buf bytes = partial_with(definition, records), shown = { 0 };
	char error[400] = "";
	uint64_t rejected;

	CHECK_INT(read_all(buf_view(&bytes), &shown, &rejected, error), 0);
	CHECK_TEXT(error, "");
	CHECK_BUF(shown, want);
	CHECK_INT(rejected, 3);
	buf_free(&bytes);
	buf_free(&shown);
}

static void check_fails(struct span bytes, int status, const char *reason)
{
	struct buf shown = { 0 };
	char error[400] = "", want[400];
	uint64_t rejected;

	CHECK_INT(read_all(bytes, &shown, &rejected, error), status);
	snprintf(want, sizeof want, "%s%s", partial_path, reason);
	if (strncmp(error, want, strlen(want)) != 0)
		CHECK_TEXT(error, want);
	buf_free(&shown);
}

TEST(what_was_written_is_read)
{
	check_reads(DEFINITION, some,
		"-10-0 a: 1 3 1 3 3.000000\n0-10 a: 1 2 1 2 2.000000\n0-10 b: 2 2.50 2 1 1.250000\n10-20 : 1 4 1 4 4.000000\n10-20 a: 1 0 0  0.000000\n");
}

TEST(every_kind_of_window)
{
	check_reads("window none\nmeasure n = count()\n", some, "-9223372036854775808-9223372036854775807 : 6\n");
	check_reads("time t\ntime-unit ms\nsession 5ms\ngroup-by k\nmeasure n = count(), s = sum(x)\n", some, "-1-4 a: 1 3\n5-10 a: 1 2\n5-11 b: 2 2.50\n12-17 : 1 4\n13-18 a: 1 0\n");
	check_reads("time t\ntime-unit ms\nwindow 20ms\nslide 5ms\nmeasure n = count()\n", some, "-5-0 : 1\n5-10 : 3\n10-15 : 2\n");
	check_reads("time t\ntime-unit ms\nwindow 1mo\ntz Europe/Berlin\nmeasure n = count()\n", some, "-3600000-2674800000 : 6\n");
}

TEST(nothing_at_all_is_a_partial_too)
{
	static const char *const none[] = { NULL };

	check_reads(DEFINITION, none, "");
}

TEST(keys_of_several_columns_and_any_bytes)
{
	static const char *const records[] = { "a=x b=y", "a=x\\\tz b=\n", "a= b=\r", "a=\\t b=#!weir", NULL };
	struct view *v = view_of("window none\ngroup-by a, b\nmeasure n = count()\n");
	struct buf bytes = partial_of(v, records, 0);
	struct partial_reader *r = partial_open(partial_file(buf_view(&bytes)), 1 << 20);
	static const char *const want[][2] = { { "", "\r" }, { "\\t", "#!weir" }, { "x", "y" }, { "x\\\tz", "\n" } };
	struct partial_row row;
	struct buf scratch = { 0 };

	CHECK_INT(partial_next(r, &row), PARTIAL_VIEW);
	for (size_t i = 0; i < 4; i++) {
		struct span column[2];

		CHECK_INT(partial_next(r, &row), PARTIAL_ROW);
		key_split(row.key, 2, column, &scratch);
		CHECK_SPAN(column[0], want[i][0]);
		CHECK_SPAN(column[1], want[i][1]);
	}
	CHECK_INT(partial_next(r, &row), PARTIAL_END);
	partial_close(r);
	partial_file_remove();
	buf_free(&scratch);
	buf_free(&bytes);
	view_free(v);
}

TEST(a_key_that_looks_like_a_control_line_is_none)
{
	static const char *const records[] = { "k=#!weir", NULL };

	check_reads("window none\ngroup-by k\nmeasure n = count()\n", records, "-9223372036854775808-9223372036854775807 #!weir: 1\n");
}

TEST(several_partials_one_after_the_other)
{
	struct buf a = partial_with(DEFINITION, some), b = partial_with("window none\nmeasure n = count()\n", some), shown = { 0 };
	char error[400] = "";
	uint64_t rejected;

	buf_span(&a, buf_view(&b));
	CHECK_INT(read_all(buf_view(&a), &shown, &rejected, error), 0);
	CHECK_INT(rejected, 6);
	CHECK(shown.n > 50 && memcmp(shown.p + shown.n - 4, ": 6\n", 4) == 0);
	buf_free(&a);
	buf_free(&b);
	buf_free(&shown);
}

/* Sets and multisets of 60,000 values: their rows are pieces, which merge to the whole. */
static void check_large(const char *definition)
{
	enum { VALUES = 60000 };
	struct view *v = view_of(definition);
	struct group *g = group_new(v), *back = group_new(v);
	struct partial_writer w;
	struct partial_reader *r;
	struct partial_row row;
	struct out o = partial_out();
	const struct measure *bad;
	struct buf want = { 0 }, got = { 0 };
	size_t rows = 0, state_of[] = { 0, 1, 2, 3 };

	for (int64_t i = 0; i < VALUES; i++)
		group_add_amount(v, g, i, 1000000000000 + i);
	partial_begin(&w, v, &o);
	CHECK_INT(partial_row(&w, (struct interval){ 0, 10 }, SPAN("key"), g), 0);
	CHECK_INT(partial_end(&w), 0);
	CHECK_INT(out_close(&o), 0);
	r = partial_open(partial_path, (size_t)64 << 20);
	CHECK_INT(partial_next(r, &row), PARTIAL_VIEW);
	while (partial_next(r, &row) == PARTIAL_ROW) {
		rows++;
		CHECK_SPAN(row.key, "key");
		for (size_t i = 0; i < v->nmeasures; i++)
			CHECK(row.state[i].n < 400 * 1024);
		CHECK_INT(partial_merge(v, state_of, back, &row, &bad), 0);
	}
	CHECK_TEXT(partial_error(r), "");
	CHECK(rows >= 3);
	CHECK_INT(w.rows, rows);
	if (v->retract)
		CHECK_INT(back->weight, VALUES);
	show_group(v, g, &want);
	show_group(v, back, &got);
	CHECK(span_eq(buf_view(&want), buf_view(&got)));
	CHECK(want.n >= 5);
	partial_close(r);
	partial_file_remove();
	buf_free(&want);
	buf_free(&got);
	group_free(v, g);
	group_free(v, back);
	view_free(v);
}

TEST(large_sets_span_rows)
{
	check_large("time t\ntime-unit ms\nwindow 10ms\ngroup-by k\nmeasure n = count(), u = count_distinct(x), s = sum(x)\n");
	check_large("time t\ntime-unit ms\nwindow 10ms\ngroup-by k\nmeasure n = count(), u = count_distinct(x), m = min(x), s = sum(x)\nretract\n");
}

TEST(a_group_that_is_nothing_leaves_no_row)
{
	struct view *v = view_of("window none\nmeasure n = count()\nretract\n");
	struct group *g = group_new(v);
	struct partial_writer w;
	struct out o = partial_out();

	partial_begin(&w, v, &o);
	CHECK_INT(partial_row(&w, (struct interval){ INT64_MIN, INT64_MAX }, SPAN(""), g), 0);
	CHECK_INT(w.rows, 0);
	CHECK_INT(partial_end(&w), 0);
	CHECK_INT(out_close(&o), 0);
	partial_file_remove();
	group_free(v, g);
	view_free(v);
}

TEST(a_full_disk_is_an_error)
{
	struct view *v = view_of("window none\nmeasure n = count()\n");
	struct partial_writer w;
	struct out o;

	out_init(&o, open("/dev/full", O_WRONLY), "full");
	partial_begin(&w, v, &o);
	CHECK_INT(partial_end(&w), -1);
	CHECK_INT(out_close(&o), -1);
	view_free(v);
}

/* Damage */

/* Each byte changed in several ways: read as the same, or refused. Never other numbers. */
TEST(no_damaged_byte_goes_unseen)
{
	static const unsigned char flips[] = { 0x01, 0x80 };
	struct buf bytes = partial_with(DEFINITION, some), want = { 0 };
	char error[400];
	uint64_t rejected;
	size_t refused = 0;

	CHECK_INT(read_all(buf_view(&bytes), &want, &rejected, error), 0);
	for (size_t i = 0; i < bytes.n; i++)
		for (size_t k = 0; k < sizeof flips; k++) {
			struct buf got = { 0 };
			int status;

			bytes.p[i] ^= (char)flips[k];
			status = read_all(buf_view(&bytes), &got, &rejected, error);
			refused += status != 0;
			if (status == 0 && (!span_eq(buf_view(&got), buf_view(&want)) || rejected != 3)) {
				printf("# byte %zu\n", i);
				CHECK_INT(status, EXIT_DATA);
			}
			bytes.p[i] ^= (char)flips[k];
			buf_free(&got);
		}
	CHECK_INT(refused, bytes.n * sizeof flips);
	buf_free(&bytes);
	buf_free(&want);
}

TEST(a_partial_that_was_cut_off_is_refused_wherever_that_was)
{
	struct buf bytes = partial_with(DEFINITION, some);

	for (size_t n = 1; n < bytes.n; n++)
		check_fails((struct span){ bytes.p, n }, EXIT_DATA, ":");
	buf_free(&bytes);
}

static struct buf edited(const char *from, const char *to)
{
	struct buf b = partial_with(DEFINITION, some), out = { 0 };
	char *at = memmem(b.p, b.n, from, strlen(from));

	if (!at)
		CHECK_TEXT(from, "in the partial");
	else {
		buf_add(&out, b.p, (size_t)(at - b.p));
		buf_text(&out, to);
		buf_add(&out, at + strlen(from), b.n - (size_t)(at - b.p) - strlen(from));
	}
	buf_free(&b);
	return out;
}

TEST(errors_name_file_and_line_and_what_is_wrong)
{
	static const struct { const char *from, *to; int status; const char *reason; } cases[] = {
		{ "#!weir view", "#!weir stream", EXIT_DATA, ":1: no partial: it does not begin with" },
		{ " definition=", " def=", EXIT_DATA, ":1: the view line lacks its definition or hash" },
		{ "window%2010ms", "window%2011ms", EXIT_CONFIG, ":1: its definition hashes to" },
		{ "window%2010ms", "windows%2010ms", EXIT_DATA, ":1: definition: view line:3: windows: no such word" },
		{ "n:count\t", "n:sum\t", EXIT_DATA, ":2: column \"n:sum\" is not of this view" },
		{ "\tk\t", "\t", EXIT_DATA, ":2: 6 columns, the view has 7" },
		{ "\tk\t", "\twindow_end\t", EXIT_DATA, ":2: column \"window_end\" stands there twice" },
		{ "0\t-10\t", "0\t", EXIT_DATA, ":3: not 7 columns" },
		{ "0\t-10\t", "x\t-10\t", EXIT_DATA, ":3: damaged: times or weight" },
		{ "0\t-10\t", "99\t-10\t", EXIT_DATA, ":4: rows are not sorted" },
		{ "rows=5", "rows=4", EXIT_DATA, ":8: 5 rows, its end line says 4" },
		{ "rejected=3", "rejected=2", EXIT_DATA, ":8: damaged: its checksum is" },
		{ "#!weir end", "#!weir fin", EXIT_DATA, ":8: malformed control line" },
		{ "r%20=%20s%20/%20n", "r%20=%20s%20-%20n", EXIT_DATA, ":8: damaged: its checksum is" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf b = edited(cases[i].from, cases[i].to);

		check_fails(buf_view(&b), cases[i].status, cases[i].reason);
		buf_free(&b);
	}
	check_fails(SPAN("a,b\n1,2\n"), EXIT_DATA, ":1: no partial");
}

TEST(a_missing_file_says_so)
{
	struct partial_reader *r = partial_open("/no/such/file", 1 << 20);
	struct partial_row row;

	CHECK_INT(partial_next(r, &row), PARTIAL_ERROR);
	CHECK(strstr(partial_error(r), "/no/such/file"));
	CHECK(strstr(partial_error(r), "No such file"));
	partial_close(r);
}

TEST(a_line_beyond_the_bound_is_an_error)
{
	struct buf bytes = { 0 };
	struct partial_reader *r;
	struct partial_row row;

	for (int i = 0; i < 100000; i++)
		buf_text(&bytes, "0123456789");
	r = partial_open(partial_file(buf_view(&bytes)), 1000);
	CHECK_INT(partial_next(r, &row), PARTIAL_ERROR);
	CHECK(strstr(partial_error(r), "a line longer than 1000 bytes"));
	partial_close(r);
	partial_file_remove();
	buf_free(&bytes);
}

/* Columns are found by name: a file with them in another order means the same. */
TEST(the_order_of_columns_is_free)
{
	static const char head[] = "k\ts:sum\twindow_start\tn:count\twindow_end\nbooks\t7\t0\t2\t10\n";
	struct view *v = view_of("time t\ntime-unit ms\nwindow 10ms\ngroup-by k\nmeasure n = count(), s = sum(x)\n");
	struct buf bytes = partial_of(v, (const char *const[]){ NULL }, 0), shown = { 0 };
	char error[400] = "";
	uint64_t rejected;

	bytes.n = (size_t)((char *)memchr(bytes.p, '\n', bytes.n) - bytes.p) + 1;
	buf_text(&bytes, head);
	buf_text(&bytes, "#!weir end rows=1 rejected=0");
	buf_printf(&bytes, " crc=%08x\n", (unsigned)hash_crc32c(0, bytes.p, bytes.n));
	CHECK_INT(read_all(buf_view(&bytes), &shown, &rejected, error), 0);
	CHECK_TEXT(error, "");
	CHECK_BUF(shown, "0-10 books: 2 7\n");
	buf_free(&bytes);
	buf_free(&shown);
	view_free(v);
}
