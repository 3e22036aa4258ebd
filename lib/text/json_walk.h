/* SPDX-License-Identifier: MIT */
/* json_walk -- element by element through JSON that a scanner has found valid. On anything else it is undefined. */
#ifndef LIB_TEXT_JSON_WALK_H
#define LIB_TEXT_JSON_WALK_H

#include <stdbool.h>

#include "lib/base/span.h"

/* The raw text of the next element of an array or member of an object (name: as it stands between its quotes; an empty
 * span in arrays). rest begins as the array's or object's own text and shrinks. false: there is none. */
bool json_next(struct span *rest, struct span *name, struct span *value);

#endif
