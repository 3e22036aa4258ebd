/* SPDX-License-Identifier: MIT */
#include "lib/text/rows_impl.h"

#include <stdarg.h>
#include <stdio.h>

#include "lib/base/mem.h"

#define MAX_RECORD ((size_t)1024 * 1024)

static void grow(struct rows *r, size_t cap)
{
	r->field = mem_array(r->field, cap * (r->width ? r->width : 1), sizeof *r->field);
	r->raw = mem_array(r->raw, cap, sizeof *r->raw);
	r->lines = mem_array(r->lines, cap, sizeof *r->lines);
	r->cap = cap;
}

struct rows *rows_new(const struct fields *fields, size_t max_record)
{
	struct rows *r = mem_zalloc(sizeof *r);

	r->fields = fields;
	r->width = fields->n;
	r->max_record = max_record ? max_record : MAX_RECORD;
	r->kernel = scan_kernel(NULL);
	r->absent = mem_zalloc(r->width + 1);
	grow(r, BATCH_ROWS);
	return r;
}

void rows_free(struct rows *r)
{
	if (!r)
		return;
	if (r->state)
		r->format->close(r->state);
	csv_splitter_free(r->splitter);
	arena_free(&r->scratch);
	free(r->positions);
	free(r->field);
	free(r->raw);
	free(r->lines);
	free(r->absent);
	free(r);
}

static const struct row_format *find_format(enum record_format format)
{
	switch (format) {
	case FORMAT_DEBEZIUM: return &row_format_debezium;
	case FORMAT_MAXWELL: return &row_format_maxwell;
	case FORMAT_CANAL: return &row_format_canal;
	case FORMAT_WAL2JSON: return &row_format_wal2json;
	default: return &row_format_ndjson;
	}
}

static void use_format(struct rows *r, enum record_format format)
{
	if (r->state && r->state_format == format)
		return;
	if (r->state)
		r->format->close(r->state);
	r->state_format = format;
	r->format = find_format(format);
	r->state = r->format->open(r->fields);
}

void rows_begin(struct rows *r, const struct block *block)
{
	r->block = *block;
	r->at = 0;
	r->line = block->line;
	r->index.nnl = r->nl = 0;
	r->layout = block->layout;
	if (r->layout->serial == r->serial)
		return;
	r->serial = r->layout->serial;
	if (r->layout->nwant < r->width)        /* slots that no column fills are empty, and stay so */
		memset(r->field, 0, r->cap * r->width * sizeof *r->field);
	if (!format_is_delimited(r->layout->format))
		use_format(r, r->layout->format);
	memset(r->absent, format_is_delimited(r->layout->format), r->width);
	for (size_t i = 0; i < r->layout->nwant; i++)
		r->absent[r->layout->want[i].slot] = false;
}

struct span *rows_add(struct rows *r)
{
	struct span *field;

	if (r->n == r->cap)
		grow(r, r->cap * 2);
	field = r->field + r->n++ * r->width;
	memset(field, 0, r->width * sizeof *field);
	return field;
}

struct arena *rows_scratch(struct rows *r)
{
	return &r->scratch;
}

void rows_bad(struct rows *r, uint64_t line, struct span rec, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(r->bad.reason, sizeof r->bad.reason, format, args);
	va_end(args);
	r->bad.line = line;
	r->bad.raw = (struct span){ rec.p, rec.n < r->max_record ? rec.n : r->max_record };
	r->has_bad = true;
}

/* One record of a format by line. All its rows have its text and its line. */
static void add_record(struct rows *r, struct span rec, uint64_t line)
{
	size_t before = r->n;
	char reason[BAD_REASON];

	if (rec.n > r->max_record) {
		rows_bad(r, line, rec, "record longer than %zu bytes", r->max_record);
		return;
	}
	if (r->format->record(r->state, rec, r, reason) < 0) {
		r->n = before;
		rows_bad(r, line, rec, "%s", reason);
		return;
	}
	for (size_t i = before; i < r->n; i++) {
		r->raw[i] = rec;
		r->lines[i] = line;
	}
}

/* Passes what is indexed up to the line end at end; mostly a line has as many quotes as the one before. */
static void pass_line(struct rows *r, uint32_t end)
{
	size_t next = r->sep + r->nquotes;

	if (next >= r->index.nsep || r->index.sep[next] != end)
		for (next = r->sep; r->index.sep[next] != end;)
			next++;
	r->nquotes = next - r->sep;
	r->sep = next + 1;
	while (r->index.mark[r->mark] < end)
		r->mark++;
	r->nl++;
	r->line++;
}

static void read_line(struct rows *r)
{
	uint32_t from = r->index.sep[(ptrdiff_t)r->sep - 1] + 1, end = r->index.nl[r->nl];
	struct span rec = { r->block.data + from, end - from };

	if (rec.n && rec.p[rec.n - 1] == '\r')
		rec.n--;
	if (rec.n)
		add_record(r, rec, r->line);
	pass_line(r, end);
}

static void read_lines(struct rows *r)
{
	while (r->n < BATCH_ROWS && !r->has_bad) {
		if (r->nl == r->index.nnl) {
			if (r->at == r->block.n)
				return;
			rows_index(r);
		}
		read_line(r);
	}
}

static void next_batch(struct rows *r)
{
	r->n = 0;
	if (r->scratch.chunk)
		arena_clear(&r->scratch);
	if (r->at == r->block.n && r->nl == r->index.nnl)
		return;
	if (format_is_delimited(r->layout->format))
		rows_split(r);
	else
		read_lines(r);
}

enum read_event rows_next(struct rows *r, struct batch *batch, struct bad_record *bad)
{
	if (!r->has_bad)
		next_batch(r);
	else
		r->n = 0;
	if (r->n) {
		*batch = (struct batch){ r->n, r->width, r->field, r->raw, r->lines, r->absent };
		return READ_ROWS;
	}
	if (!r->has_bad)
		return READ_END;
	*bad = r->bad;
	r->has_bad = false;
	return READ_BAD;
}
