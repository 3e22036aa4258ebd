/* SPDX-License-Identifier: MIT */
/* run-pipeline -- starts a pipeline as one failure unit and keeps it going. The work is in speed/pipeline/. */
#include <errno.h>

#include "lib/base/diag.h"
#include "lib/base/opts.h"
#include "lib/text/duration.h"
#include "speed/pipeline/supervise.h"

enum { OPT_RESTARTS = 1, OPT_DELAY, OPT_MAX_DELAY, OPT_GRACE, OPT_DRAIN, OPT_LOG, OPT_STATS_FILE };

static const struct opt options[] = {
	{ OPT_RESTARTS, 0, "restarts", "N", "give up after N restarts in a row (default: no limit)", "Restarts" },
	{ OPT_DELAY, 0, "delay", "DURATION", "wait before a restart, doubling in a row (default 100ms)", NULL },
	{ OPT_MAX_DELAY, 0, "max-delay", "DURATION", "wait no longer than that (default 30s)", NULL },
	{ OPT_GRACE, 0, "grace", "DURATION", "when a member has failed, end the others after that (default 2s)", "Ends" },
	{ OPT_DRAIN, 0, "drain", "DURATION", "when asked to stop, kill what has not ended after that (default 10s)", NULL },
	{ OPT_LOG, 0, "log", "FILE", "append what happens, with the time", "Reporting" },
	{ OPT_STATS_FILE, 0, "stats-file", "FILE", "keep state and restarts there, for Prometheus' textfile collector", NULL },
	{ 0 },
};

static const struct cli cli = {
	"run-pipeline", "[OPTION]... -- COMMAND [ARG]... ['|' COMMAND [ARG]...]...", "run a pipeline as one failure unit", options, NULL,
};

static int64_t span_option(const char *name, const char *text)
{
	const char *reason;
	int64_t ms;

	if (duration_parse_ms(span_of(text), &ms, &reason) < 0)
		die(EXIT_USAGE, "--%s: %s: %s", name, diag_show(text, strlen(text)), reason);
	return ms < INT64_MAX / 4 ? ms : INT64_MAX / 4;         /* deadlines are sums */
}

static int64_t count_option(const char *name, const char *text)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (errno || *text < '0' || *text > '9' || *end)
		die(EXIT_USAGE, "--%s: %s: not a count", name, diag_show(text, strlen(text)));
	return n;
}

static void take_option(struct supervise_options *o, int id)
{
	switch (id) {
	case OPT_RESTARTS: o->restarts = count_option("restarts", optarg); break;
	case OPT_DELAY: o->delay_ms = span_option("delay", optarg); break;
	case OPT_MAX_DELAY: o->max_delay_ms = span_option("max-delay", optarg); break;
	case OPT_GRACE: o->grace_ms = span_option("grace", optarg); break;
	case OPT_DRAIN: o->drain_ms = span_option("drain", optarg); break;
	case OPT_LOG: o->log = optarg; break;
	default: o->stats = optarg;
	}
}

int main(int argc, char **argv)
{
	struct supervise_options o = { .grace_ms = 2000, .drain_ms = 10000, .delay_ms = 100, .max_delay_ms = 30000, .restarts = -1 };
	struct failure failure = { 0 };
	char **words;
	int id, status;

	diag_init(cli.tool);
	words = opts_words(&argc, argv);
	while ((id = opts_next(&cli, argc, argv)) != -1)
		take_option(&o, id);
	if (optind < argc || !words)
		die(EXIT_USAGE, "the commands stand behind --, as in run-pipeline -- a '|' b");
	status = supervise(&o, words, &failure);
	if (*failure.text)
		warn("%s", failure.text);
	return status;
}
