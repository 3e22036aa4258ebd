/* SPDX-License-Identifier: MIT */
#include "lib/text/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/base/mem.h"
#include "lib/text/gzip.h"

#define PIPE_SIZE (1024 * 1024)

struct input {
	int fd;
	bool owned, regular;
	bool begun;                     /* the first bytes have been seen */
	int status;                     /* of an error, else 0 */
	char error[400];
	struct gzip *gzip;              /* or NULL */
	struct input_maker maker;       /* or read is NULL */
	_Atomic uint64_t bytes;
};

static ssize_t fail(struct input *in, int error)
{
	char text[100];

	in->status = EXIT_IO;
	snprintf(in->error, sizeof in->error, "%s", strerror_r(error, text, sizeof text));
	return -1;
}

static int open_path(const char *path)
{
	int fd;

	do
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	while (fd < 0 && errno == EINTR);
	return fd;
}

/* Nothing here matters enough to fail. */
static void tune(struct input *in)
{
	struct stat st;

	if (fstat(in->fd, &st) < 0)
		return;
	in->regular = S_ISREG(st.st_mode);
	if (in->regular)
		posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	if (S_ISFIFO(st.st_mode) && fcntl(in->fd, F_GETPIPE_SZ) < PIPE_SIZE)
		fcntl(in->fd, F_SETPIPE_SZ, PIPE_SIZE);
}

struct input *input_open(const char *path)
{
	struct input *in = mem_zalloc(sizeof *in);

	in->owned = strcmp(path, "-") != 0;
	in->fd = in->owned ? open_path(path) : STDIN_FILENO;
	if (in->fd < 0)
		fail(in, errno);
	else
		tune(in);
	return in;
}

struct input *input_of(const struct input_maker *maker)
{
	struct input *in = mem_zalloc(sizeof *in);

	in->fd = -1;
	in->maker = *maker;
	return in;
}

static ssize_t read_made(struct input *in, char *p, size_t n)
{
	struct failure f = { 0 };
	ssize_t got = in->maker.read(in->maker.context, p, n, &f);

	if (got < 0) {
		in->status = f.status ? f.status : EXIT_IO;
		snprintf(in->error, sizeof in->error, "%s", f.text);
	} else {
		in->bytes += (uint64_t)got;
	}
	return got;
}

/* Waits, where the descriptor is non-blocking. */
static ssize_t read_some(struct input *in, char *p, size_t n)
{
	struct pollfd wait = { .fd = in->fd, .events = POLLIN };
	ssize_t got;

	while ((got = read(in->fd, p, n)) < 0) {
		if (errno == EAGAIN)
			poll(&wait, 1, -1);
		else if (errno != EINTR)
			return fail(in, errno);
	}
	in->bytes += (uint64_t)got;
	return got;
}

/* Two bytes tell gzip; they may come one by one. */
static ssize_t read_first(struct input *in, char *p, size_t n)
{
	ssize_t got = read_some(in, p, n < GZIP_BEGIN ? n : GZIP_BEGIN), more;

	in->begun = true;
	if (got < 1 || (unsigned char)p[0] != 0x1f)
		return got;
	if (got == 1) {
		more = read_some(in, p + 1, 1);
		if (more <= 0)
			return more < 0 ? more : got;
		got++;
	}
	if ((unsigned char)p[1] != 0x8b)
		return got;
	in->gzip = gzip_open(in->fd, (struct span){ p, (size_t)got }, &in->bytes);
	if (!in->gzip)
		return fail(in, errno);
	return gzip_read(in->gzip, p, n);
}

ssize_t input_read(struct input *in, char *p, size_t n)
{
	if (in->status)
		return -1;
	if (in->maker.read)
		return read_made(in, p, n);
	if (in->gzip)
		return gzip_read(in->gzip, p, n);
	return in->begun ? read_some(in, p, n) : read_first(in, p, n);
}

bool input_waits(struct input *in)
{
	struct pollfd now = { .fd = in->fd, .events = POLLIN };

	if (in->regular || in->status || in->maker.read)
		return false;
	if (in->gzip)
		return gzip_waits(in->gzip);
	/* a signal that comes just now is an answer too, EINTR: whoever would act on it must not be led into a read that blocks */
	return poll(&now, 1, 0) <= 0;
}

bool input_is_regular(const struct input *in)
{
	return in->regular;
}

const char *input_error(const struct input *in)
{
	return in->status ? in->error : in->gzip ? gzip_error(in->gzip) : "";
}

int input_status(const struct input *in)
{
	return in->status ? in->status : in->gzip ? gzip_status(in->gzip) : 0;
}

uint64_t input_bytes(const struct input *in)
{
	return in->bytes;
}

int input_fd(const struct input *in)
{
	return in->fd;
}

void input_free(struct input *in)
{
	if (!in)
		return;
	gzip_close(in->gzip);
	if (in->maker.close)
		in->maker.close(in->maker.context);
	if (in->owned && in->fd >= 0)
		close(in->fd);
	free(in);
}
