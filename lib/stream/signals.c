/* SPDX-License-Identifier: MIT */
#include "lib/stream/signals.h"

#include <signal.h>
#include <stddef.h>

static const int both[] = { SIGINT, SIGTERM };

static void set(void (*handler)(int))
{
	struct sigaction act = { .sa_handler = handler, .sa_flags = SA_RESTART }, now;

	for (size_t i = 0; i < sizeof both / sizeof *both; i++)
		if (sigaction(both[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
			sigaction(both[i], &act, NULL);
}

static void first(int sig)
{
	(void)sig;
	set(SIG_DFL);
}

void stage_signals(void)
{
	set(first);
}
