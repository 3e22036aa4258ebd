/* SPDX-License-Identifier: MIT */
/* checked -- window-agg as a stage of a checked stream (lib/stream/checked.h): each barrier ends an epoch, whose rows and whose state become
 * durable before it goes on.
 *
 * Partials of an epoch are the deltas of its records, and nothing is kept from one to the next. All other emissions keep what is
 * open in a journal: lines of lib/view/state.h, and of our own
 *
 *   c <position> <lines> <largest time> <W> <records too far ahead> <the smallest time of these> <W said> <tick> <marks>
 *   d <bytes> <path>                length of a side output
 *
 * lines: of data read, by which side outputs count from the beginning of the stream. */
#ifndef SPEED_WINDOW_CHECKED_H
#define SPEED_WINDOW_CHECKED_H

#include "lib/stream/stage.h"
#include "speed/window/run.h"

#define CHECKED_SIDES 2

/* Zeroed: the stream is not checked. */
struct checked {
	const struct run_options *options;
	enum record_format format;      /* of the input */
	struct engine *engine;
	struct stage stage;
	struct journal *journal;        /* NULL: there is nothing to keep */
	struct view_state state;        /* the engine's */
	struct partial_writer partial;  /* of partial emission */
	uint64_t rejected;              /* by the engine, up to the last barrier */
	uint64_t lines;                 /* of data, up to the last barrier */
	uint64_t position;              /* number of the next record, where a record is a row (CSV, TSV) */
	uint64_t number_shift;          /* from its line to its number, where a record is a line, and may be many rows, or none */
	bool by_line;
	struct side *side[CHECKED_SIDES];       /* or NULL */
	struct side_mark {
		char *path;             /* NULL: none yet */
		uint64_t length;
	} mark[CHECKED_SIDES];
	struct buf line;
};

/* Is it a resume line? */
bool checked_is_resume(struct span line);

/* Takes the resume line that opens the stream: loads the state and sends the line on. 0, or -1 with the engine's failure, as below. */
int checked_begin(struct checked *c, struct engine *e, const struct run_options *o, enum record_format format, struct span line);
/* 1: the line was a barrier, all up to it is durable, and it went on; 0: it is something else. */
int checked_control(struct checked *c, struct span line);
/* The number in its log of the record that comes next, on that line. */
static inline uint64_t checked_number(struct checked *c, uint64_t line)
{
	return c->by_line ? line + c->engine->line_shift + c->number_shift : c->position++;
}
/* For the negative control eof-commit: as if `end` had come. */
int checked_end(struct checked *c);
void checked_free(struct checked *c);

#endif
