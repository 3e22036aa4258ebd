/* SPDX-License-Identifier: MIT */
#include "lib/stream/side.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/diag.h"
#include "lib/base/disk.h"
#include "lib/base/mem.h"
#include "lib/text/base64.h"
#include "lib/text/utf8.h"

#define BUFFER (64 * 1024)

enum side_state {
	SIDE_NEW,               /* what is in the file goes before anything is written */
	SIDE_HELD,              /* what is in it stays until side_resume */
	SIDE_AT_WORK,
};

struct side {
	int fd;
	enum side_state state;
	bool is_file;                   /* a regular one: it has a length, and a disk below */
	char *path;
	struct buf buf;
	uint64_t written;               /* bytes that are in it: what it went on from, and what the kernel has taken since */
	char *error;                    /* the first one; sticks */
};

struct side *side_open(const char *path)
{
	struct side *s;
	struct stat st;
	int fd;

	if (strcmp(path, "-") == 0) {
		errno = EINVAL;
		return NULL;
	}
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0640);
	if (fd < 0)
		return NULL;
	s = mem_zalloc(sizeof *s);
	s->fd = fd;
	s->path = mem_text(span_of(path));
	s->is_file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	return s;
}

void side_hold(struct side *s)
{
	s->state = SIDE_HELD;
}

static int fail(struct side *s, int error)
{
	char room[128];
	struct buf text = { 0 };

	if (s->error)
		return -1;
	buf_printf(&text, "%s: %s", s->path, strerror_r(error, room, sizeof room));
	buf_byte(&text, '\0');
	s->error = text.p;
	return -1;
}

static int tell(struct side *s, struct failure *f)
{
	return failure_set(f, EXIT_IO, "%s", s->error);
}

static int cut(struct side *s, uint64_t length)
{
	s->state = SIDE_AT_WORK;
	if (s->is_file && (ftruncate(s->fd, (off_t)length) < 0 || lseek(s->fd, (off_t)length, SEEK_SET) < 0))
		return fail(s, errno);
	s->written = length;
	return 0;
}

int side_resume(struct side *s, uint64_t length, struct failure *f)
{
	struct stat st;

	if (s->is_file && flock(s->fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return failure_set(f, EXIT_RETRY, "%s: another run still writes it", s->path);
	if (s->is_file && fstat(s->fd, &st) == 0 && (uint64_t)st.st_size < length)
		return failure_set(f, EXIT_DATA, "%s: it has %llu bytes, and had %llu when the state was saved: put it back, or name another file", s->path,
		                   (unsigned long long)st.st_size, (unsigned long long)length);
	return cut(s, length) < 0 ? tell(s, f) : 0;
}

int side_sync(struct side *s, struct failure *f)
{
	if (side_flush(s) < 0)
		return tell(s, f);
	return s->is_file ? disk_sync(s->fd, s->path, f) : 0;
}

int side_flush(struct side *s)
{
	size_t done = 0;

	if (s->state == SIDE_NEW && s->buf.n)
		cut(s, 0);
	while (!s->error && done < s->buf.n) {
		ssize_t n = write(s->fd, s->buf.p + done, s->buf.n - done);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			fail(s, n == 0 ? EIO : errno);
	}
	s->written += done;
	buf_clear(&s->buf);
	return s->error ? -1 : 0;
}

static void put_member(struct buf *out, const char *name, struct cell value)
{
	buf_byte(out, ',');
	json_put_string(out, span_of(name));
	buf_byte(out, ':');
	json_put_cell(out, value);
}

static void put_raw(struct buf *out, struct span raw)
{
	if (utf8_valid(raw)) {
		buf_text(out, ",\"raw\":");
		json_put_string(out, raw);
		return;
	}
	buf_text(out, ",\"raw_b64\":\"");
	base64_encode(out, raw);
	buf_byte(out, '"');
}

int side_put(struct side *s, const char *file, uint64_t line, struct span reason, struct span raw, const struct side_pair *more, size_t n)
{
	struct buf *out = &s->buf;

	if (s->error)
		return -1;
	buf_text(out, "{\"file\":");
	json_put_string(out, span_of(file));
	buf_text(out, ",\"line\":");
	buf_u64(out, line);
	buf_text(out, ",\"reason\":");
	json_put_string(out, reason);
	for (size_t i = 0; i < n; i++)
		put_member(out, more[i].name, more[i].value);
	put_raw(out, raw);
	buf_text(out, "}\n");
	return out->n < BUFFER ? 0 : side_flush(s);
}

uint64_t side_length(const struct side *s)
{
	return s->written + s->buf.n;
}

const char *side_path(const struct side *s)
{
	return s->path;
}

const char *side_error(const struct side *s)
{
	return s->error;
}

int side_close(struct side *s, char *error, size_t size)
{
	int rc;

	if (!s)
		return 0;
	if (s->state == SIDE_NEW)
		cut(s, 0);
	side_flush(s);
	if (close(s->fd) < 0 && errno != EINTR)
		fail(s, errno);
	rc = s->error ? -1 : 0;
	if (rc < 0 && error && size)
		snprintf(error, size, "%s", s->error);
	free(s->error);
	free(s->path);
	buf_free(&s->buf);
	free(s);
	return rc;
}
