/* SPDX-License-Identifier: MIT */
#include "lib/text/reader.h"

#include "tests/unit/check.h"
#include "tests/unit/naive.h"

static const char *const names[] = { "b", "a", "@3" };

static struct fields three_fields(void)
{
	struct fields f = { 0 };
	const char *error;

	for (int i = 0; i < 3; i++)
		CHECK_INT(fields_add(&f, span_of(names[i]), &error), i);
	return f;
}

static void reads(const char *file, int line, struct span bytes, struct reader_options options, const char *want)
{
	struct fields f = three_fields();
	struct buf out = { 0 };

	options.format = FORMAT_TSV;
	transcript_file(&out, bytes, &f, &options);
	check_span(file, line, "transcript", buf_view(&out), want);
	buf_free(&out);
	fields_free(&f);
}
#define READS(bytes, want, ...) reads(__FILE__, __LINE__, SPAN(bytes), (struct reader_options){ __VA_ARGS__ }, want)

TEST(plain)
{
	READS("a\tb\n1\t2\n", "ROW 2 [1\\x092] [2] [1] []\nEND\n");
	READS("a\tb\tc\r\n1\t2,\"\t\r\n", "ROW 2 [1\\x092,\"\\x09] [2,\"] [1] []\nEND\n");
	READS("a\n1\t2\n", "BAD 2 [1\\x092] 2 fields, header has 1\nEND\n");
	READS("1\t2\t3\n", "ROW 1 [1\\x092\\x093] [] [] [3]\nEND\n", .no_header = true);
}

TEST(escapes)
{
	READS("a\tb\\\\\tc\n\\t\\n\\r\\\\\\0\tx\t\\x\\\n", "ROW 2 [\\t\\n\\r\\\\\\0\\x09x\\x09\\x\\] [] [\\x09\\x0a\\x0d\\\\x00] [\\x\\]\nEND\n");
	READS("a\tb\n1\t2\\\\t\n", "ROW 2 [1\\x092\\\\t] [2\\t] [1] []\nEND\n");
}

/* What looks like a control line is escaped after it was made a TSV line, so the backslash goes first. */
TEST(controlled)
{
	READS("#!weir stream format=tsv\n#!weir columns a,b,c\n\\#!weir x\t1\t2\n\\\\\\#!weir\t1\t2\n\\\\a\t1\t2\n",
		"CONTROL [#!weir stream format=tsv]\nCONTROL [#!weir columns a,b,c]\nROW 3 [\\#!weir x\\x091\\x092] [1] [#!weir x] [2]\n"
		"ROW 4 [\\\\\\#!weir\\x091\\x092] [1] [\\#!weir] [2]\nROW 5 [\\\\a\\x091\\x092] [1] [\\a] [2]\nEND\n");
}

static const char *const words[] = {
	"a", "b", "\t", "\t", "\n", "\n", "\\", "\\t", "\\n", "\\\\", "\\0", "\r\n", "\r", "#!weir", "#!weir ", "\n\\#!weir \t2\t3\n",
	"\n#!weir watermark t=1\n", "\n\n", "1\t2\t3\n", "1\t2\n", "x\ty\\tz\tw\n", "\"", "\n#!weir columns b,a\n",
	"long\tline\tof\tmore\tthan\tsixty-four\tbytes\tin\torder\tto\tcross\tthe\tkernels\tsteps\tso\tthere\n",
};

static void same_by_all(struct span in, struct reader_options options, unsigned long long *seed)
{
	static const char *const kernels[] = { "portable", "sse2", "avx2", "avx512" };
	struct fields f = three_fields();
	struct buf want = { 0 }, got = { 0 };

	options.accept_unterminated = true;
	naive_read(&want, in, names, 3, &options);
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
	static const char *const starts[] = { "a\tb\n", "a\tb\tc\n", "#!weir stream format=tsv\n#!weir columns a,b,c\n", "" };
	unsigned long long seed = getenv("CHECK_SEED") ? strtoull(getenv("CHECK_SEED"), NULL, 10) : 1;
	int before = check_failures;

	for (int round = 0; round < 2000 && check_failures == before; round++) {
		struct reader_options options = { .format = FORMAT_TSV, .no_header = check_random(&seed) % 4 == 0 };
		struct buf in = { 0 };

		if (check_random(&seed) % 2)
			options.max_record = 1 + check_random(&seed) % 60;
		buf_text(&in, starts[check_random(&seed) % 4]);
		for (size_t n = check_random(&seed) % (round % 100 ? 60 : 20000); n; n--)
			buf_text(&in, words[check_random(&seed) % (sizeof words / sizeof *words)]);
		if (in.n && in.p[0] == '#')
			buf_text(&in, "\n");            /* else it was cut off */
		same_by_all(buf_view(&in), options, &seed);
		buf_free(&in);
	}
}
