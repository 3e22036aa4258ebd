/* SPDX-License-Identifier: MIT */
/* through -- a Unix filter inside a checked stream: each epoch's data goes through a command that is started anew for it.
 *
 *   records in -> unescaped, header first -> command (command.h) -> header off, escaped (answer.h) -> records out
 *
 * The barrier goes on when the command has ended well, so what a command that failed has said is never committed. In a plain
 * stream the command runs once, over everything. */
#ifndef SPEED_THROUGH_THROUGH_H
#define SPEED_THROUGH_THROUGH_H

#include "lib/base/failure.h"
#include "lib/stream/ledger.h"
#include "lib/stream/out.h"
#include "lib/text/reader.h"
#include "speed/through/answer.h"

struct through_options {
	struct reader_options reader;
	enum header_mode header;
	bool ok[256];                   /* exit statuses that are fine */
	char *const *command;           /* words, NULL behind them */
};

/* stdin to out. 0, or the exit status; in a plain stream that may be the command's own. ledger: in is what went to the command, rows the lines
 * that came back. */
int through(const struct through_options *o, struct out *out, struct ledger *ledger, struct failure *failure);

#endif
