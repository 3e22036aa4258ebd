/* SPDX-License-Identifier: MIT */
#include "lib/log/dir.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/base/disk.h"
#include "lib/log/file.h"
#include "lib/log/tail.h"

#define LOOKS 10                        /* for segments that vanish between listing and opening: they were pruned */

/* ---- one segment ---- */

/* 0; 1: it is not there, or its head is still being written; -1. */
static int load(struct log_dir *d, uint64_t first, bool last, struct log_segment *s, struct failure *f)
{
	struct segment_file file = SEGMENT_NO_FILE;
	int rc = segment_file_open(&file, d->fd, first, f);

	*s = (struct log_segment){ .end.at = LOG_UNKNOWN };
	if (rc == 0) {
		s->compressed = file.compressed;
		s->bytes = segment_file_size(&file);
		rc = segment_file_head(&file, first, &s->head, f);
		if (rc == 1 && !last)
			rc = failure_set(f, EXIT_DATA, "%s: offset 0: the head of the segment is cut off", file.name);
	}
	segment_file_close(&file);
	if (rc != 0)
		segment_head_free(&s->head);
	return rc;
}

static int check_log(struct log_dir *d, const struct log_segment *s, struct failure *f)
{
	if (!*d->id)
		memcpy(d->id, s->head.log, sizeof d->id);
	if (strcmp(d->id, s->head.log) != 0)
		return failure_set(f, EXIT_DATA, "segment %" PRIu64 " belongs to another log: %s, not %s", s->head.first.at, s->head.log, d->id);
	if (d->n && d->segment[0].head.format != s->head.format)
		return failure_set(f, EXIT_DATA, "segment %" PRIu64 " has another format than the one before it", s->head.first.at);
	return 0;
}

/* What may have changed of a segment that was not known to be sealed. */
static int look_again(struct log_dir *d, struct log_segment *s, struct failure *f)
{
	struct segment_file file = SEGMENT_NO_FILE;
	struct segment_tail tail = { 0 };
	int rc = segment_file_open(&file, d->fd, s->head.first.at, f);

	if (rc == 0) {
		s->compressed = file.compressed;
		s->bytes = segment_file_size(&file);
	}
	segment_file_close(&file);
	if (rc == 0 && !s->compressed)
		rc = segment_tail_read(d->fd, s->head.first.at, false, &tail, f);
	if (rc == 0 && tail.sealed)
		s->end = tail.end;
	s->sealed = s->compressed || tail.sealed;
	segment_tail_free(&tail);
	return rc;
}

/* Where the last one ends, if it is compressed: nobody behind it tells. */
static int find_end(struct log_dir *d, struct log_segment *s, struct failure *f)
{
	struct segment_tail tail = { 0 };
	int rc = segment_tail_read(d->fd, s->head.first.at, false, &tail, f);

	if (rc == 0)
		s->end = tail.end;
	segment_tail_free(&tail);
	return rc;
}

/* ---- all of them ---- */

static void segment_free(struct log_segment *s)
{
	segment_head_free(&s->head);
}

/* When other hands have put another log in the place of this one, its last segment tells. */
static bool is_ours(const struct log_dir *d, uint64_t first)
{
	struct segment_file file = SEGMENT_NO_FILE;
	struct segment_head head = { 0 };
	struct failure ignored = { 0 };
	bool ours = segment_file_open(&file, d->fd, first, &ignored) == 0 && segment_file_head(&file, first, &head, &ignored) == 0 &&
		strcmp(head.log, d->id) == 0;

	segment_head_free(&head);
	segment_file_close(&file);
	return ours;
}

/* The segments of a listing, those known taken over. 0; 1: one has vanished, list again; -1. */
static int take_listing(struct log_dir *d, const uint64_t *first, size_t n, struct failure *f)
{
	struct log_segment *old = d->segment, s;
	size_t nold = d->n, k = 0;
	int rc = 0;

	d->segment = NULL;
	d->n = d->cap = 0;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		while (k < nold && old[k].head.first.at < first[i])
			segment_free(&old[k++]);
		if (k < nold && old[k].head.first.at == first[i] && old[k].sealed && (i < n - 1 || is_ours(d, first[i])))
			s = old[k++];                           /* one that is not may have been made anew */
		else
			rc = load(d, first[i], i == n - 1, &s, f);
		if (rc == 1 && i == n - 1) {
			rc = 0;                                 /* not whole yet: as if it were not there */
			break;
		}
		if (rc != 0)
			break;
		if (check_log(d, &s, f) < 0) {
			segment_free(&s);
			rc = -1;
			break;
		}
		d->segment = mem_grow(d->segment, d->n, &d->cap, sizeof *d->segment);
		d->segment[d->n++] = s;
	}
	while (k < nold)
		segment_free(&old[k++]);
	free(old);
	return rc;
}

static int join(struct log_dir *d, size_t i, struct failure *f)
{
	struct log_segment *s = &d->segment[i];
	const struct log_segment *next = i + 1 < d->n ? s + 1 : NULL;
	int rc = 0;

	if (!s->sealed)
		rc = look_again(d, s, f);
	if (rc == 0 && s->sealed && s->end.at == LOG_UNKNOWN) {
		if (next)
			s->end = next->head.first;
		else
			rc = find_end(d, s, f);
	}
	if (rc == 0 && next && s->sealed && !position_eq(s->end, next->head.first))
		return failure_set(f, EXIT_DATA, "segments are missing between positions %" PRIu64 " and %" PRIu64, s->end.at, next->head.first.at);
	return rc;
}

static int refresh(struct log_dir *d, struct failure *f)
{
	uint64_t *first;
	size_t n;
	int rc = segment_list(d->fd, ".", &first, &n, f);

	if (rc == 0)
		rc = take_listing(d, first, n, f);
	for (size_t i = 0; rc == 0 && i < d->n; i++)
		rc = join(d, i, f);
	free(first);
	return rc;
}

/* Is what we hold still what the path leads to? Who follows a log would wait for ever in a directory that is gone. */
static int check_place(const struct log_dir *d, struct failure *f)
{
	struct stat held, there;

	if (fstat(d->fd, &held) < 0 || stat(d->path, &there) < 0)
		return failure_set(f, EXIT_IO, "%s: %m", d->path);
	if (held.st_dev == there.st_dev && held.st_ino == there.st_ino)
		return 0;
	return failure_set(f, EXIT_CONFIG, "%s: it is another directory now", d->path);
}

int log_dir_refresh(struct log_dir *d, struct failure *f)
{
	struct failure why = { 0 };
	int rc = 1;

	if (d->fd < 0)
		d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->fd < 0 && errno == ENOENT && d->may_be_empty)
		return 0;
	if (d->fd < 0) {
		d->fd = disk_dir(d->path, false, f);
		if (d->fd < 0)
			return -1;
	}
	if (check_place(d, f) < 0)
		return -1;
	for (int i = 0; i < LOOKS && rc == 1; i++)
		rc = refresh(d, &why);
	if (rc == 0 && d->n == 0 && !d->may_be_empty)
		return failure_set(f, EXIT_IO, "%s: no segment of a log is in it", d->path);
	if (rc == 1)
		return failure_set(f, EXIT_RETRY, "%s: its segments vanish while they are looked at", d->path);
	return rc == 0 ? 0 : failure_set(f, why.status, "%s/%s", d->path, why.text);
}

const struct log_segment *log_dir_find(const struct log_dir *d, uint64_t at)
{
	size_t low = 0, high = d->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (d->segment[middle].head.first.at <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &d->segment[low - 1] : NULL;
}

/* ---- the log ---- */

/* The last part of the path; of `.` and the like that of where they lead. */
static char *name_of(const char *path)
{
	struct span s = span_of(path);
	const char *slash;
	char *real, *name;

	while (s.n > 1 && s.p[s.n - 1] == '/')
		s.n--;
	slash = memrchr(s.p, '/', s.n);
	if (slash)
		s = (struct span){ slash + 1, s.n - (size_t)(slash + 1 - s.p) };
	if (s.n && !span_eq(s, SPAN(".")) && !span_eq(s, SPAN("..")))
		return mem_text(s);
	real = realpath(path, NULL);
	name = mem_text(span_of(real && strrchr(real, '/') ? strrchr(real, '/') + 1 : path));
	free(real);
	return name;
}

int log_dir_open(struct log_dir *d, const char *path, bool may_be_empty, struct failure *f)
{
	*d = (struct log_dir){ .fd = -1, .path = mem_text(span_of(path)), .name = name_of(path), .may_be_empty = may_be_empty };
	if (log_dir_refresh(d, f) == 0)
		return 0;
	log_dir_close(d);
	return -1;
}

void log_dir_close(struct log_dir *d)
{
	for (size_t i = 0; i < d->n; i++)
		segment_free(&d->segment[i]);
	free(d->segment);
	free(d->path);
	free(d->name);
	if (d->fd >= 0)
		close(d->fd);
	*d = (struct log_dir){ .fd = -1 };
}

bool log_dir_is_one(const struct log_dir *d)
{
	return d->n || (d->fd >= 0 && faccessat(d->fd, ".lock", F_OK, AT_SYMLINK_NOFOLLOW) == 0);
}

int log_last_commit(struct log_dir *d, struct block_trailer *t, bool *found, struct failure *f)
{
	*found = false;
	return d->fd < 0 ? 0 : log_tail_commit(d->fd, d->path, t, found, f);
}
