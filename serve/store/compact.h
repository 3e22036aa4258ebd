/* SPDX-License-Identifier: MIT */
/* compact -- makes one range file of several that follow one another, row by row, in the memory of one row. */
#ifndef SERVE_STORE_COMPACT_H
#define SERVE_STORE_COMPACT_H

#include <stdatomic.h>

#include "lib/view/tiling.h"

/* Tiles [0, n), n >= 2, become *made (made->file is the caller's), one level above the highest of them. It is durable when this returns; they are
 * still there. quit: leaves off, with 1, when it comes to be true. 1 also when one of them has vanished; then -1: failure. */
int compact(int dir, const char *path, const struct tile *tile, size_t n, const atomic_bool *quit, struct tile *made, struct failure *f);

#endif
