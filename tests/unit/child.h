/* SPDX-License-Identifier: MIT */
/* child -- runs a function in a child process and gathers what it writes, for what ends processes. */
#ifndef TESTS_UNIT_CHILD_H
#define TESTS_UNIT_CHILD_H

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/buf.h"

struct child {
	struct buf out, err;    /* stdout and stderr */
	int status;             /* exit status, or 128 + signal */
};

static inline void child_read(int fd[2], struct buf *b[2])
{
	struct pollfd p[2] = { { fd[0], POLLIN, 0 }, { fd[1], POLLIN, 0 } };

	while (p[0].fd >= 0 || p[1].fd >= 0) {
		poll(p, 2, -1);
		for (int i = 0; i < 2; i++) {
			ssize_t n = p[i].revents ? read(p[i].fd, buf_room(b[i], 65536), 65536) : 0;

			if (n > 0)
				b[i]->n += (size_t)n;
			else if (p[i].revents)
				close(p[i].fd), p[i].fd = -1;
		}
	}
}

/* run(arg) should not return; when it does, the status is 0. */
static inline struct child child_run(void (*run)(void *), void *arg)
{
	struct child c = { 0 };
	int out[2], err[2], status;
	pid_t pid;

	fflush(stdout);
	if (pipe(out) < 0 || pipe(err) < 0 || (pid = fork()) < 0)
		abort();
	if (pid == 0) {
		dup2(out[1], STDOUT_FILENO);
		dup2(err[1], STDERR_FILENO);
		close(out[0]), close(out[1]), close(err[0]), close(err[1]);
		run(arg);
		_exit(0);
	}
	close(out[1]), close(err[1]);
	child_read((int[]){ out[0], err[0] }, (struct buf *[]){ &c.out, &c.err });
	waitpid(pid, &status, 0);
	c.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return c;
}

static inline void child_free(struct child *c)
{
	buf_free(&c->out);
	buf_free(&c->err);
}

#endif
