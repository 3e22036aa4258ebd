/* SPDX-License-Identifier: MIT */
/* unsaved -- what has changed of a window-agg's state since it was made durable, so that a barrier costs what changed and not what there is.
 * Things are noted once, by a flag of their own; those that a watermark has dropped meanwhile are not found any more, and need
 * no line: it would drop them again. */
#ifndef SPEED_WINDOW_UNSAVED_H
#define SPEED_WINDOW_UNSAVED_H

#include "lib/base/arena.h"
#include "lib/stream/journal.h"
#include "lib/view/state.h"

/* A zeroed struct notes nothing. */
struct unsaved {
	bool on;
	struct fold_rows groups;        /* key and group are in their pane */
	struct session_note {
		struct span key;        /* in keys: sessions come and go */
		int64_t start;          /* at some time: sessions only grow */
	} *session;
	struct row_note {
		int64_t ordinal;        /* of the window, which has the rest */
		struct span key;
		struct printed *printed;
	} *row;
	size_t nsessions, sessions_cap, nrows, rows_cap;
	struct arena keys;
	struct table_walk known;        /* keys of --fill up to there are kept */
	struct buf line;
};

void unsaved_free(struct unsaved *c);

static inline void unsaved_group(struct unsaved *c, const struct pane *p, struct group *g)
{
	if (!c->on || g->unsaved)
		return;
	g->unsaved = 1;
	fold_rows_add(&c->groups, p->at, table_key(&p->groups, g), g);
}

void unsaved_session(struct unsaved *c, struct session *s);
void unsaved_row(struct unsaved *c, const struct window *what, struct printed *p);

/* Puts what changed, or all there is; from then on it counts as kept. */
void unsaved_put(struct unsaved *c, const struct view_state *s, bool all, struct journal *j);

#endif
