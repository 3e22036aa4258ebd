/* SPDX-License-Identifier: MIT */
#include "batch/log/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "lib/base/clock.h"

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

void follow_begin(struct follow *w, const struct log_dir *dir, bool signals)
{
	*w = (struct follow){ log_wait_new(dir), signals };
	stop_signal = 0;
	if (signals && pipe2(wake, O_CLOEXEC | O_NONBLOCK) == 0)
		catch_with(on_signal);
}

void follow_end(struct follow *w)
{
	log_wait_free(w->wait);
	if (!w->signals)
		return;
	catch_with(SIG_DFL);
	for (int i = 0; i < 2; i++) {
		if (wake[i] >= 0)
			close(wake[i]);
		wake[i] = -1;
	}
}

bool follow_stop(const struct follow *w)
{
	return w->signals && stop_signal;
}

int follow_wait(struct follow *w, struct out *out, int64_t ms)
{
	struct pollfd also[] = { { .fd = out->fd }, { .fd = wake[0], .events = POLLIN } };

	log_wait(w->wait, also, 2, ms);
	if (!(also[0].revents & (POLLERR | POLLNVAL)))
		return 0;
	out->error = also[0].revents & POLLNVAL ? EBADF : EPIPE;
	if (out->error == EPIPE)
		raise(SIGPIPE);
	return -1;
}

int64_t follow_now(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}
