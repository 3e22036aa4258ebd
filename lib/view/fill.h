/* SPDX-License-Identifier: MIT */
/* fill -- rows for the windows in which a known key was quiet: from the first window that had it to the last closed one.
 * What a key had nothing of prints as a group of no records: counts and sums 0, the rest null. */
#ifndef LIB_VIEW_FILL_H
#define LIB_VIEW_FILL_H

#include "lib/view/fold.h"

struct fill {
	const struct view *view;
	struct table known;             /* keys seen in a closed window */
	struct group *nothing;          /* a group of no records */
	int64_t next;                   /* start of the window after the last closed one */
	bool begun;
	uint64_t made;                  /* rows made; at most view->fill_max */
};

void fill_init(struct fill *f, const struct view *v);
void fill_free(struct fill *f);

/* The windows that lie quiet before one that closes now. Call until it says false; each time rows are those of the window *at.
 * *full: --fill-max is reached, nothing more is made. */
bool fill_quiet(struct fill *f, struct interval closing, struct interval *at, struct fold_rows *rows, bool *full);

/* Adds the missing known keys to the rows of a closing window, and learns its keys. Rows come out sorted. */
void fill_window(struct fill *f, struct interval at, struct fold_rows *rows, bool *full);

#endif
