/* SPDX-License-Identifier: MIT */
/* windows -- when the windows over a fold's panes fire and when they are forgotten.
 * A window fires when W >= end - 1 and its state lives until W >= end - 1 + allowed lateness, both saturating. What happens
 * at W is asked for one by one, in order of time; a window fires before it is dropped. */
#ifndef LIB_VIEW_WINDOWS_H
#define LIB_VIEW_WINDOWS_H

#include "lib/base/heap.h"
#include "lib/view/fold.h"

struct window {
	struct interval at;
	int64_t ordinal;                /* on its axis */
	bool fired;
	struct table printed;           /* key -> struct printed; used by emission */
};

/* What stands downstream for a key of a window. */
struct printed {
	void *row;                      /* struct blob, malloc'ed; NULL: nothing, or no more */
	bool unsaved;                   /* as that of a group */
};

enum window_event { WINDOW_QUIET, WINDOW_FIRE, WINDOW_DROP };

struct windows {
	struct fold *fold;
	struct timemap open;            /* by ordinal: instants may be shared, and times saturate */
	struct heap to_fire, to_drop;   /* by ordinal, too */
	int64_t lateness;               /* ms */
	bool fires;                     /* false: final rows, there is only the drop */
};

void windows_init(struct windows *w, struct fold *f, bool fires);
void windows_free(struct windows *w);

/* Opens the windows that hold a new pane, but those already past at W. */
void windows_open(struct windows *w, const struct pane *p, int64_t watermark);

/* Is anything due at W? */
static inline bool windows_due(const struct windows *w, int64_t watermark)
{
	const struct window *fire = w->to_fire.n ? heap_top(&w->to_fire).what : NULL;
	const struct window *drop = w->to_drop.n ? heap_top(&w->to_drop).what : NULL;

	return (fire && fire->at.end - 1 <= watermark) || (drop && time_add(drop->at.end - 1, w->lateness) <= watermark);
}

/* The next thing due at W, and the window it happens to. After WINDOW_DROP the caller calls windows_drop(). */
enum window_event windows_next(struct windows *w, int64_t watermark, struct window **what);

/* Forgets the window, and the panes that no open window needs any more. */
void windows_drop(struct windows *w, struct window *what);

/* All that is due at W happens, and nobody is told: it was before this state was kept. */
void windows_settle(struct windows *w, int64_t watermark);

/* How many of the windows that hold a pane are past at W: a record for it is dropped from these. */
int64_t windows_past(const struct windows *w, struct interval pane, int64_t watermark);

/* The open windows that hold a pane, earliest first: *i starts at 0. NULL at the end. */
struct window *windows_holding(const struct windows *w, const struct pane *p, int64_t *i);

/* The rows of a window, sorted by key. Groups of several panes are merged into *merged (free it with windows_rows_free). */
void windows_rows(const struct windows *w, const struct window *what, struct fold_rows *rows, struct table *merged);
/* One key of it: into a merged group as well. False: no pane has that key. */
bool windows_row(const struct windows *w, const struct window *what, struct span key, struct group *merged);
void windows_rows_free(const struct windows *w, struct fold_rows *rows, struct table *merged);

#endif
