/* SPDX-License-Identifier: MIT */
/* window-agg -- aggregates records by windows of event time. The work is in speed/window/. */
#include <signal.h>
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/stream/side_opts.h"
#include "lib/stream/stats_opts.h"
#include "lib/text/read_opts.h"
#include "lib/view/view_opts.h"
#include "speed/window/interrupt.h"
#include "speed/window/run.h"

enum { OPT_VIEW = 1, OPT_OUTPUT, OPT_JOBS, OPT_MAX_GROUPS, OPT_LATE, OPT_REJECTS, OPT_EXPLAIN, OPT_STATE };

static const struct opt options[] = {
	{ OPT_VIEW, 'V', "view", "FILE", "take the definition from FILE: these options, one per line, without dashes", "Definition of the view" },
	VIEW_OPTS,
	{ OPT_LATE, 0, "late", "FILE", "keep records that came too late, with the reason", NULL },
	READ_OPTS,
	{ OPT_REJECTS, 0, "rejects", "FILE", "keep bad records with the reason and go on (on-bad skip)", NULL },
	{ OPT_OUTPUT, 'o', "output", "csv|tsv|ndjson", "format of the output (default: as the input)", "Output" },
	{ OPT_JOBS, 'j', "jobs", "N", "use N threads where order does not matter; the answer is the same", "Resources" },
	{ OPT_MAX_GROUPS, 0, "max-groups", "N", "stop when more than N groups are open (default: no bound)", NULL },
	{ OPT_STATE, 0, "state", "DIR", "keep in DIR what a checked stream goes on from", "Checked streams" },
	STATS_OPTS,
	{ OPT_EXPLAIN, 0, "explain-watermark", NULL, "tell what holds the watermark back and which delay would do", NULL },
	{ 0 },
};

static const char *const notes[] = {
	"Example: window-agg -t ts -w 1m -g category -m 'orders=count()' -m 'gmv=sum(amount)' orders.csv",
	NULL,
};

static const struct cli cli = {
	"window-agg", "[OPTION]... [FILE]...", "aggregate records by windows of event time", options, notes,
};

struct settings {
	struct view *view;
	struct run_options run;
	const char *late, *rejects;
};

/* What a signal handler can reach. */
static struct stats_options stats;

static void report(const struct ledger *l)
{
	stats_report(&stats, l, 0);
}

static void take_option(struct settings *s, int id)
{
	char error[256];

	switch (id) {
	case OPT_VIEW:
		if (view_load(s->view, optarg, error) < 0)
			die(EXIT_CONFIG, "%s", error);
		break;
	case OPT_OUTPUT:
		s->run.output = format_named(optarg);
		break;
	case OPT_JOBS:
		s->run.threads = (unsigned)size_option("jobs", optarg);
		if (s->run.threads > 256)
			die(EXIT_USAGE, "--jobs: more than 256");
		break;
	case OPT_MAX_GROUPS:
		s->run.max_groups = size_option("max-groups", optarg);
		break;
	case OPT_LATE:
		s->late = optarg;
		break;
	case OPT_REJECTS:
		s->rejects = optarg;
		break;
	case OPT_STATE:
		s->run.state = optarg;
		break;
	case OPT_EXPLAIN:
		s->run.explain = true;
		break;
	default:
		if (!read_opts_take(&s->run.reader, id, optarg))
			stats_opts_take(&stats, id, optarg);
	}
}

/* --rejects goes on where on-bad stop would not: that is part of the definition, so the two must not contradict. */
static void finish_view(struct settings *s)
{
	char error[256];

	if (s->rejects && !view_states(s->view, "on-bad"))
		view_set(s->view, "on-bad", SPAN("skip"), error);
	if (view_finish(s->view, error) < 0)
		die(EXIT_USAGE, "%s", error);
	if (s->rejects && !s->view->skip_bad)
		die(EXIT_USAGE, "--rejects: the view says on-bad stop");
}

static void parse(struct settings *s, int argc, char **argv)
{
	char error[256];
	const struct opt *o;

	while ((o = opts_next_row(&cli, argc, argv))) {
		if (o->id != OPT_WORD)
			take_option(s, o->id);
		else if (view_set(s->view, o->name, span_of(optarg ? optarg : ""), error) < 0)
			die(EXIT_USAGE, "%s", error);
	}
	s->run.path = (const char *const *)argv + optind;
	s->run.npaths = (size_t)(argc - optind);
	finish_view(s);
}

static void catch_signals(void)
{
	struct sigaction act = { .sa_handler = interrupt_on_signal };

	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
}

int main(int argc, char **argv)
{
	struct settings s = { .run = { .threads = 1, .report = report } };
	struct ledger ledger = { 0 };
	struct failure failure = { 0 };
	struct buf explanation = { 0 };
	struct out out;
	int status;

	diag_init(cli.tool);
	s.view = view_new();
	parse(&s, argc, argv);
	outputs_check((const char *const[]){ s.late, s.rejects, stats.file }, 3, s.run.path, s.run.npaths);
	s.run.late = side_option(s.late);
	s.run.rejects = side_option(s.rejects);
	out_init(&out, STDOUT_FILENO, "stdout");
	catch_signals();
	status = run(s.view, &s.run, &out, &ledger, &failure, &explanation);
	if (!out.error && *failure.text)
		warn("%s", failure.text);
	status = side_finish(s.run.late, side_finish(s.run.rejects, status));
	status = stats_report(&stats, &ledger, status);
	if (explanation.n)
		(void)!write(STDERR_FILENO, explanation.p, explanation.n);
	status = out_finish(&out, status);
	if (interrupted)
		interrupt_die();
	buf_free(&explanation);
	view_free(s.view);
	return status;
}
