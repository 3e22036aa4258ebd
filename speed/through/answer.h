/* SPDX-License-Identifier: MIT */
/* answer -- what a command has made of an epoch, on its way back into the stream: its header comes off, and lines that look like control
 * lines are escaped. */
#ifndef SPEED_THROUGH_ANSWER_H
#define SPEED_THROUGH_ANSWER_H

#include "lib/base/failure.h"
#include "lib/stream/out.h"
#include "lib/text/reader.h"

enum header_mode {
	HEADER_SAME,            /* the first line that comes back must be the header that went in */
	HEADER_NEW,             /* it is the header, whatever it is */
	HEADER_NONE,            /* none goes in, none comes back */
};

struct answer {
	enum header_mode mode;
	struct out *out;
	enum record_format format;
	bool controlled;
	size_t max_line;                /* bytes that may come without a newline */
	uint64_t lines;                 /* sent on, without headers */

	struct span given;              /* the header that went in */
	bool headed;                    /* no header is to come off (any more) */
	struct buf held;                /* come, but not sent on: a header or a line begun */
	struct buf sent;                /* the header that is in force behind us */
	bool has_sent;
};

/* Before each start of the command. given: the header, borrowed until the end; empty: there is none. */
void reply_begin(struct answer *a, struct span given);
/* Takes what came. -1: EXIT_DATA. */
int reply_take(struct answer *a, const char *p, size_t n, struct failure *f);
/* No more comes. */
int reply_end(struct answer *a, struct failure *f);
void reply_free(struct answer *a);

#endif
