/* SPDX-License-Identifier: MIT */
#include "batch/log/check.h"

#include <inttypes.h>

#include "lib/base/diag.h"
#include "lib/log/recover.h"
#include "lib/log/walk.h"

static int bad(struct segment_check *c, const char *reason)
{
	c->state = SEGMENT_BAD;
	failure_set(&c->why, EXIT_DATA, "%s: %s", c->file, reason);
	return 0;
}

static int join(struct segment_check *c, const struct segment_check *before)
{
	const struct segment_head *h = &c->head;

	if (!before)
		return h->first.at == 0 && h->first.chain != 0 ? bad(c, "offset 0: the chain of an empty beginning is not 0") : 0;
	if (strcmp(h->log, before->head.log) != 0)
		return bad(c, "offset 0: it is of another log");
	if (h->format != before->head.format)
		return bad(c, "offset 0: it is of another format than the segment before it");
	if (before->state != SEGMENT_BAD && !position_eq(h->first, before->end))
		return bad(c, "offset 0: it does not join the segment before it: a segment is missing, or cut off");
	return 0;
}

static enum walk_event walk(struct segment_check *c, struct segment_walk *w)
{
	struct span data;
	enum walk_event e;

	while ((e = walk_next(w, &data, &c->why)) == WALK_BLOCK) {
		c->blocks++;
		if (w->trailer.more)
			continue;
		c->end = w->trailer.end;
		c->committed = w->offset;
	}
	if (e == WALK_SEAL)
		c->committed = w->offset;
	return e;
}

/* The end was not reached, or something is behind it. */
static int judge_rest(struct segment_check *c, int dir, const struct segment_walk *w, struct segment_file *file, bool is_last, struct failure *f)
{
	uint64_t mark;

	if (file->compressed)
		return bad(c, "it ends before the segment does");
	if (!is_last)
		return bad(c, "it is not sealed, and others follow");
	c->torn = segment_file_size(file) - w->offset;
	c->state = c->torn ? SEGMENT_TORN : SEGMENT_OPEN;
	if (c->torn && segment_later_mark(dir, c->head.first.at, w->offset, &mark, f) < 0)
		return -1;
	if (c->torn && mark > w->at.at)
		return bad(c, "records that were safe are not there");
	c->why = (struct failure){ 0 };
	return 0;
}

static int check_blocks(struct segment_check *c, int dir, struct segment_file *file, bool is_last, struct failure *f)
{
	struct segment_walk w = { 0 };
	enum walk_event e;
	int rc = 0;

	c->end = c->head.first;
	walk_begin(&w, file, c->head.first.at, c->head.first, file->offset);
	e = walk(c, &w);
	if (e == WALK_ERROR)
		rc = failure_set(f, c->why.status, "%s", c->why.text);
	else if (e != WALK_SEAL)
		rc = judge_rest(c, dir, &w, file, is_last, f);
	else if (walk_is_over(&w, &c->why) <= 0)
		bad(c, "there is something behind the line that seals it");
	walk_free(&w);
	return rc;
}

int segment_check(int dir, uint64_t first, const struct segment_check *before, bool is_last, struct segment_check *c, struct failure *f)
{
	struct segment_file file = SEGMENT_NO_FILE;
	int rc = segment_file_open(&file, dir, first, f);

	*c = (struct segment_check){ .state = SEGMENT_SEALED };
	memcpy(c->file, file.name, sizeof c->file);
	c->compressed = file.compressed;
	if (rc > 0)
		rc = failure_set(f, EXIT_IO, "%s: it went while the log was read", c->file);
	if (rc == 0) {
		int head = segment_file_head(&file, first, &c->head, &c->why);

		if (c->why.status == EXIT_IO)
			rc = failure_set(f, EXIT_IO, "%s", c->why.text);
		else if (head < 0)
			c->state = SEGMENT_BAD;
		else if (head > 0 && is_last && !file.compressed)
			c->state = SEGMENT_TORN, c->torn = segment_file_size(&file);
		else if (head > 0)
			bad(c, "it has no head");
		else if (join(c, before) == 0 && c->state != SEGMENT_BAD)
			rc = check_blocks(c, dir, &file, is_last, f);
	}
	segment_file_close(&file);
	return rc;
}

void segment_check_free(struct segment_check *c)
{
	segment_head_free(&c->head);
}
