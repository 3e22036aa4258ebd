/* SPDX-License-Identifier: MIT */
/* stats_opts -- how a tool tells what became of its records: --stats, --stats-file. */
#ifndef LIB_STREAM_STATS_OPTS_H
#define LIB_STREAM_STATS_OPTS_H

#include "lib/base/opts.h"
#include "lib/stream/ledger.h"

enum { OPT_STATS = 2100, OPT_STATS_FILE };

#define STATS_OPTS \
	{ OPT_STATS, 0, "stats", NULL, "print the ledger of records on stderr, as JSON", "Reporting" }, \
	{ OPT_STATS_FILE, 0, "stats-file", "FILE", "write it for Prometheus' textfile collector", NULL }

struct stats_options {
	bool print;
	const char *file;
};

bool stats_opts_take(struct stats_options *o, int id, const char *arg);

/* At the end of a run, also by a signal. Returns status, or EXIT_CREATE when the file cannot be written and status was 0. */
int stats_report(const struct stats_options *o, const struct ledger *l, int status);

#endif
