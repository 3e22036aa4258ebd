/* SPDX-License-Identifier: MIT */
/* blocks -- an input cut into blocks of whole records, ready to be parsed by any thread.
 *
 * One thread calls blocks_next; blocks may be read and released by others. Whatever is no plain record stands in a
 * block of its own: a control line, or a bad record (longer than max_record, or a quote that is not closed well). So the
 * records of a READ_ROWS block are whole and well quoted, and no parser ever looks beyond its block.
 *
 * Cutting does not depend on how the bytes arrive: the same input gives the same records, bad records and reasons. */
#ifndef LIB_TEXT_BLOCKS_H
#define LIB_TEXT_BLOCKS_H

#include "lib/text/layout.h"
#include "lib/text/reader.h"

struct blocks;
struct block_buffer;
struct input;

#define BLOCK_REASON 64

struct block {
	const char *data;               /* n bytes; READ_ROWS: records, each with its newline */
	size_t n;
	uint64_t line;                  /* physical line of the first byte, from 1 */
	bool marked;                    /* holds a quote (CSV), a backslash (TSV) */
	char reason[BLOCK_REASON];      /* READ_BAD: why */
	const struct layout *layout;    /* READ_ROWS: how to read the records; lives as long as the blocks */
	struct block_buffer *buffer;    /* what data points into */
};

/* As reader_open: never NULL, an open that failed shows as READ_ERROR. fields are borrowed, complete by now. */
struct blocks *blocks_open(const char *path, const struct fields *fields, const struct reader_options *options);
/* The same on an input, which is taken; name is for messages. */
struct blocks *blocks_open_on(struct input *input, const char *name, const struct fields *fields, const struct reader_options *options);
void blocks_free(struct blocks *b);             /* all blocks must have been released */

/* READ_ROWS, READ_BAD or READ_CONTROL with a block to be released; READ_IDLE, READ_END or READ_ERROR without one.
 * READ_BAD: data is the record, READ_CONTROL: the line, both without line end. */
enum read_event blocks_next(struct blocks *b, struct block *block);

/* From any thread. */
void blocks_release(struct blocks *b, struct block *block);

/* As the functions of reader.h; for the thread that calls blocks_next. */
const char *blocks_name(const struct blocks *b);
const char *blocks_error(const struct blocks *b);
int blocks_status(const struct blocks *b);
enum record_format blocks_format(const struct blocks *b);
bool blocks_is_controlled(const struct blocks *b);
struct span blocks_header(const struct blocks *b);
bool blocks_lacks(const struct blocks *b, size_t i);
uint64_t blocks_bytes(const struct blocks *b);
int blocks_fd(const struct blocks *b);
bool blocks_waits(struct blocks *b);

#endif
