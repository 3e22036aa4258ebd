/* SPDX-License-Identifier: MIT */
/* watch -- what the sink of a captured stream has committed: where to begin, how many epochs are open, what the source may forget. */
#ifndef SPEED_CDC_WATCH_H
#define SPEED_CDC_WATCH_H

#include "lib/sink/sink.h"

struct watch {
	const char *path;               /* NULL: there is no sink that could be asked; nothing is ever full */
	struct sink_state begin;        /* what it had committed when the run began */
	struct sink_state now;          /* what it has */
	char ours[RUN_TEXT];            /* our run, once it is drawn */
	uint64_t sent, committed;       /* epochs */
	int64_t looked_ms;
	bool news;                      /* now.pos is further than it was: nobody has confirmed it yet */
};

int watch_open(struct watch *w, const char *path, struct failure *f);
void watch_close(struct watch *w);

/* Reads anew what is committed, when that is worth it. -1: EXIT_RETRY, another run has taken over the sink. */
int watch_look(struct watch *w, int64_t now_ms, struct failure *f);
bool watch_is_full(const struct watch *w);

#endif
