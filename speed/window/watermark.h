/* SPDX-License-Identifier: MIT */
/* watermark -- W: no record with event time <= W is expected any more.
 * One generator per input, W = max event time - delay - 1 ms; the whole is the minimum over the inputs that are not idle, and
 * never goes back. A record far ahead of its input's maximum does not move W until a run of them does (--max-ahead). */
#ifndef SPEED_WINDOW_WATERMARK_H
#define SPEED_WINDOW_WATERMARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WATERMARK_NONE INT64_MIN        /* minus infinity */
#define AHEAD_RUN 100                   /* so many in a row are believed */

struct watermark_input {
	int64_t max_ms;                 /* largest event time believed; WATERMARK_NONE before the first */
	int64_t at;                     /* this input's W */
	unsigned ahead;                 /* records in a row beyond max_ahead */
	int64_t ahead_ms;               /* the smallest of these */
	uint64_t held_back;             /* records that did not move W because they were too far ahead */
	bool idle, ended;
};

struct watermark {
	int64_t delay, max_ahead;       /* ms; delay < 0: no generator, only watermark lines; max_ahead 0: none */
	struct watermark_input *input;
	size_t n;
	int64_t at;                     /* the combined W */
};

void watermark_init(struct watermark *w, size_t inputs, int64_t delay, int64_t max_ahead);
void watermark_free(struct watermark *w);

/* Further ahead of its input's maximum than --max-ahead allows? */
bool watermark_is_far(const struct watermark *w, size_t input, int64_t ms);

/* A record's time. True: the input's W may have moved, call watermark_combine. */
bool watermark_observe(struct watermark *w, size_t input, int64_t ms);
/* A watermark line: no record with time <= ms follows in this input. */
bool watermark_line(struct watermark *w, size_t input, int64_t ms);
/* The input is at its end: it holds nothing back any more. */
void watermark_end(struct watermark *w, size_t input);

/* The combined W anew. True: it moved. */
bool watermark_combine(struct watermark *w);

/* The input that holds W back: lowest W of those that count; n when there is none. */
size_t watermark_slowest(const struct watermark *w);

#endif
