/* SPDX-License-Identifier: MIT */
/* dedupe -- passes on the first record of each key. The work is in speed/dedupe.c. */
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/stream/side_opts.h"
#include "lib/stream/stats_opts.h"
#include "lib/text/read_opts.h"
#include "speed/dedupe.h"

enum { OPT_KEY = 1, OPT_WITHIN, OPT_TIME, OPT_TIME_UNIT, OPT_INPUT_TZ, OPT_DELAY, OPT_LATENESS, OPT_MAX_AHEAD, OPT_MAX_KEYS, OPT_DUPLICATES, OPT_LATE,
       OPT_REJECTS, OPT_STATE };

static const struct opt options[] = {
	{ OPT_KEY, 'k', "key", "COLUMNS", "what tells records apart (default: the whole record)", "Repeats" },
	{ OPT_WITHIN, 0, "within", "DURATION", "a repeat is less than DURATION of event time away (default: for ever)", NULL },
	{ OPT_DUPLICATES, 0, "duplicates", "FILE", "keep repeats, with the reason", NULL },
	{ OPT_MAX_KEYS, 0, "max-keys", "N", "stop when more than N keys are held (default: no bound)", NULL },
	{ OPT_TIME, 't', "time", "COLUMN", "event time of each record", "Time" },
	{ OPT_TIME_UNIT, 0, "time-unit", "auto|s|ms|us|ns", "unit of numeric times (default auto, by magnitude)", NULL },
	{ OPT_INPUT_TZ, 0, "input-tz", "ZONE", "zone of times that carry no offset (default UTC)", NULL },
	{ OPT_DELAY, 0, "watermark-delay", "DURATION", "how far out of order records may be: forget what is older", NULL },
	{ OPT_LATENESS, 0, "allowed-lateness", "DURATION", "remember that much longer", NULL },
	{ OPT_MAX_AHEAD, 0, "max-ahead", "DURATION", "a record further ahead does not move the watermark", NULL },
	{ OPT_LATE, 0, "late", "FILE", "keep records that came too late to be checked", NULL },
	READ_OPTS,
	{ OPT_REJECTS, 0, "rejects", "FILE", "keep bad records with the reason and go on", NULL },
	{ OPT_STATE, 0, "state", "DIR", "keep in DIR what a checked stream goes on from", "Checked streams" },
	STATS_OPTS,
	{ 0 },
};

static const struct cli cli = {
	"dedupe", "[OPTION]... [FILE]...", "drop records that repeat a key", options, NULL,
};

struct settings {
	struct dedupe_options dedupe;
	struct stats_options stats;
	struct zone *zone;
	const char *duplicates, *late, *rejects;
};

static void take_option(struct settings *s, int id)
{
	struct dedupe_options *d = &s->dedupe;

	switch (id) {
	case OPT_KEY: d->key = optarg; break;
	case OPT_WITHIN: d->within = duration_option("within", optarg); break;
	case OPT_TIME: d->time = optarg; break;
	case OPT_TIME_UNIT: d->time_unit = unit_option(optarg); break;
	case OPT_INPUT_TZ: d->input_zone = s->zone = zone_option("input-tz", optarg); break;
	case OPT_DELAY: d->watermark_delay = duration_option("watermark-delay", optarg); break;
	case OPT_LATENESS: d->allowed_lateness = duration_option("allowed-lateness", optarg); break;
	case OPT_MAX_AHEAD: d->max_ahead = duration_option("max-ahead", optarg); break;
	case OPT_MAX_KEYS: d->max_keys = size_option("max-keys", optarg); break;
	case OPT_DUPLICATES: s->duplicates = optarg; break;
	case OPT_LATE: s->late = optarg; break;
	case OPT_REJECTS: s->rejects = optarg; break;
	case OPT_STATE: d->state = optarg; break;
	default:
		if (!read_opts_take(&d->reader, id, optarg))
			stats_opts_take(&s->stats, id, optarg);
	}
}

static void check(const struct dedupe_options *d)
{
	if (d->within && !d->time)
		die(EXIT_USAGE, "--within: needs --time");
	if (d->watermark_delay >= 0 && !d->within)
		die(EXIT_USAGE, "--watermark-delay: goes with --within");
	if (d->state && d->npaths > 1)
		die(EXIT_USAGE, "--state: takes one input");
	if (d->watermark_delay >= 0 && d->npaths > 1)
		die(EXIT_USAGE, "--watermark-delay: takes one input; several are read one after the other");
}

int main(int argc, char **argv)
{
	struct settings s = { .dedupe = { .watermark_delay = -1 } };
	struct ledger ledger = { 0 };
	struct out out;
	struct failure failure = { 0 };
	int id, status;

	diag_init(cli.tool);
	while ((id = opts_next(&cli, argc, argv)) != -1)
		take_option(&s, id);
	s.dedupe.path = (const char *const *)argv + optind;
	s.dedupe.npaths = (size_t)(argc - optind);
	check(&s.dedupe);
	outputs_check((const char *const[]){ s.duplicates, s.late, s.rejects, s.stats.file }, 4, s.dedupe.path, s.dedupe.npaths);
	s.dedupe.duplicates = side_option(s.duplicates);
	s.dedupe.late = side_option(s.late);
	s.dedupe.rejects = side_option(s.rejects);
	out_init(&out, STDOUT_FILENO, "stdout");
	status = dedupe(&s.dedupe, &out, &ledger, &failure);
	if (*failure.text)
		warn("%s", failure.text);
	status = side_finish(s.dedupe.duplicates, status);
	status = side_finish(s.dedupe.late, status);
	status = side_finish(s.dedupe.rejects, status);
	status = stats_report(&s.stats, &ledger, status);
	zone_free(s.zone);
	return out_finish(&out, status);
}
