/* SPDX-License-Identifier: MIT */
/* columns -- the records of a batch made ready for a view: what row_make does record by record, done column by column, in loops that do one
 * thing. Whatever is not plain (a time or number that is none, a change, an expression that fails) is left to row_make, which knows the
 * reasons; so there is one place that decides what a bad record is.
 *
 *	columns_make(c, batch)          every row is READY, FILTERED or OTHER; those that are ready are picked
 *	for each picked row:            find its group, by c->key and c->hash
 *	columns_add(c, from, to)        add their arguments, measure by measure
 */
#ifndef LIB_VIEW_COLUMNS_H
#define LIB_VIEW_COLUMNS_H

#include "lib/text/reader.h"
#include "lib/view/fold.h"

enum column_row {
	COLUMN_READY,
	COLUMN_FILTERED,        /* where said no; its time is in ms */
	COLUMN_OTHER,           /* for row_make */
};

/* The arguments of a measure, of all picks. */
struct arg_column {
	int64_t *number;                /* in units of 10^-scale */
	uint8_t *scale;                 /* ARG_NULL: nothing to add; NULL: count() without a condition of its own */
	struct value *value;            /* of expressions that are no numbers */
	size_t left;                    /* numbers that the kernel has left */
};

struct columns {
	const struct view *view;
	struct expr_scratch scratch;
	struct time_parser time;
	const struct digits_kernel *digits;
	struct buf keys;                /* encoded keys of more than one column */

	/* by row */
	const struct span *field;       /* of the batch */
	size_t n, width, cap;
	uint8_t *row;                   /* enum column_row */
	int64_t *ms;                    /* event time; 0 when the view has none */
	uint64_t *position;             /* filled by the caller: ties of first and last go by it */

	/* by pick, in order of rows */
	size_t npicks;
	const uint32_t *pick;           /* the row: every, or some */
	uint32_t *every, *some;
	struct span *key;
	uint64_t *hash;
	struct pane **pane;             /* filled by the caller */
	struct group **group;           /* found by columns_add */
	struct arg_column *arg;         /* one per measure */
};

/* Is it worth it for this view? Views that take changes go record by record. */
bool columns_fit(const struct view *v);

/* A zeroed struct may be freed. */
void columns_init(struct columns *c, const struct view *v);
void columns_free(struct columns *c);

/* The batch is borrowed until the next one. */
void columns_make(struct columns *c, const struct batch *b);

/* Adds picks from..to to the groups of their keys in their panes. A pick that is OTHER may not be among them. */
void columns_add(struct columns *c, struct fold *f, size_t from, size_t to);

#endif
