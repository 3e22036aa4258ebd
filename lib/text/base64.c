/* SPDX-License-Identifier: MIT */
#include "lib/text/base64.h"

void base64_encode(struct buf *out, struct span s)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const unsigned char *)s.p;

	for (size_t i = 0; i < s.n; i += 3) {
		size_t left = s.n - i;
		uint32_t v = (uint32_t)p[i] << 16 | (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) | (left > 2 ? p[i + 2] : 0);

		buf_byte(out, digit[v >> 18]);
		buf_byte(out, digit[v >> 12 & 63]);
		buf_byte(out, left > 1 ? digit[v >> 6 & 63] : '=');
		buf_byte(out, left > 2 ? digit[v & 63] : '=');
	}
}
