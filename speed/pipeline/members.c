/* SPDX-License-Identifier: MIT */
#include "speed/pipeline/members.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/base/mem.h"

#define PIPE_SIZE (1024 * 1024)

/* ---- words ---- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_bar(const char *word)
{
	return strcmp(word, "|") == 0;
}

int members_parse(struct members *m, char **words, struct failure *f)
{
	size_t cap = 0;

	for (char **w = words;; w++) {
		struct member one = { .argv = w };

		while (*w && !is_bar(*w))
			w++;
		if (w == one.argv)
			return failure_set(f, EXIT_USAGE, "a command is missing: they stand behind --, with '|' between them");
		one.name = base_name(*one.argv);
		m->of = mem_grow(m->of, m->n, &cap, sizeof *m->of);
		m->of[m->n++] = one;
		if (!*w)
			return 0;
		*w = NULL;
	}
}

void members_free(struct members *m)
{
	free(m->of);
	*m = (struct members){ 0 };
}

/* ---- in the new process ---- */

static const int usual[] = { SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGCHLD };

/* Signals are what they are in a fresh process: a shell starts what it does not wait for with SIGINT ignored, and we block some. */
static void reset_signals(void)
{
	sigset_t none;

	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		signal(usual[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Becomes the member, or tells errno through failed. Between fork and exec; in and out are -1 where ours go on. */
static _Noreturn void become(const struct member *one, pid_t group, pid_t parent, int in, int out, int failed)
{
	int error = 0;

	setpgid(0, group);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)        /* it has died before it could be said */
		_exit(EXIT_RETRY);
	reset_signals();
	if ((in >= 0 && dup2(in, STDIN_FILENO) < 0) || (out >= 0 && dup2(out, STDOUT_FILENO) < 0))
		error = errno;
	if (!error) {
		execvp(one->argv[0], one->argv);
		error = errno;
	}
	(void)!write(failed, &error, sizeof error);
	_exit(EXIT_SERVICE);
}

/* ---- starting ---- */

static int fail(struct failure *f, int status, const char *what, int error)
{
	char room[128];

	return failure_set(f, status, "%s: %s", what, strerror_r(error, room, sizeof room));
}

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* 0, or the errno by which the new process could not become the program. Waits until it is one. */
static int told_error(int fd)
{
	int error = 0;
	ssize_t n;

	while ((n = read(fd, &error, sizeof error)) < 0 && errno == EINTR)
		;
	return n == sizeof error ? error : 0;
}

static int start_one(struct members *m, struct member *one, int in, int out, struct failure *f)
{
	pid_t parent = getpid();
	int failed[2], error;

	if (pipe2(failed, O_CLOEXEC) < 0)
		return fail(f, EXIT_RETRY, "pipe", errno);
	one->pid = fork();
	if (one->pid == 0)
		become(one, m->group, parent, in, out, failed[1]);
	error = errno;
	shut(&failed[1]);
	if (one->pid > 0) {
		one->running = true;
		m->running++;
		if (!m->group)
			m->group = one->pid;
		setpgid(one->pid, m->group);    /* here and there: whoever comes first */
		error = told_error(failed[0]);
	}
	shut(&failed[0]);
	if (one->pid < 0)
		return fail(f, EXIT_RETRY, "fork", error);
	return error ? fail(f, EXIT_SERVICE, one->argv[0], error) : 0;
}

static void reset(struct members *m)
{
	m->running = 0;
	m->group = 0;
	for (size_t i = 0; i < m->n; i++) {
		struct member *one = &m->of[i];

		*one = (struct member){ .argv = one->argv, .name = one->name };
	}
}

static void give_up(struct members *m)
{
	if (m->running)
		members_kill(m);
	for (size_t i = 0; i < m->n; i++)
		while (m->of[i].running && waitpid(m->of[i].pid, NULL, 0) < 0 && errno == EINTR)
			;
	reset(m);
}

int members_start(struct members *m, struct failure *f)
{
	int in = -1, rc = 0;

	reset(m);
	for (size_t i = 0; rc == 0 && i < m->n; i++) {
		int next[2] = { -1, -1 };

		if (i + 1 < m->n && pipe2(next, O_CLOEXEC) < 0)
			rc = fail(f, EXIT_RETRY, "pipe", errno);
		else
			rc = start_one(m, &m->of[i], in, next[1], f);
		if (next[1] >= 0)
			fcntl(next[1], F_SETPIPE_SZ, PIPE_SIZE);
		shut(&in);
		shut(&next[1]);
		in = next[0];
	}
	shut(&in);
	if (rc < 0)
		give_up(m);
	return rc;
}

/* ---- ending ---- */

struct member *members_reap(struct members *m)
{
	for (size_t i = 0; i < m->n; i++) {
		struct member *one = &m->of[i];

		if (!one->running || waitpid(one->pid, &one->status, WNOHANG) != one->pid)
			continue;
		one->running = false;
		m->running--;
		return one;
	}
	return NULL;
}

void member_tell(struct member *one, int sig)
{
	if (!one->running)
		return;
	one->told = true;
	kill(one->pid, sig);
}

void members_kill(struct members *m)
{
	for (size_t i = 0; i < m->n; i++)
		member_tell(&m->of[i], SIGKILL);
	if (m->running)                 /* else the number may be another group's by now */
		kill(-m->group, SIGKILL);
}
