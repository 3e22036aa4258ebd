/* SPDX-License-Identifier: MIT */
/* merge-views -- merges partial aggregates into final rows or coarser partials. The work is in serve/merge/. */
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/stream/side_opts.h"
#include "lib/stream/stats_opts.h"
#include "lib/text/read_opts.h"
#include "lib/view/view_opts.h"
#include "serve/merge/merge.h"

#define MAX_LINE ((size_t)64 << 20)

enum { OPT_VIEW = 1, OPT_WINDOW, OPT_SLIDE, OPT_OFFSET, OPT_TZ, OPT_GROUP_BY, OPT_SINCE, OPT_UNTIL, OPT_WHERE, OPT_ORDER, OPT_TOP,
       OPT_PER_WINDOW, OPT_OUTPUT, OPT_HEADER, OPT_STRICT, OPT_MAX_AGE, OPT_FOLLOW };

static const struct opt options[] = {
	{ OPT_VIEW, 'V', "view", "FILE", "finish rows as this definition says (it must be that of the partials)", "Shape" },
	{ OPT_WINDOW, 'w', "window", "DURATION|none", "longer windows than those of the partials", NULL },
	{ OPT_SLIDE, 0, "slide", "DURATION", "begin a window every DURATION", NULL },
	{ OPT_OFFSET, 0, "offset", "DURATION", "shift window starts", NULL },
	{ OPT_TZ, 0, "tz", "ZONE", "time zone of calendar windows and printed times", NULL },
	{ OPT_GROUP_BY, 'g', "group-by", "KEYS", "fewer keys than those of the partials; '' for none", NULL },
	{ OPT_WORD, 'd', "derive", "NAME=EXPR", "a column computed from measures", NULL },
	{ OPT_WORD, 0, "digits", "N", "digits of averages and quotients (default 6)", NULL },
	{ OPT_WORD, 0, "fill", NULL, "rows also for windows in which a known key was quiet", NULL },
	{ OPT_WORD, 0, "fill-max", "N", "at most N such rows (default 1000000)", NULL },
	{ OPT_SINCE, 0, "since", "TIME", "only windows that begin at TIME or later", "Selection" },
	{ OPT_UNTIL, 0, "until", "TIME", "only windows that begin before TIME", NULL },
	{ OPT_WHERE, 0, "where", "CONDITION", "only rows for which it is true, over the output's columns", NULL },
	{ OPT_ORDER, 0, "order", "COLUMNS", "sort rows: gmv desc, category", NULL },
	{ OPT_TOP, 0, "top", "N", "print the first N rows", NULL },
	{ OPT_PER_WINDOW, 0, "per-window", NULL, "order and top apply to each window", NULL },
	{ OPT_WORD, 'e', "emit", "final|partial", "what to print (default final)", "Output" },
	{ OPT_OUTPUT, 'o', "output", "csv|tsv|ndjson", "format of the rows (default csv)", NULL },
	{ OPT_WORD, 0, "time-format", "rfc3339|epoch-ms", "how times are printed", NULL },
	{ OPT_FOLLOW, 'f', "follow", NULL, "go on: each row that changes, as upsert or delete, until interrupted", "Views" },
	{ OPT_HEADER, 0, "header", NULL, "say first where the rows come from, and how far they go", NULL },
	{ OPT_STRICT, 0, "strict", NULL, "something missing is a failure, not a warning", NULL },
	{ OPT_MAX_AGE, 0, "max-age", "DURATION", "end with status 1 when some source has had no file for longer", NULL },
	{ OPT_MAX_RECORD, 0, "max-record", "BYTES", "longer lines are damage (default 64M; K, M, G)", NULL },
	STATS_OPTS,
	{ 0 },
};

static const struct cli cli = {
	"merge-views", "[OPTION]... [PARTIAL|VIEW_DIR]...", "merge partial aggregates into final rows", options, NULL,
};

static struct stats_options stats;       /* told of in a signal handler too */

struct settings {
	struct merge_options merge;
	struct reader_options reader;
	struct view *words, *given;
};

static void report(const struct ledger *l)
{
	stats_report(&stats, l, 0);
}

static int64_t max_age(const char *text)
{
	const char *error;
	int64_t ms;

	if (duration_parse_ms(span_of(text), &ms, &error) < 0)
		die(EXIT_USAGE, "--max-age: %s: %s", text, error);
	return ms;
}

static void take_option(struct settings *s, const struct opt *o)
{
	struct target_options *target = &s->merge.target;
	struct answer_options *answer = &s->merge.answer;

	switch (o->id) {
	case OPT_VIEW: s->given = target->given = view_option(optarg); break;
	case OPT_WINDOW: target->window = optarg; break;
	case OPT_SLIDE: target->slide = optarg; break;
	case OPT_OFFSET: target->offset = optarg; break;
	case OPT_TZ: target->tz = optarg; break;
	case OPT_GROUP_BY: target->group_by = optarg; break;
	case OPT_SINCE: s->merge.since = optarg; break;
	case OPT_UNTIL: s->merge.until = optarg; break;
	case OPT_WHERE: answer->where = optarg; break;
	case OPT_ORDER: answer->order = optarg; break;
	case OPT_TOP: answer->top = size_option("top", optarg); break;
	case OPT_PER_WINDOW: answer->per_window = true; break;
	case OPT_OUTPUT: s->merge.output = format_named(optarg); break;
	case OPT_FOLLOW: s->merge.follow = true; break;
	case OPT_HEADER: s->merge.header = true; break;
	case OPT_STRICT: s->merge.strict = true; break;
	case OPT_MAX_AGE: s->merge.has_max_age = true, s->merge.max_age = max_age(optarg); break;
	default:
		if (!read_opts_take(&s->reader, o->id, optarg))
			stats_opts_take(&stats, o->id, optarg);
	}
}

static void parse(struct settings *s, int argc, char **argv)
{
	const struct opt *o;
	char error[256];

	while ((o = opts_next_row(&cli, argc, argv))) {
		if (o->id != OPT_WORD)
			take_option(s, o);
		else if (view_set(s->words, o->name, span_of(optarg ? optarg : ""), error) < 0)
			die(EXIT_USAGE, "%s", error);
	}
	s->merge.target.words = s->words;
	s->merge.max_record = s->reader.max_record ? s->reader.max_record : MAX_LINE;
	s->merge.report = stats.print || stats.file ? report : NULL;
	s->merge.path = (const char *const *)argv + optind;
	s->merge.npaths = (size_t)(argc - optind);
}

int main(int argc, char **argv)
{
	struct settings s = { .merge = { .output = FORMAT_CSV, .answer = { .since = INT64_MIN, .until = INT64_MAX } } };
	struct ledger ledger = { 0 };
	struct out out;
	struct failure failure = { 0 };
	int status;

	diag_init(cli.tool);
	s.words = view_new();
	parse(&s, argc, argv);
	outputs_check((const char *const[]){ stats.file }, 1, s.merge.path, s.merge.npaths);
	out_init(&out, STDOUT_FILENO, "stdout");
	status = merge(&s.merge, &out, &ledger, &failure);
	if (*failure.text)
		warn("%s", failure.text);
	status = stats_report(&stats, &ledger, status);
	view_free(s.words);
	view_free(s.given);
	return out_finish(&out, status);
}
