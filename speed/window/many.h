/* SPDX-License-Identifier: MIT */
/* many -- the records of a batch taken together, where only the fold and the watermark look at them: final rows and partials of windows
 * that are no sessions. What single records have to do with it (late ones, the first of a pane, bad ones) stays engine_record's. */
#ifndef SPEED_WINDOW_MANY_H
#define SPEED_WINDOW_MANY_H

#include "speed/window/engine.h"

/* Can this engine take records so? */
bool many_fit(const struct engine *e);

/* A batch comes; it is borrowed until it is done. e->columns.position is then to be filled, row by row. */
void many_begin(struct engine *e, const struct batch *b);

/* Takes the rows from that one on, as many as are plain: their number; 0: that one is for engine_record. -1: failure. */
ssize_t many_take(struct engine *e, size_t from, size_t input);

#endif
