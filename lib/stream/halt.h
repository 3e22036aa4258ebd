/* SPDX-License-Identifier: MIT */
/* halt -- how the source of a stream is asked to end: the first SIGINT or SIGTERM only sets a mark, and the second does again what it does
 * by default. The source then says `stop`. One at a time in a process. */
#ifndef LIB_STREAM_HALT_H
#define LIB_STREAM_HALT_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

struct out;

void halt_begin(void);                  /* signals that were ignored stay so */
void halt_end(void);
bool halt_asked(void);

/* For a poll(): readable once it was asked for, also when that was just before the poll. fd -1 before halt_begin. */
struct pollfd halt_poll(void);

/* What became of whoever reads us, from what poll() said of out->fd (events 0). 0, or -1: nobody reads any more; out->error is set, and the
 * process ends by SIGPIPE unless that is ignored. */
int halt_reader_gone(struct out *out, short revents);

#endif
