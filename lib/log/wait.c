/* SPDX-License-Identifier: MIT */
#include <sys/inotify.h>
#include <unistd.h>

#include "lib/base/mem.h"
#include "lib/log/read.h"

#define LOOK_MS 100                     /* where nobody tells */
#define LEAST_MS 1000                   /* and where one should, but what is written from elsewhere (network file systems) goes untold */
#define MOST 7                          /* descriptors of others */

struct log_wait {
	char *path;
	int fd;                         /* -1: none */
	int watch;                      /* -1: the directory is not there yet */
};

/* Writes to files in the directory are told by its watch too. */
static void watch(struct log_wait *w)
{
	if (w->fd >= 0 && w->watch < 0)
		w->watch = inotify_add_watch(w->fd, w->path, IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_ONLYDIR);
}

struct log_wait *log_wait_new(const struct log_dir *d)
{
	struct log_wait *w = mem_zalloc(sizeof *w);

	w->path = mem_text(span_of(d->path));
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	w->watch = -1;
	watch(w);
	return w;
}

/* All that has been told by now is one change. */
static void drain(struct log_wait *w)
{
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n;

	while ((n = read(w->fd, events, sizeof events)) > 0)
		for (const char *p = events; p < events + n; p += sizeof(struct inotify_event) + ((const struct inotify_event *)p)->len)
			if (((const struct inotify_event *)p)->mask & IN_IGNORED)
				w->watch = -1;          /* the directory has gone */
}

void log_wait(struct log_wait *w, struct pollfd *also, size_t n, int64_t ms)
{
	struct pollfd fd[MOST + 1] = { { .fd = w->fd, .events = POLLIN } };
	bool was_watched = w->watch >= 0;

	int64_t most;

	n = n < MOST ? n : MOST;
	for (size_t i = 0; i < n; i++) {
		also[i].revents = 0;
		fd[i + 1] = also[i];
	}
	watch(w);
	if (!was_watched && w->watch >= 0)
		return;                         /* what came before it was not told */
	most = w->watch < 0 ? LOOK_MS : LEAST_MS;
	if (poll(fd, n + 1, (int)(ms < 0 || ms > most ? most : ms)) < 0)
		return;
	if (fd[0].revents)
		drain(w);
	for (size_t i = 0; i < n; i++)
		also[i].revents = fd[i + 1].revents;
}

void log_wait_free(struct log_wait *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		close(w->fd);
	free(w->path);
	free(w);
}
