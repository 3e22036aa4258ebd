/* SPDX-License-Identifier: MIT */
/* Runs a command and adds a line to FILE, "wall user system peak status":
 *
 *	measure FILE COMMAND [ARGUMENT]...
 *
 * Seconds, seconds, seconds, KiB, exit status (128 and the signal). Times are those of the command and all it has waited for, the peak is
 * that of the largest single process of them. The command is started by vfork, so what runs it weighs next to nothing in that.
 * The status is the command's. */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "lib/base/diag.h"

extern char **environ;

static double seconds_of(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int status_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	struct rusage used;
	double begin;
	pid_t pid;
	int status;
	FILE *out;

	diag_init("measure");
	if (argc < 3)
		die(EXIT_USAGE, "FILE COMMAND [ARGUMENT]...");
	begin = now();
	errno = posix_spawnp(&pid, argv[2], NULL, NULL, argv + 2, environ);
	if (errno)
		die(EXIT_SERVICE, "%s:", argv[2]);
	if (wait4(pid, &status, 0, &used) < 0)
		die(EXIT_IO, "wait4:");
	begin = now() - begin;
	out = fopen(argv[1], "ae");
	if (!out)
		die(EXIT_CREATE, "%s:", argv[1]);
	fprintf(out, "%.6f %.6f %.6f %ld %d\n", begin, seconds_of(used.ru_utime), seconds_of(used.ru_stime), used.ru_maxrss, status_of(status));
	if (fclose(out))
		die(EXIT_IO, "%s:", argv[1]);
	return status_of(status);
}
