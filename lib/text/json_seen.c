/* SPDX-License-Identifier: MIT */
#include "lib/text/json_seen.h"

#define PLACES (sizeof ((struct json_seen *)0)->by_name)

void json_seen_forget(struct json_seen *seen)
{
	memset(seen->by_name, 0, sizeof seen->by_name);
	seen->n = 0;
	seen->none = (struct json_member){ .need = PTRDIFF_MAX, .next = &seen->none, .inside = &seen->none };
	seen->first = &seen->none;
}

/* A place by the bytes up to the closing quote of the name, or by the first 16. Only a hint: what is found there is
 * compared. False: there are too few bytes to look at. */
static bool place(const char *p, const char *last, size_t *at)
{
	const char *from = p < last ? p : last;
	uint64_t head, tail;
	unsigned quotes, closing;

	if (!last || p > last + 8)
		return false;
	quotes = bytes_equal16(from, '"') >> (p - from);
	quotes &= quotes - 1;           /* without the opening one */
	if (!quotes && p > last)
		return false;
	closing = quotes ? (unsigned)__builtin_ctz(quotes) : 15;
	head = bytes_load(p);
	if (closing < 7)
		head = tail = bytes_front(head, closing + 1);
	else
		tail = bytes_load(p + closing - 7);
	*at = ((head ^ tail * 0x9e3779b97f4a7c15u) * 0xff51afd7ed558ccdu) >> 32;
	return true;
}

struct json_member *json_seen_find(struct json_seen *seen, const char *p, const char *last, const struct json_node *under)
{
	size_t at;

	if (!place(p, last, &at))
		return NULL;
	for (; seen->by_name[at % PLACES]; at++) {
		struct json_member *m = &seen->member[seen->by_name[at % PLACES] - 1];

		if (json_member_stands(m, p, last + 16, under))
			return m;
	}
	return NULL;
}

static void set_words(struct json_member *m, const char *text, uint32_t n)
{
	char padded[8] = "";

	m->n = n;
	m->back = n > 8 ? n - 8 : 0;
	m->need = n > 8 ? n : 8;
	m->mask = bytes_front(UINT64_MAX, n < 8 ? n : 8);
	memcpy(padded, text, n < 8 ? n : 8);
	m->word[0] = bytes_load(padded);
	m->word[1] = n < 8 ? m->word[0] : bytes_load(text + m->back);
	if (n > 16) {
		m->word[2] = bytes_load(text + 8);
		m->word[3] = bytes_load(text + m->back - 8);
	}
}

struct json_member *json_seen_learn(struct json_seen *seen, struct span text, const char *last, const struct json_node *under, struct json_node *node)
{
	struct json_member *m;
	size_t at;

	if (text.n > JSON_SEEN_BYTES || json_seen_is_full(seen) || !place(text.p, last, &at))
		return NULL;
	while (seen->by_name[at % PLACES])
		at++;
	m = &seen->member[seen->n++];
	seen->by_name[at % PLACES] = (uint8_t)seen->n;
	*m = (struct json_member){ .under = under, .node = node, .next = &seen->none, .inside = &seen->none };
	set_words(m, text.p, (uint32_t)text.n);
	for (size_t i = 0; i < text.n; i++)
		m->nquotes += text.p[i] == '"';
	return m;
}
