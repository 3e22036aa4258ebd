/* SPDX-License-Identifier: MIT */
#include "lib/stream/out.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "tests/unit/check.h"
#include "tests/unit/child.h"

#define LARGE (600 * 1024)

static char large[LARGE];

static int full(void)
{
	return open("/dev/full", O_WRONLY);
}

TEST(nothing_is_written_before_enough_has_gathered)
{
	struct out o;
	int fd[2];
	char got[8];

	CHECK_INT(pipe(fd), 0);
	out_init(&o, fd[1], "pipe");
	buf_text(&o.buf, "abc");
	CHECK_INT(out_more(&o), 0);
	CHECK_INT(o.written, 0);
	CHECK_INT(out_flush(&o), 0);
	CHECK_INT(o.written, 3);
	CHECK_INT(read(fd[0], got, sizeof got), 3);
	CHECK_INT(out_close(&o), 0);
	CHECK_INT(o.fd, -1);
	CHECK_INT(read(fd[0], got, sizeof got), 0);
	close(fd[0]);
}

static void write_pieces(void *arg)
{
	struct out o;

	(void)arg;
	out_init(&o, STDOUT_FILENO, "stdout");
	for (size_t i = 0; i < LARGE; i++)
		large[i] = (char)(i % 251);
	buf_text(&o.buf, "begin ");
	out_bytes(&o, large, LARGE);
	out_bytes(&o, " middle ", 8);
	out_bytes(&o, large, 1000);
	buf_text(&o.buf, " end");
	_exit(out_close(&o) == 0 ? 0 : 1);
}

TEST(short_and_long_pieces_come_out_in_order)
{
	struct child c = child_run(write_pieces, NULL);
	struct buf want = { 0 };

	for (size_t i = 0; i < LARGE; i++)
		large[i] = (char)(i % 251);
	buf_text(&want, "begin ");
	buf_add(&want, large, LARGE);
	buf_text(&want, " middle ");
	buf_add(&want, large, 1000);
	buf_text(&want, " end");
	CHECK_INT(c.status, 0);
	CHECK(span_eq(buf_view(&c.out), buf_view(&want)));
	buf_free(&want);
	child_free(&c);
}

TEST(a_full_disk_is_noticed_at_once_and_for_good)
{
	struct out o;

	out_init(&o, full(), "x");
	CHECK_INT(out_bytes(&o, "small", 5), 0);
	CHECK_INT(out_flush(&o), -1);
	CHECK_INT(o.error, ENOSPC);
	CHECK_INT(out_more(&o), -1);
	CHECK_INT(out_bytes(&o, "more", 4), -1);
	CHECK_INT(out_flush(&o), -1);
	CHECK_INT(o.written, 0);
	CHECK_INT(out_close(&o), -1);
	CHECK_INT(o.error, ENOSPC);
}

TEST(a_full_disk_is_noticed_by_a_long_piece)
{
	struct out o;

	out_init(&o, full(), "x");
	CHECK_INT(out_bytes(&o, large, LARGE), -1);
	CHECK_INT(o.error, ENOSPC);
	CHECK_INT(out_close(&o), -1);
}

TEST(a_full_disk_is_noticed_when_enough_has_gathered)
{
	struct out o;

	out_init(&o, full(), "x");
	buf_add(&o.buf, large, LARGE);
	CHECK_INT(out_more(&o), -1);
	CHECK_INT(out_close(&o), -1);
}

TEST(what_fails_only_in_closing_is_noticed_too)
{
	struct out o;

	out_init(&o, full(), "x");
	buf_text(&o.buf, "abc");
	CHECK_INT(out_close(&o), -1);
	CHECK_INT(o.error, ENOSPC);
	out_init(&o, 9999, "closed");
	CHECK_INT(out_close(&o), -1);
	CHECK_INT(o.error, EBADF);
}

TEST(after_an_error_nothing_more_is_written)
{
	struct out o;
	int fd[2];
	char got[8];

	CHECK_INT(pipe(fd), 0);
	out_init(&o, fd[1], "pipe");
	o.error = EIO;
	buf_text(&o.buf, "abc");
	CHECK_INT(out_close(&o), -1);
	CHECK_INT(read(fd[0], got, sizeof got), 0);
	close(fd[0]);
}

static void end_a_main(void *arg)
{
	struct out o;

	out_init(&o, arg ? full() : STDOUT_FILENO, "stdout");
	buf_text(&o.buf, "rows\n");
	_exit(out_finish(&o, 1));
}

TEST(the_end_of_a_main_tells_and_gives_the_status)
{
	struct child c = child_run(end_a_main, NULL);

	CHECK_INT(c.status, 1);
	CHECK_BUF(c.out, "rows\n");
	CHECK_BUF(c.err, "");
	child_free(&c);
	c = child_run(end_a_main, "full");
	CHECK_INT(c.status, EXIT_IO);
	CHECK_BUF(c.err, "test: stdout: No space left on device\n");
	child_free(&c);
}

static void write_to_nobody(void *arg)
{
	struct out o;
	int fd[2];

	(void)arg;
	if (pipe(fd) < 0)
		_exit(1);
	close(fd[0]);
	out_init(&o, fd[1], "stdout");
	buf_text(&o.buf, "rows\n");
	_exit(out_finish(&o, 0));
}

TEST(a_reader_that_left_ends_the_filter_quietly)
{
	struct child c = child_run(write_to_nobody, NULL);

	CHECK_INT(c.status, 128 + SIGPIPE);
	CHECK_BUF(c.err, "");
	child_free(&c);
}
