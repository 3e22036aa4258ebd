/* SPDX-License-Identifier: MIT */
#include "lib/log/index.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/disk.h"
#include "lib/base/hash.h"

#define END_LINE "#!weir end crc="
#define END_TEXT (sizeof END_LINE - 1 + 8 + 1)
#define TEMPORARY ".index"

/* ---- writing ---- */

static void print_first(const struct index_of *of, struct buf *out)
{
	const struct segment_head *h = of->head;

	control_begin(out, false, "index");
	buf_printf(out, " v=1 log=%s first=%" PRIu64 " chain=%08" PRIx32 " end=%" PRIu64 " last=%08" PRIx32, h->log, h->first.at, h->first.chain,
	           of->end.at, of->end.chain);
	control_add(out, false, "file", span_of(of->file));
	buf_printf(out, " bytes=%" PRIu64 "\n", of->bytes);
}

static void print_all(const struct index_of *of, const struct segment_index *x, struct buf *out)
{
	print_first(of, out);
	for (size_t i = 0; i < x->n; i++) {
		const struct index_member *m = &x->member[i];

		buf_printf(out, "#!weir member offset=%" PRIu64 " first=%" PRIu64 " chain=%08" PRIx32 " from=%" PRId64 " to=%" PRId64 "\n", m->offset,
		           m->first.at, m->first.chain, m->from, m->to);
	}
	for (size_t at = 0; at < x->once.n; at += strlen(x->once.p + at) + 1) {
		control_begin(out, false, "once");
		control_add(out, false, "id", span_of(x->once.p + at));
		control_end(out, false);
	}
	buf_printf(out, END_LINE "%08" PRIx32 "\n", hash_crc32c(0, out->p, out->n));
}

int index_write(int dir, const struct index_of *of, const struct segment_index *x, struct failure *f)
{
	char name[SEGMENT_NAME];
	struct buf text = { 0 };
	int fd = disk_create(dir, TEMPORARY, f), rc;

	segment_name(of->head->first.at, ".idx", name);
	print_all(of, x, &text);
	rc = fd < 0 ? -1 : disk_write(fd, text.p, text.n, name, f);
	if (rc == 0)
		rc = disk_rename(dir, TEMPORARY, name, false, f);
	if (fd >= 0)
		close(fd);
	buf_free(&text);
	return rc;
}

/* ---- reading ---- */

static bool is_whole(struct span text)
{
	char end[END_TEXT + 1];
	size_t n = text.n - END_TEXT;

	if (text.n < END_TEXT)
		return false;
	snprintf(end, sizeof end, END_LINE "%08" PRIx32 "\n", hash_crc32c(0, text.p, n));
	return memcmp(text.p + n, end, END_TEXT) == 0;
}

static bool take_member(const struct control *c, struct index_member *m)
{
	struct buf chain = { 0 }, place = { 0 };
	int64_t offset, at;
	bool ok = control_i64(c, "offset", &offset) && offset >= 0 && control_i64(c, "first", &at) && at >= 0 && control_value(c, "chain", &chain) &&
		control_i64(c, "from", &m->from) && control_i64(c, "to", &m->to);

	if (ok) {
		buf_printf(&place, "%" PRId64 "@%.*s", at, (int)chain.n, chain.p);
		ok = position_parse(buf_view(&place), &m->first) == 0;
		m->offset = (uint64_t)offset;
	}
	buf_free(&chain);
	buf_free(&place);
	return ok;
}

/* The lines between the first and the last. Their crc is right, so what is odd was never written by us. */
static void take_line(struct segment_index *x, struct span line)
{
	struct control c = { 0 };
	struct buf id = { 0 };
	struct index_member m;

	if (control_parse(&c, line) == 0 && span_eq(c.word, SPAN("member")) && take_member(&c, &m))
		index_add(x, m);
	else if (span_eq(c.word, SPAN("once")) && control_value(&c, "id", &id))
		index_add_once(x, buf_view(&id));
	buf_free(&id);
	control_free(&c);
}

static bool take_end(struct span text, struct position *end)
{
	const char *newline = memchr(text.p, '\n', text.n);
	struct control c = { 0 };
	struct buf place = { 0 };
	bool ok = newline && control_parse(&c, (struct span){ text.p, (size_t)(newline - text.p) }) == 0 && control_value(&c, "end", &place);

	buf_byte(&place, '@');
	ok = ok && control_value(&c, "last", &place) && position_parse(buf_view(&place), end) == 0;
	control_free(&c);
	buf_free(&place);
	return ok;
}

int index_read(int dir, const struct index_of *of, struct segment_index *x)
{
	struct index_of known = *of;
	char name[SEGMENT_NAME];
	struct buf text = { 0 }, first = { 0 };
	struct failure ignored = { 0 };
	struct span rest;
	int rc = -1;

	*x = (struct segment_index){ 0 };
	segment_name(of->head->first.at, ".idx", name);
	if (disk_read_file(dir, name, &text, &ignored) < 0 || !is_whole(buf_view(&text)))
		goto out;
	if (of->end.at == UINT64_MAX && !take_end(buf_view(&text), &known.end))
		goto out;
	print_first(&known, &first);
	if (span_starts(buf_view(&text), buf_view(&first))) {
		x->end = known.end;
		rest = (struct span){ text.p + first.n, text.n - first.n - END_TEXT };
		while (rest.n) {
			size_t n = (size_t)((const char *)memchr(rest.p, '\n', rest.n) - rest.p);

			take_line(x, (struct span){ rest.p, n });
			rest.p += n + 1, rest.n -= n + 1;
		}
		rc = 0;
	}
out:
	buf_free(&text);
	buf_free(&first);
	return rc;
}

/* ---- use ---- */

void index_add(struct segment_index *x, struct index_member m)
{
	x->member = mem_grow(x->member, x->n, &x->cap, sizeof *x->member);
	x->member[x->n++] = m;
}

void index_add_once(struct segment_index *x, struct span id)
{
	buf_span(&x->once, id);
	buf_byte(&x->once, '\0');
}

const struct index_member *index_find(const struct segment_index *x, uint64_t at)
{
	size_t low = 0, high = x->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (x->member[middle].first.at <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &x->member[low - 1] : NULL;
}

bool index_has_once(const struct segment_index *x, struct span id)
{
	for (size_t at = 0, n; at < x->once.n; at += n + 1) {
		n = strlen(x->once.p + at);
		if (span_eq((struct span){ x->once.p + at, n }, id))
			return true;
	}
	return false;
}

void index_free(struct segment_index *x)
{
	free(x->member);
	buf_free(&x->once);
	*x = (struct segment_index){ 0 };
}
