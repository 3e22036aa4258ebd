/* SPDX-License-Identifier: MIT */
#include "lib/base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "lib/base/diag.h"

void buf_grow(struct buf *b, size_t more)
{
	size_t need = b->n + more;

	if (need < more)
		mem_fail();
	b->cap = need < 64 ? 64 : need > SIZE_MAX / 2 ? need : b->cap * 2 > need ? b->cap * 2 : need;
	b->p = mem_realloc(b->p, b->cap);
}

const char digit_pairs[200] =
	"00010203040506070809" "10111213141516171819" "20212223242526272829" "30313233343536373839" "40414243444546474849"
	"50515253545556575859" "60616263646566676869" "70717273747576777879" "80818283848586878889" "90919293949596979899";

char *digits_before(char *end, uint64_t v)
{
	for (; v >= 100; v /= 100)
		memcpy(end -= 2, digit_pairs + v % 100 * 2, 2);
	if (v >= 10)
		return memcpy(end - 2, digit_pairs + v * 2, 2);
	*--end = (char)('0' + v);
	return end;
}

void buf_u64(struct buf *b, uint64_t v)
{
	char digits[20], *end = digits + sizeof digits, *first = digits_before(end, v);

	buf_add(b, first, (size_t)(end - first));
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
