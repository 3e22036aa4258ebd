/* SPDX-License-Identifier: MIT */
/* view-store -- the sink of the speed layer: partials become range files of a view. The work is in serve/store/. */
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/stream/stats_opts.h"
#include "lib/text/read_opts.h"
#include "serve/store/store.h"

enum { OPT_LOG = 1, OPT_SYNC, OPT_LINGER };

static const struct opt options[] = {
	{ OPT_LOG, 0, "log", "DIR", "put aside what this log does not confirm before going on", "Store" },
	{ OPT_SYNC, 0, "sync", "always|lazy", "sync each file, or at most once a second (default lazy)", NULL },
	{ OPT_LINGER, 0, "linger", "DURATION", "how long files that were compacted stay for readers (default 60s)", NULL },
	{ OPT_MAX_RECORD, 0, "max-record", "BYTES", "longer lines are damage (default 64M; K, M, G)", NULL },
	STATS_OPTS,
	{ 0 },
};

static const struct cli cli = {
	"view-store", "[OPTION]... DIR", "write a checked stream of partials into a view directory", options, NULL,
};

struct settings {
	struct store_options store;
	struct reader_options reader;
	struct stats_options stats;
};

static void take_option(struct settings *s, int id)
{
	switch (id) {
	case OPT_LOG: s->store.log = optarg; break;
	case OPT_SYNC: s->store.durable = strcmp(optarg, "always") == 0; break;
	case OPT_LINGER: s->store.linger = duration_option("linger", optarg); break;
	default:
		if (!read_opts_take(&s->reader, id, optarg))
			stats_opts_take(&s->stats, id, optarg);
	}
}

int main(int argc, char **argv)
{
	struct settings s = { .store = { .linger = 60000 } };
	struct ledger ledger = { 0 };
	struct failure failure = { 0 };
	int id, status;

	diag_init(cli.tool);
	while ((id = opts_next(&cli, argc, argv)) != -1)
		take_option(&s, id);
	if (argc - optind != 1)
		die(EXIT_USAGE, "%s", argc == optind ? "the directory of the view is missing" : "one directory, not several");
	s.store.path = argv[optind];
	s.store.max_record = s.reader.max_record;
	status = store(&s.store, &ledger, &failure);
	if (*failure.text)
		warn("%s", failure.text);
	return stats_report(&s.stats, &ledger, status);
}
