/* SPDX-License-Identifier: MIT */
#include "lib/text/utf8.h"

#include "lib/text/bytes.h"

/* How long a character is by its first byte, and what its second byte must lie between. */
static int lead(unsigned char c, unsigned char *low, unsigned char *high)
{
	*low = 0x80, *high = 0xbf;
	if (c < 0x80)
		return 1;
	if (c < 0xc2)
		return 0;               /* a continuation, or an overlong form */
	if (c < 0xe0)
		return 2;
	if (c < 0xf0) {
		if (c == 0xe0)
			*low = 0xa0;
		if (c == 0xed)
			*high = 0x9f;   /* surrogates */
		return 3;
	}
	if (c == 0xf0)
		*low = 0x90;
	if (c == 0xf4)
		*high = 0x8f;
	return c < 0xf5 ? 4 : 0;
}

int utf8_step(const char *p, const char *end)
{
	const unsigned char *s = (const unsigned char *)p;
	unsigned char low, high;
	int n = lead(s[0], &low, &high);

	if (n == 0)
		return -1;
	for (int i = 1; i < n; i++, low = 0x80, high = 0xbf)
		if (end - p <= i || s[i] < low || s[i] > high)
			return -i;
	return n;
}

bool utf8_valid(struct span s)
{
	const char *p = s.n ? s.p : "", *end = p + s.n;
	int n;

	while ((p = bytes_ascii_end(p, end)) < end) {
		if ((n = utf8_step(p, end)) < 0)
			return false;
		p += n;
	}
	return true;
}

size_t utf8_encode(uint32_t c, char *out)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}
