/* SPDX-License-Identifier: MIT */
/* One segment at a time: its file, and a walk over its blocks. In the segment that still grows there may be an epoch that is not
 * committed yet; a second walk goes ahead over it, until it finds the block that commits it. What looks damaged there is read
 * again before it is believed, for a writer that starts may cut off and write anew what was never committed. */
#include "lib/log/read_impl.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/base/disk.h"

#define AGAIN 3                         /* readings of what looks damaged in a segment that grows */

int reader_fail(struct log_reader *r, const struct failure *why)
{
	return failure_set(r->failure, why->status, "%s/%s", r->dir->path, why->text);
}

/* ---- the directory ---- */

static bool has_changed(const struct log_reader *r)
{
	struct stat st;

	return r->dir->fd < 0 || fstat(r->dir->fd, &st) < 0 || st.st_mtim.tv_sec != r->seen.tv_sec || st.st_mtim.tv_nsec != r->seen.tv_nsec;
}

int reader_refresh(struct log_reader *r)
{
	struct stat st;

	if (r->dir->fd >= 0 && fstat(r->dir->fd, &st) == 0)
		r->seen = st.st_mtim;
	return log_dir_refresh(r->dir, r->failure);
}

/* ---- a segment ---- */

void reader_close_segment(struct log_reader *r)
{
	r->bytes += r->file.bytes;
	r->file.bytes = 0;
	segment_file_close(&r->file);
	r->is_open = r->is_ahead = false;
}

/* 0; 1: it has vanished; -1. */
int reader_open_segment(struct log_reader *r, const struct log_segment *s)
{
	struct failure why = { 0 };
	bool sealed = s->sealed;
	uint64_t limit = s + 1 < r->dir->segment + r->dir->n ? s[1].head.first.at : UINT64_MAX;
	int rc = segment_file_open(&r->file, r->dir->fd, s->head.first.at, &why);

	if (rc == 0)
		rc = segment_file_head(&r->file, s->head.first.at, &r->head, &why);
	if (rc < 0)
		return reader_fail(r, &why);
	if (rc > 0)
		return 1;
	r->is_open = true;
	r->is_ahead = false;
	r->limit = limit;
	r->closed = r->file.compressed || sealed;
	walk_begin(&r->walk, &r->file, r->head.first.at, r->head.first, r->file.offset);
	r->sure = r->closed ? UINT64_MAX : r->walk.offset;
	r->synced = 0;
	return 0;
}

static bool is_there(const struct log_reader *r, const struct log_segment *s)
{
	return s && s->head.first.at == r->at.at && (s->sealed || !r->options.sealed_only);
}

/* 1, unless others are there that come before or after it. */
static int no_segment(struct log_reader *r)
{
	const struct log_dir *d = r->dir;

	if (d->n && d->segment[0].head.first.at > r->at.at)
		return failure_set(r->failure, EXIT_CONFIG, "%s: the log was pruned up to %" PRIu64 ": position %" PRIu64 " is gone", d->path,
		                   d->segment[0].head.first.at, r->at.at);
	if (d->n && d->segment[d->n - 1].head.first.at > r->at.at)
		return failure_set(r->failure, EXIT_DATA, "%s: the segment that begins at %" PRIu64 " is missing", d->path, r->at.at);
	return 1;
}

/* The segment that begins at r->at: 0 it is open; 1 there is none yet; -1. */
static int next_segment(struct log_reader *r)
{
	const struct log_segment *s = log_dir_find(r->dir, r->at.at);
	char name[SEGMENT_NAME];
	int rc;

	if (!is_there(r, s)) {
		segment_name(r->at.at, ".log", name);
		if ((has_changed(r) || faccessat(r->dir->fd, name, F_OK, 0) == 0) && reader_refresh(r) < 0)
			return -1;
		s = log_dir_find(r->dir, r->at.at);
	}
	if (!is_there(r, s))
		return no_segment(r);
	if (s->head.first.chain != r->at.chain)
		return failure_set(r->failure, EXIT_DATA, "%s: segment %" PRIu64 " does not join the one before it", r->dir->path, r->at.at);
	rc = reader_open_segment(r, s);
	return rc <= 0 ? rc : failure_set(r->failure, EXIT_RETRY, "%s: segment %" PRIu64 " has just gone", r->dir->path, r->at.at);
}

/* ---- what is committed ---- */

/* Is there a block behind the walk which says that what comes before it was durable? Then what looks damaged is; else it was torn
 * before it was ever safe, and the next writer cuts it off. */
static bool was_durable(struct log_reader *r)
{
	struct block_trailer t = { 0 };
	struct failure ignored = { 0 };
	struct buf text = { 0 };
	struct span line;
	bool found = false;
	ssize_t n;
	size_t at = 0;

	segment_file_seek(&r->file, r->walk.offset, 0);
	while (!found && (n = segment_file_read(&r->file, buf_room(&text, 1 << 18), 1 << 18, &ignored)) > 0) {
		text.n += (size_t)n;
		while (!found && segment_find_line(buf_view(&text), &at, &line)) {
			at += line.n + 1;
			found = segment_parse_block(&t, line) == 0 && t.synced > r->walk.at.at;
		}
	}
	block_trailer_free(&t);
	buf_free(&text);
	return found;
}

/* Is what the walk ahead has passed still there? A writer that starts drops blocks that were not committed, and writes others. */
static bool is_still_there(struct log_reader *r)
{
	const struct segment_walk *w = &r->ahead;
	size_t n = w->passed - w->trailer.len, got = 0;         /* of the last line of its last block */
	struct block_trailer t = { 0 };
	struct failure ignored = { 0 };
	struct buf line = { 0 };
	bool same;

	if (!w->passed)
		return true;
	segment_file_seek(&r->file, w->offset - n, 0);
	for (ssize_t k = 1; k > 0 && got < n; got += k > 0 ? (size_t)k : 0)
		k = segment_file_read(&r->file, buf_room(&line, n) + got, n - got, &ignored);
	same = got == n && segment_parse_block(&t, (struct span){ line.p, n - 1 }) == 0 && t.more && t.first.at == w->trailer.first.at &&
		position_eq(t.end, w->at);
	block_trailer_free(&t);
	buf_free(&line);
	return same;
}

/* Looks beyond the walk for a block that commits what it stands before: WALK_BLOCK when there is one. */
static enum walk_event look_ahead(struct log_reader *r, struct failure *f)
{
	enum walk_event e;
	struct span data;

	if (!r->is_ahead || !is_still_there(r))
		walk_begin(&r->ahead, &r->file, r->head.first.at, r->walk.at, r->walk.offset);
	r->is_ahead = true;
	while ((e = walk_next(&r->ahead, &data, f)) == WALK_BLOCK && r->ahead.trailer.more)
		;
	if (e == WALK_BLOCK)
		r->sure = r->ahead.offset;
	if (e == WALK_SEAL)                             /* nothing is sealed that is not committed */
		r->sure = UINT64_MAX;
	if (e != WALK_END)
		r->is_ahead = false;
	return e == WALK_SEAL ? WALK_BLOCK : e;
}

static enum walk_event next_once(struct log_reader *r, struct span *data, struct failure *f)
{
	bool sure = r->walk.offset < r->sure;
	enum walk_event e;

	if (!sure && r->is_ahead && look_ahead(r, f) == WALK_BLOCK)
		sure = true;
	if (!sure && r->is_ahead)
		return WALK_END;
	e = walk_next(&r->walk, data, f);
	if (e != WALK_BLOCK || sure || !r->walk.trailer.more)
		return e;
	walk_again(&r->walk);
	e = look_ahead(r, f);
	return e == WALK_BLOCK ? walk_next(&r->walk, data, f) : e;
}

/* The next committed block; WALK_END: there is none yet. */
static enum walk_event next_committed(struct log_reader *r, struct span *data, struct failure *f)
{
	for (int i = 0; i < AGAIN; i++) {
		struct failure why = { 0 };
		enum walk_event e = next_once(r, data, &why);

		if (e == WALK_DAMAGED && !r->closed && i < AGAIN - 1)
			continue;
		if (e == WALK_DAMAGED && !r->closed && !was_durable(r))
			return WALK_END;
		*f = why;
		return e;
	}
	return WALK_END;
}

/* ---- the end of a file ---- */

/* The file is no more, and it was not sealed when it went: whatever is in its place. */
static int go_again(struct log_reader *r)
{
	struct position at = r->at;

	reader_close_segment(r);
	return reader_refresh(r) < 0 ? -1 : reader_locate(r, at);
}

/* The file ends without a seal. 0: look again at once; 1: it may grow; -1. */
static int at_end(struct log_reader *r)
{
	struct stat st;
	const struct log_segment *s;

	if (r->closed)
		return failure_set(r->failure, EXIT_DATA, "%s/%s: offset %" PRIu64 ": it ends without the line that seals it", r->dir->path, r->file.name,
		                   r->walk.offset);
	if (segment_file_size(&r->file) < r->walk.offset)
		return failure_set(r->failure, EXIT_DATA, "%s/%s: offset %" PRIu64 ": it was cut off before what had been committed", r->dir->path,
		                   r->file.name, r->walk.offset);
	if (fstat(r->file.fd, &st) == 0 && st.st_nlink == 0)
		return go_again(r);
	if (!has_changed(r))
		return 1;
	if (reader_refresh(r) < 0)
		return -1;
	s = log_dir_find(r->dir, r->head.first.at);
	if (!s || !r->dir->n)
		return 1;
	if (s->sealed) {
		r->closed = true;
		r->sure = UINT64_MAX;
		r->is_ahead = false;
		return 0;
	}
	if (s == &r->dir->segment[r->dir->n - 1])
		return 1;
	return failure_set(r->failure, EXIT_DATA, "%s/%s: offset %" PRIu64 ": it ends without the line that seals it, but others follow", r->dir->path,
	                   r->file.name, r->walk.offset);
}

/* ---- blocks ---- */

static int sync_segment(struct log_reader *r)
{
	struct failure why = { 0 };
	uint64_t size;

	if (!r->options.sync || r->closed || r->walk.offset <= r->synced)
		return 0;
	size = segment_file_size(&r->file);
	if (disk_sync(r->file.fd, r->file.name, &why) < 0 || (r->synced == 0 && disk_sync_dir(r->dir->fd, r->file.name, &why) < 0))
		return reader_fail(r, &why);
	r->synced = size;
	return 0;
}

static int fail_overlap(struct log_reader *r)
{
	return failure_set(r->failure, EXIT_DATA, "%s/%s: it goes on beyond position %" PRIu64 ", where the next one begins", r->dir->path, r->file.name,
	                   r->limit);
}

/* Behind the line that seals it. */
static enum log_event end_segment(struct log_reader *r)
{
	struct failure why = { 0 };
	int over = walk_is_over(&r->walk, &why);

	if (over == 0)
		failure_set(&why, EXIT_DATA, "%s: offset %" PRIu64 ": there is something behind the line that seals it", r->file.name, r->walk.offset);
	if (over <= 0) {
		reader_fail(r, &why);
		return LOG_ERROR;
	}
	reader_close_segment(r);
	return LOG_EDGE;
}

static enum log_event step_segment(struct log_reader *r, struct log_block *b)
{
	int rc = next_segment(r);

	if (rc != 0)
		return rc < 0 ? LOG_ERROR : LOG_DRY;
	return reader_next_block(r, b);
}

enum log_event reader_next_block(struct log_reader *r, struct log_block *b)
{
	struct failure why = { 0 };
	const struct block_trailer *t = &r->walk.trailer;
	struct span data;
	int rc;

	for (;;) {
		if (!r->is_open)
			return step_segment(r, b);
		switch (next_committed(r, &data, &why)) {
		case WALK_BLOCK:
			if (t->end.at == t->first.at)
				continue;
			if (t->end.at > r->limit ? fail_overlap(r) < 0 : sync_segment(r) < 0)
				return LOG_ERROR;
			*b = (struct log_block){ t->first, t->end, data, t->lines, t->changes, t->time, &r->head };
			return LOG_BLOCK;
		case WALK_SEAL:
			return end_segment(r);
		case WALK_END:
			rc = at_end(r);
			if (rc != 0)
				return rc < 0 ? LOG_ERROR : LOG_DRY;
			continue;
		case WALK_DAMAGED:
		case WALK_ERROR:
			reader_fail(r, &why);
			return LOG_ERROR;
		}
	}
}

/* The next event as it comes: from the rest of a block, or from the segment. */
static enum log_event take_next(struct log_reader *r, struct log_block *b)
{
	enum log_event e;

	if (r->rest.end.at > r->rest.first.at) {
		*b = r->rest;
		r->rest = (struct log_block){ 0 };
		return LOG_BLOCK;
	}
	while ((e = reader_next_block(r, b)) == LOG_EDGE && !r->any)
		;
	return e;
}

enum log_event log_next(struct log_reader *r, struct log_block *b)
{
	enum log_event e;

	if (r->failed)
		return LOG_ERROR;
	if (r->at.at >= r->to)
		return LOG_DONE;
	e = take_next(r, b);
	if (e == LOG_ERROR && r->by_index && reader_locate_without_index(r) == 0)
		e = take_next(r, b);
	if (e != LOG_BLOCK)
		return e;
	reader_confirm_index(r);
	if (b->end.at > r->to) {
		struct log_block all = *b;

		log_block_cut(&all, r->to - all.first.at, b);
	}
	r->at = b->end;
	r->any = true;
	return LOG_BLOCK;
}

struct position log_reader_at(const struct log_reader *r)
{
	return r->at;
}

const struct failure *log_reader_failure(const struct log_reader *r)
{
	return r->theirs;
}

uint64_t log_reader_bytes(const struct log_reader *r)
{
	return r->bytes + r->file.bytes;
}

void log_reader_free(struct log_reader *r)
{
	if (!r)
		return;
	segment_file_close(&r->file);
	walk_free(&r->walk);
	walk_free(&r->ahead);
	segment_head_free(&r->head);
	free(r);
}
