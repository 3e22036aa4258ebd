/* SPDX-License-Identifier: MIT */
/* The kinds of sinks. Each fills a state that says nothing is committed. */
#ifndef LIB_SINK_SINK_IMPL_H
#define LIB_SINK_SINK_IMPL_H

#include "lib/sink/sink.h"

int sink_read_log(int dir, const char *path, struct sink_state *s, struct failure *f);
int sink_read_view(int dir, const char *path, const char *source, struct sink_state *s, struct failure *f);

#endif
