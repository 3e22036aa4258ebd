/* SPDX-License-Identifier: MIT */
/* To be preloaded: every second read or write fails with EINTR, the others move one byte (read) or at most three
 * (write). stderr is left alone: a message is one write by contract. What libc itself reads is not seen here. */
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* What the compiler makes of read and pread when _FORTIFY_SOURCE knows the size of the buffer. */
ssize_t __read_chk(int fd, void *p, size_t n, size_t room);
ssize_t __pread_chk(int fd, void *p, size_t n, off_t at, size_t room);

static atomic_uint calls;

static bool interrupted(void)
{
	if (atomic_fetch_add(&calls, 1) % 2)
		return false;
	errno = EINTR;
	return true;
}

static size_t at_most(size_t n, size_t most)
{
	return n < most ? n : most;
}

ssize_t read(int fd, void *p, size_t n)
{
	return interrupted() ? -1 : syscall(SYS_read, fd, p, at_most(n, 1));
}

ssize_t pread(int fd, void *p, size_t n, off_t at)
{
	return interrupted() ? -1 : syscall(SYS_pread64, fd, p, at_most(n, 1), at);
}

ssize_t __read_chk(int fd, void *p, size_t n, size_t room)
{
	return read(fd, p, at_most(n, room));
}

ssize_t __pread_chk(int fd, void *p, size_t n, off_t at, size_t room)
{
	return pread(fd, p, at_most(n, room), at);
}

ssize_t write(int fd, const void *p, size_t n)
{
	if (fd == STDERR_FILENO)
		return syscall(SYS_write, fd, p, n);
	return interrupted() ? -1 : syscall(SYS_write, fd, p, at_most(n, 3));
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	return interrupted() ? -1 : syscall(SYS_pwrite64, fd, p, at_most(n, 3), at);
}

/* The first piece that is not empty, a part of it. */
ssize_t writev(int fd, const struct iovec *piece, int n)
{
	while (n > 1 && !piece->iov_len)
		piece++, n--;
	return n > 0 ? write(fd, piece->iov_base, piece->iov_len) : 0;
}

ssize_t readv(int fd, const struct iovec *piece, int n)
{
	while (n > 1 && !piece->iov_len)
		piece++, n--;
	return n > 0 ? read(fd, piece->iov_base, piece->iov_len) : 0;
}
