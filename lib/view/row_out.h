/* SPDX-License-Identifier: MIT */
/* row_out -- finished rows: window_start, window_end (not for window none), key columns, measures, derived columns; before
 * them `_change` or `_op` when rows may be taken back. */
#ifndef LIB_VIEW_ROW_OUT_H
#define LIB_VIEW_ROW_OUT_H

#include "lib/text/writer.h"
#include "lib/view/fold.h"

struct row_out {
	const struct view *view;
	const char *mark;               /* name of the first column, "_op" or "_change", or NULL */
	struct writer writer;
	size_t n;                       /* cells of a row */
	struct cell *cell;
	struct span *key;               /* split key columns */
	unsigned char *looks;           /* how each cell is told to be a number */
	struct buf text, scratch;       /* what the cells point into */
	struct interval at;             /* whose times text begins with */
	bool has_times;
	size_t *end;                    /* where each cell ends in text */
};

void row_out_init(struct row_out *r, const struct view *v, enum record_format format, const char *mark);
void row_out_free(struct row_out *r);

/* The names of the columns, in order. */
const char *row_out_name(const struct row_out *r, size_t i);

/* The header line (CSV, TSV; nothing in NDJSON), or the same as a `columns` control line. */
void row_out_header(struct row_out *r, struct buf *out);
void row_out_columns(struct row_out *r, struct buf *out);

/* Fills r->cell[] (but the mark) for a group. Valid until the next call. */
void row_out_render(struct row_out *r, struct interval at, struct span key, struct group *g);
/* For who fills text and end by hand. */
void row_out_clear(struct row_out *r);
/* Writes r->cell[]. mark: text of the first column, when there is one. */
void row_out_write(struct row_out *r, const char *mark, struct buf *out);

/* r->cell[] (but the mark) as one piece of memory, to keep; and back. Equal rows have equal blobs. */
struct blob {
	size_t n;
	char bytes[];
};
struct blob *row_out_keep(const struct row_out *r);
bool row_out_same(const struct row_out *r, const struct blob *b);
void row_out_recall(struct row_out *r, const struct blob *b);

#endif
