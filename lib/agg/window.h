/* SPDX-License-Identifier: MIT */
/* window -- which windows an instant belongs to, and where they begin and end.
 * Fixed windows live on an axis of milliseconds; calendar windows on an axis of local days or months, mapped to
 * instants by the zone. On its axis every kind is the same integer arithmetic (floor division, also below zero):
 * windows start at k * slide + offset and are size long. Sliding windows are kept as panes: the axis is cut at every
 * window start and every window end, so a window is a run of panes and a record lies in exactly one pane. */
#ifndef LIB_AGG_WINDOW_H
#define LIB_AGG_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/text/duration.h"
#include "lib/text/zone.h"

enum window_kind { WINDOW_NONE, WINDOW_TUMBLING, WINDOW_SLIDING, WINDOW_SESSION };

struct window_spec {
	enum window_kind kind;
	enum duration_unit axis;        /* of size, slide, offset */
	int64_t size, slide, offset;    /* axis units; tumbling: slide == size; offset reduced to 0 .. slide-1, weeks' Monday in it */
	int64_t gap_ms;                 /* sessions */
	bool weeks;                     /* printed in weeks */
	const struct zone *zone;        /* calendar windows; NULL: UTC. Borrowed */
};

struct interval {
	int64_t start, end;             /* ms, half-open; saturated at the ends of 64 bits */
};

/* Builds a spec of fixed or calendar windows from what options say (the other kinds are only their fields). slide and
 * offset may be NULL. Weeks begin on Monday. A calendar window takes a slide of the same axis; an offset of the same axis,
 * or 0. size, slide > 0. 0; -1 with *error (static text). */
int window_spec_init(struct window_spec *w, const struct duration *size, const struct duration *slide,
                     const struct duration *offset, const struct zone *zone, const char **error);

/* The offset as an option would state it: without that of the weeks' Monday. Axis units, 0 .. slide-1. */
int64_t window_stated_offset(const struct window_spec *w);

/* The pane that holds ts. False when ts lies in no window (slide > size leaves gaps; *pane is then the gap). For tumbling
 * windows the pane is the window; for WINDOW_NONE it is all of time; for a session what one record makes, ts to ts + gap.
 * A calendar pane costs some hundred ns: most records fall into the pane of the one before, so look there first. */
bool window_pane(const struct window_spec *w, int64_t ts, struct interval *pane);

/* The windows that contain a pane (given by its start), earliest first: count them, then fetch the i-th. */
int64_t window_count(const struct window_spec *w, int64_t pane_start);
struct interval window_at(const struct window_spec *w, int64_t pane_start, int64_t i);
/* The number of that window on its axis: unique and ascending, also where two windows share an instant (a date that a zone
 * leaves out, the ends of 64 bits). */
int64_t window_ordinal(const struct window_spec *w, int64_t pane_start, int64_t i);

/* The window after this one (its start one slide later), for filling gaps. Skips windows of dates that do not exist
 * (Apia, 2011-12-30); at the end of 64 bits it stays there, empty. */
struct interval window_next(const struct window_spec *w, int64_t start);

/* True when every pane of fine lies in exactly one pane of coarse (or in a gap that coarse leaves) and windows of coarse
 * are unions of panes of fine, so that coarse rows may be merged from fine ones. *reason: a static text otherwise.
 * Fixed windows in calendar ones are tried out over the zone's days of 1970 to 2100: local mean times before that may
 * cut a fine pane, which then counts where it starts. Sessions nest in sessions of the same gap, all in none. */
bool window_nests(const struct window_spec *fine, const struct window_spec *coarse, const char **reason);

/* a + b without wrapping: sticks at the ends of 64 bits. */
int64_t time_add(int64_t a, int64_t b);

#endif
