/* SPDX-License-Identifier: MIT */
/* json_scan -- one JSON object per record, validated to the last byte by RFC 8259 while the fields asked for are picked.
 * Strict: valid UTF-8 and escapes, no lone surrogates, no control bytes in strings, no number that the grammar does not
 * have, nothing behind the object; at most JSON_MAX_DEPTH levels.
 * Of duplicate names the first counts, also for the paths below it; names are compared unescaped. */
#ifndef LIB_TEXT_JSON_SCAN_H
#define LIB_TEXT_JSON_SCAN_H

#include "lib/base/arena.h"
#include "lib/base/span.h"
#include "lib/text/fields.h"

#define JSON_MAX_DEPTH 128

enum json_kind {
	JSON_MISSING, JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_OBJECT, JSON_ARRAY,
};

struct json_scan;

/* Fields (borrowed) are complete by now. A field @N is always missing. One scanner per thread. */
struct json_scan *json_scan_new(const struct fields *fields);

/* Fills field[0 .. fields->n). Strings are unescaped, numbers as written, true and false their names, null and what is
 * missing empty, objects and arrays their raw text. Spans point into the record, or into scratch where a string held
 * escapes. 0; -1: not such an object, and field[] means nothing. */
int json_scan_record(struct json_scan *s, struct span record, struct arena *scratch, struct span *field);

/* What is known of a record before it is scanned, as positions from base on in ascending order: its quotes, and its
 * backslashes, control bytes and bytes that are not ASCII. Behind the record's own stands one at or past its end, in both. */
struct json_index {
	const char *base;
	const uint32_t *quote, *mark;
};

/* The same, faster. */
int json_scan_indexed(struct json_scan *s, struct span record, const struct json_index *index, struct arena *scratch, struct span *field);

enum json_kind json_scan_kind(const struct json_scan *s, size_t i);     /* of field i in the record scanned last */
const char *json_scan_reason(const struct json_scan *s);                /* after -1: static text */
size_t json_scan_offset(const struct json_scan *s);                     /* after -1: bytes from the record's start */

void json_scan_free(struct json_scan *s);                               /* NULL is fine */

/* The content of a string known to be valid (what stands between its quotes), escapes resolved into scratch. */
struct span json_unescape(struct span content, struct arena *scratch);

#endif
