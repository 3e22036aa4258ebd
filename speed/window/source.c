/* SPDX-License-Identifier: MIT */
#include "speed/window/source.h"

#include <poll.h>
#include <stdio.h>

void source_open(struct source *s, const char *path, const struct fields *fields, const struct reader_options *options)
{
	*s = (struct source){ .blocks = blocks_open(path, fields, options), .rows = rows_new(fields, options->max_record) };
}

static void release(struct source *s)
{
	if (s->block.buffer)
		blocks_release(s->blocks, &s->block);
	s->block = (struct block){ 0 };
	s->in_block = false;
}

void source_close(struct source *s)
{
	rows_free(s->rows);
	release(s);
	blocks_free(s->blocks);
	*s = (struct source){ .ended = true };
}

bool source_begin(struct source *s)
{
	s->first = blocks_next(s->blocks, &s->block);
	if (s->first == READ_IDLE)
		return false;
	return s->begun = s->has_first = true;
}

enum read_event source_block(struct source *s)
{
	if (s->has_first) {
		s->has_first = false;
		return s->first;
	}
	release(s);
	return blocks_next(s->blocks, &s->block);
}

enum read_event source_next(struct source *s, struct bad_record *bad, struct span *control)
{
	enum read_event event;

	for (;;) {
		if (s->in_block) {
			event = rows_next(s->rows, &s->batch, bad);
			s->at = 0;
			if (event != READ_END)
				return event;
			s->in_block = false;
		}
		event = source_block(s);
		if (event != READ_ROWS)
			break;
		rows_begin(s->rows, &s->block);
		s->in_block = true;
	}
	if (event == READ_BAD) {
		bad->line = s->block.line;
		bad->raw = (struct span){ s->block.data, s->block.n };
		snprintf(bad->reason, sizeof bad->reason, "%s", s->block.reason);
	} else if (event == READ_CONTROL) {
		*control = (struct span){ s->block.data, s->block.n };
	}
	return event;
}

static bool readable(const struct source *s)
{
	struct pollfd p = { .fd = blocks_fd(s->blocks), .events = POLLIN };

	return s->in_block || s->has_first || p.fd < 0 || poll(&p, 1, 0) != 0;
}

/* Idle ones count when they have something again. */
size_t sources_choose(const struct source *s, size_t n, const struct watermark *w, bool live, int64_t *others)
{
	size_t best = n;

	*others = INT64_MAX;
	for (size_t i = 0; i < n; i++) {
		int64_t here;

		if (s[i].ended || (w->input[i].idle && !readable(&s[i])))
			continue;
		if (best < n && !live)
			break;
		here = source_reached(w, i);
		if (best == n) {
			best = i;
		} else if (here < source_reached(w, best)) {
			*others = source_reached(w, best);
			best = i;
		} else if (here < *others) {
			*others = here;
		}
	}
	return best;
}

bool sources_ended(const struct source *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!s[i].ended)
			return false;
	return true;
}
