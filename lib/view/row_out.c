/* SPDX-License-Identifier: MIT */
#include "lib/view/row_out.h"

#include "lib/agg/key.h"
#include "lib/stream/control.h"
#include "lib/text/percent.h"

static size_t time_columns(const struct view *v)
{
	return v->window.kind == WINDOW_NONE ? 0 : 2;
}

const char *row_out_name(const struct row_out *r, size_t i)
{
	const struct view *v = r->view;

	if (r->mark && i-- == 0)
		return r->mark;
	if (i < time_columns(v))
		return i == 0 ? "window_start" : "window_end";
	i -= time_columns(v);
	if (i < v->nkeys)
		return v->key[i].name;
	i -= v->nkeys;
	return i < v->nmeasures ? v->measure[i].name : derive_name(v->derive[i - v->nmeasures]);
}

enum looks { LOOKS_TEXT, LOOKS_NUMBER, LOOKS_ITSELF };

/* Times as epoch ms, counts, sums and their like are numbers in NDJSON; keys are text as written; the rest is what it looks like: it
 * is looked at only where that is asked for. */
static enum looks cell_looks(const struct row_out *r, size_t i)
{
	const struct view *v = r->view;

	if (r->mark && i-- == 0)
		return LOOKS_TEXT;
	if (i < time_columns(v))
		return v->time_format == TIME_EPOCH_MS ? LOOKS_NUMBER : LOOKS_TEXT;
	i -= time_columns(v);
	if (i < v->nkeys)
		return LOOKS_TEXT;
	i -= v->nkeys;
	if (i < v->nmeasures && v->measure[i].kind->keeps_text)
		return r->writer.format == FORMAT_NDJSON ? LOOKS_ITSELF : LOOKS_TEXT;
	return LOOKS_NUMBER;
}

void row_out_init(struct row_out *r, const struct view *v, enum record_format format, const char *mark)
{
	struct span *name;

	*r = (struct row_out){ .view = v, .mark = mark };
	r->n = (mark != NULL) + time_columns(v) + v->nkeys + v->nmeasures + v->nderives;
	r->cell = mem_zalloc(r->n * sizeof *r->cell);
	r->end = mem_zalloc(r->n * sizeof *r->end);
	r->key = mem_zalloc(v->nkeys * sizeof *r->key);
	name = mem_zalloc(r->n * sizeof *name);
	for (size_t i = 0; i < r->n; i++)
		name[i] = span_of(row_out_name(r, i));
	writer_init(&r->writer, format, name, r->n);
	free(name);
	r->looks = mem_zalloc(r->n);
	for (size_t i = 0; i < r->n; i++)
		r->looks[i] = cell_looks(r, i);
}

void row_out_free(struct row_out *r)
{
	writer_free(&r->writer);
	free(r->cell);
	free(r->end);
	free(r->key);
	free(r->looks);
	buf_free(&r->text);
	buf_free(&r->scratch);
}

void row_out_header(struct row_out *r, struct buf *out)
{
	writer_header(&r->writer, out);
}

void row_out_columns(struct row_out *r, struct buf *out)
{
	if (r->writer.format == FORMAT_NDJSON)
		return;
	buf_text(out, CONTROL_PREFIX "columns ");
	for (size_t i = 0; i < r->n; i++) {
		if (i)
			buf_byte(out, ',');
		percent_encode(out, span_of(row_out_name(r, i)), ",");
	}
	buf_byte(out, '\n');
}

static bool is_digit(const char *p, const char *end)
{
	return p < end && *p >= '0' && *p <= '9';
}

/* JSON has no 007, no 5. and no .5, which are numbers to us. */
static bool is_json_number(struct span text)
{
	const char *end = text.p + text.n, *first = text.p + (text.p[0] == '-'), *point = memchr(text.p, '.', text.n);
	struct decimal d;

	return decimal_parse(text, &d) == 0 && is_digit(first, end) && !(*first == '0' && is_digit(first + 1, end)) &&
	       (!point || is_digit(point + 1, end));
}

/* Cells point into r->text once it no longer moves. */
static void point_cells(struct row_out *r)
{
	size_t at = 0;

	for (size_t i = r->mark != NULL; i < r->n; i++) {
		struct span text = { r->text.p + at, r->end[i] - at };

		r->cell[i] = (struct cell){ text, text.n && (r->looks[i] == LOOKS_NUMBER || (r->looks[i] == LOOKS_ITSELF && is_json_number(text))) };
		at = r->end[i];
	}
}

void row_out_clear(struct row_out *r)
{
	buf_clear(&r->text);
	buf_room(&r->text, 1);          /* so that it has an address */
	r->has_times = false;
}

/* Rows of one window follow one another: its times are printed once. Returns the cell behind them. */
static size_t render_times(struct row_out *r, struct interval at)
{
	const struct view *v = r->view;
	size_t i = r->mark != NULL;

	if (time_columns(v) && r->has_times && at.start == r->at.start && at.end == r->at.end) {
		r->text.n = r->end[i + 1];
		return i + 2;
	}
	row_out_clear(r);
	if (!time_columns(v))
		return i;
	time_print(&r->text, at.start, v->zone, v->time_format);
	r->end[i++] = r->text.n;
	time_print(&r->text, at.end, v->zone, v->time_format);
	r->end[i++] = r->text.n;
	r->at = at;
	r->has_times = true;
	return i;
}

void row_out_render(struct row_out *r, struct interval at, struct span key, struct group *g)
{
	const struct view *v = r->view;
	struct buf *text = &r->text;
	size_t i = render_times(r, at);

	key_split(key, v->nkeys, r->key, &r->scratch);
	for (size_t k = 0; k < v->nkeys; k++) {
		buf_span(text, r->key[k]);
		r->end[i++] = text->n;
	}
	for (size_t m = 0; m < v->nmeasures; m++) {
		v->measure[m].kind->finish(&v->measure[m], group_state(g, &v->measure[m]), v->digits, text);
		r->end[i++] = text->n;
	}
	for (size_t d = 0; d < v->nderives; d++) {
		derive_finish(v->derive[d], v->measure, g, v->digits, text);
		r->end[i++] = text->n;
	}
	point_cells(r);
}

void row_out_write(struct row_out *r, const char *mark, struct buf *out)
{
	if (r->mark)
		r->cell[0] = (struct cell){ span_of(mark), false };
	writer_row(&r->writer, out, r->cell);
}

struct blob *row_out_keep(const struct row_out *r)
{
	size_t ends = r->n * sizeof *r->end;
	struct blob *b = mem_alloc(sizeof *b + ends + r->text.n);

	b->n = ends + r->text.n;
	memcpy(b->bytes, r->end, ends);
	memcpy(b->bytes + ends, r->text.p, r->text.n);
	return b;
}

bool row_out_same(const struct row_out *r, const struct blob *b)
{
	size_t ends = r->n * sizeof *r->end;

	return b->n == ends + r->text.n && memcmp(b->bytes, r->end, ends) == 0 &&
	       memcmp(b->bytes + ends, r->text.p, r->text.n) == 0;
}

void row_out_recall(struct row_out *r, const struct blob *b)
{
	size_t ends = r->n * sizeof *r->end;

	row_out_clear(r);
	memcpy(r->end, b->bytes, ends);
	buf_add(&r->text, b->bytes + ends, b->n - ends);
	point_cells(r);
}
