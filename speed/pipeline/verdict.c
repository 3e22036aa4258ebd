/* SPDX-License-Identifier: MIT */
#include "speed/pipeline/verdict.h"

#include <signal.h>
#include <sys/wait.h>

#include "lib/base/diag.h"

#define SIGNALLED 128           /* what a shell adds to a signal to make a status */

/* As a process, or as a shell tells it of one. */
static bool died_of(int status, int sig)
{
	return (WIFSIGNALED(status) && WTERMSIG(status) == sig) || (WIFEXITED(status) && WEXITSTATUS(status) == SIGNALLED + sig);
}

static bool ended_well(const struct member *one)
{
	return WIFEXITED(one->status) && WEXITSTATUS(one->status) == EXIT_DONE;
}

bool member_failed(const struct member *one)
{
	return !ended_well(one) && !one->told && !died_of(one->status, SIGPIPE);
}

static bool is_fatal(const struct member *one)
{
	if (!member_failed(one) || !WIFEXITED(one->status))
		return false;
	switch (WEXITSTATUS(one->status)) {
	case EXIT_SERVICE:
	case EXIT_IO:
	case EXIT_RETRY:
		return false;
	default:
		return WEXITSTATUS(one->status) <= SIGNALLED;   /* above it a shell tells of a signal */
	}
}

/* The first one, in the order of the pipeline, of which that holds. */
static const struct member *first(const struct members *m, bool (*holds)(const struct member *))
{
	for (size_t i = 0; i < m->n; i++)
		if (holds(&m->of[i]))
			return &m->of[i];
	return NULL;
}

/* Told to go, it did not: it had to be killed, or failed on the way. That SIGTERM ends it is fine: what it had in hand, those behind it
 * know. */
static bool went_badly(const struct member *one)
{
	return one->told && !ended_well(one) && !died_of(one->status, SIGPIPE) && !died_of(one->status, SIGTERM);
}

enum verdict members_verdict(const struct members *m, int *status)
{
	const struct member *one;

	*status = EXIT_DONE;
	if ((one = first(m, is_fatal))) {
		*status = WEXITSTATUS(one->status);
		return VERDICT_FATAL;
	}
	if ((one = first(m, member_failed))) {
		*status = WIFEXITED(one->status) && WEXITSTATUS(one->status) <= SIGNALLED ? WEXITSTATUS(one->status) : EXIT_RETRY;
		return VERDICT_AGAIN;
	}
	if (first(m, went_badly)) {
		*status = EXIT_RETRY;
		return VERDICT_AGAIN;
	}
	return died_of(m->of[m->n - 1].status, SIGPIPE) ? VERDICT_UNREAD : VERDICT_DONE;
}
