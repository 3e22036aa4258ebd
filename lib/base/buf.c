/* SPDX-License-Identifier: MIT */
#include "lib/base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "lib/base/diag.h"

char *buf_room(struct buf *b, size_t more)
{
	if (!b->p || more > b->cap - b->n) {
		size_t need = b->n + more;

		if (need < more)
			mem_fail();
		b->cap = need < 64 ? 64 : need > SIZE_MAX / 2 ? need : b->cap * 2 > need ? b->cap * 2 : need;
		b->p = mem_realloc(b->p, b->cap);
	}
	return b->p + b->n;
}

void buf_u64(struct buf *b, uint64_t v)
{
	char digits[20];
	size_t n = sizeof digits;

	do
		digits[--n] = (char)('0' + v % 10);
	while (v /= 10);
	buf_add(b, digits + n, sizeof digits - n);
}

void buf_i64(struct buf *b, int64_t v)
{
	if (v < 0)
		buf_byte(b, '-');
	buf_u64(b, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		die(EXIT_BUG, "buf_printf: %s", format);
	buf_room(b, (size_t)n + 1);
	va_start(args, format);
	vsnprintf(b->p + b->n, (size_t)n + 1, format, args);
	va_end(args);
	b->n += (size_t)n;
}

void buf_free(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ 0 };
}
