/* SPDX-License-Identifier: MIT */
#include "lib/log/seek.h"

#include <string.h>

#define NEAR ((uint64_t)4 * 1024 * 1024)        /* bytes that are walked through rather than searched */
#define STEP ((size_t)64 * 1024)

struct found {
	struct position at;
	uint64_t offset;
};

/* Behind the first block whose last line is whole and begins in [from, to) of the text: 1; 0: there is none; -1. */
static int find_block(struct segment_file *s, uint64_t from, uint64_t to, struct found *found, struct failure *f)
{
	struct block_trailer t = { 0 };
	struct buf text = { 0 };
	struct span line, rest;
	size_t begin = 0, at = 0;       /* begin: of the first line */
	ssize_t n = 1;
	int rc = 0;

	while (rc == 0 && n > 0 && from + text.n < to) {
		segment_file_seek(s, from + text.n, 0);
		n = segment_file_read(s, buf_room(&text, STEP), STEP, f);
		text.n += n > 0 ? (size_t)n : 0;
		if (!begin) {
			const char *nl = text.n ? memchr(text.p, '\n', text.n) : NULL;

			begin = nl ? (size_t)(nl + 1 - text.p) : 0;
		}
		rest = (struct span){ text.p + begin, text.n - begin };
		while (rc == 0 && begin && segment_find_line(rest, &at, &line)) {
			at += line.n + 1;
			rc = segment_parse_block(&t, line) == 0;
		}
	}
	if (rc == 1)
		*found = (struct found){ t.end, from + begin + at };
	block_trailer_free(&t);
	buf_free(&text);
	return n < 0 ? -1 : rc;
}

int seek_plain(struct segment_walk *w, uint64_t at, struct failure *f)
{
	struct found low = { w->at, w->offset }, found;
	uint64_t high = segment_file_size(w->file);

	while (high > low.offset && high - low.offset > NEAR) {
		uint64_t middle = low.offset + (high - low.offset) / 2;
		int rc = find_block(w->file, middle, high, &found, f);

		if (rc < 0)
			return -1;
		if (rc == 1 && found.at.at <= at && found.offset <= high)
			low = found;
		else
			high = middle;
	}
	walk_begin(w, w->file, w->first, low.at, low.offset);
	return 0;
}

bool seek_compressed(struct segment_walk *w, int dir, const struct segment_head *head, struct position end, uint64_t at)
{
	struct index_of of = { head, end, w->file->name, segment_file_size(w->file) };
	const struct index_member *m = NULL;
	struct segment_index x;

	if (index_read(dir, &of, &x) < 0)
		return false;
	m = index_find(&x, at);
	if (m && m->offset > 0 && m->offset < of.bytes)
		walk_begin_member(w, w->file, w->first, m->first, m->offset);
	else
		m = NULL;
	index_free(&x);
	return m != NULL;
}
