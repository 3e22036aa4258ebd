/* SPDX-License-Identifier: MIT */
/* signals -- Ctrl-C and `kill %1` reach all members of a pipeline at once. In a checked stream only its source acts on the first
 * one: it says `stop`, and what is behind it commits and ends. */
#ifndef LIB_STREAM_SIGNALS_H
#define LIB_STREAM_SIGNALS_H

/* For stages and sinks, once a resume line has come: the first SIGINT or SIGTERM does nothing, from the second on they do again what
 * they do by default. Signals that were ignored stay so. Reads and writes go on; poll() and the like end with EINTR. */
void stage_signals(void);

#endif
