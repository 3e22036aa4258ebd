/* SPDX-License-Identifier: MIT */
/* transcript -- all that a reader says about an input, as text, so that two ways of reading can be compared.
 *   ROW 2 [a,b] [a] [b]         physical line, raw record, fields asked for
 *   BAD 3 [a] 1 field, header has 2
 *   CONTROL [#!weir barrier]
 *   END | ERROR 65 input: reason */
#ifndef TESTS_UNIT_TRANSCRIPT_H
#define TESTS_UNIT_TRANSCRIPT_H

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/text/reader.h"

static inline void transcript_span(struct buf *out, struct span s)
{
	buf_text(out, " [");
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < ' ' || c >= 0x7f || c == '[' || c == ']')
			buf_printf(out, "\\x%02x", c);
		else
			buf_byte(out, (char)c);
	}
	buf_byte(out, ']');
}

static inline void transcript_row(struct buf *out, uint64_t line, struct span raw, const struct span *field, size_t width)
{
	buf_text(out, "ROW ");
	buf_u64(out, line);
	transcript_span(out, raw);
	for (size_t i = 0; i < width; i++)
		transcript_span(out, field[i]);
	buf_byte(out, '\n');
}

static inline void transcript_bad(struct buf *out, uint64_t line, struct span raw, const char *reason)
{
	buf_text(out, "BAD ");
	buf_u64(out, line);
	transcript_span(out, raw);
	buf_printf(out, " %s\n", reason);
}

static inline void transcript_control(struct buf *out, struct span line)
{
	buf_text(out, "CONTROL");
	transcript_span(out, line);
	buf_byte(out, '\n');
}

/* The path in a message is another one each time. */
static inline void transcript_error(struct buf *out, const struct reader *r)
{
	buf_printf(out, "ERROR %d input%s\n", reader_status(r), reader_error(r) + strlen(reader_name(r)));
}

static inline void transcript_read(struct buf *out, const char *path, const struct fields *fields, const struct reader_options *options)
{
	struct reader *r = reader_open(path, fields, options);
	struct batch batch;
	struct bad_record bad;
	struct span control;

	for (;;)
		switch (reader_next(r, &batch, &bad, &control)) {
		case READ_ROWS:
			for (size_t i = 0; i < batch.n; i++)
				transcript_row(out, batch.line[i], batch.raw[i], batch.field + i * batch.width, batch.width);
			break;
		case READ_BAD:
			transcript_bad(out, bad.line, bad.raw, bad.reason);
			break;
		case READ_CONTROL:
			transcript_control(out, control);
			break;
		case READ_IDLE:
			break;
		case READ_END:
			buf_text(out, "END\n");
			reader_free(r);
			return;
		case READ_ERROR:
			transcript_error(out, r);
			reader_free(r);
			return;
		}
}

/* Bytes as a regular file. */
static inline void transcript_file(struct buf *out, struct span bytes, const struct fields *fields, const struct reader_options *options)
{
	char path[40];
	int fd = memfd_create("transcript", MFD_CLOEXEC);

	for (size_t i = 0; i < bytes.n;) {
		ssize_t n = write(fd, bytes.p + i, bytes.n - i);

		if (n <= 0)
			abort();
		i += (size_t)n;
	}
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	transcript_read(out, path, fields, options);
	close(fd);
}

struct transcript_feeder {
	struct span bytes;
	size_t step;                    /* bytes per write */
	int fd;
};

static inline void *transcript_feed(void *arg)
{
	struct transcript_feeder *f = arg;

	for (size_t i = 0; i < f->bytes.n;) {
		size_t left = f->bytes.n - i;
		ssize_t n = write(f->fd, f->bytes.p + i, left < f->step ? left : f->step);

		if (n <= 0)
			break;                  /* the reader has gone */
		i += (size_t)n;
	}
	close(f->fd);
	return NULL;
}

/* Bytes through a pipe, in pieces. */
static inline void transcript_pipe(struct buf *out, struct span bytes, size_t step, const struct fields *fields,
	const struct reader_options *options)
{
	struct transcript_feeder f = { bytes, step, -1 };
	pthread_t thread;
	char path[40];
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	if (pipe(ends) < 0)
		abort();
	f.fd = ends[1];
	if (pthread_create(&thread, NULL, transcript_feed, &f))
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
	transcript_read(out, path, fields, options);
	close(ends[0]);
	pthread_join(thread, NULL);
}

#endif
