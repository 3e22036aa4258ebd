/* SPDX-License-Identifier: MIT */
/* engine -- window-agg without its inputs: records and watermarks in, rows out.
 * A record goes: where, time, lateness by its own input's W, group; then its time may move W, and what is due at W fires. */
#ifndef SPEED_WINDOW_ENGINE_H
#define SPEED_WINDOW_ENGINE_H

#include "lib/base/failure.h"
#include "lib/stream/side.h"
#include "lib/view/columns.h"
#include "speed/window/emission.h"
#include "speed/window/lateness.h"
#include "speed/window/watermark.h"

#define INPUT_SHIFT 44          /* positions in plain input: operand, then line */
#define NO_TICK INT64_MIN       /* --every: no record yet */

struct session_list {
	struct session **item;
	size_t n, cap;
};

struct engine {
	const struct view *view;
	struct row_maker rows;
	struct columns columns;         /* of the batch in hand, and how far its picks are taken: many.c */
	size_t next_pick;
	struct fold fold;               /* all windows but sessions */
	struct windows windows;
	struct sessions sessions;
	struct watermark watermark;
	struct emission emission;
	struct unsaved unsaved;          /* noted when a journal keeps the state */
	struct ledger ledger;
	struct lateness lateness;       /* counted when asked for */

	bool live;                      /* a watermark moves, or rows are printed before the end: windows are opened at once */
	bool controlled;
	bool checked;                   /* the stream says when it ends: the end of an input fires nothing */
	uint64_t line_shift;            /* checked: from a line's number to that among lines of data, from the stream's beginning */
	int64_t latest;                 /* checked, partials: largest event time of the epoch, WATERMARK_NONE: none yet */
	int64_t said;                   /* the watermark line written last */
	size_t max_groups;              /* 0: no bound */

	int64_t tick;                   /* --every: event time of the next early print */
	uint64_t marks;                 /* changes noted since then have this mark */
	struct fold_rows changed;       /* (pane, key, group) noted; at: the pane's interval */

	struct session_list print, drop;        /* sessions due at one W */

	struct side *late, *rejects;    /* or NULL */
	struct failure failure;
};

/* Where a record stands, for messages and side outputs. */
struct place {
	const char *name;               /* of the input */
	size_t input;
	uint64_t line;
	uint64_t position;              /* breaks ties of first and last; in plain input place_plain() */
	struct span raw;
};

static inline uint64_t place_plain(size_t input, uint64_t line)
{
	return (uint64_t)input << INPUT_SHIFT | line;
}

void session_list_add(struct session_list *l, struct session *s);

void engine_init(struct engine *e, const struct view *v, size_t inputs);
void engine_free(struct engine *e);

/* All return 0, or -1 with failure. */
int engine_record(struct engine *e, const struct span *record, const struct place *at);
/* The same, but a bad record is not taken as one: 1, and e->rows.scratch.reason says why. */
int engine_try(struct engine *e, const struct span *record, const struct place *at);
int engine_bad(struct engine *e, const char *reason, const struct place *at);
int engine_control(struct engine *e, struct span line, const struct place *at);
int engine_idle_input(struct engine *e, size_t input);          /* it steps aside */
int engine_end_input(struct engine *e, size_t input);
int engine_finish(struct engine *e);                            /* end of all input: everything fires */

/* Does the time of records move W, or is it kept? */
static inline bool engine_watches(const struct engine *e)
{
	return (e->live || e->lateness.on || e->checked) && e->view->time_field >= 0;
}
/* W has moved by records: what is due at it happens. */
int engine_advance(struct engine *e);
int engine_check_bound(struct engine *e);                       /* --max-groups */

/* Before anything is printed: where to, and what the first input showed of the form of the stream. An engine that is only
 * merged into another has no begin. In a checked stream nothing is printed yet: `resume` comes first. */
void engine_begin(struct engine *e, enum record_format format, struct out *out, enum stream_form form);

/* Records, windows and sessions still held. */
size_t engine_open_windows(const struct engine *e);

/* Moves what another engine of the same view has gathered (both not live) into this one. -1: --max-groups. */
int engine_merge(struct engine *into, struct engine *from);

#endif
