/* SPDX-License-Identifier: MIT */
/* intake -- records taken into the states of a view, in whatever order: there is no watermark, so none is late. What a batch does,
 * and what the speed layer does for partials. Two intakes of one view merge, whatever records each took. */
#ifndef LIB_VIEW_INTAKE_H
#define LIB_VIEW_INTAKE_H

#include "lib/stream/ledger.h"
#include "lib/view/partial.h"
#include "lib/view/columns.h"
#include "lib/view/sessions.h"

struct intake {
	const struct view *view;
	struct row_maker rows;          /* rows.scratch.reason: what is wrong with a bad record */
	struct columns columns;         /* of the batch in hand, and how far its picks are taken */
	size_t next_pick;
	struct fold fold;               /* all windows but sessions */
	struct sessions sessions;
	struct ledger ledger;
	bool has_time;
	int64_t time;                   /* the largest event time of all records whose time parses, ms */
};

/* view is borrowed. */
void intake_init(struct intake *t, const struct view *v);
void intake_free(struct intake *t);

/* One record, its fields in the order of view->fields. position: its number in the log, by which ties of first and last are broken.
 * 1: it is bad, and not counted yet. */
int intake_record(struct intake *t, const struct span *record, uint64_t position);
/* A batch, borrowed until it is done: t->columns.position is then to be filled, row by row. False: this view goes record by record. */
bool intake_begin(struct intake *t, const struct batch *b);
/* Its rows from that one on, as many as are plain: their number; 0: that one is for intake_record. */
size_t intake_rows(struct intake *t, size_t from);
/* Counts a bad one. -1: the view stops at it. */
int intake_bad(struct intake *t);

/* A row of a partial of the same definition. state_of: as partial_merge wants it. -1: *bad is the measure whose state is damaged. */
int intake_partial(struct intake *t, const struct partial_row *row, const size_t *state_of, const struct measure **bad);
/* Which state of a row of `from` belongs to each measure of v: definitions of one hash may state them in another order. */
void intake_states(const struct view *v, const struct view *from, size_t *state_of);

size_t intake_groups(const struct intake *t);

/* Moves all of from into into. */
void intake_merge(struct intake *into, struct intake *from);

#endif
