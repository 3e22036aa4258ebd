/* SPDX-License-Identifier: MIT */
/* From start, as far as the whole lines go: one control line, one bad record, or all the good records up to the next of
 * these. A record whose quote is never closed costs a walk of max_record bytes for nothing, but no two walks cover the
 * same bytes: within quotes a line with an odd number of quotes ends them, and a line with an even number, taken alone,
 * leaves none open. */
#include "lib/text/blocks_impl.h"

#include <stdio.h>

#include "lib/base/diag.h"
#include "lib/stream/control.h"
#include "lib/text/csv_quoted.h"

static const char long_control[] = "control line too long", no_columns[] = "data before a columns line";

static const char *end_of_line(const char *p, const char *end)
{
	return memchr(p, '\n', (size_t)(end - p));
}

static void make_block(struct blocks *b, size_t n, struct block *block)
{
	*block = (struct block){ .data = blocks_at(b), .n = n, .line = b->line, .layout = b->now, .buffer = b->buffer };
	pool_hold(&b->pool, b->buffer);
}

static void drop_lines(struct blocks *b, size_t n, uint64_t lines)
{
	b->start += n;
	b->line += lines;
}

/* The line at start, without its end, in a block of its own. */
static void cut_line(struct blocks *b, struct block *block)
{
	size_t n = (size_t)(end_of_line(blocks_at(b), b->buffer->data + b->lines_end) - blocks_at(b));

	make_block(b, n, block);
	if (n && block->data[n - 1] == '\r')
		block->n--;
	drop_lines(b, n + 1, 1);
}

static enum read_event cut_bad_line(struct blocks *b, struct block *block)
{
	cut_line(b, block);
	if (block->n > b->options.max_record)
		block->n = b->options.max_record;
	memcpy(block->reason, b->reason, sizeof block->reason);
	return READ_BAD;
}

static void say_long(struct blocks *b)
{
	snprintf(b->reason, sizeof b->reason, "record longer than %zu bytes", b->options.max_record);
}

static enum read_event stop(struct blocks *b, uint64_t line, const char *reason)
{
	blocks_stop(b, EXIT_DATA, line, reason);
	return READ_AGAIN;
}

/* Data of a checked stream up to there has passed. */
static void sum_data(struct blocks *b, size_t end)
{
	if (b->check.on && end > b->summed)
		stream_check_data(&b->check, b->buffer->data + b->summed, end - b->summed);
	b->summed = end;
}

/* No line is whole. The one begun may be too long already: then its beginning is the bad record. */
static enum read_event cut_begun(struct blocks *b, struct block *block)
{
	struct span line = { blocks_at(b), b->used - b->start };

	if (b->skipping) {
		b->start = b->lines_end = b->used;
		sum_data(b, b->used);
	}
	if (b->skipping || line.n <= blocks_line_limit(b, line) + 1)    /* one byte may be the CR */
		return READ_MORE;
	if (b->controlled && blocks_may_be_control(line))
		return stop(b, b->line, long_control);
	if (b->controlled && !b->now)
		return stop(b, b->line, no_columns);
	say_long(b);
	if (!b->now && !b->options.no_header)
		return stop(b, b->line, b->reason);
	make_block(b, b->options.max_record, block);
	memcpy(block->reason, b->reason, sizeof block->reason);
	b->start = b->lines_end = b->used;
	sum_data(b, b->used);
	b->skipping = true;
	return READ_BAD;
}

static enum read_event skip_rest(struct blocks *b)
{
	const char *nl = end_of_line(blocks_at(b), b->buffer->data + b->lines_end);

	drop_lines(b, (size_t)(nl - blocks_at(b)) + 1, 1);
	b->skipping = false;
	return READ_AGAIN;
}

/* The next control line among the whole lines, or lines_end. In a controlled stream it is one wherever it stands: a line
 * of data that looks like one is escaped, also within quotes. */
static size_t find_control(struct blocks *b)
{
	bool json = !format_is_delimited(b->format);
	struct span prefix = json ? SPAN(CONTROL_JSON_PREFIX) : SPAN(CONTROL_PREFIX);
	size_t rare = json ? 2 : 0;             /* look for its @ or # */
	const char *start = blocks_at(b), *end = b->buffer->data + b->lines_end, *p;

	if (b->control != NO_CONTROL && b->control >= b->start)
		return b->control;
	p = b->searched > b->start ? b->buffer->data + b->searched : start;
	for (; (p = memchr(p, prefix.p[rare], (size_t)(end - p))); p++) {
		const char *from = p - rare;

		if (p - start < (ptrdiff_t)rare || (from > start && from[-1] != '\n') ||
		    !span_starts((struct span){ from, (size_t)(end - from) }, prefix))
			continue;
		b->control = (size_t)(from - b->buffer->data);
		b->searched = b->control + rare + 1;
		return b->control;
	}
	b->searched = b->lines_end;
	return b->lines_end;
}

static enum read_event refuse_control(struct blocks *b, struct block *block, const struct failure *why)
{
	blocks_release(b, block);
	blocks_stop(b, why->status, block->line, why->text);
	return READ_AGAIN;
}

static enum read_event cut_control(struct blocks *b, struct block *block)
{
	struct control c = { 0 };
	const char *error = NULL;
	struct layout *l = NULL;
	struct failure why = { 0 };

	cut_line(b, block);
	b->summed = b->start;
	if (block->n <= MAX_CONTROL && stream_check_control(&b->check, (struct span){ block->data, block->n }, &why) < 0)
		return refuse_control(b, block, &why);
	if (block->n > MAX_CONTROL)
		error = long_control;
	else if (format_is_delimited(b->format) && control_parse(&c, (struct span){ block->data, block->n }) == 0 &&
	    span_eq(c.word, SPAN("columns")))
		l = layout_columns(b->format, b->fields, c.rest, &error);
	control_free(&c);
	if (l)
		blocks_use_layout(b, l);
	if (!error)
		return READ_CONTROL;
	blocks_release(b, block);
	return stop(b, block->line, error);
}

/* Says why the record at rec is bad. That its first line is too long comes before all else: when that line arrives in
 * pieces nothing else will be known. */
static void say_bad(struct blocks *b, const char *rec, enum csv_extent why, size_t field)
{
	static const char *const text[] = {
		[CSV_UNCLOSED] = "quote not closed", [CSV_STRAY] = "quote inside the field", [CSV_TRAILING] = "text behind the closing quote",
	};
	size_t n = (size_t)(end_of_line(rec, b->buffer->data + b->lines_end) - rec);

	n -= n && rec[n - 1] == '\r';
	if (why == CSV_LONG || n > b->options.max_record)
		say_long(b);
	else
		snprintf(b->reason, sizeof b->reason, "field %zu: %s", field, text[why]);
}

/* How many of the n bytes at start are whole, well quoted records. When not all are, *why says why the next one is none.
 * final: what ends at n ends for good. */
static size_t cut_quoted(struct blocks *b, size_t n, bool final, enum csv_extent *why)
{
	const char *p = blocks_at(b), *end = p + n, *quote, *rec;
	const char *known = final ? end : b->buffer->data + b->used;
	struct csv_record r;

	while ((quote = memchr(p, '"', (size_t)(end - p)))) {
		rec = memrchr(p, '\n', (size_t)(quote - p));
		rec = rec ? rec + 1 : p;
		*why = csv_extent(rec, known, b->options.max_record, final, &r);
		if (*why >= CSV_LONG)
			say_bad(b, rec, *why, r.field);
		if (*why != CSV_WHOLE)
			return (size_t)(rec - blocks_at(b));
		p = rec + r.length;
	}
	return n;
}

/* The first of n bytes of records: its length with the newline, and its text without line end. */
static size_t first_record(struct blocks *b, size_t n, struct span *rec)
{
	const char *p = blocks_at(b);
	struct csv_record r = { .length = (size_t)(end_of_line(p, p + n) - p) + 1 };

	if (b->format == FORMAT_CSV && memchr(p, '"', r.length))
		csv_extent(p, p + n, b->options.max_record, true, &r);
	*rec = (struct span){ p, r.length - 1 };
	if (rec->n && p[rec->n - 1] == '\r')
		rec->n--;
	return r.length;
}

/* Before the columns are known: n bytes of good records, or a bad one when n is 0. The first record is the header, or says
 * how many columns there are. */
static enum read_event cut_first(struct blocks *b, size_t n, struct block *block)
{
	struct span rec;
	size_t length;
	bool marked;

	if (b->controlled)
		return stop(b, b->line, no_columns);
	length = n ? first_record(b, n, &rec) : 0;
	if (n && rec.n > b->options.max_record) {
		say_long(b);
		n = 0;
	}
	if (n == 0)
		return b->options.no_header ? cut_bad_line(b, block) : stop(b, b->line, b->reason);
	if (b->options.no_header) {
		blocks_use_layout(b, layout_count(b->format, b->fields, rec));
	} else {
		blocks_use_layout(b, layout_header(b->format, b->fields, rec));
		drop_lines(b, length, b->kernel->count(rec.p, length, '\n', &marked));
	}
	return READ_AGAIN;
}

/* Records up to end, a control line or the last line end. */
static enum read_event cut_records(struct blocks *b, size_t end, struct block *block)
{
	bool final = end < b->lines_end || (b->ended && !b->status), marked;
	char mark = layout_mark(b->format);
	size_t n = end - b->start;
	uint64_t lines = b->kernel->count(blocks_at(b), n, mark, &marked);
	enum csv_extent why = CSV_WHOLE;

	if (marked && b->format == FORMAT_CSV) {
		n = cut_quoted(b, n, final, &why);
		if (n < end - b->start)
			lines = b->kernel->count(blocks_at(b), n, mark, &marked);
	}
	if (n == 0 && why == CSV_MORE)
		return READ_MORE;
	if (!b->now)
		return cut_first(b, n, block);
	if (n == 0)
		return cut_bad_line(b, block);
	make_block(b, n, block);
	block->marked = marked;
	drop_lines(b, n, lines);
	return READ_ROWS;
}

enum read_event blocks_cut(struct blocks *b, struct block *block)
{
	size_t end = b->lines_end;

	if (b->start < b->lines_end && b->skipping)
		return skip_rest(b);
	if (!b->now)
		blocks_skip_blank(b);
	if (b->controlled) {
		end = find_control(b);
		sum_data(b, end);
	}
	if (b->start == b->lines_end)
		return cut_begun(b, block);
	if (b->start == end)
		return cut_control(b, block);
	return cut_records(b, end, block);
}
