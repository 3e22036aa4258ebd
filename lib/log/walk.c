/* SPDX-License-Identifier: MIT */
#include "lib/log/walk.h"

#include <string.h>

#include "lib/base/diag.h"
#include "lib/base/hash.h"

#define STEP ((size_t)256 * 1024)               /* read at once: what is looked through stays in the second-level cache */
#define MAX_BLOCK ((size_t)1280 * 1024 * 1024)  /* bytes: a record of at most 1 GiB and what stands before it in its block */

#define MARK SPAN("#!weir")

void walk_begin(struct segment_walk *w, struct segment_file *file, uint64_t first, struct position at, uint64_t offset)
{
	w->file = file;
	w->first = first;
	w->at = at;
	w->offset = offset;
	w->place = 0;
	w->passed = w->start = w->searched = w->used = 0;
	if (!w->text)
		w->text = mem_alloc(w->cap = 2 * STEP);
}

void walk_begin_member(struct segment_walk *w, struct segment_file *file, uint64_t first, struct position at, uint64_t place)
{
	walk_begin(w, file, first, at, 0);
	w->place = place;
	segment_file_seek(file, 0, place);
}

void walk_free(struct segment_walk *w)
{
	free(w->text);
	block_trailer_free(&w->trailer);
	*w = (struct segment_walk){ 0 };
}

bool segment_find_line(struct span text, size_t *at, struct span *line)
{
	const char *end = text.p + text.n, *p = text.p + *at, *nl;

	for (; p < end && (p = memchr(p, '#', (size_t)(end - p))); p++) {
		struct span rest = { p, (size_t)(end - p) };

		if ((p > text.p && p[-1] != '\n') || !span_starts(rest.n < MARK.n ? MARK : rest, rest.n < MARK.n ? rest : MARK))
			continue;
		*at = (size_t)(p - text.p);
		nl = memchr(p, '\n', rest.n);
		if (!nl)
			return false;
		*line = (struct span){ p, (size_t)(nl - p) };
		return true;
	}
	*at = text.n;
	return false;
}

/* ---- reading ---- */

static void make_room(struct segment_walk *w)
{
	size_t left = w->used - w->start;

	if (w->cap - w->used >= STEP)
		return;
	if (w->start) {
		memmove(w->text, w->text + w->start, left);
		w->searched -= w->start;
		w->used = left;
		w->start = 0;
	}
	if (w->cap - w->used < STEP) {
		w->cap = (w->used + STEP) * 2;
		w->text = mem_realloc(w->text, w->cap);
	}
}

/* > 0, 0 at the end, -1. */
static ssize_t fill(struct segment_walk *w, struct failure *f)
{
	ssize_t n;

	make_room(w);
	if (!w->file->compressed)
		segment_file_seek(w->file, w->offset + (w->used - w->start), 0);
	n = segment_file_read(w->file, w->text + w->used, STEP, f);
	if (n > 0)
		w->used += (size_t)n;
	return n;
}

/* ---- proving ---- */

static enum walk_event damaged(struct segment_walk *w, struct failure *f, const char *reason)
{
	if (w->place)
		failure_set(f, EXIT_DATA, "%s: byte %llu, offset %llu behind it: %s", w->file->name, (unsigned long long)w->place,
		            (unsigned long long)w->offset, reason);
	else
		failure_set(f, EXIT_DATA, "%s: offset %llu: %s", w->file->name, (unsigned long long)w->offset, reason);
	w->start = w->searched = w->used = 0;
	return WALK_DAMAGED;
}

static void pass(struct segment_walk *w, size_t n)
{
	w->passed = n;
	w->start += n;
	w->searched = w->start;
	w->offset += n;
}

void walk_again(struct segment_walk *w)
{
	if (w->passed) {
		w->at = w->trailer.first;
		w->offset -= w->passed;
	}
	w->passed = w->start = w->searched = w->used = 0;
}

static enum walk_event take_block(struct segment_walk *w, struct span data, struct span line, struct failure *f)
{
	struct block_trailer *t = &w->trailer;
	uint64_t n;

	if (segment_parse_block(t, line) < 0)
		return damaged(w, f, "the last line of the block is damaged");
	if (t->first.at != w->at.at)
		return damaged(w, f, "the block is not the one that follows: records are missing, or too many");
	n = t->end.at - t->first.at;
	if (t->len != data.n || (n == 0) != (data.n == 0) || t->lines < n)
		return damaged(w, f, "the block has another length than its last line says");
	if (hash_crc32c(w->at.chain, data.p, data.n) != t->end.chain)
		return damaged(w, f, "the records of the block are not those that were written");
	t->first = w->at;
	w->at = t->end;
	pass(w, data.n + line.n + 1);
	return WALK_BLOCK;
}

static enum walk_event take_seal(struct segment_walk *w, struct span data, struct span line, struct failure *f)
{
	struct segment_seal seal;

	if (segment_parse_seal(&seal, line) < 0)
		return damaged(w, f, "the line that seals the segment is damaged");
	if (data.n || seal.first != w->first || seal.n != w->at.at - w->first || (!w->place && seal.len != w->offset) || seal.chain != w->at.chain)
		return damaged(w, f, "the line that seals the segment is that of another one");
	pass(w, line.n + 1);
	return WALK_SEAL;
}

enum walk_event walk_next(struct segment_walk *w, struct span *data, struct failure *f)
{
	struct span line;
	size_t at;

	for (;;) {
		ssize_t n;

		at = w->searched - w->start;
		if (segment_find_line((struct span){ w->text + w->start, w->used - w->start }, &at, &line))
			break;
		w->searched = w->start + at;
		if (w->used - w->start > MAX_BLOCK)
			return damaged(w, f, "a block without end");
		n = fill(w, f);
		if (n < 0)
			return f->status == EXIT_DATA ? WALK_DAMAGED : WALK_ERROR;
		if (n == 0) {
			w->start = w->searched = w->used = 0;
			return WALK_END;
		}
	}
	*data = (struct span){ w->text + w->start, at };
	switch (segment_line_kind(line)) {
	case SEGMENT_BLOCK:
		return take_block(w, *data, line, f);
	case SEGMENT_SEAL:
		return take_seal(w, *data, line, f);
	default:
		return damaged(w, f, "a line of ours that has no place here");
	}
}

int walk_is_over(struct segment_walk *w, struct failure *f)
{
	ssize_t n = w->used - w->start ? 1 : fill(w, f);

	return n < 0 ? -1 : n == 0;
}
