/* SPDX-License-Identifier: MIT */
/* emission -- what goes out and when it is repeated: final rows, upserts, a changelog, partials.
 * Rows that may be taken back are remembered as they were printed, per window and key, until the window is dropped. */
#ifndef SPEED_WINDOW_EMISSION_H
#define SPEED_WINDOW_EMISSION_H

#include "lib/stream/ledger.h"
#include "lib/stream/out.h"
#include "lib/view/fill.h"
#include "lib/view/partial.h"
#include "lib/view/row_out.h"
#include "lib/view/sessions.h"
#include "lib/view/windows.h"
#include "speed/window/unsaved.h"

enum stream_form { STREAM_PLAIN, STREAM_CONTROLLED, STREAM_CHECKED };

struct emission {
	const struct view *view;
	struct out *out;
	struct ledger *ledger;
	struct unsaved *unsaved;        /* told which printed rows are others now */
	struct row_out rows;
	uint64_t negative;              /* final rows not shown for more was taken back than had been given */
	bool controlled;                /* rows must not look like control lines */
	struct fill fill;
	struct group *scratch;          /* one merged row of a sliding window */
};

void emission_init(struct emission *e, const struct view *v, enum record_format format, struct out *out, struct ledger *ledger,
                   struct unsaved *unsaved);
void emission_free(struct emission *e);

/* The first lines, once the form is known: header, or `stream` and `columns` lines; in a checked stream the latter alone, behind
 * `resume`. Nothing for partials. */
void emission_header(struct emission *e, enum stream_form form);
/* csv, tsv or ndjson. */
const char *emission_format(const struct emission *e);
void emission_watermark(struct emission *e, int64_t watermark);

/* All rows of a window: final, or those that changed since they were printed. -1: --fill-max was reached. */
int emission_window(struct emission *e, const struct windows *w, struct window *what);
/* One key of a window. */
void emission_row(struct emission *e, const struct windows *w, struct window *what, struct span key);

/* Sorted sessions: final, or those that changed. */
void emission_sessions(struct emission *e, struct session **sessions, size_t n);
void emission_session(struct emission *e, struct session *s);
/* A printed session is no more what it was. */
void emission_session_gone(struct emission *e, struct session *s);

/* The whole fold as one partial. -1: out->error. */
int emission_partial(struct emission *e, struct fold *f, struct sessions *s);

#endif
