/* SPDX-License-Identifier: MIT */
/* Lines from an input, one buffer, no copy. */
#include "lib/view/partial.h"

#include <stdarg.h>
#include <stdio.h>

#include "lib/base/diag.h"
#include "lib/base/hash.h"
#include "lib/stream/control.h"
#include "lib/text/input.h"
#include "lib/view/partial_parse.h"

#define READ_SIZE (256 * 1024)

enum expect { EXPECT_VIEW, EXPECT_HEADER, EXPECT_ROWS };

struct partial_reader {
	struct input *input;
	const char *name;
	struct buf buf;                 /* read, not yet taken: from at on */
	size_t at, max_record;
	uint64_t line;

	enum expect expect;
	struct partial_parse parse;
	uint32_t crc;
	uint64_t rejected;

	char error[400];
	int status;
};

static enum partial_event fail(struct partial_reader *r, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static enum partial_event fail(struct partial_reader *r, int status, const char *format, ...)
{
	size_t n = r->line ? (size_t)snprintf(r->error, sizeof r->error, "%.200s:%llu: ", r->name, (unsigned long long)r->line) :
		(size_t)snprintf(r->error, sizeof r->error, "%.200s: ", r->name);
	va_list args;

	va_start(args, format);
	vsnprintf(r->error + n, sizeof r->error - n, format, args);
	va_end(args);
	r->status = status;
	return PARTIAL_ERROR;
}

struct partial_reader *partial_open(const char *path, size_t max_record)
{
	struct partial_reader *r = mem_zalloc(sizeof *r);

	r->input = input_open(path);
	r->name = strcmp(path, "-") == 0 ? "stdin" : path;
	r->max_record = max_record;
	buf_room(&r->buf, READ_SIZE);
	return r;
}

void partial_close(struct partial_reader *r)
{
	if (!r)
		return;
	input_free(r->input);
	partial_parse_free(&r->parse);
	buf_free(&r->buf);
	free(r);
}

/* More bytes behind those not taken yet. 1, 0 at the end, -1. */
static int fill(struct partial_reader *r)
{
	ssize_t n;

	if (r->at) {
		memmove(r->buf.p, r->buf.p + r->at, r->buf.n - r->at);
		r->buf.n -= r->at;
		r->at = 0;
	}
	n = input_read(r->input, buf_room(&r->buf, READ_SIZE), READ_SIZE);
	if (n > 0)
		r->buf.n += (size_t)n;
	return n > 0 ? 1 : (int)n;
}

/* One line without its newline: 1, 0 at the end, -1 with the error set. Borrowed until the next call. */
static int next_line(struct partial_reader *r, struct span *line)
{
	size_t seen = 0;

	for (;;) {
		const char *begin = r->buf.p + r->at;
		size_t have = r->buf.n - r->at;
		const char *newline = have > seen ? memchr(begin + seen, '\n', have - seen) : NULL;
		int got;

		if (newline) {
			*line = (struct span){ begin, (size_t)(newline - begin) };
			r->at += line->n + 1;
			r->line++;
			return 1;
		}
		seen = have;
		if (have > r->max_record)
			return fail(r, EXIT_DATA, "a line longer than %zu bytes", r->max_record), -1;
		got = fill(r);
		if (got < 0)
			return fail(r, input_status(r->input), "%s", input_error(r->input)), -1;
		if (got == 0 && have)
			return fail(r, EXIT_DATA, "the last line is cut off"), -1;
		if (got == 0)
			return 0;
	}
}

/* The checksum stands last and is one over all before it. */
static enum partial_event read_end(struct partial_reader *r, struct span line)
{
	const char *at = memmem(line.p, line.n, " crc=", 5);
	size_t summed = at ? (size_t)(at - line.p) : line.n;
	struct span crc = { line.p + summed, line.n - summed };
	struct control c = { 0 };
	int64_t rows = -1, rejected = -1;
	char sum[16];
	enum partial_event event = PARTIAL_END;

	snprintf(sum, sizeof sum, " crc=%08x", (unsigned)hash_crc32c(r->crc, line.p, summed));
	if (control_parse(&c, line) < 0 || !span_eq(c.word, SPAN("end")))
		event = fail(r, EXIT_DATA, "malformed control line");
	else if (!control_i64(&c, "rows", &rows) || rows < 0 || (uint64_t)rows != r->parse.rows)
		event = fail(r, EXIT_DATA, "%llu rows, its end line says %lld", (unsigned long long)r->parse.rows, (long long)rows);
	else if (!span_eq(crc, span_of(sum)))
		event = fail(r, EXIT_DATA, "damaged: its checksum is%s, its end line says%.*s", sum, (int)(crc.n > 16 ? 16 : crc.n), crc.p);
	else if (!control_i64(&c, "rejected", &rejected) || rejected < 0)
		event = fail(r, EXIT_DATA, "its end line does not say how many records were rejected");
	else
		r->rejected += (uint64_t)rejected;
	control_free(&c);
	r->expect = EXPECT_VIEW;
	return event;
}

/* What the parser found, told with file and line. */
static enum partial_event tell(struct partial_reader *r, enum partial_event event, int rc, const struct failure *f)
{
	return rc < 0 ? fail(r, f->status, "%s", f->text) : event;
}

static enum partial_event take_view(struct partial_reader *r, struct span line)
{
	struct failure f = { 0 };
	int rc = partial_parse_view(&r->parse, line, &f);

	r->expect = EXPECT_HEADER;
	r->crc = 0;
	return tell(r, PARTIAL_VIEW, rc, &f);
}

static enum partial_event take_header(struct partial_reader *r, struct span line)
{
	struct failure f = { 0 };
	int rc = partial_parse_header(&r->parse, line, &f);

	r->expect = EXPECT_ROWS;
	return tell(r, PARTIAL_VIEW, rc, &f);
}

static enum partial_event take_row(struct partial_reader *r, struct span line, struct partial_row *row)
{
	struct failure f;
	int rc;

	f.status = 0;                   /* its text is long, and cleared by nobody for each row */
	rc = partial_parse_row(&r->parse, line, row, &f);
	return tell(r, PARTIAL_ROW, rc, &f);
}

static enum partial_event no_more(struct partial_reader *r)
{
	if (r->line == 0 && ++r->line)
		return fail(r, EXIT_DATA, "it is empty: a partial has a view line and an end line at least");
	if (r->expect == EXPECT_VIEW)
		return PARTIAL_END;
	return fail(r, EXIT_DATA, "it was cut off: there is no end line");
}

enum partial_event partial_next(struct partial_reader *r, struct partial_row *row)
{
	for (;;) {
		struct span line;
		enum partial_event event;
		bool tells = r->expect != EXPECT_VIEW;          /* a view is told of behind its header */
		int got = next_line(r, &line);

		if (got < 0)
			return PARTIAL_ERROR;
		if (got == 0)
			return no_more(r);
		if (r->expect == EXPECT_VIEW) {
			event = take_view(r, line);
		} else if (r->expect == EXPECT_HEADER) {
			event = take_header(r, line);
		} else if (span_starts(line, SPAN(CONTROL_PREFIX))) {
			event = read_end(r, line);
			tells = false;
		} else {
			event = take_row(r, line, row);
		}
		r->crc = hash_crc32c(r->crc, line.p, line.n + 1);
		if (tells || event == PARTIAL_ERROR)
			return event;
	}
}

const struct view *partial_view(const struct partial_reader *r)
{
	return r->parse.view;
}

const char *partial_hash(const struct partial_reader *r)
{
	return r->parse.hash;
}

const char *partial_name(const struct partial_reader *r)
{
	return r->name;
}

uint64_t partial_rejected(const struct partial_reader *r)
{
	return r->rejected;
}

uint64_t partial_bytes(const struct partial_reader *r)
{
	return input_bytes(r->input);
}

const char *partial_error(const struct partial_reader *r)
{
	return r->error;
}

int partial_status(const struct partial_reader *r)
{
	return r->status;
}
