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

/* Takes the sorted rows of a window that closes. Hands out first, window by window, those of the windows that lay quiet before it, then
 * the window's own with the missing known keys added; and learns its keys. -1: --fill-max was reached, rows are missing. */
typedef void fill_rows(void *context, const struct fold_rows *rows);
int fill_each(struct fill *f, struct interval closing, struct fold_rows *rows, fill_rows *print, void *context);

#endif
