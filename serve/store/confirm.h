/* SPDX-License-Identifier: MIT */
/* confirm -- asks a log whether it has the records that a view has counted: a crash may have taken them from the log again. */
#ifndef SERVE_STORE_CONFIRM_H
#define SERVE_STORE_CONFIRM_H

#include "lib/base/failure.h"

/* Moves the speed files at the end of the view in path that were made from this log but are not confirmed by it into lost/ of the
 * view. -1: EXIT_RETRY somebody writes to the view, or what lib/log/dir.h says. */
int confirm(const char *path, const char *log_path, struct failure *f);

#endif
