/* SPDX-License-Identifier: MIT */
#include "lib/stream/out.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/base/hash.h"

#define GATHER (256 * 1024)     /* bytes before a write */
#define PIPE_BYTES (1024 * 1024)

void out_init(struct out *o, int fd, const char *name)
{
	*o = (struct out){ .fd = fd, .name = name };
#ifdef F_SETPIPE_SZ
	(void)!fcntl(fd, F_SETPIPE_SZ, PIPE_BYTES);     /* not a pipe: EBADF, harmless */
#endif
}

static int write_all(struct out *o, const char *p, size_t n)
{
	while (n && !o->error) {
		ssize_t w = write(o->fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			o->error = errno;
		else if (w == 0)
			o->error = EIO;
		else
			p += w, n -= (size_t)w, o->written += (uint64_t)w;
	}
	return o->error ? -1 : 0;
}

static void sum(struct out *o, const char *p, size_t n)
{
	const char *end = p + n;

	if (!n)
		return;
	o->crc = hash_crc32c(o->crc, p, n);
	for (; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		o->lines++;
}

static void sum_buffer(struct out *o)
{
	if (o->sums)
		sum(o, o->buf.p + o->summed, o->buf.n - o->summed);
	o->summed = o->buf.n;
}

void out_sums(struct out *o)
{
	o->sums = true;
	o->summed = o->buf.n;
}

void out_begin_control(struct out *o)
{
	sum_buffer(o);
}

void out_end_control(struct out *o)
{
	o->summed = o->buf.n;
}

int out_flush(struct out *o)
{
	int rc;

	sum_buffer(o);
	rc = write_all(o, o->buf.p, o->buf.n);
	buf_clear(&o->buf);
	o->summed = 0;
	return rc;
}

int out_more(struct out *o)
{
	if (o->buf.n >= GATHER)
		return out_flush(o);
	return o->error ? -1 : 0;
}

int out_bytes(struct out *o, const void *p, size_t n)
{
	if (n < GATHER / 4) {
		buf_add(&o->buf, p, n);
		return out_more(o);
	}
	if (out_flush(o) < 0)
		return -1;
	if (o->sums)
		sum(o, p, n);
	return write_all(o, p, n);
}

int out_close(struct out *o)
{
	if (o->fd >= 0) {
		out_flush(o);
		if (close(o->fd) < 0 && !o->error && errno != EINTR)
			o->error = errno;
		o->fd = -1;
	}
	buf_free(&o->buf);
	return o->error ? -1 : 0;
}

int out_finish(struct out *o, int status)
{
	if (out_close(o) == 0)
		return status;
	errno = o->error;
	warn("%s:", o->name);
	return EXIT_IO;
}
