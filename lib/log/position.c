/* SPDX-License-Identifier: MIT */
#include "lib/log/position.h"

#include <inttypes.h>
#include <stdio.h>

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int position_parse(struct span text, struct position *p)
{
	size_t i = 0;

	*p = (struct position){ 0 };
	if (text.n == 0)
		return 0;
	for (; i < text.n && text.p[i] != '@'; i++) {
		unsigned d = (unsigned)(text.p[i] - '0');

		if (d > 9 || p->at > (UINT64_MAX - d) / 10)
			return -1;
		p->at = p->at * 10 + d;
	}
	if (i == 0 || text.n != i + 9)
		return -1;
	while (++i < text.n) {
		int d = digit(text.p[i]);

		if (d < 0)
			return -1;
		p->chain = p->chain << 4 | (unsigned)d;
	}
	return 0;
}

void position_print(struct position p, char text[POSITION_TEXT])
{
	snprintf(text, POSITION_TEXT, "%" PRIu64 "@%08" PRIx32, p.at, p.chain);
}
