/* SPDX-License-Identifier: MIT */
/* rows -- the records of a block as batches of just the fields asked for.
 *
 * One object per thread. Blocks come from blocks.h, and each says by its layout how it is to be read: nothing is
 * shared by the threads but layouts, which never change.
 *
 *   CSV, TSV     whole chunks at a time: positions of separators by SIMD, fields are looked up   rows_split.c
 *     quotes     a CSV record that holds a quote goes through libcsv                             rows_csv.c
 *   NDJSON etc.  line by line through a struct row_format                                        rows_ndjson.c, rows_envelope.c */
#ifndef LIB_TEXT_ROWS_H
#define LIB_TEXT_ROWS_H

#include "lib/base/arena.h"
#include "lib/text/blocks.h"
#include "lib/text/reader.h"

struct rows;

/* fields are borrowed, complete by now. max_record: the one the blocks were opened with. */
struct rows *rows_new(const struct fields *fields, size_t max_record);
void rows_free(struct rows *r);

/* Begins a block that came as READ_ROWS. Block and layout are borrowed until the next rows_begin or rows_free. */
void rows_begin(struct rows *r, const struct block *block);

/* READ_ROWS, READ_BAD (a record that is no rows, in its place), or READ_END: the block is done.
 * What it gives is valid until the next call; spans point into the block or into the object. */
enum read_event rows_next(struct rows *r, struct batch *batch, struct bad_record *bad);

/* A format whose record is one physical line: NDJSON and the envelopes in it. */
struct row_format {
	/* The state of one reading thread; fields are borrowed for its life. */
	void *(*open)(const struct fields *fields);

	/* One record, without its line end (also without a CR before it), never empty. Adds its rows with rows_add, none
	 * or many, and returns 0; or returns -1 with the reason (short, one line; no file or line number), and the rows it
	 * has added are taken back. Spans may borrow from the record and from rows_scratch(). */
	int (*record)(void *state, struct span record, struct rows *rows, char reason[BAD_REASON]);

	void (*close)(void *state);     /* NULL is fine */
};

extern const struct row_format row_format_ndjson;               /* rows_ndjson.c */
extern const struct row_format row_format_debezium, row_format_maxwell, row_format_canal, row_format_wal2json;  /* rows_envelope.c */

/* For formats: one more row of the batch: a span for each field, all empty, to be filled. Valid until the next
 * rows_add. */
struct span *rows_add(struct rows *r);

/* For formats: memory that lives as long as the batch. */
struct arena *rows_scratch(struct rows *r);

#endif
