/* SPDX-License-Identifier: MIT */
#include "lib/text/input.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "tests/unit/check.h"

static void put_all(int fd, struct span s)
{
	while (s.n) {
		ssize_t n = write(fd, s.p, s.n);

		if (n <= 0)
			return;                         /* the reader has gone */
		s.p += n, s.n -= (size_t)n;
	}
}

static struct input *open_fd(int fd)
{
	char path[40];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return input_open(path);
}

static struct input *open_bytes(struct span s)
{
	int fd = memfd_create("input", MFD_CLOEXEC);
	struct input *in;

	put_all(fd, s);
	in = open_fd(fd);
	close(fd);
	return in;
}

/* One gzip member, appended. */
static void add_member(struct buf *out, struct span text)
{
	z_stream z = { 0 };
	size_t most;

	CHECK_INT(deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	most = deflateBound(&z, text.n);
	z.next_in = (unsigned char *)text.p;
	z.avail_in = (uInt)text.n;
	z.next_out = (unsigned char *)buf_room(out, most);
	z.avail_out = (uInt)most;
	CHECK_INT(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->n += most - z.avail_out;
	deflateEnd(&z);
}

/* Everything up to the end or the error; what read said last. */
static ssize_t read_all(struct input *in, struct buf *out, size_t step)
{
	ssize_t n;

	while ((n = input_read(in, buf_room(out, step), step)) > 0)
		out->n += (size_t)n;
	return n;
}

static void reads(struct span bytes, const char *want, const char *error)
{
	struct input *in = open_bytes(bytes);
	struct buf out = { 0 };

	CHECK_INT(read_all(in, &out, 1000), error ? -1 : 0);
	CHECK_BUF(out, want);
	CHECK_TEXT(input_error(in), error ? error : "");
	CHECK_INT(input_status(in), error ? EXIT_DATA : 0);
	CHECK(input_is_regular(in));
	CHECK_INT(input_bytes(in), bytes.n);
	input_free(in);
	buf_free(&out);
}

TEST(plain_files)
{
	reads(SPAN(""), "", NULL);
	reads(SPAN("x"), "x", NULL);
	reads(SPAN("\x1f"), "\x1f", NULL);
	reads(SPAN("\x1f\x8a"), "\x1f\x8a", NULL);
	reads(SPAN("a,b\n1,2\n"), "a,b\n1,2\n", NULL);
}

TEST(members)
{
	struct buf z = { 0 };

	add_member(&z, SPAN("one "));
	add_member(&z, SPAN(""));
	add_member(&z, SPAN("two"));
	reads(buf_view(&z), "one two", NULL);
	buf_add(&z, "\0\0\0\0\0", 5);
	reads(buf_view(&z), "one two", NULL);
	buf_clear(&z);
	add_member(&z, SPAN(""));
	reads(buf_view(&z), "", NULL);
	buf_free(&z);
}

TEST(garbage_behind_the_last_member)
{
	struct buf z = { 0 };
	char want[80];

	add_member(&z, SPAN("one"));
	snprintf(want, sizeof want, "gzip: member 1, byte %zu: garbage behind the end", z.n);
	buf_text(&z, "x");
	reads(buf_view(&z), "one", want);
	z.n--;
	buf_add(&z, "\0\0x", 3);
	snprintf(want, sizeof want, "gzip: member 1, byte %zu: garbage behind the end", z.n - 1);
	reads(buf_view(&z), "one", want);
	buf_free(&z);
}

/* What came before the damage is delivered, and the message says where it is. */
TEST(damage)
{
	struct buf z = { 0 };
	size_t second;
	char want[80];

	add_member(&z, SPAN("one "));
	second = z.n;
	add_member(&z, SPAN("two"));
	z.p[z.n - 6] ^= 1;                      /* in the checksum */
	snprintf(want, sizeof want, "gzip: member 2, byte %zu: incorrect data check", z.n - 4);
	reads(buf_view(&z), "one two", want);
	z.p[second + 2] ^= 0x40;                /* the method */
	snprintf(want, sizeof want, "gzip: member 2, byte %zu: unknown compression method", second + 4);
	reads(buf_view(&z), "one ", want);
	buf_free(&z);
}

TEST(cut_at_every_byte)
{
	struct buf z = { 0 };
	size_t whole;

	add_member(&z, SPAN("some text, some more text, some more text"));
	whole = z.n;
	add_member(&z, SPAN("second"));
	for (size_t n = 2; n < z.n; n++) {
		struct input *in = open_bytes((struct span){ z.p, n });
		struct buf out = { 0 };
		char want[80];

		snprintf(want, sizeof want, "gzip: member %d, byte %zu: unexpected end of file", n > whole ? 2 : 1, n);
		CHECK_INT(read_all(in, &out, 7), n == whole ? 0 : -1);
		CHECK_TEXT(input_error(in), n == whole ? "" : want);
		input_free(in);
		buf_free(&out);
	}
	buf_free(&z);
}

/* Highly compressible: far more output than the buffers hold. */
TEST(large_output)
{
	struct buf text = { 0 }, z = { 0 }, out = { 0 };
	struct input *in;

	for (int i = 0; i < 400000; i++)
		buf_printf(&text, "line %d\n", i);
	for (size_t at = 0; at < text.n; at += 1000000)
		add_member(&z, (struct span){ text.p + at, text.n - at < 1000000 ? text.n - at : 1000000 });
	in = open_bytes(buf_view(&z));
	CHECK_INT(read_all(in, &out, 100000), 0);
	CHECK(span_eq(buf_view(&out), buf_view(&text)));
	input_free(in);
	in = open_bytes(buf_view(&z));
	CHECK(input_read(in, out.p, 10) == 10);
	input_free(in);                         /* in the middle, with the thread at work */
	buf_free(&text);
	buf_free(&z);
	buf_free(&out);
}

/* gzip in a pipe, one byte after the other, with pauses that the reader must notice. */
TEST(gzip_in_a_pipe)
{
	struct buf z = { 0 }, out = { 0 };
	struct input *in;
	int ends[2];

	add_member(&z, SPAN("hello"));
	CHECK_INT(pipe(ends), 0);
	in = open_fd(ends[0]);
	CHECK(!input_is_regular(in));
	CHECK(input_waits(in));
	put_all(ends[1], (struct span){ z.p, 1 });
	CHECK(!input_waits(in));
	put_all(ends[1], (struct span){ z.p + 1, z.n - 1 });
	CHECK_INT(input_read(in, buf_room(&out, 10), 10), 5);
	CHECK(span_eq((struct span){ out.p, 5 }, SPAN("hello")));
	CHECK(input_waits(in));
	buf_clear(&z);
	add_member(&z, SPAN(" world"));
	put_all(ends[1], buf_view(&z));
	CHECK_INT(input_read(in, out.p, 10), 6);
	close(ends[1]);
	CHECK_INT(input_read(in, out.p, 10), 0);
	input_free(in);
	close(ends[0]);
	buf_free(&z);
	buf_free(&out);
}

/* Ends at once although the thread waits for a pipe that nobody writes to. */
TEST(free_while_waiting)
{
	struct buf z = { 0 };
	struct input *in;
	char byte[8];
	int ends[2];

	add_member(&z, SPAN("hello"));
	CHECK_INT(pipe(ends), 0);
	put_all(ends[1], (struct span){ z.p, z.n });
	in = open_fd(ends[0]);
	CHECK_INT(input_read(in, byte, sizeof byte), 5);
	CHECK(input_waits(in));
	input_free(in);
	close(ends[0]);
	close(ends[1]);
	buf_free(&z);
}

TEST(pipes_are_widened)
{
	int ends[2];
	struct input *in;

	CHECK_INT(pipe(ends), 0);
	in = open_fd(ends[0]);
	CHECK_INT(fcntl(ends[1], F_GETPIPE_SZ), 1024 * 1024);
	close(ends[1]);
	CHECK(!input_waits(in));
	CHECK_INT(input_read(in, (char[2]){ 0 }, 2), 0);
	input_free(in);
	close(ends[0]);
}

static void on_signal(int signal)
{
	(void)signal;
}

static void *interrupt(void *arg)
{
	int fd = *(int *)arg;

	for (int i = 0; i < 20; i++) {
		kill(getpid(), SIGUSR1);
		usleep(1000);
	}
	put_all(fd, SPAN("late"));
	return NULL;
}

TEST(interrupted_reads_go_on)
{
	struct sigaction action = { .sa_handler = on_signal };
	pthread_t thread;
	char text[10];
	int ends[2];
	struct input *in;

	sigaction(SIGUSR1, &action, NULL);
	CHECK_INT(pipe(ends), 0);
	in = open_fd(ends[0]);
	pthread_create(&thread, NULL, interrupt, &ends[1]);
	CHECK_INT(input_read(in, text, sizeof text), 4);
	pthread_join(thread, NULL);
	input_free(in);
	close(ends[0]);
	close(ends[1]);
}

TEST(errors)
{
	struct input *in = input_open("/nonexistent");
	char p[2];

	CHECK_INT(input_read(in, p, 2), -1);
	CHECK_TEXT(input_error(in), "No such file or directory");
	CHECK_INT(input_status(in), EXIT_IO);
	CHECK_INT(input_fd(in), -1);
	input_free(in);
	in = input_open("/");
	CHECK_INT(input_read(in, p, 2), -1);
	CHECK_TEXT(input_error(in), "Is a directory");
	input_free(in);
}
