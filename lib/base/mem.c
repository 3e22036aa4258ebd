/* SPDX-License-Identifier: MIT */
#include "lib/base/mem.h"

#include <stdint.h>

#include "lib/base/diag.h"

_Noreturn void mem_fail(void)
{
	die(EXIT_MEMORY, "out of memory");
}

void *mem_alloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		mem_fail();
	return p;
}

void *mem_zalloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
		mem_fail();
	return p;
}

void *mem_realloc(void *p, size_t size)
{
	p = realloc(p, size ? size : 1);
	if (!p)
		mem_fail();
	return p;
}

void *mem_array(void *p, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		mem_fail();
	return mem_realloc(p, count * size);
}

char *mem_text(struct span s)
{
	char *text = mem_alloc(s.n + 1);

	if (s.n)
		memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return text;
}

void *mem_grow(void *array, size_t used, size_t *cap, size_t size)
{
	if (used < *cap)
		return array;
	*cap = *cap ? *cap * 2 : 8;
	return mem_array(array, *cap, size);
}
