/* SPDX-License-Identifier: MIT */
/* percent -- values inside control lines and states: %XX for what would be taken apart there.
 * Control bytes, blank and DEL always, and % and whatever else the caller names. Bytes from 0x80 stay: UTF-8 is readable. */
#ifndef LIB_TEXT_PERCENT_H
#define LIB_TEXT_PERCENT_H

#include "lib/base/buf.h"
#include "lib/base/span.h"

void percent_encode(struct buf *out, struct span text, const char *also);
/* -1: a % that no two hex digits follow; out then holds what came before. */
int percent_decode(struct buf *out, struct span text);

#endif
