/* SPDX-License-Identifier: MIT */
#include "lib/log/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/text/layout.h"

#define TAKE ((size_t)64 * 1024)                /* compressed bytes per read */
#define HEAD_STEP ((size_t)4096)
#define MAX_HEAD ((size_t)64 * 1024 * 1024)     /* bytes of head and columns: more is no segment */

static int fail_errno(const char *name, struct failure *f)
{
	char room[128];

	return failure_set(f, EXIT_IO, "%s: %s", name, strerror_r(errno, room, sizeof room));
}

/* ---- opening ---- */

static int open_name(struct segment_file *s, int dir, uint64_t first, const char *suffix)
{
	segment_name(first, suffix, s->name);
	do
		s->fd = openat(dir, s->name, O_RDONLY | O_CLOEXEC);
	while (s->fd < 0 && errno == EINTR);
	return s->fd;
}

static void begin(struct segment_file *s)
{
	if (s->compressed) {
		s->inflate = inflate_new(NULL);
		s->in = mem_alloc(TAKE);
	}
	posix_fadvise(s->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
}

/* A plain file may be compressed between two looks, so it is looked for again last. */
int segment_file_open(struct segment_file *s, int dir, uint64_t first, struct failure *f)
{
	static const char *const suffix[] = { ".log", ".log.gz", ".log" };

	segment_file_close(s);
	for (size_t i = 0; i < sizeof suffix / sizeof *suffix; i++) {
		if (open_name(s, dir, first, suffix[i]) >= 0) {
			s->compressed = i == 1;
			break;
		}
		if (errno != ENOENT)
			return fail_errno(s->name, f);
	}
	if (s->fd < 0)
		return 1;
	begin(s);
	return 0;
}

void segment_file_take(struct segment_file *s, int fd, const char *name, bool compressed)
{
	segment_file_close(s);
	snprintf(s->name, sizeof s->name, "%s", name);
	s->fd = fd;
	s->compressed = compressed;
	begin(s);
}

void segment_file_close(struct segment_file *s)
{
	if (s->fd >= 0)
		close(s->fd);
	inflate_free(s->inflate);
	free(s->in);
	*s = (struct segment_file){ .fd = -1, .bytes = s->bytes };
}

/* ---- reading ---- */

static ssize_t read_file(struct segment_file *s, void *p, size_t n, uint64_t at, struct failure *f)
{
	ssize_t got;

	do
		got = pread(s->fd, p, n, (off_t)at);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return fail_errno(s->name, f);
	s->bytes += (uint64_t)got;
	return got;
}

static ssize_t fail_gzip(const struct segment_file *s, const char *reason, struct failure *f)
{
	return failure_set(f, EXIT_DATA, "%s: byte %llu: gzip: %s", s->name, (unsigned long long)(s->taken - s->io.nin), reason);
}

/* Compressed bytes where there are none left: 1, 0 at the end of the file, -1. */
static int take(struct segment_file *s, struct failure *f)
{
	ssize_t got;

	if (s->io.nin)
		return 1;
	got = read_file(s, s->in, TAKE, s->taken, f);
	if (got <= 0)
		return (int)got;
	s->taken += (uint64_t)got;
	s->io.in = s->in;
	s->io.nin = (size_t)got;
	return 1;
}

/* Between members: 1: here is one; 0: the end of the file, before which there may be zeros, as gzip(1) has it; -1. */
static int begin_member(struct segment_file *s, struct failure *f)
{
	int rc;

	while ((rc = take(s, f)) > 0 && s->offset && s->io.in[0] == 0) {
		s->io.in++;
		s->io.nin--;
		s->in_padding = true;
	}
	return rc > 0 && s->in_padding ? (int)fail_gzip(s, "garbage behind the end", f) : rc;
}

static ssize_t read_gzip(struct segment_file *s, char *p, size_t n, struct failure *f)
{
	const char *reason = NULL;

	s->io.out = (unsigned char *)p;
	s->io.nout = n;
	while (s->io.nout == n) {
		enum inflate_result result;
		int rc = s->full ? 1 : s->in_member ? take(s, f) : begin_member(s, f);

		if (rc < 0)
			return -1;
		if (rc == 0 && s->in_member)
			return fail_gzip(s, "unexpected end of file", f);
		if (rc == 0)
			return 0;
		result = inflate_step(s->inflate, &s->io, &reason);
		s->full = s->io.nout == 0;
		if (result == INFLATE_DAMAGED)
			return fail_gzip(s, reason, f);
		s->in_member = result == INFLATE_GOES_ON;
	}
	n -= s->io.nout;
	s->offset += n;
	return (ssize_t)n;
}

ssize_t segment_file_read(struct segment_file *s, char *p, size_t n, struct failure *f)
{
	ssize_t got;

	if (s->compressed)
		return read_gzip(s, p, n, f);
	got = read_file(s, p, n, s->offset, f);
	if (got > 0)
		s->offset += (uint64_t)got;
	return got;
}

void segment_file_seek(struct segment_file *s, uint64_t offset, uint64_t place)
{
	s->offset = offset;
	if (!s->compressed)
		return;
	inflate_free(s->inflate);
	s->inflate = inflate_new(NULL);
	s->io = (struct inflate_io){ 0 };
	s->in_member = s->in_padding = s->full = false;
	s->taken = place;
}

uint64_t segment_file_size(const struct segment_file *s)
{
	struct stat st;

	return fstat(s->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/* ---- the head ---- */

/* The next line of text, from *at on; false: it is not whole. */
static bool next_line(struct span text, size_t *at, struct span *line)
{
	const char *p = text.p + *at, *nl = text.n > *at ? memchr(p, '\n', text.n - *at) : NULL;

	if (!nl)
		return false;
	*line = (struct span){ p, (size_t)(nl - p) };
	*at += line->n + 1;
	return true;
}

/* 0 and the length of the head; 1: there must be more; -1: damaged. */
static int parse_head(struct span text, struct segment_head *h, size_t *length)
{
	struct span line;

	*length = 0;
	if (!next_line(text, length, &line))
		return 1;
	if (segment_line_kind(line) != SEGMENT_HEAD || segment_parse_head(h, line) < 0)
		return -1;
	if (!format_is_delimited(h->format))
		return 0;
	if (!next_line(text, length, &line))
		return 1;
	return segment_line_kind(line) == SEGMENT_COLUMNS && segment_parse_columns(h, line) == 0 ? 0 : -1;
}

/* Reads it again, for what is behind it: compressed text goes forward only. */
static int skip_head(struct segment_file *s, char *p, size_t n, struct failure *f)
{
	segment_file_seek(s, s->compressed ? 0 : n, 0);
	while (s->offset < n) {
		ssize_t got = segment_file_read(s, p, n - s->offset, f);

		if (got <= 0)
			return got < 0 ? -1 : failure_set(f, EXIT_DATA, "%s: it changes while it is read", s->name);
	}
	return 0;
}

int segment_file_head(struct segment_file *s, uint64_t first, struct segment_head *h, struct failure *f)
{
	struct buf text = { 0 };
	size_t length = 0;
	ssize_t got;
	int rc;

	segment_file_seek(s, 0, 0);
	do {
		size_t step = text.n < HEAD_STEP ? HEAD_STEP : text.n;  /* looked at anew each time */

		got = segment_file_read(s, buf_room(&text, step), step, f);
		text.n += got > 0 ? (size_t)got : 0;
		rc = got < 0 ? -1 : parse_head(buf_view(&text), h, &length);
	} while (rc == 1 && got > 0 && text.n < MAX_HEAD);
	if (rc == 1 && text.n >= MAX_HEAD)
		rc = -1;
	if (rc == 0 && h->first.at != first)
		rc = -1;
	if (rc < 0)
		failure_set(f, EXIT_DATA, "%s: offset 0: the head of the segment is damaged", s->name);
	if (rc == 0)
		rc = skip_head(s, text.p, length, f);
	buf_free(&text);
	return rc;
}
