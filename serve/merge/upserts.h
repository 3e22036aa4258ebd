/* SPDX-License-Identifier: MIT */
/* upserts -- of each row what stands downstream, and its upserts and deletes. Whoever merges touches the rows that may be others
 * now; these are looked at together, in the order of rows, and printed when they are. */
#ifndef SERVE_MERGE_UPSERTS_H
#define SERVE_MERGE_UPSERTS_H

#include "lib/base/failure.h"
#include "serve/merge/answer.h"
#include "serve/merge/gather.h"
#include "serve/merge/selection.h"

struct upserts {
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
int upserts_init(struct upserts *c, const struct gather *gather, const struct view *v, enum record_format format,
                 const struct answer_options *o, struct out *out, struct ledger *ledger, struct failure *failure);
void upserts_free(struct upserts *c);
void upserts_header(struct upserts *c);

/* A row may be another one now. group: that of a session, NULL when it is no more. */
void upserts_touch(struct upserts *c, struct interval at, struct span key, struct group *group);
/* The rows of all windows that hold a pane. */
void upserts_touch_pane(struct upserts *c, const struct pane *p, struct span key);
/* All that stand downstream. */
void upserts_touch_all(struct upserts *c);

/* Prints those that are. -1: failure. */
int upserts_print(struct upserts *c);

#endif
