/* SPDX-License-Identifier: MIT */
/* command -- a program that is fed and listened to at once, so that neither side ever waits for the other in vain.
 * Its stdin and stdout are pipes that nobody else holds: all our descriptors are closed on exec. */
#ifndef SPEED_THROUGH_COMMAND_H
#define SPEED_THROUGH_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/base/failure.h"
#include "lib/base/span.h"

struct command {
	pid_t pid;              /* 0: none runs */
	int in, out;            /* our ends of its stdin and stdout; -1: closed */

	/* What it says, as it comes; -1 with *f set. */
	int (*answer)(void *context, const char *p, size_t n, struct failure *f);
	void *context;
};

/* Starts argv[0], looked for in PATH. shielded: it ignores SIGINT and SIGTERM, for these reach all of a pipeline at once and are meant for its
 * source. -1: EXIT_CONFIG no such program, EXIT_RETRY no process to be had. */
int command_start(struct command *c, char *const *argv, bool shielded, struct failure *f);

/* All of data into its stdin, unless it has stopped reading: that is its own business. */
int command_feed(struct command *c, struct span data, struct failure *f);

/* Listens until fd is readable, or nothing has come for a while. */
int command_listen(struct command *c, int fd, struct failure *f);

/* Closes its stdin, hears it out and waits for its end. *status is that of waitpid(). */
int command_finish(struct command *c, int *status, struct failure *f);

/* Kills it, when it runs. */
void command_abandon(struct command *c);

#endif
