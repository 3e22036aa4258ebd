/* SPDX-License-Identifier: MIT */
/* writer -- rows as CSV, TSV or NDJSON text.
 *
 *   CSV      RFC 4180: quoted when the text holds a comma, a quote, CR or LF, and only then. The single empty cell of a
 *            one-column row is written `""`, for an empty line would be no record.
 *   TSV      tab, LF, CR and backslash as \t \n \r \\ . An empty one-column row is an empty line: TSV has no other way.
 *   NDJSON   one object; numbers bare, null for empty, text escaped; bytes that are not UTF-8 become U+FFFD.
 * CSV and TSV give bytes that are not UTF-8 as they are. Lines end in LF. */
#ifndef LIB_TEXT_WRITER_H
#define LIB_TEXT_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"
#include "lib/text/reader.h"

struct cell {
	struct span text;               /* empty: null */
	bool number;                    /* written bare, without a look: it is a JSON number, the caller's word */
};

struct writer {
	enum record_format format;      /* CSV, TSV or NDJSON */
	size_t n;                       /* cells of a row */
	struct buf lead;                /* NDJSON: what stands before each value, `{"a":` `,"b":` one after the other; else the header line */
	size_t *lead_end;               /* NDJSON: where each of them ends in lead */
};

/* Names are copied. */
void writer_init(struct writer *w, enum record_format format, const struct span *names, size_t n);
void writer_free(struct writer *w);

void writer_header(const struct writer *w, struct buf *out);            /* NDJSON: nothing */
void writer_row(const struct writer *w, struct buf *out, const struct cell *cells);

/* A JSON string with its quotes. */
void json_put_string(struct buf *out, struct span text);
/* A JSON value: null, bare number or string. */
void json_put_cell(struct buf *out, struct cell cell);

#endif
