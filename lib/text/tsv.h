/* SPDX-License-Identifier: MIT */
/* tsv -- the escapes of a TSV field: \t \n \r \\ and \0. Any other backslash is itself. */
#ifndef LIB_TEXT_TSV_H
#define LIB_TEXT_TSV_H

#include "lib/base/arena.h"

/* The text of a field; borrowed from it when it holds no backslash, else in the arena. */
struct span tsv_decode(struct arena *a, struct span field);

#endif
