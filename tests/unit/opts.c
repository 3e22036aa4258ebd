/* SPDX-License-Identifier: MIT */
#include "tests/unit/check.h"

#include "lib/base/opts.h"
#include "tests/unit/child.h"

enum { VIEW = 1, WINDOW, WATERMARK, INPUT, STATS, QUIET };

static const struct opt options[] = {
	{ VIEW, 'V', "view", "FILE", "take the definition from FILE", "View" },
	{ WINDOW, 'w', "window", "DURATION", "length of a window; it's [closed: open)", NULL },
	{ WATERMARK, 0, "watermark-delay", "DURATION",
	  "how far records may be out of order: the watermark stays this far behind the largest time", NULL },
	{ INPUT, 'i', "input", "csv|tsv|ndjson", "format of the input", "Formats" },
	{ STATS, 0, "stats", NULL, "print the ledger on stderr", NULL },
	{ QUIET, 'q', "quiet", NULL, "say less", NULL },
	{ 0 },
};
static const char *const notes[] = { "Times are UTC.", NULL };
static const struct cli cli = { "win-agg", "[OPTION]... [FILE]...", "Aggregate by windows.", options, notes };

#define ARGV(...) ((char *[]){ (char *)"win-agg", __VA_ARGS__, NULL })

/* All options as text: `1=a.view 5 6 | operand operand`. */
static void parse(struct buf *out, char **argv)
{
	int argc = 0, id;

	while (argv[argc])
		argc++;
	optind = 0;             /* glibc: begin anew */
	while ((id = opts_next(&cli, argc, argv)) != -1) {
		buf_i64(out, id);
		if (optarg)
			buf_printf(out, "=%s", optarg);
		buf_byte(out, ' ');
	}
	buf_byte(out, '|');
	for (; optind < argc; optind++)
		buf_printf(out, " %s", argv[optind]);
}

static void check_parse(int line, char **argv, const char *want)
{
	struct buf out = { 0 };

	parse(&out, argv);
	check_span(__FILE__, line, "options", buf_view(&out), want);
	buf_free(&out);
}
#define CHECK_PARSE(want, ...) check_parse(__LINE__, ARGV(__VA_ARGS__), want)

static void parse_in_child(void *argv)
{
	struct buf out = { 0 };

	diag_init("win-agg");
	parse(&out, argv);
	_exit(1);
}

static void check_usage(int line, char **argv, const char *want)
{
	struct child c = child_run(parse_in_child, argv);

	check_span(__FILE__, line, "message", buf_view(&c.err), want);
	CHECK_INT(c.status, EXIT_USAGE);
	CHECK_INT(c.out.n, 0);
	child_free(&c);
}
#define CHECK_USAGE(want, ...) check_usage(__LINE__, ARGV(__VA_ARGS__), "win-agg: " want "\n")

static bool contains(struct buf *b, const char *text)
{
	return memmem(b->p, b->n, text, strlen(text)) != NULL;
}

TEST(words_behind_two_dashes_are_no_options)
{
	char **argv = ARGV((char *)"--quiet", (char *)"--", (char *)"a", (char *)"--stats", (char *)"--", (char *)"b"), **words;
	int argc = 7;

	words = opts_words(&argc, argv);
	CHECK_INT(argc, 2);
	CHECK(argv[2] == NULL && words == argv + 3);
	CHECK(strcmp(words[0], "a") == 0 && strcmp(words[2], "--") == 0 && words[4] == NULL);
	words = opts_words(&argc, argv);
	CHECK(words == NULL);
	CHECK_INT(argc, 2);
}

TEST(options_in_every_form)
{
	CHECK_PARSE("1=a.view 2=1m 5 |", "--view", "a.view", "--window=1m", "--stats");
	CHECK_PARSE("1=a 1=b 6 2=1m |", "-V", "a", "-Vb", "-qw1m");
	CHECK_PARSE("1= 2=--stats |", "--view=", "--window", "--stats");
	CHECK_PARSE("1=a=b 1=- |", "--view=a=b", "-V", "-");
	CHECK_PARSE("6 6 6 |", "-qqq");
	CHECK_PARSE("4=tsv 4=csv |", "-i", "tsv", "--input=csv");
}

TEST(options_follow_operands_until_two_dashes)
{
	CHECK_PARSE("5 6 | a b", "a", "--stats", "b", "-q");
	CHECK_PARSE("5 | a --quiet", "--stats", "a", "--", "--quiet");
	CHECK_PARSE("| -", "-");
	CHECK_PARSE("2=1m 2=2m | a b", "a", "--window", "1m", "b", "-w", "2m");
}

TEST(unknown_options)
{
	CHECK_USAGE("--windw: unknown option (did you mean --window?)", "--windw", "1m");
	CHECK_USAGE("--xyzzy: unknown option", "--xyzzy=3");
	CHECK_USAGE("-x: unknown option", "-x");
	CHECK_USAGE("-x: unknown option", "-qx");
	CHECK_USAGE("-\\xFF: unknown option", "-\xff");
	CHECK_USAGE("--\\x0A: unknown option", "--\n");
	CHECK_USAGE("--stast: unknown option (did you mean --stats?)", "a", "--stast");
	CHECK_USAGE("--versoin: unknown option (did you mean --version?)", "--versoin");
}

TEST(no_abbreviations)
{
	CHECK_USAGE("--win: unknown option (did you mean --window?)", "--win", "1m");
	CHECK_USAGE("--win: unknown option (did you mean --window?)", "--win=1m");
	CHECK_USAGE("--win: unknown option (did you mean --window?)", "--win");
	CHECK_USAGE("--stat: unknown option (did you mean --stats?)", "--stat");
	CHECK_USAGE("--stat: unknown option (did you mean --stats?)", "--stat=1");
	CHECK_USAGE("--w: unknown option (did you mean --window?)", "--w", "1m");
	CHECK_USAGE("--hel: unknown option (did you mean --help?)", "--hel");
	CHECK_USAGE("--completion: unknown option", "--completion", "bash");
}

TEST(arguments_missing_or_too_many)
{
	CHECK_USAGE("--view: needs an argument (FILE)", "--view");
	CHECK_USAGE("-V: needs an argument (FILE)", "-qV");
	CHECK_USAGE("--stats: takes no argument", "--stats=1");
	CHECK_USAGE("--help: takes no argument", "--help=me");
}

TEST(choices_are_checked)
{
	CHECK_USAGE("--input: xml: not one of csv, tsv, ndjson", "-i", "xml");
	CHECK_USAGE("--input: : not one of csv, tsv, ndjson", "--input=");
	CHECK_USAGE("--input: cs: not one of csv, tsv, ndjson", "--input", "cs");
	CHECK_USAGE("--input: csv|tsv: not one of csv, tsv, ndjson", "--input", "csv|tsv");
}

TEST(help_shows_all_within_the_width)
{
	struct child c = child_run(parse_in_child, ARGV("--stats", "--help", "--nonsense"));
	struct buf *b = &c.out;

	CHECK_INT(c.status, 0);
	CHECK_INT(c.err.n, 0);
	CHECK(span_starts(buf_view(b), SPAN("Usage: win-agg [OPTION]... [FILE]...\nAggregate by windows.\n\nView:\n")));
	CHECK(contains(b, "\n  -V, --view FILE             take the definition from FILE\n"));
	CHECK(contains(b, "\n      --watermark-delay DURATION\n                              how far records"));
	CHECK(contains(b, "\n\nFormats:\n  -i, --input csv|tsv|ndjson  format of the input\n"));
	CHECK(contains(b, "\n\nHelp:\n  -h, --help "));
	CHECK(contains(b, "\n\nTimes are UTC.\n"));
	for (const char *p = b->p, *end; (end = memchr(p, '\n', (size_t)(b->p + b->n - p))); p = end + 1)
		CHECK(end - p <= 79);
	child_free(&c);
}

TEST(version_names_tool_and_suite)
{
	struct child c = child_run(parse_in_child, ARGV("--version"));

	CHECK_INT(c.status, 0);
	CHECK(span_starts(buf_view(&c.out), SPAN("win-agg (weir) " WEIR_VERSION "\n")));
	child_free(&c);
}

static void help_into_full(void *argv)
{
	if (!freopen("/dev/full", "w", stdout))
		_exit(99);
	parse_in_child(argv);
}

TEST(help_on_a_full_disk_is_an_error)
{
	struct child c = child_run(help_into_full, ARGV("--help"));

	CHECK_INT(c.status, EXIT_IO);
	CHECK_BUF(c.err, "win-agg: stdout: No space left on device\n");
	child_free(&c);
}

TEST(list_has_a_line_for_each_option)
{
	struct buf out = { 0 };

	CHECK_INT(opts_completions(&out, &cli, "list"), 0);
	CHECK(contains(&out, "input\ti\tcsv|tsv|ndjson\tFormats\tformat of the input\n"));
	CHECK(contains(&out, "stats\t\t\tFormats\tprint the ledger on stderr\n"));
	CHECK(contains(&out, "version\t\t\tHelp\tshow the version and exit\n"));
	CHECK(!contains(&out, "completions"));
	buf_free(&out);
	CHECK_INT(opts_completions(&out, &cli, "csh"), -1);
	CHECK_USAGE("--completions: csh: not one of bash, zsh, fish, list", "--completions", "csh");
}

TEST(completions_quote_what_shells_would_read)
{
	struct buf out = { 0 };

	opts_completions(&out, &cli, "zsh");
	CHECK(contains(&out, "'*--window=[length of a window; it'\\''s \\[closed\\: open)]:DURATION: '"));
	CHECK(contains(&out, "'*-i+[format of the input]:input:(csv tsv ndjson)'"));
	buf_clear(&out);
	opts_completions(&out, &cli, "fish");
	CHECK(contains(&out, "complete -c win-agg -l window -s w -x -d 'length of a window; it'\\''s [closed: open)'\n"));
	CHECK(contains(&out, "complete -c win-agg -l view -s V -r -F -d "));
	buf_free(&out);
}

/* What bash offers at the end of the words, by the script itself. */
static void check_bash(int line, const char *words, const char *want)
{
	struct buf script = { 0 };
	char out[256] = "";
	FILE *bash;
	size_t n;

	buf_text(&script, "bash --norc -c '");
	opts_completions(&script, &cli, "bash");
	for (char *p = script.p + 16; p < script.p + script.n; p++)
		if (*p == '\'')
			*p = '"';       /* no script of ours has both kinds in one word */
	buf_printf(&script, "COMP_WORDS=(%s \"\"); unset \"COMP_WORDS[-1]\"; COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); "
		   "_weir_win_agg; echo \"${COMPREPLY[@]}\"'", words);
	buf_byte(&script, '\0');
	bash = popen(script.p, "r");
	n = bash ? fread(out, 1, sizeof out - 1, bash) : 0;
	if (bash)
		pclose(bash);
	check_span(__FILE__, line, "completions", (struct span){ out, n }, want);
	buf_free(&script);
}

TEST(bash_completes)
{
	check_bash(__LINE__, "win-agg --w", "--window --watermark-delay\n");
	check_bash(__LINE__, "win-agg --input t", "tsv\n");
	check_bash(__LINE__, "win-agg --input = n", "ndjson\n");
	check_bash(__LINE__, "win-agg -i c", "csv\n");
	check_bash(__LINE__, "win-agg --view tests/unit/opts", "tests/unit/opts.c\n");
	check_bash(__LINE__, "win-agg --window tests/unit/opts", "\n");
	check_bash(__LINE__, "win-agg tests/unit/opts", "tests/unit/opts.c\n");
}

TEST(a_table_without_groups)
{
	static const struct opt few[] = { { 1, 0, "all", NULL, "take all", NULL }, { 0 } };
	static const struct cli small = { "small", "", "Small.", few, NULL };
	struct buf out = { 0 };

	opts_help(&out, &small);
	CHECK(contains(&out, "Small.\n\nOptions:\n      --all "));
	CHECK_TEXT(opts_row(&small, 1)->name, "help");
	CHECK_TEXT(opts_row(&small, 2)->name, "version");
	CHECK(!opts_row(&small, 3));
	buf_free(&out);
}
