/* SPDX-License-Identifier: MIT */
/* state -- what a view holds between two records, as lines of text and back: what the journal of a stage is made of.
 *
 *   g <pane's start> <mark> <weight> <key> <states>                     a group
 *   s <start> <end> <mark> <weight> <key> <row> <states>                a session, in place of all of its key that it overlaps
 *   p <window's ordinal> <key> <row>                                    what stands downstream for a key of a window
 *   k <key>                                                             a key that --fill knows
 *   f <next> <made>                                                     where --fill stands
 *
 * Parted by tabs; keys and the cells of rows are percent-encoded, states as in partials. A row is `=cell,cell...`, or empty when
 * nothing stands downstream. Of lines about one thing the last one counts. What a watermark has dropped no line takes back:
 * state_settle() drops it again. */
#ifndef LIB_VIEW_STATE_H
#define LIB_VIEW_STATE_H

#include "lib/base/failure.h"
#include "lib/view/fill.h"
#include "lib/view/row_out.h"
#include "lib/view/sessions.h"
#include "lib/view/windows.h"

/* Whose state it is; all borrowed but the scratch, which buf_free() releases. */
struct view_state {
	const struct view *view;
	struct fold *fold;
	struct windows *windows;
	struct sessions *sessions;
	struct fill *fill;
	struct row_out *rows;           /* knows the cells of printed rows; its cells are overwritten */
	struct buf scratch;
};

/* Each appends a line without newline. */
void state_print_group(const struct view_state *s, struct interval pane, struct span key, struct group *g, struct buf *out);
void state_print_session(const struct view_state *s, struct session *what, struct buf *out);
void state_print_row(const struct view_state *s, const struct window *what, struct span key, const struct printed *p, struct buf *out);
void state_print_known(struct span key, struct buf *out);
void state_print_fill(const struct fill *f, struct buf *out);

/* Takes a line. 1: it is none of these; -1: EXIT_DATA. */
int state_take(struct view_state *s, struct span line, struct failure *f);
/* Once all lines are taken: what was due at W had happened. */
void state_settle(struct view_state *s, int64_t watermark);

/* For lines of one's own: the next field of a line, as an integer. False: it is none. */
bool state_i64(struct span *line, int64_t *v);

#endif
