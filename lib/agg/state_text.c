/* SPDX-License-Identifier: MIT */
#include "lib/agg/state_text.h"

int state_weight(struct span text, int64_t *weight)
{
	bool negative = text.n && *text.p == '-';
	int64_t v = 0;

	if (negative)
		text.p++, text.n--;
	if (text.n == 0 || text.n > 19)
		return -1;
	for (size_t i = 0; i < text.n; i++) {
		unsigned digit = (unsigned char)text.p[i] - '0';

		if (digit > 9 || v > WEIGHT_LIMIT / 10)
			return -1;
		v = v * 10 + digit;
	}
	*weight = negative ? -v : v;
	return v < WEIGHT_LIMIT ? 0 : -1;
}

struct span state_cut(struct span *text, char c)
{
	const char *at = text->n ? memchr(text->p, c, text->n) : NULL;
	struct span before = { text->p, at ? (size_t)(at - text->p) : text->n };
	size_t used = before.n + (at != NULL);

	if (used)
		text->p += used, text->n -= used;
	return before;
}
