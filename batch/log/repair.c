/* SPDX-License-Identifier: MIT */
/* After a crash the writer's own recovery is all there is to do. After damage nothing can be had back: what is before it stays the log, and
 * what is behind it goes to lost/, from the last segment to the damaged one, so that a repair that dies half-way can be done again. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "batch/log/check.h"
#include "batch/log/maintain.h"
#include "lib/base/diag.h"
#include "lib/base/disk.h"
#include "lib/log/file.h"
#include "lib/log/recover.h"
#include "lib/log/tail.h"
#include "lib/log/write.h"

#define TEMPORARY ".segment"
#define STEP ((size_t)256 * 1024)

struct repair {
	const char *path;
	int dir;
	struct out *out;
	struct failure *failure;
};

static int fail_errno(struct repair *r, const char *name)
{
	char room[128];

	return failure_set(r->failure, EXIT_IO, "%s/%s: %s", r->path, name, strerror_r(errno, room, sizeof room));
}

/* ---- taking away ---- */

static int lose(struct repair *r, const char *file, uint64_t offset)
{
	char *kept = NULL;

	if (log_keep_lost(r->dir, file, offset, &kept, r->failure) < 0)
		return -1;
	buf_printf(&r->out->buf, "%s: from offset %" PRIu64 " on moved to %s\n", file, offset, kept);
	free(kept);
	return 0;
}

/* All files of a segment; those of records are kept first. */
static int lose_segment(struct repair *r, uint64_t first)
{
	static const char *const suffix[] = { ".log", ".log.gz", ".idx" };
	char name[SEGMENT_NAME];

	for (size_t i = 0; i < sizeof suffix / sizeof *suffix; i++) {
		segment_name(first, suffix[i], name);
		if (faccessat(r->dir, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (i < 2 && lose(r, name, 0) < 0)
			return -1;
		if (unlinkat(r->dir, name, 0) < 0)
			return fail_errno(r, name);
	}
	return disk_sync_dir(r->dir, r->path, r->failure);
}

/* ---- keeping what is whole ---- */

static int copy_text(struct repair *r, struct segment_file *from, int to, uint64_t n)
{
	char *room = mem_alloc(STEP);
	int rc = 0;

	segment_file_seek(from, 0, 0);
	while (rc == 0 && n) {
		ssize_t got = segment_file_read(from, room, n < STEP ? (size_t)n : STEP, r->failure);

		if (got == 0)
			failure_set(r->failure, EXIT_DATA, "%s: it changes while it is read", from->name);
		rc = got <= 0 ? -1 : disk_write(to, room, (size_t)got, from->name, r->failure);
		n -= got > 0 ? (uint64_t)got : 0;
	}
	free(room);
	return rc;
}

/* A plain file of the text up to its last committed block, under the name of the segment. */
static int rewrite(struct repair *r, const struct segment_check *c, uint64_t first)
{
	struct segment_file file = SEGMENT_NO_FILE;
	char name[SEGMENT_NAME];
	int to = disk_create(r->dir, TEMPORARY, r->failure), rc = -1;

	segment_name(first, ".log", name);
	if (to >= 0 && segment_file_open(&file, r->dir, first, r->failure) == 0 && copy_text(r, &file, to, c->committed) == 0 &&
	    disk_sync(to, name, r->failure) == 0)
		rc = 0;
	if (rc == 0)
		rc = lose(r, file.name, file.compressed ? 0 : c->committed);
	if (rc == 0)
		rc = disk_rename(r->dir, TEMPORARY, name, true, r->failure);
	if (rc == 0 && file.compressed)
		rc = unlinkat(r->dir, file.name, 0) < 0 ? fail_errno(r, file.name) : disk_sync_dir(r->dir, r->path, r->failure);
	segment_file_close(&file);
	if (to >= 0)
		close(to);
	return rc;
}

static int cut(struct repair *r, const uint64_t *first, size_t i, size_t n, const struct segment_check *c)
{
	char position[POSITION_TEXT];

	for (size_t k = n; k-- > i + 1;)
		if (lose_segment(r, first[k]) < 0)
			return -1;
	if ((c->committed ? rewrite(r, c, first[i]) : lose_segment(r, first[i])) < 0)
		return -1;
	position_print(c->end, position);
	if (c->committed)
		buf_printf(&r->out->buf, "the log ends at %s now\n", position);
	else
		buf_printf(&r->out->buf, "the log ends before %" PRIu64 " now\n", first[i]);
	return 0;
}

/* ---- the log ---- */

/* Looks for the first damage and cuts there. */
static int quarantine(struct repair *r, const uint64_t *first, size_t n)
{
	struct segment_check before = { 0 }, c;
	bool damaged = false;
	int rc = 0;

	for (size_t i = 0; rc == 0 && !damaged && i < n; i++) {
		rc = segment_check(r->dir, first[i], i ? &before : NULL, i + 1 == n, &c, r->failure);
		damaged = rc == 0 && c.state == SEGMENT_BAD;
		if (damaged) {
			buf_printf(&r->out->buf, "%s\n", c.why.text);
			rc = cut(r, first, i, n, &c);
		}
		segment_check_free(&before);
		before = c;
	}
	segment_check_free(&before);
	return rc;
}

static int quarantine_locked(const struct maintain_options *o, struct out *out, struct failure *f)
{
	struct repair r = { o->path, disk_dir(o->path, false, f), out, f };
	uint64_t *first = NULL;
	struct buf what = { 0 };
	size_t n;
	int lock, rc = -1;

	if (r.dir < 0)
		return -1;
	buf_printf(&what, "%s: the log is being written%c", o->path, 0);
	lock = disk_lock(r.dir, LOG_LOCK, what.p, o->wait_ms, f);
	buf_free(&what);
	if (lock >= 0 && segment_list(r.dir, o->path, &first, &n, f) == 0)
		rc = quarantine(&r, first, n);
	free(first);
	if (lock >= 0)
		close(lock);
	close(r.dir);
	return rc;
}

/* What recovery does not touch. */
static int check_rest(const char *path, int dir, const uint64_t *first, size_t n, struct failure *f)
{
	struct segment_check before = { 0 }, c;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = segment_check(dir, first[i], i ? &before : NULL, i + 1 == n, &c, f);
		if (rc == 0 && c.state == SEGMENT_BAD)
			rc = failure_set(f, EXIT_DATA, "%s/%s (--quarantine moves it, and all behind it, to lost/)", path, c.why.text);
		segment_check_free(&before);
		before = c;
	}
	segment_check_free(&before);
	return rc;
}

/* There must be a log; without --quarantine damage is told. */
static int look_first(const struct maintain_options *o, struct failure *f)
{
	int dir = disk_dir(o->path, false, f), rc;
	uint64_t *first = NULL;
	size_t n = 0;

	if (dir < 0)
		return -1;
	rc = segment_list(dir, o->path, &first, &n, f);
	if (rc == 0)
		rc = maintain_log_is_there(dir, o->path, n, f);
	if (rc == 0 && !o->quarantine)
		rc = check_rest(o->path, dir, first, n, f);
	free(first);
	close(dir);
	return rc;
}

int log_repair(const struct maintain_options *o, struct out *out, struct failure *f)
{
	const struct log_write_options write = { .lock_wait_ms = o->wait_ms };
	struct log_writer *w;
	int rc;

	if (look_first(o, f) < 0)
		return f->status;
	rc = o->quarantine ? quarantine_locked(o, out, f) : 0;
	if (rc == 0) {
		w = log_writer_open(o->path, &write, f);
		rc = w ? log_writer_close(w, f) : -1;
	}
	return rc == 0 ? 0 : f->status;
}
