/* SPDX-License-Identifier: MIT */
/* Input, blocks and rows in one thread: a block is parsed to its end before the next one is read. */
#include "lib/text/reader.h"

#include "lib/base/mem.h"
#include "lib/text/blocks.h"
#include "lib/text/rows.h"

struct reader {
	struct blocks *blocks;
	struct rows *rows;
	struct block block;             /* what the last event points into, or none */
	bool in_rows;                   /* rows are at work on block */
};

static struct reader *new_reader(struct blocks *blocks, const struct fields *fields, const struct reader_options *options)
{
	struct reader *r = mem_zalloc(sizeof *r);

	r->blocks = blocks;
	r->rows = rows_new(fields, options->max_record);
	return r;
}

struct reader *reader_open(const char *path, const struct fields *fields, const struct reader_options *options)
{
	return new_reader(blocks_open(path, fields, options), fields, options);
}

struct reader *reader_open_on(struct input *input, const char *name, const struct fields *fields, const struct reader_options *options)
{
	return new_reader(blocks_open_on(input, name, fields, options), fields, options);
}

static void bad_block(const struct block *block, struct bad_record *bad)
{
	_Static_assert(BLOCK_REASON <= BAD_REASON, "room for a block's reason");

	bad->line = block->line;
	bad->raw = (struct span){ block->data, block->n };
	memcpy(bad->reason, block->reason, BLOCK_REASON);
}

enum read_event reader_next(struct reader *r, struct batch *batch, struct bad_record *bad, struct span *control)
{
	enum read_event e;

	for (;;) {
		if (r->in_rows) {
			e = rows_next(r->rows, batch, bad);
			if (e != READ_END)
				return e;
			r->in_rows = false;
		}
		blocks_release(r->blocks, &r->block);
		e = blocks_next(r->blocks, &r->block);
		if (e == READ_BAD)
			bad_block(&r->block, bad);
		if (e == READ_CONTROL)
			*control = (struct span){ r->block.data, r->block.n };
		if (e != READ_ROWS)
			return e;
		rows_begin(r->rows, &r->block);
		r->in_rows = true;
	}
}

const char *reader_name(const struct reader *r)
{
	return blocks_name(r->blocks);
}

const char *reader_error(const struct reader *r)
{
	return blocks_error(r->blocks);
}

int reader_status(const struct reader *r)
{
	return blocks_status(r->blocks);
}

enum record_format reader_format(const struct reader *r)
{
	return blocks_format(r->blocks);
}

bool reader_is_controlled(const struct reader *r)
{
	return blocks_is_controlled(r->blocks);
}

struct span reader_header(const struct reader *r)
{
	return blocks_header(r->blocks);
}

bool reader_lacks(const struct reader *r, size_t i)
{
	return blocks_lacks(r->blocks, i);
}

uint64_t reader_bytes(const struct reader *r)
{
	return blocks_bytes(r->blocks);
}

int reader_fd(const struct reader *r)
{
	return blocks_fd(r->blocks);
}

bool reader_waits(struct reader *r)
{
	return blocks_waits(r->blocks);
}

void reader_free(struct reader *r)
{
	if (!r)
		return;
	blocks_release(r->blocks, &r->block);
	rows_free(r->rows);
	blocks_free(r->blocks);
	free(r);
}
