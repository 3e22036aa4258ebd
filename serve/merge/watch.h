/* SPDX-License-Identifier: MIT */
/* watch -- waits until something in one of some directories may have changed. Told by inotify; where there is none, looking every 100 ms. */
#ifndef SERVE_MERGE_WATCH_H
#define SERVE_MERGE_WATCH_H

#include <stdbool.h>
#include <stddef.h>

struct watch {
	const char *const *path;        /* directories; borrowed */
	size_t n;
	int fd;                         /* -1: looking */
};

/* What changes from now on is noticed. */
void watch_init(struct watch *w, const char *const *path, size_t n);
/* True: look again; at times that is for nothing. False: nobody reads what is written to out any more. */
bool watch_wait(struct watch *w, int out);
void watch_free(struct watch *w);

#endif
