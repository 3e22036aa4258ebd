/* SPDX-License-Identifier: MIT */
/* batch-view -- rebuilds a view from the sealed segments of its log. The work is in batch/rebuild/. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "batch/rebuild/rebuild.h"
#include "lib/base/diag.h"
#include "lib/stream/stats_opts.h"
#include "lib/text/read_opts.h"
#include "lib/view/view_opts.h"

enum { OPT_VIEW = 1, OPT_STORE, OPT_INCREMENTAL, OPT_SEAL, OPT_FREEZE, OPT_KEEP, OPT_IF_NEW, OPT_FORCE, OPT_VERIFY, OPT_ROLLBACK, OPT_WAIT, OPT_JOBS,
       OPT_MAX_GROUPS };

static const struct opt options[] = {
	{ OPT_VIEW, 'V', "view", "FILE", "the definition", "What to build" },
	{ OPT_STORE, 0, "store", "DIR", "the directory of the view", NULL },
	{ OPT_INCREMENTAL, 0, "incremental", NULL, "only what is new, on top of the newest generation", NULL },
	{ OPT_SEAL, 0, "seal", NULL, "ask the log's writer to close its segment first", NULL },
	{ OPT_IF_NEW, 0, "if-new", NULL, "say nothing when there is nothing new", NULL },
	{ OPT_FORCE, 0, "force", NULL, "build even when there is nothing new", NULL },
	{ OPT_KEEP, 0, "keep", "N", "generations that stay (default 2)", "What stays" },
	{ OPT_FREEZE, 0, "freeze", NULL, "keep the newest generation for ever", NULL },
	{ OPT_VERIFY, 0, "verify", NULL, "build in memory and compare with what is served", "Instead of building" },
	{ OPT_ROLLBACK, 0, "rollback", NULL, "remove the newest generation", NULL },
	{ OPT_INPUT, 'i', "input", "debezium|maxwell|canal|wal2json", "the envelopes that the log holds (default: none)", "Input" },
	{ OPT_MAX_RECORD, 0, "max-record", "BYTES", "longer records are bad (default 1M; K, M, G)", NULL },
	{ OPT_WAIT, 0, "wait", "DURATION", "wait so long for another builder (default 0)", "Resources" },
	{ OPT_JOBS, 'j', "jobs", "N", "use N threads (default: one per processor); the answer is the same", NULL },
	{ OPT_MAX_GROUPS, 0, "max-groups", "N", "stop when the view has more than N groups (default: no bound)", NULL },
	STATS_OPTS,
	{ 0 },
};

static const char *const notes[] = {
	"Example: batch-view -V gmv.view --store views/gmv log/orders",
	NULL,
};

static const struct cli cli = {
	"batch-view", "[OPTION]... LOG", "rebuild a view from the sealed segments of its log", options, notes,
};

struct settings {
	struct rebuild_options rebuild;
	struct view *view;
	struct stats_options stats;
	bool verify, rollback;
};

static unsigned jobs_option(const char *text)
{
	size_t n = size_option("jobs", text);

	if (n > 256)
		die(EXIT_USAGE, "--jobs: more than 256");
	return (unsigned)n;
}

static unsigned processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > 256 ? 256 : (unsigned)n;
}

static void take_option(struct settings *s, int id)
{
	struct rebuild_options *r = &s->rebuild;

	switch (id) {
	case OPT_VIEW:
		view_free(s->view);
		s->view = view_option(optarg);
		break;
	case OPT_STORE: r->store = optarg; break;
	case OPT_INCREMENTAL: r->incremental = true; break;
	case OPT_SEAL: r->seal = true; break;
	case OPT_IF_NEW: r->if_new = true; break;
	case OPT_FORCE: r->force = true; break;
	case OPT_KEEP: r->keep = size_option("keep", optarg); break;
	case OPT_FREEZE: r->freeze = true; break;
	case OPT_VERIFY: s->verify = true; break;
	case OPT_ROLLBACK: s->rollback = true; break;
	case OPT_WAIT: r->wait_ms = duration_option("wait", optarg); break;
	case OPT_JOBS: r->scan.threads = jobs_option(optarg); break;
	case OPT_MAX_GROUPS: r->scan.max_groups = size_option("max-groups", optarg); break;
	default:
		if (!read_opts_take(&r->scan.reader, id, optarg))
			stats_opts_take(&s->stats, id, optarg);
	}
}

static void check(const struct settings *s)
{
	const struct rebuild_options *r = &s->rebuild;

	if (!s->view && !s->rollback)
		die(EXIT_USAGE, "--view: which definition?");
	if (!r->store)
		die(EXIT_USAGE, "--store: which directory?");
	if (s->verify && s->rollback)
		die(EXIT_USAGE, "--verify and --rollback: one of them");
	if ((s->verify || s->rollback) && (r->incremental || r->seal || r->freeze || r->force))
		die(EXIT_USAGE, "--%s: nothing is built, so --incremental, --seal, --freeze and --force mean nothing", s->verify ? "verify" : "rollback");
}

static void parse(struct settings *s, int argc, char **argv)
{
	int id;

	while ((id = opts_next(&cli, argc, argv)) != -1)
		take_option(s, id);
	if (argc - optind != 1)
		die(EXIT_USAGE, argc == optind ? "which log?" : "one log at a time");
	s->rebuild.log = argv[optind];
	s->rebuild.view = s->view;
	check(s);
}

static void on_signal(int number)
{
	rebuild_clean_up();
	signal(number, SIG_DFL);
	raise(number);
}

/* Those that were ignored stay so. */
static void catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction act = { .sa_handler = on_signal }, old;

	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(signals[i], &act, NULL);
}

int main(int argc, char **argv)
{
	struct settings s = { .rebuild = { .keep = 2, .scan = { .threads = processors() } } };
	struct ledger ledger = { 0 };
	struct failure failure = { 0 };
	struct out out;
	int status;

	diag_init(cli.tool);
	parse(&s, argc, argv);
	catch_signals();
	out_init(&out, STDOUT_FILENO, "stdout");
	if (s.verify)
		status = rebuild_verify(&s.rebuild, &out, &ledger, &failure);
	else if (s.rollback)
		status = rebuild_rollback(&s.rebuild, &out, &failure);
	else
		status = rebuild(&s.rebuild, &ledger, &failure);
	if (*failure.text)
		warn("%s", failure.text);
	status = stats_report(&s.stats, &ledger, status);
	view_free(s.view);
	return out_finish(&out, status);
}
