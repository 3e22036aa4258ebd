/* SPDX-License-Identifier: MIT */
/* base64 -- bytes as text (RFC 4648, section 4, padded): for values that are no text. */
#ifndef LIB_TEXT_BASE64_H
#define LIB_TEXT_BASE64_H

#include "lib/base/buf.h"
#include "lib/base/span.h"

void base64_encode(struct buf *out, struct span bytes);

#endif
