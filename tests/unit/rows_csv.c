/* SPDX-License-Identifier: MIT */
#include "lib/text/reader.h"

#include "tests/unit/check.h"
#include "tests/unit/naive.h"

static const char *const kernels[] = { "portable", "sse2", "avx2", "avx512" };

static struct fields fields_of(const char *const *names, size_t n)
{
	struct fields f = { 0 };
	const char *error;
	struct buf ref = { 0 };

	for (size_t i = 0; i < n; i++) {
		buf_clear(&ref);
		if (names[i][0] == '@')
			buf_text(&ref, names[i]);
		else
			field_print(&ref, span_of(names[i]));
		CHECK_INT(fields_add(&f, buf_view(&ref), &error), (int)i);
	}
	buf_free(&ref);
	return f;
}

static const char *const ab[] = { "a", "b" };

/* The transcript of a regular file with fields a and b. */
static void reads(const char *file, int line, struct span bytes, struct reader_options options, const char *want)
{
	struct fields f = fields_of(ab, 2);
	struct buf out = { 0 };

	transcript_file(&out, bytes, &f, &options);
	check_span(file, line, "transcript", buf_view(&out), want);
	buf_free(&out);
	fields_free(&f);
}
#define READS(bytes, want, ...) reads(__FILE__, __LINE__, SPAN(bytes), (struct reader_options){ __VA_ARGS__ }, want)

TEST(plain)
{
	READS("a,b\n1,2\n3,4\n", "ROW 2 [1,2] [1] [2]\nROW 3 [3,4] [3] [4]\nEND\n");
	READS("b,x,a\n1,2,3\n", "ROW 2 [1,2,3] [3] [1]\nEND\n");
	READS("a,b\n", "END\n");
	READS("", "END\n");
	READS("\n\r\n\n", "END\n");
}

TEST(last_line_without_newline)
{
	READS("a,b\n1,2", "ROW 2 [1,2] [1] [2]\nEND\n");
	READS("a,b", "END\n");
	READS("a,b\n1,\"2", "BAD 2 [1,\"2] field 2: quote not closed\nEND\n");
}

TEST(crlf_bom_blank_nul)
{
	READS("\xef\xbb\xbf" "a,b\r\n1,2\r\n\r\n\n3,\r\n", "ROW 2 [1,2] [1] [2]\nROW 5 [3,] [3] []\nEND\n");
	READS("a,b\n1\0,\r2\r\r\n", "ROW 2 [1\\x00,\\x0d2\\x0d] [1\\x00] [\\x0d2\\x0d]\nEND\n");
	READS("\n\na,b\n1,2\n", "ROW 4 [1,2] [1] [2]\nEND\n");
	READS("a\n1\n\n\r\n2\r\n", "ROW 2 [1] [1] []\nROW 5 [2] [2] []\nEND\n");
}

TEST(quotes)
{
	READS("a,b\n\"1\",\"x,\"\"y\"\"\r\nz\"\n3,4\n",
		"ROW 2 [\"1\",\"x,\"\"y\"\"\\x0d\\x0az\"] [1] [x,\"y\"\\x0d\\x0az]\nROW 4 [3,4] [3] [4]\nEND\n");
	READS("a,b\n\"\", \" 2 \n", "BAD 2 [\"\", \" 2 ] field 2: quote inside the field\nEND\n");
	READS("a,b\n\" 1 \" ,2\n3,4\n", "BAD 2 [\" 1 \" ,2] field 1: text behind the closing quote\nROW 3 [3,4] [3] [4]\nEND\n");
	READS("a,b\n\"1\",\"\"\r\n", "ROW 2 [\"1\",\"\"] [1] []\nEND\n");
	READS("\"a\",\"b\nb\"\n1,2\n", "ROW 3 [1,2] [1] []\nEND\n");
	READS("a,b\"\n1,2\n", "ERROR 65 input:1: field 2: quote inside the field\n");
}

/* A quote that is never closed makes one line bad, not the rest of the file. */
TEST(unclosed_quote)
{
	READS("a,b\n1,\"2\n3,4\n5,6\n", "BAD 2 [1,\"2] field 2: quote not closed\nROW 3 [3,4] [3] [4]\nROW 4 [5,6] [5] [6]\nEND\n");
	READS("a,b\n1,\"2\n3,4\n5,\"6\"\n", "BAD 2 [1,\"2] field 2: text behind the closing quote\n"
		"ROW 3 [3,4] [3] [4]\nROW 4 [5,\"6\"] [5] [6]\nEND\n");
}

TEST(ragged)
{
	READS("a,b\n1\n1,2,3\n\"1\"\n4,5\n", "BAD 2 [1] 1 field, header has 2\nBAD 3 [1,2,3] 3 fields, header has 2\n"
		"BAD 4 [\"1\"] 1 field, header has 2\nROW 5 [4,5] [4] [5]\nEND\n");
	READS("1\n1,2\n", "ROW 1 [1] [] []\nBAD 2 [1,2] 2 fields, first record has 1\nEND\n", .no_header = true);
}

TEST(longer_than_max_record)
{
	READS("a,b\n1234,6\n1234,67\n1234,67\r\n8,9\n", "ROW 2 [1234,6] [1234] [6]\nBAD 3 [1234,6] record longer than 6 bytes\n"
		"BAD 4 [1234,6] record longer than 6 bytes\nROW 5 [8,9] [8] [9]\nEND\n", .max_record = 6);
	READS("a,b\n1,\"3\n5678\"\n8,9\n", "BAD 2 [1,\"3] field 2: quote not closed\nBAD 3 [5678\"] field 1: quote inside the field\n"
		"ROW 4 [8,9] [8] [9]\nEND\n", .max_record = 6);
}

TEST(columns_by_number_and_twice)
{
	static const char *const names[] = { "@2", "b", "c", "@9" };
	struct fields f = fields_of(names, 4);
	struct buf out = { 0 };

	transcript_file(&out, SPAN("a,b,b,c\n1,2,3,4\n"), &f, &(struct reader_options){ 0 });
	CHECK_BUF(out, "ROW 2 [1,2,3,4] [2] [2] [4] []\nEND\n");
	buf_free(&out);
	fields_free(&f);
}

TEST(what_is_known_of_the_stream)
{
	static const char *const names[] = { "a", "z" };
	struct fields f = fields_of(names, 2);
	struct reader *r = reader_open("/nonexistent/x.csv", &f, &(struct reader_options){ 0 });
	struct batch batch;
	struct bad_record bad;
	struct span control;

	CHECK_INT(reader_next(r, &batch, &bad, &control), READ_ERROR);
	CHECK_INT(reader_next(r, &batch, &bad, &control), READ_ERROR);
	CHECK_TEXT(reader_error(r), "/nonexistent/x.csv: No such file or directory");
	CHECK_INT(reader_status(r), EXIT_IO);
	CHECK_INT(reader_fd(r), -1);
	reader_free(r);
	fields_free(&f);
}

TEST(lacks_and_header)
{
	static const char *const names[] = { "a", "z" };
	struct fields f = fields_of(names, 2);
	struct batch batch;
	struct bad_record bad;
	struct span control;
	char path[40];
	int fd = memfd_create("x", 0);
	struct reader *r;

	CHECK_INT(write(fd, "a,\"b\"\r\n1,2\n", 11), 11);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	r = reader_open(path, &f, &(struct reader_options){ 0 });
	CHECK(!reader_lacks(r, 1));
	CHECK_INT(reader_next(r, &batch, &bad, &control), READ_ROWS);
	CHECK_SPAN(reader_header(r), "a,\"b\"");
	CHECK(!reader_lacks(r, 0) && reader_lacks(r, 1));
	CHECK(!reader_is_controlled(r));
	CHECK_INT(reader_format(r), FORMAT_CSV);
	CHECK_INT(reader_bytes(r), 11);
	CHECK_INT(reader_next(r, &batch, &bad, &control), READ_END);
	reader_free(r);
	close(fd);
	fields_free(&f);
}

TEST(sniffed_formats)
{
	READS("a\tb\n1,\t2\n", "ROW 2 [1,\\x092] [1,] [2]\nEND\n");
	READS("a\tx,b\n1\t,2\n", "ROW 2 [1\\x09,2] [] [2]\nEND\n");
	READS("\n\xef{a,b\n1,2\n", "ROW 3 [1,2] [] [2]\nEND\n");
	READS("\xef\xbb\xbf\r\n{\"a\":1}\n{\"b\":2}", "ROW 2 [{\"a\":1}] [1] []\nROW 3 [{\"b\":2}] [] [2]\nEND\n");
}

TEST(controlled)
{
	READS("#!weir stream format=csv\n#!weir columns b,a\n1,2\n#!weir watermark t=5\n\\#!weir x,2\n\\\\#!weir,\"\n\\#!weir\n\\x\"\n"
		"#!weir columns a\n7\n", "CONTROL [#!weir stream format=csv]\nCONTROL [#!weir columns b,a]\nROW 3 [1,2] [2] [1]\n"
		"CONTROL [#!weir watermark t=5]\nROW 5 [\\#!weir x,2] [2] [#!weir x]\n"
		"ROW 6 [\\\\#!weir,\"\\x0a\\#!weir\\x0a\\x\"] [\\x0a#!weir\\x0a\\x] [\\#!weir]\nCONTROL [#!weir columns a]\nROW 10 [7] [7] []\nEND\n");
	READS("#!weir stream format=csv\n1,2\n", "CONTROL [#!weir stream format=csv]\nERROR 65 input:2: data before a columns line\n");
	READS("#!weir stream\n#!weir columns a,x%2\n", "CONTROL [#!weir stream]\nERROR 65 input:2: columns: % without two hexadecimal digits\n");
	READS("#!weir stream format=xml\n", "ERROR 65 input:1: control line: unknown format\n");
	READS("#!weir stream format=ndjson\n", "ERROR 65 input:1: control lines are objects in NDJSON, and only there\n");
	READS("a,b\n#!weir stream,2\n", "ROW 2 [#!weir stream,2] [#!weir stream] [2]\nEND\n");
}

/* A control line ends a record whose quote is open: upstream has escaped all that could look like one. */
TEST(control_line_within_quotes)
{
	READS("#!weir stream\n#!weir columns a,b\n1,\"\n#!weir barrier e=1\n2,3\n", "CONTROL [#!weir stream]\nCONTROL [#!weir columns a,b]\n"
		"BAD 3 [1,\"] field 2: quote not closed\nCONTROL [#!weir barrier e=1]\nROW 5 [2,3] [2] [3]\nEND\n");
}

TEST(controlled_columns_as_header)
{
	struct fields f = fields_of(ab, 2);
	struct batch batch;
	struct bad_record bad;
	struct span control;
	char path[40];
	int fd = memfd_create("x", 0);
	static const char text[] = "#!weir stream\n#!weir columns a,x%2Cy\n1,2\n";
	struct reader *r;

	CHECK_INT(write(fd, text, sizeof text - 1), sizeof text - 1);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	r = reader_open(path, &f, &(struct reader_options){ 0 });
	CHECK_INT(reader_next(r, &batch, &bad, &control), READ_CONTROL);
	CHECK_INT(reader_next(r, &batch, &bad, &control), READ_CONTROL);
	CHECK_INT(reader_next(r, &batch, &bad, &control), READ_ROWS);
	CHECK(reader_is_controlled(r));
	CHECK_SPAN(reader_header(r), "a,\"x,y\"");
	reader_free(r);
	close(fd);
	fields_free(&f);
}

static void pipe_reads(const char *bytes, struct reader_options options, const char *want)
{
	struct fields f = fields_of(ab, 2);
	struct buf out = { 0 };

	transcript_pipe(&out, span_of(bytes), 3, &f, &options);
	CHECK_BUF(out, want);
	buf_free(&out);
	fields_free(&f);
}

TEST(cut_off_pipe)
{
	static const char *const cut = "unterminated last line (accept with --accept-unterminated)\n";
	struct buf want = { 0 };

	buf_printf(&want, "ROW 2 [1,2] [1] [2]\nERROR 65 input:3: %s", cut);
	pipe_reads("a,b\n1,2\n3,4", (struct reader_options){ 0 }, want.p);
	buf_clear(&want);
	buf_printf(&want, "ERROR 65 input:4: %s", cut);
	pipe_reads("a,b\n1,\"2\n\n3", (struct reader_options){ 0 }, want.p);
	pipe_reads("a,b\n1,2\n3,4", (struct reader_options){ .accept_unterminated = true },
		"ROW 2 [1,2] [1] [2]\nROW 3 [3,4] [3] [4]\nEND\n");
	pipe_reads("{\"a\":\"}\"}", (struct reader_options){ 0 }, "ROW 1 [{\"a\":\"}\"}] [}] []\nEND\n");
	buf_clear(&want);
	buf_printf(&want, "ERROR 65 input:1: %s", cut);
	pipe_reads("{\"a\":{\"}\":1}", (struct reader_options){ 0 }, want.p);
	pipe_reads("#!weir stream\n#!weir columns a,b\n1,2\n3", (struct reader_options){ .accept_unterminated = true },
		"CONTROL [#!weir stream]\nCONTROL [#!weir columns a,b]\nROW 3 [1,2] [1] [2]\n"
		"ERROR 75 input:4: unterminated last line: upstream was cut off\n");
	buf_free(&want);
}

/* A pipe that has nothing right now says so once, then waits. */
TEST(idle)
{
	struct fields f = fields_of(ab, 2);
	struct reader_options options = { 0 };
	struct batch batch;
	struct bad_record bad;
	struct span control;
	char path[40];
	int ends[2];
	struct reader *r;

	CHECK_INT(pipe(ends), 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
	r = reader_open(path, &f, &options);
	CHECK_INT(reader_next(r, &batch, &bad, &control), READ_IDLE);
	CHECK_INT(write(ends[1], "a,b\n1,2\n3,", 10), 10);
	CHECK_INT(reader_next(r, &batch, &bad, &control), READ_ROWS);
	CHECK_INT(batch.n, 1);
	CHECK_INT(reader_next(r, &batch, &bad, &control), READ_IDLE);
	CHECK_INT(write(ends[1], "4\n", 2), 2);
	CHECK_INT(reader_next(r, &batch, &bad, &control), READ_ROWS);
	CHECK_SPAN(batch.raw[0], "3,4");
	close(ends[1]);
	CHECK_INT(reader_next(r, &batch, &bad, &control), READ_END);
	reader_free(r);
	close(ends[0]);
	fields_free(&f);
}

/* ---- the same by other ways ---- */

static const char *const words[] = {
	"a", "b", ",", ",", "\n", "\n", "\"", "\"\"", "\r\n", "\r", "\\", "#!weir", "#!weir ", "\n#!weir watermark t=1\n",
	"\n\\#!weir ", "\n\n", "1,2,3\n", "x,\"y,z\",w\n", "\"p\n\\#!weir q\",2,\"\"\"\"\n", "\t", "\xef\xbb\xbf", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	"1,2\n", "\n#!weir columns b,a\n", "long,line,of,more,than,sixty-four,bytes,in,order,to,cross,the,kernels,steps,so,there\n",
};

static void add_random(struct buf *in, unsigned long long *seed, size_t n, bool wild)
{
	while (n--)
		if (wild)
			buf_text(in, words[check_random(seed) % (sizeof words / sizeof *words)]);
		else
			buf_text(in, check_random(seed) % 16 ? "123456,abc,x\n" : "12,\"a\nb\"\"\",y\n");
}

static void same_by_all(struct span in, const char *const *names, size_t n, struct reader_options options, unsigned long long *seed)
{
	struct fields f = fields_of(names, n);
	struct buf want = { 0 }, got = { 0 };

	options.accept_unterminated = true;
	naive_read(&want, in, names, n, &options);
	buf_byte(&want, '\0');
	for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++) {
		setenv("WEIR_SCAN", kernels[k], 1);
		buf_clear(&got);
		transcript_file(&got, in, &f, &options);
		CHECK_BUF(got, want.p);
	}
	unsetenv("WEIR_SCAN");
	buf_clear(&got);
	transcript_pipe(&got, in, 1 + check_random(seed) % (1 + in.n / 4), &f, &options);
	CHECK_BUF(got, want.p);
	buf_free(&want);
	buf_free(&got);
	fields_free(&f);
}

TEST(random_against_naive)
{
	static const char *const names[] = { "b", "@1", "a", "zz", "@3" };
	static const char *const starts[] = { "a,b\n", "a,b,c\n", "#!weir stream format=csv\n#!weir columns a,b,c\n", "", "\xef\xbb\xbf\"a\",\"b\",c\r\n" };
	int before = check_failures;
	unsigned long long seed = getenv("CHECK_SEED") ? strtoull(getenv("CHECK_SEED"), NULL, 10) : 1;

	for (int round = 0; round < 2000 && check_failures == before; round++) {
		struct reader_options options = { .format = FORMAT_CSV, .no_header = check_random(&seed) % 4 == 0 };
		struct buf in = { 0 };

		if (check_random(&seed) % 2)
			options.max_record = 1 + check_random(&seed) % 60;
		buf_text(&in, starts[check_random(&seed) % 5]);
		add_random(&in, &seed, check_random(&seed) % 60, true);
		if (in.n && (in.p[0] == '#' || in.p[0] == '\xef'))
			buf_text(&in, "\n");            /* else it was cut off */
		same_by_all(buf_view(&in), names, check_random(&seed) % 6, options, &seed);
		buf_free(&in);
	}
}

/* Many blocks, chunks and batches. */
TEST(large_against_naive)
{
	static const char *const names[] = { "c", "a" };
	unsigned long long seed = 7;
	int before = check_failures;

	for (int round = 0; round < 6 && check_failures == before; round++) {
		struct buf in = { 0 };

		buf_text(&in, "a,b,c\n");
		for (int part = 0; part < 20; part++) {
			add_random(&in, &seed, check_random(&seed) % 4000, false);
			add_random(&in, &seed, round < 2 ? 0 : check_random(&seed) % 20, true);
			buf_text(&in, "\n");
		}
		same_by_all(buf_view(&in), names, 2, (struct reader_options){ .format = FORMAT_CSV, .max_record = 300000 }, &seed);
		buf_free(&in);
	}
}

/* A record larger than any buffer at first, up to the limit and beyond, in bounded memory. */
TEST(large_records)
{
	unsigned long long seed = 9;
	int before = check_failures;
	static const char *const names[] = { "b" };

	for (size_t n = 250000; n < 3000000 && check_failures == before; n += 333333) {
		struct buf in = { 0 };

		buf_text(&in, "a,b\n1,2\n1,");
		memset(buf_room(&in, n), 'x', n);
		in.n += n;
		buf_text(&in, "\n1,\"");
		for (size_t i = 0; i < n / 100; i++)
			buf_text(&in, "a line of text within quotes, a line of text within quotes, a line of text within quotes, again, yes\n");
		buf_text(&in, "\"\n3,4\n");
		same_by_all(buf_view(&in), names, 1, (struct reader_options){ .format = FORMAT_CSV }, &seed);
		buf_free(&in);
	}
}
