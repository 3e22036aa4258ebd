/* SPDX-License-Identifier: MIT */
#include "speed/through/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/diag.h"

#define PIPE_SIZE (1024 * 1024)
#define TAKE_SIZE (64 * 1024)
#define QUIET_MS 1000           /* gzip is read by a thread, which may take from fd what poll() waits for: not for ever */

extern char **environ;

static int fail(struct failure *f, int status, const char *name)
{
	char room[128];
	const char *why = strerror_r(errno, room, sizeof room);

	return failure_set(f, status, "%s: %s", name, why);
}

/* ---- starting ---- */

static void close_pipe(int fd[2])
{
	for (int i = 0; i < 2; i++)
		if (fd[i] >= 0)
			close(fd[i]);
}

static int make_pipes(int to[2], int from[2])
{
	to[0] = to[1] = from[0] = from[1] = -1;
	if (pipe2(to, O_CLOEXEC) < 0 || pipe2(from, O_CLOEXEC) < 0)
		return -1;
	fcntl(to[1], F_SETPIPE_SZ, PIPE_SIZE);
	fcntl(from[0], F_SETPIPE_SZ, PIPE_SIZE);
	return fcntl(to[1], F_SETFL, O_NONBLOCK);
}

/* 0 or errno. Without one of the dup2 it would read what is ours to read. */
static int spawn_on(pid_t *pid, char *const *argv, int in, int out)
{
	posix_spawn_file_actions_t actions;
	int error = posix_spawn_file_actions_init(&actions);

	if (error)
		return error;
	error = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	if (!error)
		error = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (!error)
		error = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

/* What is ignored stays so in the new program; what is caught does not. A signal that comes in between is one that we would
 * have ignored too. */
static int spawn(pid_t *pid, char *const *argv, int in, int out, bool shielded)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction interrupt, terminate;
	int error;

	if (shielded) {
		sigaction(SIGINT, &ignore, &interrupt);
		sigaction(SIGTERM, &ignore, &terminate);
	}
	error = spawn_on(pid, argv, in, out);
	if (shielded) {
		sigaction(SIGINT, &interrupt, NULL);
		sigaction(SIGTERM, &terminate, NULL);
	}
	return error;
}

int command_start(struct command *c, char *const *argv, bool shielded, struct failure *f)
{
	int to[2], from[2], error;

	c->pid = 0;
	if (make_pipes(to, from) < 0) {
		fail(f, EXIT_RETRY, "pipe");
		close_pipe(to);
		close_pipe(from);
		return -1;
	}
	error = spawn(&c->pid, argv, to[0], from[1], shielded);
	close(to[0]);
	close(from[1]);
	c->in = to[1];
	c->out = from[0];
	if (!error)
		return 0;
	c->pid = 0;
	close(c->in);
	close(c->out);
	errno = error;
	return fail(f, error == EAGAIN || error == ENOMEM ? EXIT_RETRY : EXIT_CONFIG, diag_show(argv[0], strlen(argv[0])));
}

/* ---- to and fro ---- */

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* One read, which may wait. */
static int take(struct command *c, struct failure *f)
{
	char some[TAKE_SIZE];
	ssize_t n = read(c->out, some, sizeof some);

	if (n < 0 && errno == EINTR)
		return 0;
	if (n < 0)
		return fail(f, EXIT_IO, "reading the answer");
	if (n == 0) {
		shut(&c->out);
		return 0;
	}
	return c->answer(c->context, some, (size_t)n, f);
}

/* Without SIGPIPE, which is for our own stdout. */
static ssize_t write_quietly(int fd, struct span data)
{
	const struct timespec at_once = { 0 };
	sigset_t pipe_signal, before;
	ssize_t n;
	int error;

	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
	n = write(fd, data.p, data.n);
	error = errno;
	if (n < 0 && error == EPIPE)
		while (sigtimedwait(&pipe_signal, NULL, &at_once) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return n;
}

static int give(struct command *c, struct span *data, struct failure *f)
{
	ssize_t n = write_quietly(c->in, *data);

	if (n >= 0) {
		data->p += n;
		data->n -= (size_t)n;
	} else if (errno == EPIPE) {
		shut(&c->in);
	} else if (errno != EAGAIN && errno != EINTR) {
		return fail(f, EXIT_IO, "feeding the command");
	}
	return 0;
}

int command_feed(struct command *c, struct span data, struct failure *f)
{
	while (data.n && c->in >= 0) {
		struct pollfd p[2] = { { .fd = c->in, .events = POLLOUT }, { .fd = c->out, .events = POLLIN } };

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return fail(f, EXIT_IO, "poll");
		if (p[1].revents && take(c, f) < 0)
			return -1;
		if (p[0].revents && give(c, &data, f) < 0)
			return -1;
	}
	return 0;
}

int command_listen(struct command *c, int fd, struct failure *f)
{
	while (c->out >= 0) {
		struct pollfd p[2] = { { .fd = fd, .events = POLLIN }, { .fd = c->out, .events = POLLIN } };
		int n = poll(p, 2, QUIET_MS);

		if (n == 0 || p[0].revents)
			return 0;
		if (n > 0 && take(c, f) < 0)
			return -1;
		if (n < 0 && errno != EINTR)
			return fail(f, EXIT_IO, "poll");
	}
	return 0;
}

/* ---- the end ---- */

static int reap(struct command *c)
{
	int status = 0;

	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	c->pid = 0;
	return status;
}

int command_finish(struct command *c, int *status, struct failure *f)
{
	shut(&c->in);
	while (c->out >= 0)
		if (take(c, f) < 0)
			return -1;
	*status = reap(c);
	return 0;
}

void command_abandon(struct command *c)
{
	if (!c->pid)
		return;
	shut(&c->in);
	shut(&c->out);
	kill(c->pid, SIGKILL);
	reap(c);
}
