/* SPDX-License-Identifier: MIT */
/* What the files behind rows.h share; private to rows*.c. */
#ifndef LIB_TEXT_ROWS_IMPL_H
#define LIB_TEXT_ROWS_IMPL_H

#include "lib/text/csv_quoted.h"
#include "lib/text/rows.h"
#include "lib/text/scan.h"

#define BATCH_ROWS 512

struct rows {
	const struct fields *fields;
	size_t width, max_record;
	struct block block;             /* n 0: none */
	const struct layout *layout;    /* of the block */
	uint64_t serial;                /* of the layout that field and absent are ready for */
	size_t at;                      /* done of the block, up to the end of the chunk */
	uint64_t line;                  /* of the next record */

	/* the batch */
	size_t n, cap;
	struct span *field, *raw;
	bool *absent;                   /* fields that no column of the layout fills */
	uint64_t *lines;
	struct arena scratch;
	struct bad_record bad;          /* comes behind the rows in the batch */
	bool has_bad;

	/* the chunk, and how far it is done */
	const struct scan_kernel *kernel;
	uint32_t *positions;            /* what the arrays of index are cut from */
	size_t chunk_cap;
	struct scan_index index;        /* sep[-1] is the line end before the chunk */
	size_t sep, nl, mark;           /* next of each; mark[nmark] is past all */
	struct csv_splitter *splitter;  /* made when needed */

	/* formats by line */
	enum record_format state_format;
	const struct row_format *format;
	void *state;
	size_t nquotes;                 /* in the line before */
};

/* Indexes the next chunk of the block: whole lines, one at least. */
void rows_index(struct rows *r);

/* Adds what is next of the block to the batch, up to a bad record or BATCH_ROWS rows. */
void rows_split(struct rows *r);        /* CSV, TSV */

/* Makes rec the bad record behind the batch. */
void rows_bad(struct rows *r, uint64_t line, struct span rec, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Fills the fields of a record that holds a quote; the number of fields it has, 0: not well quoted. */
size_t rows_csv_quoted(struct rows *r, struct span rec, struct span *field);

/* In a controlled stream a physical line of data that begins with backslashes and then #!weir has one backslash too
 * many. */
bool rows_is_escaped(struct span line);

#endif
