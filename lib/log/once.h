/* SPDX-License-Identifier: MIT */
/* once -- which IDs of `append --once` a log holds. */
#ifndef LIB_LOG_ONCE_H
#define LIB_LOG_ONCE_H

#include "lib/log/segment.h"

/* In the sealed segments that end at or before a position, from the last one on: by their indexes, where there is none by reading them. */
int log_has_once(int dir, const char *path, struct position end, struct span id, bool *has, struct failure *f);

#endif
