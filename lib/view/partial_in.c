/* SPDX-License-Identifier: MIT */
/* Lines from an input, one buffer, no copy; columns are found by name in each header, so their order is free. */
#include "lib/view/partial.h"

#include <stdarg.h>
#include <stdio.h>

#include "lib/agg/key.h"
#include "lib/base/diag.h"
#include "lib/base/hash.h"
#include "lib/stream/control.h"
#include "lib/text/input.h"
#include "lib/text/tsv.h"

#define READ_SIZE (256 * 1024)

enum expect { EXPECT_VIEW, EXPECT_HEADER, EXPECT_ROWS };
enum column { COLUMN_END, COLUMN_START, COLUMN_WEIGHT, COLUMN_KEYS };   /* then keys, then measures */

struct partial_reader {
	struct input *input;
	const char *name;
	struct buf buf;                 /* read, not yet taken: from at on */
	size_t at, max_record;
	uint64_t line;

	enum expect expect;
	struct view *view;
	char hash[9];
	uint32_t crc;
	uint64_t rows, rejected;

	size_t ncolumns, nslots;
	size_t *slot_of;                /* column -> slot, or (size_t)-1 */
	struct span *slot;              /* by enum column */
	struct arena scratch;           /* unescaped fields of the row */
	struct buf key, before;         /* before: the key of the row before */
	struct interval before_at;
	bool has_before;

	char error[400];
	int status;
};

static enum partial_event fail(struct partial_reader *r, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static enum partial_event fail(struct partial_reader *r, int status, const char *format, ...)
{
	size_t n = (size_t)snprintf(r->error, sizeof r->error, "%.200s:%llu: ", r->name, (unsigned long long)r->line);
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
	view_free(r->view);
	arena_free(&r->scratch);
	buf_free(&r->buf);
	buf_free(&r->key);
	buf_free(&r->before);
	free(r->slot_of);
	free(r->slot);
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

static enum partial_event begin_view(struct partial_reader *r, struct span line)
{
	struct control c = { 0 };
	struct buf text = { 0 }, stated = { 0 };
	char error[256];
	enum partial_event event = PARTIAL_VIEW;

	view_free(r->view);
	r->view = view_new();
	if (control_parse(&c, line) < 0 || !span_eq(c.word, SPAN("view")))
		event = fail(r, EXIT_DATA, "no partial: it does not begin with \"%sview\"", CONTROL_PREFIX);
	else if (!control_value(&c, "definition", &text) || !control_value(&c, "hash", &stated))
		event = fail(r, EXIT_DATA, "the view line lacks its definition or hash");
	else if (view_load_text(r->view, buf_view(&text), error) < 0 || view_finish(r->view, error) < 0)
		event = fail(r, EXIT_DATA, "definition: %s", error);
	else {
		view_hash(r->view, r->hash);
		if (!span_eq(buf_view(&stated), span_of(r->hash)))
			event = fail(r, EXIT_CONFIG, "its definition hashes to %s here, not to %.*s: made by another version or with other time zone data",
			             r->hash, (int)(stated.n > 16 ? 16 : stated.n), stated.p);
	}
	control_free(&c);
	buf_free(&text);
	buf_free(&stated);
	r->expect = EXPECT_HEADER;
	return event;
}

/* The slot of a column name; SIZE_MAX: none. */
static size_t slot_of(const struct partial_reader *r, struct span name)
{
	const struct view *v = r->view;
	struct buf state = { 0 };
	size_t slot = SIZE_MAX;

	if (span_eq(name, SPAN("window_end")))
		return COLUMN_END;
	if (span_eq(name, SPAN("window_start")))
		return COLUMN_START;
	if (v->retract && span_eq(name, SPAN("weight")))
		return COLUMN_WEIGHT;
	for (size_t i = 0; i < v->nkeys && slot == SIZE_MAX; i++)
		if (span_eq(name, span_of(v->key[i].name)))
			slot = COLUMN_KEYS + i;
	for (size_t i = 0; i < v->nmeasures && slot == SIZE_MAX; i++) {
		buf_clear(&state);
		measure_print_state_name(&state, &v->measure[i]);
		if (span_eq(name, buf_view(&state)))
			slot = COLUMN_KEYS + v->nkeys + i;
	}
	buf_free(&state);
	return slot;
}

static enum partial_event read_header(struct partial_reader *r, struct span line)
{
	const struct view *v = r->view;
	size_t found = 0, want = 2 + v->retract + v->nkeys + v->nmeasures;

	r->rows = 0;
	r->has_before = false;
	r->nslots = COLUMN_KEYS + v->nkeys + v->nmeasures;
	r->slot_of = mem_array(r->slot_of, want, sizeof *r->slot_of);
	r->slot = mem_array(r->slot, r->nslots, sizeof *r->slot);
	memset(r->slot, 0, r->nslots * sizeof *r->slot);
	for (const char *p = line.p, *end = line.p + line.n, *tab; p <= end; p = tab + 1, found++) {
		struct span name;

		tab = memchr(p, '\t', (size_t)(end - p));
		tab = tab ? tab : end;
		name = tsv_decode(&r->scratch, (struct span){ p, (size_t)(tab - p) });
		if (found == want || (r->slot_of[found] = slot_of(r, name)) == SIZE_MAX)
			return fail(r, EXIT_DATA, "column \"%.*s\" is not of this view", (int)(name.n > 60 ? 60 : name.n), name.p);
		for (size_t i = 0; i < found; i++)
			if (r->slot_of[i] == r->slot_of[found])
				return fail(r, EXIT_DATA, "column \"%.*s\" stands there twice", (int)(name.n > 60 ? 60 : name.n), name.p);
	}
	if (found != want)
		return fail(r, EXIT_DATA, "%zu columns, the view has %zu", found, want);
	r->ncolumns = want;
	r->expect = EXPECT_ROWS;
	return PARTIAL_VIEW;
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
	else if (!control_i64(&c, "rows", &rows) || rows < 0 || (uint64_t)rows != r->rows)
		event = fail(r, EXIT_DATA, "%llu rows, its end line says %lld", (unsigned long long)r->rows, (long long)rows);
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

static bool split_row(struct partial_reader *r, struct span line)
{
	const char *p = line.p, *end = line.p + line.n, *tab;
	bool escaped = memchr(line.p, '\\', line.n) != NULL;

	for (size_t i = 0; i < r->ncolumns; i++, p = tab + 1) {
		struct span field;

		if (p > end)
			return false;
		tab = memchr(p, '\t', (size_t)(end - p));
		tab = tab ? tab : end;
		field = (struct span){ p, (size_t)(tab - p) };
		r->slot[r->slot_of[i]] = escaped ? tsv_decode(&r->scratch, field) : field;
	}
	return p == end + 1;
}

static bool integer(struct span text, int64_t *v)
{
	struct decimal d;

	return decimal_parse(text, &d) == 0 && decimal_to_i64(d, v) == 0;
}

/* Rows must ascend by end, start, key; equal ones may follow one another. */
static bool in_order(struct partial_reader *r, const struct partial_row *row)
{
	struct interval b = r->before_at;
	bool ok = true;

	if (r->has_before) {
		if (row->at.end != b.end)
			ok = row->at.end > b.end;
		else if (row->at.start != b.start)
			ok = row->at.start > b.start;
		else
			ok = span_cmp(row->key, buf_view(&r->before)) >= 0;
	}
	r->has_before = true;
	r->before_at = row->at;
	buf_clear(&r->before);
	buf_span(&r->before, row->key);
	return ok;
}

static enum partial_event read_row(struct partial_reader *r, struct span line, struct partial_row *row)
{
	size_t nkeys = r->view->nkeys;

	if (!split_row(r, line))
		return fail(r, EXIT_DATA, "not %zu columns", r->ncolumns);
	row->weight = 1;
	if (!integer(r->slot[COLUMN_END], &row->at.end) || !integer(r->slot[COLUMN_START], &row->at.start) || row->at.start >= row->at.end ||
	    (r->view->retract && !integer(r->slot[COLUMN_WEIGHT], &row->weight)))
		return fail(r, EXIT_DATA, "damaged: times or weight are no integers");
	buf_clear(&r->key);
	for (size_t i = 0; i < nkeys; i++)
		key_add(&r->key, r->slot[COLUMN_KEYS + i], i + 1 == nkeys);
	row->key = buf_view(&r->key);
	row->state = &r->slot[COLUMN_KEYS + nkeys];
	if (!in_order(r, row))
		return fail(r, EXIT_DATA, "rows are not sorted by window_end, window_start and keys");
	r->rows++;
	return PARTIAL_ROW;
}

enum partial_event partial_next(struct partial_reader *r, struct partial_row *row)
{
	struct span line;
	int got;

	for (;;) {
		enum partial_event event;

		arena_clear(&r->scratch);
		got = next_line(r, &line);
		if (got < 0)
			return PARTIAL_ERROR;
		if (got == 0 && r->line == 0 && ++r->line)
			return fail(r, EXIT_DATA, "it is empty: a partial has a view line and an end line at least");
		if (got == 0 && r->expect == EXPECT_VIEW)
			return PARTIAL_END;
		if (got == 0)
			return fail(r, EXIT_DATA, "it was cut off: there is no end line");
		if (r->expect == EXPECT_VIEW) {
			event = begin_view(r, line);
			r->crc = hash_crc32c(0, line.p, line.n + 1);
			if (event == PARTIAL_ERROR)
				return event;
			continue;
		}
		if (r->expect == EXPECT_ROWS && span_starts(line, SPAN(CONTROL_PREFIX))) {
			event = read_end(r, line);
			if (event == PARTIAL_ERROR)
				return event;
			continue;
		}
		event = r->expect == EXPECT_HEADER ? read_header(r, line) : read_row(r, line, row);
		r->crc = hash_crc32c(r->crc, line.p, line.n + 1);
		return event;
	}
}

const struct view *partial_view(const struct partial_reader *r)
{
	return r->view;
}

const char *partial_hash(const struct partial_reader *r)
{
	return r->hash;
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

int partial_merge(const struct view *v, const size_t *state_of, struct group *g, const struct partial_row *row, const struct measure **bad)
{
	g->weight += row->weight;
	for (size_t i = 0; i < v->nmeasures; i++) {
		struct span state = row->state[state_of[i]];
		const struct measure *m = &v->measure[i];

		if (state.n && m->kind->merge_text(m, group_state(g, m), state) < 0) {
			*bad = m;
			return -1;
		}
	}
	return 0;
}
