/* SPDX-License-Identifier: MIT */
#include "lib/text/percent.h"

static bool is_plain(unsigned char c, const char *also)
{
	return c > ' ' && c != '%' && c != 0x7f && !strchr(also, c);
}

void percent_encode(struct buf *out, struct span text, const char *also)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0, run; i < text.n; i = run + 1) {
		for (run = i; run < text.n && is_plain((unsigned char)text.p[run], also);)
			run++;
		buf_add(out, text.p + i, run - i);
		if (run < text.n) {
			unsigned char c = (unsigned char)text.p[run];

			buf_add(out, (char[]){ '%', hex[c >> 4], hex[c & 15] }, 3);
		}
	}
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int percent_decode(struct buf *out, struct span text)
{
	const char *end = text.p + text.n;

	for (const char *p = text.p, *at; p < end; p = at + 3) {
		at = memchr(p, '%', (size_t)(end - p));
		buf_add(out, p, (size_t)((at ? at : end) - p));
		if (!at)
			break;
		if (end - at < 3 || hex_digit(at[1]) < 0 || hex_digit(at[2]) < 0)
			return -1;
		buf_byte(out, (char)(hex_digit(at[1]) << 4 | hex_digit(at[2])));
	}
	return 0;
}
