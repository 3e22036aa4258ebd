/* SPDX-License-Identifier: MIT */
/* confirm -- asks a log whether it has the records that a view has counted: a crash may have taken them from the log again. */
#ifndef SERVE_STORE_CONFIRM_H
#define SERVE_STORE_CONFIRM_H

#include "lib/view/tiling.h"

/* Moves the speed files at the end of the tiling that the log does not confirm into lost/ of the view. 1: some went, 0: none, -1. */
int put_aside_unconfirmed(int dir, const char *path, const struct tiling *t, const char *log_path, struct failure *f);

#endif
