/* SPDX-License-Identifier: MIT */
/* dedupe_state -- what dedupe knows, kept from epoch to epoch and from run to run of a checked stream. Entries of its journal:
 *
 *   k <key>, or k <ms> <key>        a key that was passed on, with its time when there is a span
 *   w <ms> <ms> <n> <ms>            the watermark: largest time, W, records too far ahead in a row, the smallest time of these
 *   l <n>                           physical lines of data read: side outputs count them from the beginning of the stream
 *   s <bytes> <path>                length of a side output
 *
 * Keys and paths are percent-encoded. What W lets go needs no entry: it follows from W. */
#ifndef SPEED_DEDUPE_STATE_H
#define SPEED_DEDUPE_STATE_H

#include "lib/stream/journal.h"
#include "lib/stream/side.h"
#include "lib/stream/stage.h"
#include "speed/dedupe_kept.h"
#include "speed/window/watermark.h"

#define DEDUPE_SIDES 3

struct dedupe_state {
	struct kept *kept;
	struct watermark *watermark;
	struct side *side[DEDUPE_SIDES];        /* or NULL */

	struct stage stage;             /* checked: dedupe_state_begin was called */
	struct journal *journal;
	uint64_t lines;                 /* of data, up to the last barrier */
	struct side_mark *mark;         /* lengths of side outputs, those of former runs too */
	size_t nmarks, marks_cap;
	struct buf entry;
};

/* Takes a resume line: loads the state from dir (EXIT_CONFIG when that is NULL), brings the side outputs to where it had them, sends the line on. options:
 * text of all that decides what is a repeat. The pointers above are set. */
int dedupe_state_begin(struct dedupe_state *s, const char *dir, struct out *out, const char *format, const struct control *c, struct span options, struct failure *f);
/* 1: c is a barrier; all up to it is durable, and it went on. 0: another word. -1. */
int dedupe_state_control(struct dedupe_state *s, const struct control *c, struct failure *f);
/* For the negative control eof-commit: as if `end` had come. */
int dedupe_state_end(struct dedupe_state *s, struct failure *f);
void dedupe_state_free(struct dedupe_state *s);

#endif
