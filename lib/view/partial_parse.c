/* SPDX-License-Identifier: MIT */
#include "lib/view/partial_parse.h"

#include "lib/agg/key.h"
#include "lib/base/diag.h"
#include "lib/stream/control.h"
#include "lib/text/bytes.h"
#include "lib/text/percent.h"
#include "lib/text/tsv.h"

enum column { COLUMN_END, COLUMN_START, COLUMN_WEIGHT, COLUMN_KEYS };   /* slots: then keys, then measures */

void partial_parse_free(struct partial_parse *p)
{
	view_free(p->view);
	arena_free(&p->scratch);
	buf_free(&p->key);
	buf_free(&p->before);
	free(p->slot_of);
	free(p->slot);
	*p = (struct partial_parse){ 0 };
}

/* ---- view line ---- */

static int load_view(struct partial_parse *p, struct span definition, struct span stated, struct failure *f)
{
	char error[256];

	if (view_load_text(p->view, definition, error) < 0 || view_finish(p->view, error) < 0)
		return failure_set(f, EXIT_DATA, "definition: %s", error);
	view_hash(p->view, p->hash);
	if (!span_eq(stated, span_of(p->hash)))
		return failure_set(f, EXIT_CONFIG, "its definition hashes to %s here, not to %.*s: made by another version or with other time zone data",
		                   p->hash, (int)(stated.n > 16 ? 16 : stated.n), stated.p);
	return 0;
}

int partial_parse_view(struct partial_parse *p, struct span line, struct failure *f)
{
	struct control c = { 0 };
	struct buf text = { 0 }, stated = { 0 };
	int rc;

	view_free(p->view);
	p->view = view_new();
	p->ncolumns = 0;
	if (control_parse(&c, line) < 0 || !span_eq(c.word, SPAN("view")))
		rc = failure_set(f, EXIT_DATA, "no partial: it does not begin with \"%sview\"", CONTROL_PREFIX);
	else if (!control_value(&c, "definition", &text) || !control_value(&c, "hash", &stated))
		rc = failure_set(f, EXIT_DATA, "the view line lacks its definition or hash");
	else
		rc = load_view(p, buf_view(&text), buf_view(&stated), f);
	control_free(&c);
	buf_free(&text);
	buf_free(&stated);
	return rc;
}

/* ---- columns ---- */

/* The slot of a column name; SIZE_MAX: none. */
static size_t slot_of(const struct view *v, struct span name)
{
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

static size_t columns_wanted(const struct view *v)
{
	return 2 + v->retract + v->nkeys + v->nmeasures;
}

static int add_column(struct partial_parse *p, size_t i, struct span name, struct failure *f)
{
	int shown = (int)(name.n > 60 ? 60 : name.n);

	if (i == columns_wanted(p->view) || (p->slot_of[i] = slot_of(p->view, name)) == SIZE_MAX)
		return failure_set(f, EXIT_DATA, "column \"%.*s\" is not of this view", shown, name.p);
	for (size_t j = 0; j < i; j++)
		if (p->slot_of[j] == p->slot_of[i])
			return failure_set(f, EXIT_DATA, "column \"%.*s\" stands there twice", shown, name.p);
	return 0;
}

static int end_columns(struct partial_parse *p, size_t found, struct failure *f)
{
	if (found != columns_wanted(p->view))
		return failure_set(f, EXIT_DATA, "%zu columns, the view has %zu", found, columns_wanted(p->view));
	p->ncolumns = found;
	return 0;
}

static void begin_columns(struct partial_parse *p)
{
	const struct view *v = p->view;

	p->rows = 0;
	p->times.n = 0;
	partial_parse_again(p);
	p->nslots = COLUMN_KEYS + v->nkeys + v->nmeasures;
	p->slot_of = mem_array(p->slot_of, columns_wanted(v), sizeof *p->slot_of);
	p->slot = mem_array(p->slot, p->nslots, sizeof *p->slot);
	memset(p->slot, 0, p->nslots * sizeof *p->slot);
}

static const char *part_end(const char *at, const char *end, char delimiter)
{
	const char *found = at < end ? memchr(at, delimiter, (size_t)(end - at)) : NULL;

	return found ? found : end;
}

int partial_parse_header(struct partial_parse *p, struct span line, struct failure *f)
{
	size_t found = 0;

	begin_columns(p);
	arena_clear(&p->scratch);
	for (const char *at = line.p, *end = line.p + line.n, *tab; at <= end; at = tab + 1, found++) {
		tab = part_end(at, end, '\t');
		if (add_column(p, found, tsv_decode(&p->scratch, (struct span){ at, (size_t)(tab - at) }), f) < 0)
			return -1;
	}
	return end_columns(p, found, f);
}

int partial_parse_columns(struct partial_parse *p, struct span names, struct failure *f)
{
	struct buf name = { 0 };
	size_t found = 0;
	int rc = 0;

	begin_columns(p);
	for (const char *at = names.p, *end = names.p + names.n, *comma; rc == 0 && at <= end; at = comma + 1, found++) {
		comma = part_end(at, end, ',');
		buf_clear(&name);
		if (percent_decode(&name, (struct span){ at, (size_t)(comma - at) }) < 0)
			rc = failure_set(f, EXIT_DATA, "columns: %% without two hexadecimal digits");
		else
			rc = add_column(p, found, buf_view(&name), f);
	}
	buf_free(&name);
	return rc < 0 ? -1 : end_columns(p, found, f);
}

/* ---- rows ---- */

static void unescape_row(struct partial_parse *p, size_t column)
{
	for (; column < p->ncolumns; column++)
		p->slot[p->slot_of[column]] = tsv_decode(&p->scratch, p->slot[p->slot_of[column]]);
}

static int wrong_columns(const struct partial_parse *p, struct failure *f)
{
	return failure_set(f, EXIT_DATA, "not %zu columns", p->ncolumns);
}

/* The columns from that one on. */
static int split_row(struct partial_parse *p, size_t column, struct span line, struct failure *f)
{
	const char *at = line.p;
	size_t first = column;
	uint64_t escapes = 0;

	for (size_t from = 0; from < line.n; from += 64) {
		uint64_t tab, backslash;

		bytes_masks(line.p + from, line.n - from < 64 ? line.n - from : 64, '\t', '\\', &tab, &backslash);
		escapes |= backslash;
		for (; tab; tab &= tab - 1) {
			const char *stop = line.p + from + __builtin_ctzll(tab);

			if (column + 1 >= p->ncolumns)
				return wrong_columns(p, f);
			p->slot[p->slot_of[column++]] = (struct span){ at, (size_t)(stop - at) };
			at = stop + 1;
		}
	}
	if (column + 1 != p->ncolumns)
		return wrong_columns(p, f);
	p->slot[p->slot_of[column]] = (struct span){ at, (size_t)(line.p + line.n - at) };
	if (escapes)
		unescape_row(p, first);
	return 0;
}

static bool integer(struct span text, int64_t *v)
{
	struct decimal d;

	return decimal_parse(text, &d) == 0 && decimal_to_i64(d, v) == 0;
}

/* The columns that stand before all others: the end and the start of the window, as we write them. */
#define TIMES 2

static void keep_times(struct partial_parse *p, struct span line, struct interval at)
{
	const char *end = line.p + line.n, *tab = part_end(line.p, end, '\t');

	p->times.n = 0;
	if (p->ncolumns <= TIMES || p->slot_of[0] != COLUMN_END || p->slot_of[1] != COLUMN_START)
		return;
	tab = part_end(tab + 1, end, '\t');
	if ((size_t)(tab + 1 - line.p) > sizeof p->times.text)
		return;
	p->times.n = (size_t)(tab + 1 - line.p);
	memcpy(p->times.text, line.p, p->times.n);
	p->times.at = at;
}

static int no_integers(struct failure *f)
{
	return failure_set(f, EXIT_DATA, "damaged: times or weight are no integers");
}

static int split_all(struct partial_parse *p, struct span line, struct interval *at, struct failure *f)
{
	size_t n = p->times.n;

	if (n && n <= line.n && memcmp(line.p, p->times.text, n) == 0) {
		*at = p->times.at;
		return split_row(p, TIMES, (struct span){ line.p + n, line.n - n }, f);
	}
	if (split_row(p, 0, line, f) < 0)
		return -1;
	if (!integer(p->slot[COLUMN_END], &at->end) || !integer(p->slot[COLUMN_START], &at->start) || at->start >= at->end)
		return no_integers(f);
	keep_times(p, line, *at);
	return 0;
}

/* Rows must ascend by end, start, key; equal ones may follow one another. */
static bool in_order(struct partial_parse *p, const struct partial_row *row)
{
	struct interval b = p->before_at;
	bool ok = true;

	if (p->has_before) {
		if (row->at.end != b.end)
			ok = row->at.end > b.end;
		else if (row->at.start != b.start)
			ok = row->at.start > b.start;
		else
			ok = span_cmp(row->key, buf_view(&p->before)) >= 0;
	}
	p->has_before = true;
	p->before_at = row->at;
	return ok;
}

static struct span read_key(struct partial_parse *p)
{
	struct buf before = p->key;
	size_t n = p->view->nkeys;

	p->key = p->before;
	p->before = before;
	buf_clear(&p->key);
	for (size_t i = 0; i < n; i++)
		key_add(&p->key, p->slot[COLUMN_KEYS + i], i + 1 == n);
	return buf_view(&p->key);
}

int partial_parse_row(struct partial_parse *p, struct span line, struct partial_row *row, struct failure *f)
{
	const struct view *v = p->view;

	arena_clear(&p->scratch);
	if (split_all(p, line, &row->at, f) < 0)
		return -1;
	row->weight = 1;
	if (v->retract && !integer(p->slot[COLUMN_WEIGHT], &row->weight))
		return no_integers(f);
	row->key = read_key(p);
	row->state = &p->slot[COLUMN_KEYS + v->nkeys];
	if (!in_order(p, row))
		return failure_set(f, EXIT_DATA, "rows are not sorted by window_end, window_start and keys");
	p->rows++;
	return 0;
}

void partial_parse_again(struct partial_parse *p)
{
	p->has_before = false;
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
