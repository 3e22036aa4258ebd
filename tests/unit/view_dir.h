/* SPDX-License-Identifier: MIT */
/* view_dir -- a directory for range files, and range files with heads as a test wants them. */
#ifndef TESTS_UNIT_VIEW_DIR_H
#define TESTS_UNIT_VIEW_DIR_H

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/disk.h"
#include "lib/base/hash.h"
#include "lib/view/range.h"
#include "tests/unit/view_of.h"

static char view_dir[64];
static int view_dir_fd;

/* A new one; its descriptor, which view_dir_remove closes. */
static inline int view_dir_new(void)
{
	snprintf(view_dir, sizeof view_dir, "/tmp/weir-view-XXXXXX");
	if (!mkdtemp(view_dir)) {
		printf("Bail out! %s\n", view_dir);
		exit(1);
	}
	return view_dir_fd = open(view_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Entries, hidden ones too; removes: they go. */
static inline int view_dir_each(bool removes)
{
	DIR *d = opendir(view_dir);
	struct dirent *e;
	int n = 0;

	while ((e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
			n++;
			if (removes)
				unlinkat(view_dir_fd, e->d_name, 0);
		}
	closedir(d);
	return n;
}

static inline int view_dir_count(void)
{
	return view_dir_each(false);
}

static inline void view_dir_remove(void)
{
	view_dir_each(true);
	close(view_dir_fd);
	rmdir(view_dir);
}

static inline void view_dir_file(const char *name, struct span bytes)
{
	int fd = openat(view_dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && (bytes.n == 0 || write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n));
	close(fd);
}

#endif
