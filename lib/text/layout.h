/* SPDX-License-Identifier: MIT */
/* layout -- how the records of a block are to be read: the format, and in CSV and TSV which columns hold the fields
 * asked for. Made once per header, never changed, shared by threads. */
#ifndef LIB_TEXT_LAYOUT_H
#define LIB_TEXT_LAYOUT_H

#include "lib/base/buf.h"
#include "lib/text/reader.h"

struct layout_column {
	uint32_t column;                /* from 0 */
	uint32_t slot;                  /* number of the field that wants it */
};

struct layout {
	uint64_t serial;                /* no other layout of this process has it; from 1 */
	enum record_format format;      /* never AUTO */
	bool controlled;                /* data lines may be escaped */
	const char *origin;             /* what sets the number of columns: "header", "columns line", "first record" */
	size_t ncols;
	struct span header;             /* the header as it stood; owned */
	size_t nwant;                   /* fields that have a column */
	struct layout_column want[];    /* in order of columns */
};

/* A layout without columns: NDJSON and its envelopes. Owned by the caller, released with layout_free. */
struct layout *layout_lines(enum record_format format, bool controlled);

/* CSV and TSV: binds fields to the columns of a header record (without line end, well quoted). The first of equal
 * names counts. */
struct layout *layout_header(enum record_format format, const struct fields *fields, struct span header);

/* no header: the record only says how many columns there are. */
struct layout *layout_count(enum record_format format, const struct fields *fields, struct span record);

/* The text of a control line behind `#!weir columns `: percent-encoded names with commas between. NULL with *error
 * (static text). The header it keeps is these names written as a header line of the format. */
struct layout *layout_columns(enum record_format format, const struct fields *fields, struct span columns, const char **error);

/* The way back: the names of a header record (without line end, well quoted) as a columns line has them. */
void layout_print_columns(enum record_format format, struct span header, struct buf *out);

/* Names for the columns of a record that came without a header, @1, @2 and so on, as the text of a columns line. */
void layout_number_columns(enum record_format format, struct span record, struct buf *out);

void layout_free(struct layout *l);

/* Separator, and the byte that takes a record off the fast path. */
static inline char layout_delimiter(enum record_format format)
{
	return format == FORMAT_TSV ? '\t' : ',';
}

static inline char layout_mark(enum record_format format)
{
	return format == FORMAT_TSV ? '\\' : '"';
}

static inline bool format_is_delimited(enum record_format format)
{
	return format == FORMAT_CSV || format == FORMAT_TSV;
}

#endif
