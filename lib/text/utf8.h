/* SPDX-License-Identifier: MIT */
/* utf8 -- well-formed UTF-8 by the Unicode standard, table 3-7: no surrogates, no overlong forms, nothing past U+10FFFF. */
#ifndef LIB_TEXT_UTF8_H
#define LIB_TEXT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"

#define UTF8_REPLACEMENT "\xef\xbf\xbd"         /* U+FFFD */

/* The length of the character at p < end (1 to 4), or minus the length of the ill-formed run there: the part of it that
 * could have begun a character, at least 1. One U+FFFD stands for each such run, as the standard (3.9) recommends. */
int utf8_step(const char *p, const char *end);

bool utf8_valid(struct span s);

/* Writes one code point (not a surrogate, <= 0x10ffff); returns its length. out has room for 4. */
size_t utf8_encode(uint32_t c, char *out);

#endif
