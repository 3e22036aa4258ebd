/* SPDX-License-Identifier: MIT */
/* source -- one input of window-agg: its blocks, the records of the block in hand, where it stands. */
#ifndef SPEED_WINDOW_SOURCE_H
#define SPEED_WINDOW_SOURCE_H

#include "lib/text/blocks.h"
#include "lib/text/rows.h"
#include "speed/window/watermark.h"

struct source {
	struct blocks *blocks;
	struct rows *rows;
	struct block block;
	bool in_block;                  /* rows are being taken from block */
	bool begun;                     /* the form is known */
	bool has_first;                 /* the first event was read ahead, to learn the form of the stream */
	enum read_event first;
	bool ended;

	struct batch batch;             /* records not taken yet: from at on */
	size_t at;
};

void source_open(struct source *s, const char *path, const struct fields *fields, const struct reader_options *options);
void source_close(struct source *s);

/* Reads ahead to the first record, control line or end, so that the form is known. False: it would wait for that; call again (it
 * waits then). */
bool source_begin(struct source *s);

/* The next block, control line, bad record (in s->block, to be released), READ_IDLE, READ_END or READ_ERROR. */
enum read_event source_block(struct source *s);

/* As reader_next: READ_ROWS with s->batch and s->at 0, and so on. */
enum read_event source_next(struct source *s, struct bad_record *bad, struct span *control);

/* How far an input has come in event time: the one that is furthest back is read next. */
static inline int64_t source_reached(const struct watermark *w, size_t i)
{
	return w->input[i].max_ms > w->input[i].at ? w->input[i].max_ms : w->input[i].at;
}

/* The input of n to read, and how far others have come. n: all have ended, or are idle and have nothing. live: their order
 * matters; else one after the other, opened in turn. */
size_t sources_choose(const struct source *s, size_t n, const struct watermark *w, bool live, int64_t *others);
bool sources_ended(const struct source *s, size_t n);

#endif
