/* SPDX-License-Identifier: MIT */
#include "lib/stream/stats_opts.h"

#include <unistd.h>

#include "lib/base/diag.h"

bool stats_opts_take(struct stats_options *o, int id, const char *arg)
{
	if (id == OPT_STATS)
		o->print = true;
	else if (id == OPT_STATS_FILE)
		o->file = arg;
	else
		return false;
	return true;
}

int stats_report(const struct stats_options *o, const struct ledger *l, int status)
{
	char text[LEDGER_TEXT];

	if (o->print)
		(void)!write(STDERR_FILENO, text, ledger_print(l, diag_tool(), text));
	if (o->file && ledger_write_file(l, diag_tool(), o->file) < 0) {
		warn("%s:", o->file);
		status = status ? status : EXIT_CREATE;
	}
	return status;
}
