/* SPDX-License-Identifier: MIT */
#include "lib/log/recover.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/base/disk.h"
#include "lib/log/tail.h"
#include "lib/log/walk.h"

#define COPY_STEP ((size_t)256 * 1024)

/* One segment that is not sealed. */
struct scan {
	int dir;
	const char *path;
	uint64_t first;
	char name[SEGMENT_NAME];
	struct segment_file file;
	struct segment_walk walk;
	uint64_t committed;             /* offset behind the last committed block; 0: none */
	struct position end;            /* there */
	uint64_t synced;                /* the largest mark seen */
	bool sealed;
	struct recovered *r;
};

static int fail_errno(struct failure *f, int status, const char *name)
{
	char room[128];

	return failure_set(f, status, "%s: %s", name, strerror_r(errno, room, sizeof room));
}

void block_trailer_copy(struct block_trailer *to, const struct block_trailer *from)
{
	struct buf source = to->source, once = to->once, rejects_to = to->rejects_to;

	*to = *from;
	to->source = source;
	to->once = once;
	to->rejects_to = rejects_to;
	buf_clear(&to->source);
	buf_clear(&to->once);
	buf_clear(&to->rejects_to);
	buf_span(&to->source, buf_view(&from->source));
	buf_span(&to->once, buf_view(&from->once));
	buf_span(&to->rejects_to, buf_view(&from->rejects_to));
}

/* ---- what is behind ---- */

/* All whole trailers in text count. What is left is the beginning of a line. */
static void take_marks(struct buf *text, uint64_t *synced)
{
	struct block_trailer t = { 0 };
	struct segment_seal seal;
	struct span line;
	const char *nl;
	size_t at = 0, used;

	while (segment_find_line(buf_view(text), &at, &line)) {
		if (segment_parse_block(&t, line) == 0 && t.synced > *synced)
			*synced = t.synced;
		else if (segment_parse_seal(&seal, line) == 0)
			*synced = UINT64_MAX;
		at += line.n + 1;
	}
	nl = text->n ? memrchr(text->p, '\n', text->n) : NULL;
	used = nl ? (size_t)(nl - text->p) + 1 : 0;
	if (used)
		memmove(text->p, text->p + used, text->n - used);
	text->n -= used;
	block_trailer_free(&t);
}

int segment_later_mark(int dir, uint64_t first, uint64_t offset, uint64_t *synced, struct failure *f)
{
	struct segment_file file = SEGMENT_NO_FILE;
	struct buf text = { 0 };
	ssize_t n = segment_file_open(&file, dir, first, f);

	*synced = 0;
	if (n == 0) {
		segment_file_seek(&file, offset, 0);
		while ((n = segment_file_read(&file, buf_room(&text, COPY_STEP), COPY_STEP, f)) > 0) {
			text.n += (size_t)n;
			take_marks(&text, synced);
		}
	}
	buf_free(&text);
	segment_file_close(&file);
	return n < 0 ? -1 : 0;
}

/* ---- keeping what is cut ---- */

static int open_lost(int dir, struct failure *f)
{
	int fd;

	if (mkdirat(dir, "lost", 0750) < 0 && errno != EEXIST)
		return fail_errno(f, EXIT_CREATE, "lost");
	fd = openat(dir, "lost", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? fail_errno(f, EXIT_CREATE, "lost") : fd;
}

/* `<segment>.<offset>`, or with a number behind it where that is taken: nothing that was kept goes for something else. */
static void lost_name(int lost, const char *file, uint64_t offset, char *name, size_t size)
{
	snprintf(name, size, "%s.%" PRIu64, file, offset);
	for (unsigned i = 2; faccessat(lost, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0; i++)
		snprintf(name, size, "%s.%" PRIu64 ".%u", file, offset, i);
}

static int copy_rest(int from, uint64_t offset, int to, const char *name, struct failure *f)
{
	char *room = mem_alloc(COPY_STEP);
	ssize_t n;
	int rc = 0;

	while (rc == 0 && (n = pread(from, room, COPY_STEP, (off_t)offset)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		rc = n < 0 ? fail_errno(f, EXIT_IO, name) : disk_write(to, room, (size_t)n, name, f);
		offset += n > 0 ? (uint64_t)n : 0;
	}
	free(room);
	return rc;
}

int log_keep_lost(int dir, const char *file, uint64_t offset, char **name, struct failure *f)
{
	char text[SEGMENT_NAME + 64];
	struct buf whole = { 0 };
	int lost = open_lost(dir, f), from, to = -1, rc = -1;

	if (lost < 0)
		return -1;
	from = openat(dir, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	lost_name(lost, file, offset, text, sizeof text);
	if (from < 0)
		fail_errno(f, EXIT_IO, file);
	else
		to = disk_create(lost, text, f);
	if (to >= 0 && copy_rest(from, offset, to, text, f) == 0 && disk_sync(to, text, f) == 0 && disk_sync_dir(lost, "lost", f) == 0 &&
	    disk_sync_dir(dir, "lost", f) == 0) {
		buf_printf(&whole, "lost/%s", text);
		*name = mem_text(buf_view(&whole));
		rc = 0;
	}
	buf_free(&whole);
	if (to >= 0)
		close(to);
	if (from >= 0)
		close(from);
	close(lost);
	return rc;
}

/* ---- one segment ---- */

static void take_block(struct scan *s)
{
	struct block_trailer *t = &s->walk.trailer;

	if (t->synced > s->synced)
		s->synced = t->synced;
	if (t->once.n)
		index_add_once(&s->r->once, buf_view(&t->once));
	if (t->more)
		return;
	s->committed = s->walk.offset;
	s->end = t->end;
	block_trailer_copy(&s->r->last, t);
}

/* Goes through it as far as it is whole: 0. What is not is no failure yet, and its reason is in *why. */
static int walk_segment(struct scan *s, struct failure *why, struct failure *f)
{
	enum walk_event e;
	struct span data;
	int rc = segment_file_head(&s->file, s->first, &s->r->head, why);

	if (rc < 0 && why->status != EXIT_DATA)
		return failure_set(f, why->status, "%s", why->text);
	if (rc != 0)
		return 0;
	walk_begin(&s->walk, &s->file, s->first, s->r->head.first, s->file.offset);
	while ((e = walk_next(&s->walk, &data, why)) == WALK_BLOCK)
		take_block(s);
	s->sealed = e == WALK_SEAL;
	return e == WALK_ERROR ? failure_set(f, why->status, "%s", why->text) : 0;
}

/* Is what is not whole torn, or was it safe once? */
static int check_damage(struct scan *s, const struct failure *why, struct failure *f)
{
	uint64_t at = s->walk.file ? s->walk.at.at : s->first;

	if (segment_later_mark(s->dir, s->first, s->walk.offset, &s->synced, f) < 0)
		return -1;
	if (s->synced <= at)
		return 0;
	return failure_set(f, EXIT_DATA, "%s (event-log verify and event-log repair)", *why->text ? why->text : s->name);
}

static int cut(struct scan *s, uint64_t size, struct failure *f)
{
	uint64_t whole = s->walk.offset, torn = size - whole;
	char *kept = NULL;

	if (torn) {
		if (log_keep_lost(s->dir, s->name, whole, &kept, f) < 0)
			return -1;
		warn("%s/%s: offset %" PRIu64 ": %" PRIu64 " bytes of a block that was not finished are cut off and kept in %s", s->path, s->name, whole,
		     torn, kept);
		free(kept);
	}
	if (s->committed == 0 && unlinkat(s->dir, s->name, 0) < 0)
		return fail_errno(f, EXIT_IO, s->name);
	if (s->committed == 0)
		return disk_sync_dir(s->dir, s->name, f);
	if (ftruncate(s->r->fd, (off_t)s->committed) < 0)
		return fail_errno(f, EXIT_IO, s->name);
	return 0;
}

/* What was written before us, and is whole, is durable from here on. */
static int keep_on(struct scan *s, struct failure *f)
{
	if (lseek(s->r->fd, (off_t)s->committed, SEEK_SET) < 0)
		return fail_errno(f, EXIT_IO, s->name);
	if (disk_sync(s->r->fd, s->name, f) < 0 || disk_sync_dir(s->dir, s->name, f) < 0)
		return -1;
	s->r->offset = s->committed;
	s->r->end = s->end;
	return 0;
}

/* After a write that failed the kernel may show what the disk does not have: it is asked to forget. */
static void forget_pages(int fd)
{
	fdatasync(fd);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

/* 1: it goes on, or is sealed; 0: there was nothing in it, and it is no more; -1. */
static int recover_segment(struct scan *s, bool reread, struct failure *f)
{
	struct failure why = { 0 };
	uint64_t size;

	segment_name(s->first, ".log", s->name);
	s->r->fd = openat(s->dir, s->name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (s->r->fd < 0)
		return fail_errno(f, EXIT_IO, s->name);
	if (reread)
		forget_pages(s->r->fd);
	if (segment_file_open(&s->file, s->dir, s->first, f) != 0 || walk_segment(s, &why, f) < 0)
		return -1;
	size = segment_file_size(&s->file);
	if (s->sealed)
		s->committed = s->walk.offset;
	if (size > s->walk.offset && check_damage(s, &why, f) < 0)
		return -1;
	if (size > s->committed && cut(s, size, f) < 0)
		return -1;
	if (s->committed && keep_on(s, f) < 0)
		return -1;
	return s->committed > 0;
}

/* ---- the log ---- */

static void close_segment(struct recovered *r)
{
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}

/* The last segment, when it is not sealed: as recover_segment. */
static int try_segment(int dir, const char *path, uint64_t first, bool reread, struct recovered *r, struct failure *f)
{
	struct scan s = { .dir = dir, .path = path, .first = first, .file = SEGMENT_NO_FILE, .r = r };
	int rc = recover_segment(&s, reread, f);

	if (rc <= 0 || s.sealed)
		close_segment(r);
	if (rc == 0)
		index_free(&r->once);
	walk_free(&s.walk);
	segment_file_close(&s.file);
	return rc;
}

/* Segment i is the last: is the one before it complete, and does it end where this begins? One that is compressed was, when that was done. */
static int check_before(int dir, const uint64_t *first, size_t i, const struct segment_head *head, struct failure *f)
{
	struct segment_tail before = { 0 };
	char name[SEGMENT_NAME];
	int rc = 0;

	if (i == 0)
		return 0;
	segment_name(first[i - 1], ".log", name);
	if (faccessat(dir, name, F_OK, 0) == 0) {
		rc = segment_tail_read(dir, first[i - 1], false, &before, f);
		if (rc == 0 && (!before.sealed || !position_eq(before.end, head->first)))
			rc = failure_set(f, EXIT_DATA, "%s: it is cut off, but %020" PRIu64 ".log is there (event-log verify and event-log repair)", name,
			                 first[i]);
	}
	segment_tail_free(&before);
	return rc < 0 ? -1 : 0;
}

/* The log ends with a sealed segment: its end and its last commit. */
static int take_sealed(int dir, uint64_t first, struct recovered *r, struct failure *f)
{
	struct segment_file file = SEGMENT_NO_FILE;
	struct segment_tail tail = { 0 };
	int rc = segment_file_open(&file, dir, first, f);

	if (rc == 0)
		rc = segment_file_head(&file, first, &r->head, f);
	if (rc == 0)
		rc = segment_tail_read(dir, first, true, &tail, f);
	if (rc == 0) {
		r->end = tail.end;
		if (tail.committed)
			block_trailer_copy(&r->last, &tail.last);
	}
	if (rc > 0)
		rc = failure_set(f, EXIT_DATA, "%020" PRIu64 ".log: it is gone, or has no head", first);
	segment_tail_free(&tail);
	segment_file_close(&file);
	return rc;
}

static int is_sealed(int dir, uint64_t first, struct failure *f)
{
	struct segment_tail tail = { 0 };
	char name[SEGMENT_NAME];
	int rc = 0;

	segment_name(first, ".log", name);
	if (faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 1;
	rc = segment_tail_read(dir, first, false, &tail, f);
	segment_tail_free(&tail);
	return rc < 0 ? -1 : tail.sealed;
}

int log_recover(int dir, const char *path, bool reread, struct recovered *r, struct failure *f)
{
	uint64_t *first;
	size_t n;
	int rc = segment_list(dir, ".", &first, &n, f);

	*r = (struct recovered){ .fd = -1, .last.run = "-" };
	if (rc < 0)
		return -1;
	for (rc = 0; rc == 0 && n; n -= rc == 0) {
		int sealed = is_sealed(dir, first[n - 1], f);

		if (sealed < 0)
			rc = -1;
		else
			rc = sealed ? 1 : try_segment(dir, path, first[n - 1], reread, r, f);
		if (rc > 0 && r->fd < 0)
			rc = take_sealed(dir, first[n - 1], r, f) < 0 ? -1 : 1;
	}
	r->has_segments = n > 0;
	if (rc > 0)
		rc = check_before(dir, first, n - 1, &r->head, f);
	free(first);
	if (rc < 0)
		recovered_free(r);
	return rc;
}

void recovered_free(struct recovered *r)
{
	close_segment(r);
	segment_head_free(&r->head);
	block_trailer_free(&r->last);
	index_free(&r->once);
}
