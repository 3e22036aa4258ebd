/* SPDX-License-Identifier: MIT */
#include "lib/stream/progress.h"

#include <fcntl.h>
#include <unistd.h>

#include "tests/unit/check.h"

static int terminal, before;

static void stderr_becomes(int fd)
{
	before = dup(STDERR_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

static void stderr_again(void)
{
	dup2(before, STDERR_FILENO);
	close(before);
}

static struct span said(char *room, size_t size)
{
	ssize_t n = read(terminal, room, size);

	return (struct span){ room, n > 0 ? (size_t)n : 0 };
}

static bool has(struct span text, const char *what)
{
	return memmem(text.p, text.n, what, strlen(what)) != NULL;
}

TEST(a_terminal_is_told_how_far_it_is_how_fast_and_how_long_still)
{
	char room[300];
	struct progress p;
	struct span text;

	diag_init("batch-view");
	terminal = posix_openpt(O_RDWR | O_NOCTTY);
	CHECK(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
	stderr_becomes(open(ptsname(terminal), O_RDWR | O_NOCTTY));
	progress_begin(&p, 2000000);
	p.begun_ms -= 1000;
	p.done = 500000;
	progress_show(&p);
	text = said(room, sizeof room);
	CHECK(has(text, "batch-view: 500.0k of 2.0M records (25 %), "));
	CHECK(has(text, "k/s, ") && has(text, " s left"));
	p.total = PROGRESS_UNKNOWN;
	progress_show(&p);
	text = said(room, sizeof room);
	CHECK(has(text, "batch-view: 500.0k records, ") && !has(text, "left"));
	progress_end(&p);
	text = said(room, sizeof room);
	CHECK_SPAN(text, "\r\x1b[K");
	stderr_again();
	close(terminal);
}

TEST(nobody_else_is)
{
	char room[300];
	struct progress p;
	int ends[2];

	CHECK(pipe(ends) == 0);
	terminal = ends[0];
	stderr_becomes(ends[1]);
	progress_begin(&p, 10);
	p.done = 5;
	progress_show(&p);
	progress_end(&p);
	stderr_again();
	CHECK_INT(said(room, sizeof room).n, 0);
	close(ends[0]);
}
