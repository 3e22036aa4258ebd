/* SPDX-License-Identifier: MIT */
/* To be preloaded: the FAIL_MALLOC-th allocation of the process fails, once, with ENOMEM. When it does, the file
 * FAIL_MALLOC_MARK is made: a test counts up until no mark appears, and has then failed every allocation there is.
 * glibc only: its own allocator is called by the names it exports for this. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t align, size_t size);

static atomic_long left;        /* allocations up to the one that fails; negative when it has been */

/* What the dynamic linker allocates before this runs is not counted: no program could react to it. */
__attribute__((constructor)) static void begin(void)
{
	const char *n = getenv("FAIL_MALLOC");

	left = n ? atol(n) : 0;
}

static bool fails(void)
{
	const char *mark;
	int fd;

	if (atomic_load_explicit(&left, memory_order_relaxed) <= 0 || atomic_fetch_sub(&left, 1) != 1)
		return false;
	mark = getenv("FAIL_MALLOC_MARK");
	if (mark && (fd = open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0666)) >= 0)
		close(fd);
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *p, size_t size)
{
	return fails() ? NULL : __libc_realloc(p, size);
}

void *aligned_alloc(size_t align, size_t size)
{
	return fails() ? NULL : __libc_memalign(align, size);
}

int posix_memalign(void **p, size_t align, size_t size)
{
	void *made = fails() ? NULL : __libc_memalign(align, size);

	if (!made)
		return ENOMEM;
	*p = made;
	return 0;
}
