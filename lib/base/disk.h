/* SPDX-License-Identifier: MIT */
/* disk -- directories of our own and files in them that are whole or not there: create beside, sync, rename, sync the directory.
 * A failed sync is final: nobody here tries again, for the kernel may have forgotten what it could not write. All that fails
 * says so in *f, with status EXIT_IO or as said. */
#ifndef LIB_BASE_DISK_H
#define LIB_BASE_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/base/buf.h"
#include "lib/base/failure.h"

/* Opens a directory; make: makes it (0750 less umask) when it is not there, with those above it, and syncs its parent. Refuses one that others may
 * write to, or that is neither ours nor root's (EXIT_CONFIG), when make is said: we are about to trust it. Warns when it is on a network file
 * system, where locks and syncs do not mean what they say. fd; -1: EXIT_CREATE, or with make false EXIT_IO. */
int disk_dir(const char *path, bool make, struct failure *f);

/* An exclusive flock on DIR/name, which is made and stays for ever. fd, to be held open; -1: EXIT_RETRY when another process has it (what: `the
 * log is being written`). wait_ms: how long to wait for it, 0 not at all. */
int disk_lock(int dir, const char *name, const char *what, int64_t wait_ms, struct failure *f);

/* A new file, 0640 less umask but always ours to read and write; never through a link. One that is there goes first. fd; -1: EXIT_CREATE. */
int disk_create(int dir, const char *name, struct failure *f);

/* All of p, whatever write() makes of it. */
int disk_write(int fd, const void *p, size_t n, const char *name, struct failure *f);
int disk_sync(int fd, const char *name, struct failure *f);            /* fdatasync */
int disk_sync_dir(int dir, const char *name, struct failure *f);
/* Renames within dir; durable: the directory is synced behind it. */
int disk_rename(int dir, const char *from, const char *to, bool durable, struct failure *f);

/* Names of plain entries (none that begins with a dot), sorted by bytes. NUL-terminated, owned by the list. */
struct disk_list {
	char **name;
	size_t n, cap;
};
int disk_read_dir(int dir, const char *path, struct disk_list *list, struct failure *f);
void disk_list_free(struct disk_list *list);

/* A whole small file behind out. -1: EXIT_IO. */
int disk_read_file(int dir, const char *name, struct buf *out, struct failure *f);

#endif
