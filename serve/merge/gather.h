/* SPDX-License-Identifier: MIT */
/* gather -- rows of partials merged in memory: in the keys of the target, and in its panes or sessions. */
#ifndef SERVE_MERGE_GATHER_H
#define SERVE_MERGE_GATHER_H

#include "lib/view/partial.h"
#include "lib/view/windows.h"
#include "serve/merge/target.h"

struct gather {
	const struct target *target;
	const struct view *view;        /* of the target */
	size_t from_keys;               /* key columns of the partials */
	struct fold fold;
	struct windows windows;         /* over the fold: those opened have not been printed yet */
	struct sessions sessions;
	sessions_changed *changed;      /* told of sessions before they grow or go; NULL: nobody */
	void *context;
	struct span *column;
	struct buf key, scratch;
};

/* Where a row belongs. */
struct gather_place {
	struct span key;                /* of the target; borrowed until the next call */
	struct pane *pane;              /* NULL in a view of sessions */
	struct session *session;        /* NULL in others */
	struct group *group;            /* to be merged into */
};

/* target is borrowed. */
void gather_init(struct gather *g, const struct target *target, size_t from_keys);
void gather_free(struct gather *g);

/* False: the row is in no window. opens: windows that hold a new pane are opened. */
bool gather_place(struct gather *g, const struct partial_row *row, bool opens, struct gather_place *place);

#endif
