/* SPDX-License-Identifier: MIT */
#include "lib/text/read_opts.h"

#include "tests/unit/check.h"
#include "tests/unit/child.h"

TEST(formats_by_name)
{
	CHECK_INT(format_named("csv"), FORMAT_CSV);
	CHECK_INT(format_named("tsv"), FORMAT_TSV);
	CHECK_INT(format_named("ndjson"), FORMAT_NDJSON);
	CHECK_INT(format_named("debezium"), FORMAT_DEBEZIUM);
	CHECK_INT(format_named("maxwell"), FORMAT_MAXWELL);
	CHECK_INT(format_named("canal"), FORMAT_CANAL);
	CHECK_INT(format_named("wal2json"), FORMAT_WAL2JSON);
	CHECK_INT(format_named("CSV"), FORMAT_AUTO);
	CHECK_INT(format_named(""), FORMAT_AUTO);
}

/* Every choice that the option table offers is a format. */
TEST(the_choices_of_the_option_are_the_formats)
{
	static const struct opt rows[] = { READ_OPTS, { 0 } };
	char name[20];

	for (const char *p = rows[0].arg; *p; p += *p == '|') {
		size_t n = strcspn(p, "|");

		snprintf(name, sizeof name, "%.*s", (int)n, p);
		CHECK(format_named(name) != FORMAT_AUTO);
		p += n;
	}
}

TEST(each_option_sets_its_own)
{
	struct reader_options o = { 0 };

	CHECK(read_opts_take(&o, OPT_INPUT, "tsv"));
	CHECK(read_opts_take(&o, OPT_MAX_RECORD, "2K"));
	CHECK_INT(o.format, FORMAT_TSV);
	CHECK_INT(o.max_record, 2048);
	CHECK(!o.no_header && !o.accept_unterminated);
	CHECK(read_opts_take(&o, OPT_NO_HEADER, NULL));
	CHECK(o.no_header && !o.accept_unterminated);
	CHECK(read_opts_take(&o, OPT_ACCEPT_UNTERMINATED, NULL));
	CHECK(o.accept_unterminated);
	CHECK(!read_opts_take(&o, OPT_MAX_RECORD + 1, "x"));
	CHECK(!read_opts_take(&o, 1, "x"));
}

TEST(counts_in_units_of_1024)
{
	CHECK_INT(size_option("n", "1"), 1);
	CHECK_INT(size_option("n", "007"), 7);
	CHECK_INT(size_option("n", "3K"), 3072);
	CHECK_INT(size_option("n", "64M"), 64 << 20);
	CHECK_INT(size_option("n", "5G"), (size_t)5 << 30);
	CHECK(size_option("n", "18446744073709551615") == SIZE_MAX);
}

static void take_size(void *text)
{
	size_option("max-record", text);
}

TEST(what_is_no_count_ends_the_process_with_a_reason)
{
	static char bad[][32] = { "", "0", "0K", "-1", " -1", " 5", "+5", "K", "1k", "1KB", "1 K", "1.5M", "0x10", "18446744073709551616",
		"18014398509481984K", "17179869184G", "x" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct child c = child_run(take_size, bad[i]);
		struct buf want = { 0 };

		buf_printf(&want, "test: --max-record: \"%s\" is not a count above 0 (K, M and G are taken)\n", bad[i]);
		buf_byte(&want, '\0');
		CHECK_INT(c.status, EXIT_USAGE);
		CHECK_BUF(c.err, want.p);
		buf_free(&want);
		child_free(&c);
	}
}
