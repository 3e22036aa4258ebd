/* SPDX-License-Identifier: MIT */
/* through -- runs a Unix filter inside a checked stream. The work is in speed/through/. */
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/stream/stats_opts.h"
#include "lib/text/read_opts.h"
#include "speed/through/through.h"

enum { OPT_OK = 1, OPT_HEADER };

static const struct opt options[] = {
	{ OPT_OK, 0, "ok", "STATUSES", "exit statuses of the command that are fine (default 0; grep: 0,1)", "Command" },
	{ OPT_HEADER, 0, "header", "same|new|none", "the header that comes back: the same (default), another one, none", NULL },
	READ_OPTS,
	STATS_OPTS,
	{ 0 },
};

static const struct cli cli = {
	"through", "[OPTION]... -- COMMAND [ARG]...", "run a Unix filter inside a checked stream", options, NULL,
};

static enum header_mode header_named(const char *name)
{
	return *name == 's' ? HEADER_SAME : name[1] == 'e' ? HEADER_NEW : HEADER_NONE;
}

/* "0,1": all of them from 0 to 255, with commas between. */
static void take_statuses(bool ok[256], const char *text)
{
	const char *p = text;

	memset(ok, 0, 256 * sizeof *ok);
	for (;; p++) {
		char *end;
		long status = strtol(p, &end, 10);

		if (*p < '0' || *p > '9' || status > 255 || (*end && *end != ','))
			die(EXIT_USAGE, "--ok: %s: not a list of exit statuses, as in 0,1", diag_show(text, strlen(text)));
		ok[status] = true;
		p = end;
		if (!*p)
			return;
	}
}

int main(int argc, char **argv)
{
	struct through_options o = { .ok = { true } };
	struct stats_options stats = { 0 };
	struct ledger ledger = { 0 };
	struct failure failure = { 0 };
	struct out out;
	int id, status;

	diag_init(cli.tool);
	o.command = opts_words(&argc, argv);
	while ((id = opts_next(&cli, argc, argv)) != -1)
		if (id == OPT_OK)
			take_statuses(o.ok, optarg);
		else if (id == OPT_HEADER)
			o.header = header_named(optarg);
		else if (!read_opts_take(&o.reader, id, optarg))
			stats_opts_take(&stats, id, optarg);
	if (optind < argc || !o.command || !*o.command)
		die(EXIT_USAGE, "the command stands behind --, as in through -- grep -v bot");
	out_init(&out, STDOUT_FILENO, "stdout");
	status = through(&o, &out, &ledger, &failure);
	if (*failure.text)
		warn("%s", failure.text);
	status = stats_report(&stats, &ledger, status);
	return out_finish(&out, status);
}
