/* SPDX-License-Identifier: MIT */
/* row -- a record made ready for a view: filtered, its time, key and measure arguments evaluated. Everything that can
 * be wrong with a record shows here, before anything is added, so that a bad record is never half counted. */
#ifndef LIB_VIEW_ROW_H
#define LIB_VIEW_ROW_H

#include "lib/view/definition.h"

struct row {
	struct span key;        /* encoded (lib/agg/key.h); borrowed until the next row_make */
	struct moment at;
	bool has_time;          /* at.ms holds; always, when the verdict is ROW_READY and the view has a time */
	struct value *arg;      /* one per measure; VALUE_NULL: nothing to add */
};

/* One per thread. */
struct row_maker {
	const struct view *view;
	struct expr_scratch scratch;
	struct time_parser time;
	struct buf key;
	struct row row;
};

enum row_verdict {
	ROW_READY,
	ROW_FILTERED,           /* where said no; row.has_time tells whether its time parsed all the same */
	ROW_BAD,                /* scratch.reason says why */
};

void row_maker_init(struct row_maker *m, const struct view *v);
void row_maker_free(struct row_maker *m);
enum row_verdict row_make(struct row_maker *m, const struct span *record, uint64_t position);

#endif
