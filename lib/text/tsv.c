/* SPDX-License-Identifier: MIT */
#include "lib/text/tsv.h"

/* What the letter behind a backslash stands for, -1: nothing. */
static int unescaped(char letter)
{
	switch (letter) {
	case 't': return '\t';
	case 'n': return '\n';
	case 'r': return '\r';
	case '0': return '\0';
	case '\\': return '\\';
	default: return -1;
	}
}

struct span tsv_decode(struct arena *a, struct span field)
{
	const char *first = field.n ? memchr(field.p, '\\', field.n) : NULL;
	char *p;
	size_t n;

	if (!first)
		return field;
	p = arena_alloc(a, field.n, 1);
	n = (size_t)(first - field.p);
	memcpy(p, field.p, n);
	for (size_t i = n; i < field.n; i++) {
		int c = field.p[i] == '\\' && i + 1 < field.n ? unescaped(field.p[i + 1]) : -1;

		p[n++] = c < 0 ? field.p[i] : (char)c;
		i += c >= 0;
	}
	return (struct span){ p, n };
}
