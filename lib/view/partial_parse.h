/* SPDX-License-Identifier: MIT */
/* partial_parse -- the lines of a partial, one at a time, wherever they come from: a file (partial_in.c), a checked stream. */
#ifndef LIB_VIEW_PARTIAL_PARSE_H
#define LIB_VIEW_PARTIAL_PARSE_H

#include "lib/base/failure.h"
#include "lib/view/partial.h"

/* What the last row began with, when that was its times: rows of one window follow one another. */
struct times_read {
	char text[48];                  /* with the tabs */
	size_t n;                       /* 0: nothing */
	struct interval at;
};

/* Zeroed: nothing has come. */
struct partial_parse {
	struct view *view;              /* of the last view line */
	char hash[9];
	uint64_t rows;                  /* since the header */

	size_t ncolumns, nslots;
	size_t *slot_of;                /* column -> slot */
	struct span *slot;              /* what the columns of a row say, in an order of our own */
	struct arena scratch;           /* unescaped fields of the row */
	struct times_read times;
	struct buf key, before;         /* of the last row, and of the one before it: the two take turns */
	struct interval before_at;
	bool has_before;
};

void partial_parse_free(struct partial_parse *p);

/* Lines come without newline. 0, or -1: EXIT_DATA, or EXIT_CONFIG for a definition that hashes to something else here. */
int partial_parse_view(struct partial_parse *p, struct span line, struct failure *f);
/* Columns are found by name, so their order is free: a header line, or what a `columns` line says behind its word. */
int partial_parse_header(struct partial_parse *p, struct span line, struct failure *f);
int partial_parse_columns(struct partial_parse *p, struct span names, struct failure *f);
/* *row is valid until the next call, and is known to be sorted. */
int partial_parse_row(struct partial_parse *p, struct span line, struct partial_row *row, struct failure *f);
/* Rows begin again from the first window: an epoch has ended. */
void partial_parse_again(struct partial_parse *p);

#endif
