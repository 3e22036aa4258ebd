/* SPDX-License-Identifier: MIT */
#include "serve/merge/watch.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#define LOOK_MS 100
#define SURE_MS 1000    /* a directory may be replaced as a whole, or be on a file system that others write to */

/* Files come whole by renaming; copies made by hand by closing. Adding a directory again changes nothing, unless it is another one by now. */
static bool add_all(const struct watch *w)
{
	const unsigned mask = IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE | IN_DELETE | IN_ONLYDIR;
	bool all = true;

	for (size_t i = 0; i < w->n; i++)
		all &= inotify_add_watch(w->fd, w->path[i], mask) >= 0;
	return all;
}

void watch_init(struct watch *w, const char *const *path, size_t n)
{
	*w = (struct watch){ path, n, inotify_init1(IN_CLOEXEC | IN_NONBLOCK) };
	if (w->fd >= 0 && !add_all(w))
		watch_free(w);
}

void watch_free(struct watch *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

/* Takes what inotify has to tell. Names that begin with a dot are nobody's business. */
static bool has_news(const struct watch *w)
{
	_Alignas(struct inotify_event) char room[16384];
	bool news = false;
	ssize_t n;

	while ((n = read(w->fd, room, sizeof room)) > 0)
		for (char *p = room; p < room + n;) {
			const struct inotify_event *e = (const struct inotify_event *)(void *)p;

			news |= e->len == 0 || e->name[0] != '.';
			p += sizeof *e + e->len;
		}
	return news;
}

bool watch_wait(struct watch *w, int out)
{
	struct pollfd p[2] = { { .fd = out }, { .fd = w->fd, .events = POLLIN } };

	do {
		p[0].revents = p[1].revents = 0;
		if (poll(p, 2, w->fd < 0 ? LOOK_MS : SURE_MS) <= 0)
			break;
		if (p[0].revents)
			return false;
	} while (!has_news(w));
	if (w->fd >= 0)
		add_all(w);
	return true;
}
