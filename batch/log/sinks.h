/* SPDX-License-Identifier: MIT */
/* sinks -- what the sinks of a checked stream have committed: where it begins, which epochs are open, where a sink that is ahead joins in. */
#ifndef BATCH_LOG_SINKS_H
#define BATCH_LOG_SINKS_H

#include "lib/log/position.h"
#include "lib/sink/sink.h"

struct one_sink {
	const char *path;
	struct sink_state begin;        /* what it had committed when the run began */
	struct position at;             /* and where in the log that is */
	uint64_t committed;             /* last epoch of our run, or the one the run began from */
	uint64_t had;                   /* last epoch sent that it had already by then: it is not waited for */
};

struct sinks {
	struct one_sink *of;            /* none: nobody says what is committed; nothing is ever full */
	size_t n;
	const char *source;
	char ours[RUN_TEXT];            /* our run, once it is drawn */

	/* the run begins from the sink that is furthest behind */
	struct position from;
	uint64_t epoch;
	char run[RUN_TEXT];
	bool fell_back;                 /* or from what the only one had committed before; it ended here then */
	struct position fallback;

	uint64_t sent;                  /* last epoch that was, and the position behind it */
	struct position sent_at;
	uint64_t committed;             /* by all */
	int64_t looked_ms;
};

/* source: name of the log; borrowed, as the paths. */
int sinks_open(struct sinks *s, const char *const *path, size_t n, const char *source, struct failure *f);
/* Begins that many epochs before what the sink, a log and the only one, has committed: the sink compares what comes again with what it has. */
int sinks_fall_back(struct sinks *s, uint64_t epochs, struct failure *f);
void sinks_close(struct sinks *s);

/* A barrier has gone out. */
void sinks_sent(struct sinks *s, uint64_t epoch, struct position at);
/* Reads anew what is committed, when that is worth it. -1: EXIT_RETRY when another run has taken over a sink. */
int sinks_look(struct sinks *s, int64_t now_ms, struct failure *f);
bool sinks_are_full(const struct sinks *s);
const char *sinks_slowest(const struct sinks *s);       /* path of the one that is waited for; there is one */
/* Does any stand elsewhere than when the run began? */
bool sinks_moved(const struct sinks *s);

/* The next position behind at where a barrier must be: a sink that is ahead goes on from there. */
bool sinks_next_cut(const struct sinks *s, uint64_t at, uint64_t *cut);
/* The same at the very beginning: a sink is as far, but by another epoch. */
bool sinks_cut_at_once(const struct sinks *s);
/* Do the sinks that stand at this position mean the same records before it? -1: EXIT_CONFIG. */
int sinks_confirm(const struct sinks *s, struct position at, struct failure *f);

#endif
