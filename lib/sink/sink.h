/* SPDX-License-Identifier: MIT */
/* sink -- where a pipeline goes on: what its sink has committed. A sink is a log directory or a view directory; which, its files tell. */
#ifndef LIB_SINK_SINK_H
#define LIB_SINK_SINK_H

#include "lib/base/failure.h"
#include "lib/log/position.h"
#include "lib/stream/checked.h"

struct sink_state {
	uint64_t epoch;                 /* 0: nothing is committed yet */
	char run[RUN_TEXT];             /* "-": none */
	struct buf pos;                 /* of the source; empty: its beginning */
};

/* Reads the record of a sink at path. A directory that is missing or empty is a fresh sink. source: name of the source (a view may have several); NULL: the only
 * one. Cheap enough to be asked a hundred times a second. -1: failure. */
int sink_read(const char *path, const char *source, struct sink_state *s, struct failure *f);
/* The same of a log, as it stood that many epochs before, and where it ended then. -1: also a view, which has no such record, and a log
 * that does not go back so far (EXIT_CONFIG). */
int sink_read_before(const char *path, uint64_t back, struct sink_state *s, struct position *end, struct failure *f);
/* Before something is written: is the directory, when there is one, what it is taken for? -1: EXIT_CONFIG, it is the other kind. */
int sink_expect_log(const char *path, struct failure *f);
int sink_expect_view(const char *path, struct failure *f);

void sink_state_free(struct sink_state *s);

#endif
