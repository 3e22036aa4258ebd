/* SPDX-License-Identifier: MIT */
#include "lib/stream/halt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "lib/stream/out.h"

static const int both[] = { SIGINT, SIGTERM };

/* What a handler can reach. The pipe wakes a poll that was about to begin when the signal came. */
static volatile sig_atomic_t stop_signal;
static int wake[2] = { -1, -1 };

static void catch_with(void (*handler)(int))
{
	struct sigaction act = { .sa_handler = handler, .sa_flags = SA_RESTART }, now;

	for (size_t i = 0; i < sizeof both / sizeof *both; i++)
		if (sigaction(both[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
			sigaction(both[i], &act, NULL);
}

static void on_signal(int sig)
{
	int saved = errno;

	stop_signal = sig;
	catch_with(SIG_DFL);
	(void)!write(wake[1], "", 1);
	errno = saved;
}

void halt_begin(void)
{
	stop_signal = 0;
	if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) == 0)
		catch_with(on_signal);
}

void halt_end(void)
{
	catch_with(SIG_DFL);
	for (int i = 0; i < 2; i++) {
		if (wake[i] >= 0)
			close(wake[i]);
		wake[i] = -1;
	}
}

bool halt_asked(void)
{
	return stop_signal;
}

struct pollfd halt_poll(void)
{
	return (struct pollfd){ .fd = wake[0], .events = POLLIN };
}

int halt_reader_gone(struct out *out, short revents)
{
	if (!(revents & (POLLERR | POLLNVAL)))
		return 0;
	out->error = revents & POLLNVAL ? EBADF : EPIPE;
	if (out->error == EPIPE)
		raise(SIGPIPE);
	return -1;
}
