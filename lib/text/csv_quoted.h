/* SPDX-License-Identifier: MIT */
/* csv_quoted -- CSV records that hold quotes: how far they go, and what their fields are.
 * RFC 4180, strictly: a quote opens only where a field begins; behind the closing quote stands a comma or the line end.
 * Blanks, NUL and CR within a line are data. */
#ifndef LIB_TEXT_CSV_QUOTED_H
#define LIB_TEXT_CSV_QUOTED_H

#include "lib/base/span.h"

enum csv_extent {
	CSV_WHOLE,
	CSV_MORE,               /* goes on behind end */
	/* bad, whatever follows: */
	CSV_LONG,               /* longer than max */
	CSV_UNCLOSED,           /* its quote is not closed within max bytes, or not before the end when final */
	CSV_STRAY,              /* a quote within a field that does not begin with one */
	CSV_TRAILING,           /* text behind a closing quote */
};

struct csv_record {
	size_t length;          /* CSV_WHOLE: with its newline */
	size_t field;           /* the last field looked at, from 1 */
};

/* The record that begins at p. max: bytes without line end. final: there is nothing behind end, which is the end of a
 * line. Looks at no more than max + 2 bytes, so the answer does not depend on how much has been read beyond them. */
enum csv_extent csv_extent(const char *p, const char *end, size_t max, bool final, struct csv_record *r);

struct csv_splitter;

struct csv_splitter *csv_splitter_new(void);
void csv_splitter_free(struct csv_splitter *s);         /* NULL is fine */

/* Called with each field of a record in order; the text is valid during the call. */
typedef void csv_field(void *arg, size_t column, struct span text);

/* Splits one record (without line end). The number of its fields, or 0 when it is not well quoted. */
size_t csv_split(struct csv_splitter *s, struct span record, csv_field *field, void *arg);

#endif
