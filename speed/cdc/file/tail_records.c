/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "lib/base/diag.h"
#include "lib/text/csv_quoted.h"
#include "lib/text/input.h"
#include "lib/text/layout.h"
#include "lib/text/scan.h"
#include "speed/cdc/file/tail.h"

#define READ_SIZE (1024 * 1024)

enum record_format tail_sniff(struct span text)
{
	const char *nl = memchr(text.p, '\n', text.n);
	size_t n = nl ? (size_t)(nl - text.p) : text.n;

	if (text.p[0] == '{')
		return FORMAT_NDJSON;
	return memchr(text.p, '\t', n) && !memchr(text.p, ',', n) ? FORMAT_TSV : FORMAT_CSV;
}

static size_t max_record(const struct tail *t)
{
	return t->request->max_record ? t->request->max_record : 1024 * 1024;
}

/* What ends well. A record that is bad goes up to the end of its line: whoever reads it says so. */
static size_t quoted_records(const struct tail *t, struct span text, uint64_t *records)
{
	const char *p = text.p, *end = text.p + text.n;

	for (*records = 0; p < end; ++*records) {
		struct csv_record r;
		enum csv_extent extent = csv_extent(p, end, max_record(t), false, &r);
		const char *nl;

		if (extent == CSV_MORE)
			break;
		nl = extent == CSV_WHOLE ? p + r.length - 1 : memchr(p, '\n', (size_t)(end - p));
		if (!nl)
			break;
		p = nl + 1;
	}
	return (size_t)(p - text.p);
}

static size_t whole_records(const struct tail *t, struct span text, uint64_t *records)
{
	bool quoted;
	const char *last;

	*records = t->scan->count(text.p, text.n, '"', &quoted);
	if (quoted && t->format == FORMAT_CSV)
		return quoted_records(t, text, records);
	last = *records ? memrchr(text.p, '\n', text.n) : NULL;
	return last ? (size_t)(last - text.p) + 1 : 0;
}

struct span tail_rest(const struct tail *t)
{
	return (struct span){ t->text.p + t->skip, t->text.n - t->skip };
}

/* With the header before it. */
void tail_consume(struct tail *t, size_t n)
{
	n += t->skip;
	t->skip = 0;
	trail_add(&t->trail, t->text.p, n);
	memmove(t->text.p, t->text.p + n, t->text.n - n);
	t->text.n -= n;
}

static struct span without_end(struct span line)
{
	line.n -= line.n && line.p[line.n - 1] == '\n';
	line.n -= line.n && line.p[line.n - 1] == '\r';
	return line;
}

/* The first record of text, with its newline; 0: it is not whole. */
static size_t first_record(const struct tail *t, struct span text)
{
	struct csv_record r;
	const char *nl = memchr(text.p, '\n', text.n);

	if (t->format == FORMAT_CSV && csv_extent(text.p, text.p + text.n, max_record(t), false, &r) == CSV_WHOLE)
		return r.length;
	return t->format == FORMAT_TSV && nl ? (size_t)(nl - text.p) + 1 : 0;
}

/* Of a file that is gone on with behind its header. */
static int read_header(struct tail *t, struct buf *text, size_t *n, struct failure *f)
{
	struct input *in = tail_open_again(t->fd);
	ssize_t got;
	int rc = 0;

	do {
		got = input_read(in, buf_room(text, READ_SIZE), READ_SIZE);
		text->n += got > 0 ? (size_t)got : 0;
		*n = text->n ? first_record(t, buf_view(text)) : 0;
	} while (got > 0 && *n == 0 && text->n <= max_record(t));
	if (got < 0)
		rc = tail_fail_input(t->path, in, f);
	else if (*n == 0)
		rc = failure_set(f, EXIT_DATA, "%s: it has no header that ends", t->path);
	input_free(in);
	return rc;
}

/* 1: the columns are told; 0: call again behind a barrier, or when there is more; -1. */
static int take_header(struct tail *t, struct emit *out, bool *barrier, struct failure *f)
{
	struct buf again = { 0 };
	struct span text = buf_view(&t->text);
	size_t n;
	int rc;

	*barrier = false;
	if (t->trail.offset) {
		if (read_header(t, &again, &n, f) < 0) {
			buf_free(&again);
			return -1;
		}
		text = buf_view(&again);
	} else {
		n = first_record(t, text);
	}
	rc = n ? emit_header(out, without_end((struct span){ text.p, n }), t->request->no_header, f) : 0;
	*barrier = n && rc == 0;
	if (rc > 0 && !t->trail.offset && !t->request->no_header)
		t->skip = n;
	t->has_header = rc > 0;
	buf_free(&again);
	return rc;
}

static enum cdc_event not_whole(const struct tail *t, struct failure *f)
{
	if (t->text.n <= max_record(t))
		return CDC_DRY;
	failure_set(f, EXIT_DATA, "%s: offset %" PRIu64 ": a record longer than %zu bytes (--max-record)", t->path, t->trail.offset + t->skip, max_record(t));
	return CDC_ERROR;
}

static enum cdc_event take_records(struct tail *t, struct emit *out, struct failure *f)
{
	struct span rest = tail_rest(t);
	uint64_t records;
	size_t n = rest.n ? whole_records(t, rest, &records) : 0;

	if (n == 0)
		return not_whole(t, f);
	if (emit_lines(out, (struct span){ rest.p, n }, records) < 0)
		return CDC_ERROR;
	tail_consume(t, n);
	return CDC_MORE;
}

/* DRY: what is there is not whole. */
enum cdc_event tail_take_text(struct tail *t, struct emit *out, struct failure *f)
{
	bool barrier;
	int rc = tail_confirm_next(t, f);

	if (rc <= 0)
		return rc < 0 ? CDC_ERROR : CDC_MORE;
	if (!t->has_header && format_is_delimited(t->format)) {
		rc = take_header(t, out, &barrier, f);
		if (rc <= 0)
			return rc < 0 ? CDC_ERROR : barrier ? CDC_BARRIER : not_whole(t, f);
	}
	return take_records(t, out, f);
}
