/* SPDX-License-Identifier: MIT */
#include "lib/stream/side.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/check.h"

static char path[64];

static const char *new_path(void)
{
	snprintf(path, sizeof path, "/tmp/weir-side-%ld", (long)getpid());
	unlink(path);
	return path;
}

static struct buf read_back(void)
{
	struct buf b = { 0 };
	int fd = open(path, O_RDONLY);
	ssize_t n;

	while (fd >= 0 && (n = read(fd, buf_room(&b, 65536), 65536)) > 0)
		b.n += (size_t)n;
	close(fd);
	return b;
}

TEST(a_record_with_its_reason)
{
	struct side_pair more[] = { { "late_by_ms", { SPAN("1234"), true } }, { "key", { SPAN("a\"b"), false } } };
	struct side *s = side_open(new_path());
	struct stat st;
	struct buf b;

	CHECK_INT(side_put(s, "orders.csv", 17, SPAN("3 fields, header has 8"), SPAN("a,b,\"c\""), NULL, 0), 0);
	CHECK_INT(side_put(s, "o.csv", UINT64_MAX, SPAN("late"), SPAN("x\xff\0y"), more, 2), 0);
	CHECK_INT(side_put(s, "o.csv", 1, SPAN("r"), SPAN("\xc3\xa9\0"), NULL, 0), 0);
	CHECK_INT(stat(path, &st), 0);
	CHECK_INT(st.st_size, 0);               /* buffered */
	CHECK_INT(side_flush(s), 0);
	CHECK_INT(stat(path, &st), 0);
	CHECK_INT(st.st_size, side_length(s));
	CHECK_INT(st.st_mode & 0137, 0);        /* at most 0640 */
	CHECK_INT(side_close(s, NULL, 0), 0);
	b = read_back();
	CHECK_BUF(b,
		"{\"file\":\"orders.csv\",\"line\":17,\"reason\":\"3 fields, header has 8\",\"raw\":\"a,b,\\\"c\\\"\"}\n"
		"{\"file\":\"o.csv\",\"line\":18446744073709551615,\"reason\":\"late\",\"late_by_ms\":1234,\"key\":\"a\\\"b\",\"raw_b64\":\"eP8AeQ==\"}\n"
		"{\"file\":\"o.csv\",\"line\":1,\"reason\":\"r\",\"raw\":\"\xc3\xa9\\u0000\"}\n");
	buf_free(&b);
	unlink(path);
}

TEST(base64_of_each_length)
{
	static const char *const want[] = { "/w==", "//8=", "////", "/////w==" };
	struct side *s = side_open(new_path());
	struct buf b;

	for (size_t n = 1; n <= 4; n++)
		side_put(s, "f", n, SPAN("r"), (struct span){ "\xff\xff\xff\xff", n }, NULL, 0);
	side_close(s, NULL, 0);
	b = read_back();
	buf_byte(&b, '\0');
	for (size_t n = 1; n <= 4; n++) {
		char line[100];

		snprintf(line, sizeof line, "{\"file\":\"f\",\"line\":%zu,\"reason\":\"r\",\"raw_b64\":\"%s\"}\n", n, want[n - 1]);
		CHECK(strstr(b.p, line));
	}
	buf_free(&b);
	unlink(path);
}

TEST(closing_empties_and_length_counts_what_is_buffered)
{
	struct side *s = side_open(new_path());
	uint64_t length;
	struct buf b;

	for (int i = 0; i < 5000; i++)
		side_put(s, "f", 1, SPAN("reason"), SPAN("0123456789"), NULL, 0);
	length = side_length(s);
	CHECK_INT(length, 5000 * sizeof "{\"file\":\"f\",\"line\":1,\"reason\":\"reason\",\"raw\":\"0123456789\"}");
	CHECK_INT(side_close(s, NULL, 0), 0);
	b = read_back();
	CHECK_INT(b.n, length);
	buf_free(&b);
	s = side_open(path);
	CHECK_INT(side_length(s), 0);
	CHECK_INT(side_close(s, NULL, 0), 0);
	b = read_back();
	CHECK_INT(b.n, 0);
	buf_free(&b);
	unlink(path);
}

static void put_x(struct side *s, int n)
{
	while (n--)
		side_put(s, "f", 1, SPAN("r"), SPAN("x"), NULL, 0);
}

#define X "{\"file\":\"f\",\"line\":1,\"reason\":\"r\",\"raw\":\"x\"}\n"
#define XN (sizeof X - 1)

static uint64_t size_of_file(void)
{
	struct stat st;

	return stat(path, &st) == 0 ? (uint64_t)st.st_size : UINT64_MAX;
}

/* A file with n records in it. */
static void made(int n)
{
	struct side *s = side_open(new_path());

	put_x(s, n);
	CHECK_INT(side_close(s, NULL, 0), 0);
	CHECK_INT(size_of_file(), (uint64_t)n * XN);
}

TEST(what_was_in_it_goes_with_the_first_that_is_written_or_at_the_end)
{
	struct side *s;

	made(3);
	s = side_open(path);
	CHECK_INT(size_of_file(), 3 * XN);
	put_x(s, 1);
	CHECK_INT(side_flush(s), 0);
	CHECK_INT(size_of_file(), XN);
	CHECK_INT(side_close(s, NULL, 0), 0);
	s = side_open(path);
	CHECK_INT(side_close(s, NULL, 0), 0);
	CHECK_INT(size_of_file(), 0);
	unlink(path);
}

TEST(held_it_stays_until_it_is_known_where_to_go_on)
{
	struct failure f = { 0 };
	struct side *s;

	made(3);
	s = side_open(path);
	side_hold(s);
	CHECK_INT(side_flush(s), 0);
	CHECK_INT(side_close(s, NULL, 0), 0);
	CHECK_INT(size_of_file(), 3 * XN);
	s = side_open(path);
	side_hold(s);
	CHECK_INT(side_resume(s, 2 * XN, &f), 0);
	CHECK_INT(side_length(s), 2 * XN);
	put_x(s, 5);
	CHECK_INT(side_length(s), 7 * XN);
	CHECK_INT(side_sync(s, &f), 0);
	CHECK_INT(size_of_file(), 7 * XN);
	CHECK_INT(side_close(s, NULL, 0), 0);
	CHECK_INT(size_of_file(), 7 * XN);
	s = side_open(path);
	CHECK_INT(side_resume(s, 7 * XN, &f), 0);       /* all of it stays */
	CHECK_INT(side_close(s, NULL, 0), 0);
	CHECK_INT(size_of_file(), 7 * XN);
	CHECK_TEXT(f.text, "");
	unlink(path);
}

TEST(a_file_that_shrank_was_touched)
{
	struct failure f = { 0 };
	struct side *s;

	made(2);
	s = side_open(path);
	side_hold(s);
	CHECK_INT(side_resume(s, 2 * XN + 1, &f), -1);
	CHECK_INT(f.status, EXIT_DATA);
	CHECK_INT(side_close(s, NULL, 0), 0);
	CHECK_INT(size_of_file(), 2 * XN);
	unlink(path);
}

TEST(two_runs_do_not_go_on_in_one_file)
{
	struct failure f = { 0 };
	struct side *a, *b;

	made(2);
	a = side_open(path);
	b = side_open(path);
	side_hold(b);
	CHECK_INT(side_resume(a, XN, &f), 0);
	CHECK_INT(side_resume(b, XN, &f), -1);
	CHECK_INT(f.status, EXIT_RETRY);
	CHECK_INT(side_close(a, NULL, 0), 0);
	f = (struct failure){ 0 };
	CHECK_INT(side_resume(b, XN, &f), 0);
	CHECK_INT(side_close(b, NULL, 0), 0);
	unlink(path);
}

TEST(a_device_just_goes_on)
{
	struct failure f = { 0 };
	struct side *s = side_open("/dev/null");

	CHECK_INT(side_resume(s, 1000, &f), 0);
	put_x(s, 1);
	CHECK_INT(side_sync(s, &f), 0);
	CHECK_INT(side_length(s), 1000 + XN);
	CHECK_INT(side_close(s, NULL, 0), 0);
	s = side_open("/dev/full");
	CHECK_INT(side_resume(s, 0, &f), 0);
	put_x(s, 1);
	CHECK_INT(side_sync(s, &f), -1);
	CHECK_INT(f.status, EXIT_IO);
	CHECK_TEXT(f.text, "/dev/full: No space left on device");
	CHECK_INT(side_close(s, NULL, 0), -1);
}

TEST(stdout_is_refused_and_what_cannot_be_opened_says_why)
{
	errno = 0;
	CHECK(!side_open("-"));
	CHECK_INT(errno, EINVAL);
	CHECK(!side_open("/no/such/directory/late"));
	CHECK_INT(errno, ENOENT);
	CHECK_INT(side_close(NULL, NULL, 0), 0);
}

TEST(a_full_disk_is_an_error_that_sticks)
{
	struct side *s = side_open("/dev/full");
	char error[100] = "";

	CHECK(s != NULL);
	CHECK_INT(side_put(s, "f", 1, SPAN("r"), SPAN("x"), NULL, 0), 0);
	CHECK(!side_error(s));
	CHECK_INT(side_flush(s), -1);
	CHECK_TEXT(side_error(s), "/dev/full: No space left on device");
	CHECK_INT(side_put(s, "f", 1, SPAN("r"), SPAN("x"), NULL, 0), -1);
	CHECK_INT(side_length(s), 0);
	CHECK_INT(side_close(s, error, sizeof error), -1);
	CHECK_TEXT(error, "/dev/full: No space left on device");
}

TEST(an_error_at_the_end_is_not_lost)
{
	struct side *s = side_open("/dev/full");
	char error[10];

	side_put(s, "f", 1, SPAN("r"), SPAN("x"), NULL, 0);
	CHECK_INT(side_close(s, error, sizeof error), -1);
	CHECK_TEXT(error, "/dev/full");
}

TEST(a_descriptor_by_its_name)
{
	int pipes[2];
	char name[32], got[200];
	struct side *s;
	ssize_t n;

	CHECK_INT(pipe(pipes), 0);
	snprintf(name, sizeof name, "/dev/fd/%d", pipes[1]);
	s = side_open(name);
	CHECK(s != NULL);
	side_put(s, "f", 1, SPAN("r"), SPAN("x"), NULL, 0);
	CHECK_INT(side_close(s, NULL, 0), 0);
	n = read(pipes[0], got, sizeof got);
	CHECK_SPAN(((struct span){ got, n > 0 ? (size_t)n : 0 }), "{\"file\":\"f\",\"line\":1,\"reason\":\"r\",\"raw\":\"x\"}\n");
	close(pipes[0]);
	close(pipes[1]);
}
