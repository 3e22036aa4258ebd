/* SPDX-License-Identifier: MIT */
#include "tests/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>

#include "tests/unit/child.h"

/* What warn("%s", arg) writes, and nothing but that. */
static void warn_text(void *arg)
{
	warn("%s", (const char *)arg);
}

static void check_warn(const char *text, const char *want)
{
	struct child c = child_run(warn_text, (void *)text);

	CHECK_BUF(c.err, want);
	CHECK_INT(c.out.n, 0);
	child_free(&c);
}

TEST(message_is_one_line_with_the_tool)
{
	check_warn("orders.csv: 3: too few fields", "test: orders.csv: 3: too few fields\n");
	check_warn("", "test: \n");
}

TEST(control_bytes_are_escaped)
{
	check_warn("a\nb\t\x1b[31m\x7f", "test: a\\x0Ab\\x09\\x1B[31m\\x7F\n");
	check_warn("C1 \xc2\x9b.", "test: C1 \\xC2\\x9B.\n");
}

TEST(utf8_stays_and_what_is_not_is_escaped)
{
	check_warn("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x9f", "test: \xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x9f\n");
	check_warn("\xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80 \xe0\x9f\xbf",
		   "test: \\xC0\\xAF \\xED\\xA0\\x80 \\xF4\\x90\\x80\\x80 \\xE0\\x9F\\xBF\n");
	check_warn("\xe2\x82", "test: \\xE2\\x82\n");
	check_warn("\xf0\x8f\xbf\xbf \x80", "test: \\xF0\\x8F\\xBF\\xBF \\x80\n");
}

TEST(long_message_is_cut_within_a_pipe_buffer)
{
	static char text[10001];
	struct child c;

	for (int fill = 0; fill < 2; fill++) {
		memset(text, fill ? '\n' : 'x', sizeof text - 1);
		c = child_run(warn_text, text);
		CHECK(c.err.n <= 4096 && c.err.n > 3900);
		CHECK(c.err.n > 4 && memcmp(c.err.p + c.err.n - 4, "...\n", 4) == 0);
		child_free(&c);
	}
}

static void warn_error(void *arg)
{
	(void)arg;
	errno = ENOSPC;
	warn("stdout:");
	if (errno != ENOSPC)
		_exit(99);
}

TEST(colon_at_the_end_adds_the_reason_and_errno_stays)
{
	struct child c = child_run(warn_error, NULL);

	CHECK_BUF(c.err, "test: stdout: No space left on device\n");
	CHECK_INT(c.status, 0);
	child_free(&c);
}

static void die_here(void *arg)
{
	die(*(int *)arg, "log: %s", "damaged");
}

TEST(die_ends_with_the_status)
{
	struct child c = child_run(die_here, &(int){ EXIT_DATA });

	CHECK_BUF(c.err, "test: log: damaged\n");
	CHECK_INT(c.status, EXIT_DATA);
	child_free(&c);
}

static void *die_there(void *arg)
{
	die_here(arg);
	return NULL;
}

static void in_thread(void *arg)
{
	pthread_t thread;

	pthread_create(&thread, NULL, die_there, arg);
	for (;;)
		pause();
}

TEST(die_in_a_thread_ends_the_process)
{
	struct child c = child_run(in_thread, &(int){ EXIT_RETRY });

	CHECK_BUF(c.err, "test: log: damaged\n");
	CHECK_INT(c.status, EXIT_RETRY);
	child_free(&c);
}

static void no_stderr(void *arg)
{
	close(STDERR_FILENO);
	die_here(arg);
}

TEST(die_without_stderr_keeps_its_status)
{
	struct child c = child_run(no_stderr, &(int){ EXIT_CONFIG });

	CHECK_INT(c.status, EXIT_CONFIG);
	CHECK_INT(c.out.n + c.err.n, 0);
	child_free(&c);
}

/* With 0 to 2 closed, init; a file opened then must not become one of them, and using them fails. */
static void closed_descriptors(void *arg)
{
	char byte;

	(void)arg;
	close(0), close(1), close(2);
	diag_init("test");
	if (open("/dev/null", O_RDWR) < 3)
		_exit(1);
	if (write(1, "x", 1) >= 0 || errno != EBADF)
		_exit(2);
	if (read(0, &byte, 1) >= 0 || errno != EBADF)
		_exit(3);
	_exit(write(2, "x", 1) == 1 ? 0 : 4);
}

TEST(closed_standard_descriptors_stay_unusable)
{
	struct child c = child_run(closed_descriptors, NULL);

	CHECK_INT(c.status, 0);
	child_free(&c);
}

TEST(show_escapes_and_cuts_at_256_bytes)
{
	char text[300];
	const char *shown;

	CHECK_TEXT(diag_show("a\0b\"\n", 5), "a\\x00b\"\\x0A");
	CHECK_TEXT(diag_show("", 0), "");
	memset(text, 'x', sizeof text);
	CHECK_INT(strlen(diag_show(text, 256)), 256);
	CHECK_INT(strlen(diag_show(text, 257)), 259);
	memset(text, '\1', sizeof text);
	CHECK_INT(strlen(diag_show(text, 300)), 256 * 4 + 3);
	memset(text, 'x', sizeof text);
	memcpy(text + 255, "\xe2\x82\xac", 3);          /* not through the middle of a character */
	shown = diag_show(text, 300);
	CHECK_INT(strlen(shown), 258);
	CHECK_TEXT(shown + 255, "...");
}

TEST(eight_shown_texts_live_at_a_time)
{
	const char *shown[8];
	char text[2] = "a";

	for (int i = 0; i < 8; i++, text[0]++)
		shown[i] = diag_show(text, 1);
	CHECK_TEXT(shown[0], "a");
	CHECK_TEXT(shown[7], "h");
}
