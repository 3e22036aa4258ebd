/* SPDX-License-Identifier: MIT */
/* What blocks.c (reading, the first line) and blocks_cut.c (cutting) share; private to them.
 *
 * Bytes are read behind each other into a buffer of which blocks are views:
 *
 *   data  0 ........ start ................ lines_end ......... used ..... cap
 *         handed out       whole lines                 a line begun
 *
 * When nobody else holds the buffer, what is left moves to its front before more is read; else to another buffer. A quoted
 * record may end behind lines_end: it waits like a line begun. */
#ifndef LIB_TEXT_BLOCKS_IMPL_H
#define LIB_TEXT_BLOCKS_IMPL_H

#include "lib/base/buf.h"
#include "lib/stream/checked.h"
#include "lib/text/block_pool.h"
#include "lib/text/blocks.h"
#include "lib/text/input.h"
#include "lib/text/scan.h"

#define READ_MORE ((enum read_event)-1)         /* nothing whole yet */
#define READ_AGAIN ((enum read_event)-2)        /* nothing to hand out, but something has changed */
#define NO_CONTROL ((size_t)-1)
#define MAX_CONTROL ((size_t)1024 * 1024)       /* bytes of a control line, whatever max_record is */

struct blocks {
	const struct fields *fields;
	struct reader_options options;
	char *name;
	struct input *input;
	const struct scan_kernel *kernel;
	struct block_pool pool;

	struct block_buffer *buffer;
	size_t start, lines_end, used;
	size_t control;                 /* where a control line begins, looked for up to searched */
	size_t searched;
	uint64_t line;                  /* of start */

	bool looked_for_bom, begun;     /* begun: format and controlled are known */
	bool controlled;
	struct stream_check check;      /* of a checked stream: data is in it up to summed */
	size_t summed;
	bool skipping;                  /* in the rest of a line that was too long */
	bool ended, told_idle;
	enum record_format format;

	struct layout **layout;         /* all there were */
	size_t nlayouts, layouts_cap;
	const struct layout *now;       /* the one in force, or NULL */
	bool has_header;
	bool *seen;                     /* fields that a header had */

	int status;                     /* not 0: READ_ERROR follows what is left */
	struct buf error;
	char reason[BLOCK_REASON];      /* of the last bad record */
};

static inline const char *blocks_at(const struct blocks *b)
{
	return b->buffer->data + b->start;
}

/* The next event from what has been read; also READ_MORE, READ_AGAIN. b->begun. */
enum read_event blocks_cut(struct blocks *b, struct block *block);

/* Puts a layout, now owned by the blocks, into force. */
void blocks_use_layout(struct blocks *b, struct layout *l);

/* Drops the blank lines at start. */
void blocks_skip_blank(struct blocks *b);

/* A line of which more may come: is it a control line, or still short enough to become one? */
bool blocks_may_be_control(struct span begun);
/* How long it may get. */
size_t blocks_line_limit(const struct blocks *b, struct span begun);

/* Ends the input with an error, line 0: none. What is whole and not handed out yet comes first. Only the first error
 * counts. */
void blocks_fail(struct blocks *b, int status, uint64_t line, const char *reason);
/* The same, and nothing comes first. */
void blocks_stop(struct blocks *b, int status, uint64_t line, const char *reason);

#endif
