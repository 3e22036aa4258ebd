/* SPDX-License-Identifier: MIT */
/* members -- the processes of a pipeline: started together, in a process group of their own, joined by pipes; ended apart. They die with
 * us, whatever kills us, so that no pipeline is ever left that nobody looks after. */
#ifndef SPEED_PIPELINE_MEMBERS_H
#define SPEED_PIPELINE_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/base/failure.h"

struct member {
	char **argv;            /* words, NULL behind them; borrowed */
	const char *name;       /* of the program, without its directories */
	pid_t pid;
	bool running;
	bool told;              /* we have sent it a signal: how it ended is our doing */
	int status;             /* of waitpid(), once it has ended */
};

struct members {
	struct member *of;
	size_t n, running;
	pid_t group;
};

/* Takes words, NULL behind them, apart at each `|`; the array is changed and borrowed. -1: EXIT_USAGE. */
int members_parse(struct members *m, char **words, struct failure *f);
void members_free(struct members *m);

/* Starts all. -1: EXIT_SERVICE a program that is not there, EXIT_RETRY no more processes or pipes; then none is left. */
int members_start(struct members *m, struct failure *f);

/* One that has ended since, or NULL; does not wait. */
struct member *members_reap(struct members *m);

void member_tell(struct member *one, int signal);
/* SIGKILL to all that is left in the group, children of members too. */
void members_kill(struct members *m);

#endif
