/* SPDX-License-Identifier: MIT */
/* file_set -- the files that one file was, is and will be: itself and what rotation made of its predecessors, the oldest first. */
#ifndef SPEED_CDC_FILE_FILE_SET_H
#define SPEED_CDC_FILE_FILE_SET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/base/failure.h"

struct file_entry {
	char *path;
	dev_t dev;
	ino_t ino;
	int64_t mtime_ns;
	bool is_named;          /* it has the very name that was asked for: it is the last */
};

struct file_set {
	struct file_entry *of;
	size_t n;
};

/* name: a path, whose siblings are NAME.* and NAME-*; or a pattern of the shell's, which stands for all of its files. Ordered by when they were written
 * last; X.gz is not among them while X is. A directory that is not there holds none. -1: EXIT_IO. */
int file_set_list(struct file_set *s, const char *name, struct failure *f);
/* The same files under the same names. */
bool file_set_same(const struct file_set *a, const struct file_set *b);
void file_set_free(struct file_set *s);

bool file_name_is_pattern(const char *name);

#endif
