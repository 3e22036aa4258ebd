/* SPDX-License-Identifier: MIT */
/* changes -- of each row what stands downstream, and its upserts and deletes. Whoever merges touches the rows that may be others
 * now; these are looked at together, in the order of rows, and printed when they are. */
#ifndef SERVE_MERGE_CHANGES_H
#define SERVE_MERGE_CHANGES_H

#include "lib/base/failure.h"
#include "serve/merge/answer.h"
#include "serve/merge/gather.h"
#include "serve/merge/selection.h"

struct changes {
	const struct view *view;
	const struct gather *gather;    /* what rows are made of */
	struct row_out rows;
	struct selection selection;
	struct table shown;             /* place -> what stands downstream; a place is a window or session, and a key */
	size_t nshown;
	struct table touched;           /* place -> struct group *: of a session, NULL when it is no more; unused of windows */
	struct group *scratch;          /* a row, merged of its panes */
	struct buf place;
	struct out *out;
	struct ledger *ledger;
	struct failure *failure;
};

/* All borrowed, but o. -1: failure; free it in either case. A zeroed struct may be freed. */
int changes_init(struct changes *c, const struct gather *gather, const struct view *v, enum record_format format,
                 const struct answer_options *o, struct out *out, struct ledger *ledger, struct failure *failure);
void changes_free(struct changes *c);
void changes_header(struct changes *c);

/* A row may be another one now. group: that of a session, NULL when it is no more. */
void changes_touch(struct changes *c, struct interval at, struct span key, struct group *group);
/* The rows of all windows that hold a pane. */
void changes_touch_pane(struct changes *c, const struct pane *p, struct span key);
/* All that stand downstream. */
void changes_touch_all(struct changes *c);

/* Prints those that are. -1: failure. */
int changes_print(struct changes *c);

#endif
