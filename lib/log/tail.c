/* SPDX-License-Identifier: MIT */
#include "lib/log/tail.h"

#include <string.h>

#include "lib/base/diag.h"
#include "lib/base/disk.h"
#include "lib/log/recover.h"
#include "lib/log/seek.h"

#define STEP ((size_t)4096)             /* bytes looked at first; then twice as many, and so on */
#define WINDOW_MOST ((size_t)1024 * 1024)       /* unless a line is longer */
#define LISTINGS 10                     /* until two agree */

/* ---- plain files: from behind ---- */

static int read_span(struct segment_file *s, uint64_t from, size_t n, struct buf *out, struct failure *f)
{
	segment_file_seek(s, from, 0);
	buf_clear(out);
	while (out->n < n) {
		ssize_t got = segment_file_read(s, buf_room(out, n - out->n), n - out->n, f);

		if (got <= 0)
			return (int)got;
		out->n += (size_t)got;
	}
	return 0;
}

/* The last whole line of ours in text before *end; *end becomes where it begins. whole: text begins as a line does. */
static bool find_last(struct span text, bool whole, size_t *end, struct span *line)
{
	const char *p = text.p + *end, *nl;

	while (p > text.p && (p = memrchr(text.p, '#', (size_t)(p - text.p)))) {
		struct span rest = { p, text.n - (size_t)(p - text.p) };

		if ((p == text.p ? !whole : p[-1] != '\n') || !span_starts(rest, SPAN("#!weir")) || !(nl = memchr(p, '\n', rest.n)))
			continue;
		*end = (size_t)(p - text.p);
		*line = (struct span){ p, (size_t)(nl - p) };
		return true;
	}
	return false;
}

static void take_seal(struct segment_tail *t, struct span line, uint64_t first, uint64_t offset)
{
	struct segment_seal seal;

	if (segment_parse_seal(&seal, line) < 0 || seal.first != first || seal.len != offset)
		return;
	t->sealed = true;
	t->end = (struct position){ first + seal.n, seal.chain };
}

struct window {
	uint64_t from, end;             /* of the file */
	size_t want;                    /* bytes of the next one */
	struct buf text;
};

/* The next window lies before this one: it takes in the line that begins before it. Without a newline in it: a larger one. */
static void step_back(struct window *w)
{
	const char *nl = w->text.n ? memchr(w->text.p, '\n', w->text.n) : NULL;
	uint64_t end = nl ? w->from + (size_t)(nl - w->text.p) + 1 : w->end;
	bool moves = end < w->end;

	w->end = end;
	if (w->want < WINDOW_MOST || !moves)
		w->want *= 2;
}

/* A block of an epoch that goes on: what came before it ends where it begins. */
static bool hop(struct window *w, uint64_t at, const struct block_trailer *block)
{
	if (block->len > at)
		return false;
	w->end = at - block->len;
	w->want = STEP;
	return true;
}

/* The lines of ours in a window of the file, from behind. True: no need to look further. */
static bool take_window(struct segment_tail *t, struct window *w, bool is_last, uint64_t first, bool commit)
{
	struct span text = buf_view(&w->text), line;
	size_t end = text.n;

	while (find_last(text, w->from == 0, &end, &line)) {
		if (is_last && line.p + line.n + 1 == text.p + text.n)
			take_seal(t, line, first, w->from + end);
		if (!commit)
			return true;
		if (segment_line_kind(line) != SEGMENT_BLOCK || segment_parse_block(&t->last, line) < 0)
			continue;
		t->committed = !t->last.more;
		if (t->committed)
			return true;
		if (hop(w, w->from + end, &t->last))
			return w->end == 0;
	}
	step_back(w);
	return w->from == 0;
}

static int read_plain(struct segment_file *s, uint64_t first, bool commit, struct segment_tail *t, struct failure *f)
{
	uint64_t size = segment_file_size(s);
	struct window w = { .end = size, .want = STEP };
	bool done = false;
	int rc = 0;

	while (rc == 0 && !done) {
		bool is_last = w.end == size;

		w.from = w.end > w.want ? w.end - w.want : 0;
		rc = read_span(s, w.from, (size_t)(w.end - w.from), &w.text, f);
		if (rc == 0)
			done = take_window(t, &w, is_last, first, commit);
	}
	buf_free(&w.text);
	return rc;
}

/* ---- compressed ones: from the last member that the index knows, or through all of it ---- */

/* 0, or -1: it does not go on to the end. */
static int walk_to_end(struct segment_walk *w, struct segment_tail *t, struct failure *f)
{
	enum walk_event e;
	struct span data;

	t->committed = false;
	while ((e = walk_next(w, &data, f)) == WALK_BLOCK)
		if (!w->trailer.more) {
			t->committed = true;
			block_trailer_copy(&t->last, &w->trailer);
		}
	t->sealed = e == WALK_SEAL;
	t->end = w->at;
	if (!t->sealed)
		failure_set(f, EXIT_DATA, "%s: it ends before the segment does", w->file->name);
	return t->sealed ? 0 : -1;
}

static int read_compressed(struct segment_file *s, int dir, uint64_t first, struct segment_tail *t, struct failure *f)
{
	struct segment_head head = { 0 };
	struct segment_walk w = { 0 };
	struct failure doubt = { 0 };
	int rc = segment_file_head(s, first, &head, f);

	if (rc == 0) {
		walk_begin(&w, s, first, head.first, s->offset);
		rc = seek_compressed(&w, dir, &head, (struct position){ UINT64_MAX, 0 }, UINT64_MAX) ? walk_to_end(&w, t, &doubt) : -1;
		if (rc < 0 || !t->committed) {
			rc = segment_file_head(s, first, &head, f);
			walk_begin(&w, s, first, head.first, s->offset);
			rc = rc == 0 ? walk_to_end(&w, t, f) : rc;
		}
	}
	walk_free(&w);
	segment_head_free(&head);
	return rc == 0 ? 0 : -1;
}

int segment_tail_read(int dir, uint64_t first, bool commit, struct segment_tail *t, struct failure *f)
{
	struct segment_file file = SEGMENT_NO_FILE;
	int rc = segment_file_open(&file, dir, first, f);

	t->sealed = t->committed = false;
	if (rc == 0)
		rc = file.compressed ? read_compressed(&file, dir, first, t, f) : read_plain(&file, first, commit, t, f);
	segment_file_close(&file);
	return rc;
}

void segment_tail_free(struct segment_tail *t)
{
	block_trailer_free(&t->last);
}

/* ---- the log ---- */

static int list_once(int dir, const char *path, uint64_t **first, size_t *n, struct failure *f)
{
	struct disk_list list = { 0 };
	size_t cap = 0;
	uint64_t at;

	*first = NULL;
	*n = 0;
	if (disk_read_dir(dir, path, &list, f) < 0)
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		if (segment_name_parse(list.name[i], ".log", &at) < 0 && segment_name_parse(list.name[i], ".log.gz", &at) < 0)
			continue;
		if (*n && (*first)[*n - 1] == at)
			continue;
		*first = mem_grow(*first, *n, &cap, sizeof **first);
		(*first)[(*n)++] = at;
	}
	disk_list_free(&list);
	return 0;
}

/* A segment that is compressed meanwhile may be missed by a listing under both of its names, but not by two in a row. */
int segment_list(int dir, const char *path, uint64_t **first, size_t *n, struct failure *f)
{
	uint64_t *again;
	size_t m;

	if (list_once(dir, path, first, n, f) < 0)
		return -1;
	for (int i = 0; i < LISTINGS; i++) {
		bool same;

		if (list_once(dir, path, &again, &m, f) < 0)
			return -1;
		same = m == *n && (m == 0 || memcmp(again, *first, m * sizeof *again) == 0);
		free(*first);
		*first = again;
		*n = m;
		if (same)
			break;
	}
	return 0;
}

int log_tail_commit(int dir, const char *path, struct block_trailer *t, bool *found, struct failure *f)
{
	struct segment_tail tail = { .last = *t };
	uint64_t *first;
	size_t n;
	int rc = segment_list(dir, path, &first, &n, f);

	*found = false;
	if (rc < 0)
		return -1;
	while (rc >= 0 && !*found && n > 0) {
		rc = segment_tail_read(dir, first[--n], true, &tail, f);
		*found = rc == 0 && tail.committed;
	}
	*t = tail.last;
	free(first);
	return rc < 0 ? -1 : 0;
}
