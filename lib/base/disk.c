/* SPDX-License-Identifier: MIT */
#include "lib/base/clock.h"
#include "lib/base/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/base/mutant.h"

#define LOCK_STEP_MS 20

static int fail(struct failure *f, int status, const char *what, const char *name)
{
	char room[128];
	int error = errno;
	const char *why = strerror_r(error, room, sizeof room);

	return failure_set(f, error == ENOMEM ? EXIT_MEMORY : status, "%s%s%s: %s", name, *what ? ": " : "", what, why);
}

/* ---- directories ---- */

static bool is_network(int fd)
{
	static const unsigned long magic[] = {
		0x6969, 0xff534d42, 0xfe534d42, 0x517b, 0x65735546,      /* nfs, cifs, smb2, smb, fuse */
		0x01021997, 0x00c36400, 0x47504653, 0x0bd00bd0, 0x7461636f,     /* 9p, ceph, gpfs, lustre, ocfs2 */
	};
	struct statfs s;

	if (fstatfs(fd, &s) < 0)
		return false;
	for (size_t i = 0; i < sizeof magic / sizeof *magic; i++)
		if ((unsigned long)s.f_type == magic[i])
			return true;
	return false;
}

/* State that others may change is nobody's state. A sticky directory counts as writable: names in it can be planted. */
static int check_owner(int fd, const char *path, struct failure *f)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return fail(f, EXIT_IO, "", path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return failure_set(f, EXIT_CONFIG, "%s: the directory belongs to user %u, not to us", path, (unsigned)st.st_uid);
	if (st.st_mode & S_IWOTH)
		return failure_set(f, EXIT_CONFIG, "%s: everyone may write to the directory: chmod o-w first", path);
	return 0;
}

/* Of a path without slashes behind it; owned. NULL: it has none. */
static char *parent_of(const char *path)
{
	char *parent = mem_text(span_of(path)), *slash;

	for (size_t n = strlen(parent); n > 1 && parent[n - 1] == '/'; n--)
		parent[n - 1] = '\0';
	slash = strrchr(parent, '/');
	if (slash) {
		slash[slash == parent] = '\0';
		return parent;
	}
	free(parent);
	return NULL;
}

static void sync_dir_of(const char *parent)
{
	int fd = open(parent ? parent : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		(void)!fsync(fd);
		close(fd);
	}
}

/* Ours to use whatever the umask says. */
static int make_one(const char *path)
{
	struct stat st;

	if (mkdir(path, 0750) < 0)
		return errno == EEXIST ? 0 : errno;
	if (stat(path, &st) == 0 && (st.st_mode & 0700) != 0700)
		(void)!chmod(path, (st.st_mode & 0777) | 0700);
	return 0;
}

/* The directory and those above it that are not there. 0 or errno. */
static int make_dir(const char *path)
{
	struct stat st;
	char *parent;
	int error;

	if (stat(path, &st) == 0)
		return 0;
	parent = parent_of(path);
	error = make_one(path);
	if (error == ENOENT && parent && strcmp(parent, path) != 0) {
		error = make_dir(parent);
		if (error == 0)
			error = make_one(path);
	}
	if (error == 0)
		sync_dir_of(parent);
	free(parent);
	return error;
}

int disk_dir(const char *path, bool make, struct failure *f)
{
	int fd;

	errno = make ? make_dir(path) : 0;
	if (errno)
		return fail(f, EXIT_CREATE, "", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(f, make ? EXIT_CREATE : EXIT_IO, "", path);
	if (make && check_owner(fd, path, f) < 0) {
		close(fd);
		return -1;
	}
	if (make && is_network(fd))
		warn("%s: on a network file system: locks and syncs may not hold there; use a local disk", path);
	return fd;
}

/* A file is ours to read and write whatever the umask says. */
static void own(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && (st.st_mode & 0600) != 0600)
		(void)!fchmod(fd, (st.st_mode & 0777) | 0600);
}

/* ---- locks ---- */

static bool take_lock(int fd, int64_t wait_ms)
{
	const struct timespec step = { .tv_nsec = LOCK_STEP_MS * 1000000L };
	int64_t until = clock_ms(CLOCK_MONOTONIC) + wait_ms;

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK || clock_ms(CLOCK_MONOTONIC) >= until)
			return false;
		nanosleep(&step, NULL);
	}
	return true;
}

/* The pid in it is for people. */
static void sign_lock(int fd)
{
	char pid[24];
	int n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) == 0)
		(void)!pwrite(fd, pid, (size_t)n, 0);
}

int disk_lock(int dir, const char *name, const char *what, int64_t wait_ms, struct failure *f)
{
	int fd = openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);

	if (fd < 0)
		return fail(f, EXIT_CREATE, "", name);
	if (take_lock(fd, wait_ms)) {
		own(fd);
		sign_lock(fd);
		return fd;
	}
	if (errno == EWOULDBLOCK)
		failure_set(f, EXIT_RETRY, "%s by another process", what);
	else
		fail(f, EXIT_IO, "lock", name);
	close(fd);
	return -1;
}

/* ---- files ---- */

int disk_create(int dir, const char *name, struct failure *f)
{
	const int how = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dir, name, how, 0640);

	if (fd < 0 && errno == EEXIST && unlinkat(dir, name, 0) == 0)
		fd = openat(dir, name, how, 0640);
	if (fd < 0)
		return fail(f, EXIT_CREATE, "", name);
	own(fd);
	return fd;
}

int disk_write(int fd, const void *p, size_t n, const char *name, struct failure *f)
{
	const char *at = p;

	while (n) {
		ssize_t w = write(fd, at, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0) {
			errno = w == 0 ? EIO : errno;
			return fail(f, EXIT_IO, "", name);
		}
		at += w;
		n -= (size_t)w;
	}
	return 0;
}

int disk_sync(int fd, const char *name, struct failure *f)
{
	if (mutant("fsync"))
		return 0;
	while (fdatasync(fd) < 0)
		if (errno != EINTR)
			return fail(f, EXIT_IO, "sync", name);
	return 0;
}

int disk_sync_dir(int dir, const char *name, struct failure *f)
{
	if (mutant("fsync"))
		return 0;
	while (fsync(dir) < 0)
		if (errno != EINTR)
			return fail(f, EXIT_IO, "sync", name);
	return 0;
}

int disk_rename(int dir, const char *from, const char *to, bool durable, struct failure *f)
{
	if (renameat(dir, from, dir, to) < 0)
		return fail(f, EXIT_IO, "rename", to);
	return durable ? disk_sync_dir(dir, to, f) : 0;
}

int disk_read_file(int dir, const char *name, struct buf *out, struct failure *f)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return fail(f, EXIT_IO, "", name);
	while ((n = read(fd, buf_room(out, 65536), 65536)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		out->n += (size_t)n;
	}
	if (n < 0)
		fail(f, EXIT_IO, "", name);
	close(fd);
	return n < 0 ? -1 : 0;
}

/* ---- listing ---- */

static int name_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int disk_read_dir(int dir, const char *path, struct disk_list *list, struct failure *f)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	disk_list_free(list);
	if (!d) {
		fail(f, EXIT_IO, "", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	for (errno = 0; (e = readdir(d)); errno = 0) {
		if (e->d_name[0] == '.')
			continue;
		list->name = mem_grow(list->name, list->n, &list->cap, sizeof *list->name);
		list->name[list->n++] = mem_text(span_of(e->d_name));
	}
	if (errno) {
		fail(f, EXIT_IO, "", path);
		closedir(d);
		return -1;
	}
	closedir(d);
	if (list->n)
		qsort(list->name, list->n, sizeof *list->name, name_order);
	return 0;
}

void disk_list_free(struct disk_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->name[i]);
	free(list->name);
	*list = (struct disk_list){ 0 };
}
