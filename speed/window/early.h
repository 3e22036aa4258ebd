/* SPDX-License-Identifier: MIT */
/* early -- --every: rows that changed since the last tick of event time, printed before the record that passes the next one. */
#ifndef SPEED_WINDOW_EARLY_H
#define SPEED_WINDOW_EARLY_H

#include "speed/window/engine.h"

static inline void early_note(struct engine *e, const struct pane *p, struct group *g)
{
	if (g->mark == e->marks + 1)
		return;
	g->mark = e->marks + 1;
	fold_rows_add(&e->changed, p->at, table_key(&p->groups, g), g);
}

/* A record of that time comes. */
void early_keep_time(struct engine *e, int64_t ms);

/* The state was loaded: which groups had changed since the last tick, their marks tell. */
void early_restore(struct engine *e);

#endif
