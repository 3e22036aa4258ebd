/* SPDX-License-Identifier: MIT */
#include "speed/window/emission.h"

#include "lib/stream/control.h"

static const char *mark_name(const struct view *v)
{
	return v->emit == EMIT_UPDATES ? "_change" : v->emit == EMIT_CHANGELOG ? "_op" : NULL;
}

void emission_init(struct emission *e, const struct view *v, enum record_format format, struct out *out, struct ledger *ledger, struct unsaved *unsaved)
{
	*e = (struct emission){ .view = v, .out = out, .ledger = ledger, .unsaved = unsaved, .scratch = mem_zalloc(v->group_size) };
	row_out_init(&e->rows, v, format, mark_name(v));
	fill_init(&e->fill, v);
}

void emission_free(struct emission *e)
{
	row_out_free(&e->rows);
	fill_free(&e->fill);
	free(e->scratch);
}

static bool is_json(const struct emission *e)
{
	return e->rows.writer.format == FORMAT_NDJSON;
}

const char *emission_format(const struct emission *e)
{
	return is_json(e) ? "ndjson" : e->rows.writer.format == FORMAT_TSV ? "tsv" : "csv";
}

void emission_header(struct emission *e, enum stream_form form)
{
	struct buf *out = &e->out->buf;

	e->controlled = form != STREAM_PLAIN;
	if (form == STREAM_PLAIN) {
		row_out_header(&e->rows, out);
		return;
	}
	out_begin_control(e->out);
	if (form == STREAM_CONTROLLED) {
		control_begin(out, is_json(e), "stream");
		control_add(out, is_json(e), "format", span_of(emission_format(e)));
		control_end(out, is_json(e));
	}
	row_out_columns(&e->rows, out);
	out_end_control(e->out);
}

void emission_watermark(struct emission *e, int64_t watermark)
{
	out_begin_control(e->out);
	control_begin(&e->out->buf, is_json(e), "watermark");
	control_add_i64(&e->out->buf, is_json(e), "t", watermark);
	control_end(&e->out->buf, is_json(e));
	out_end_control(e->out);
}

static void write_row(struct emission *e, const char *mark)
{
	size_t at = e->out->buf.n;

	row_out_write(&e->rows, mark, &e->out->buf);
	if (e->controlled)
		control_escape(&e->out->buf, at, is_json(e));
	e->ledger->rows++;
	out_more(e->out);
}

static bool is_shown(const struct emission *e, const struct group *g)
{
	return !e->view->retract || g->weight > 0;
}

static void final_row(struct emission *e, struct interval at, struct span key, struct group *g)
{
	e->negative += g->weight < 0;
	if (!is_shown(e, g))
		return;
	row_out_render(&e->rows, at, key, g);
	write_row(e, NULL);
}

/* What stands downstream goes: a -D, or a delete. */
static void withdraw(struct emission *e, void **printed)
{
	row_out_recall(&e->rows, *printed);
	write_row(e, e->view->emit == EMIT_CHANGELOG ? "-D" : "delete");
	free(*printed);
	*printed = NULL;
}

/* Brings what stands downstream for a row up to date; a row that would repeat itself is not printed. True: it is another one now. */
static bool update_row(struct emission *e, void **printed, struct interval at, struct span key, struct group *g)
{
	bool changelog = e->view->emit == EMIT_CHANGELOG;
	struct blob *now;

	if (!is_shown(e, g)) {
		if (!*printed)
			return false;
		withdraw(e, printed);
		return true;
	}
	row_out_render(&e->rows, at, key, g);
	if (*printed && row_out_same(&e->rows, *printed))
		return false;
	now = row_out_keep(&e->rows);
	if (*printed && changelog) {
		row_out_recall(&e->rows, *printed);
		write_row(e, "-U");
		row_out_recall(&e->rows, now);
	}
	write_row(e, !changelog ? "upsert" : *printed ? "+U" : "+I");
	free(*printed);
	*printed = now;
	return true;
}

static void update_window_row(struct emission *e, struct window *what, struct span key, struct group *g)
{
	bool is_new;
	struct printed *printed = table_put(&what->printed, key, hash_bytes(key.p, key.n), &is_new);

	if (update_row(e, &printed->row, what->at, key, g))
		unsaved_row(e->unsaved, what, printed);
}

static void print_rows(void *context, const struct fold_rows *rows)
{
	struct emission *e = context;

	for (size_t i = 0; i < rows->n; i++)
		final_row(e, rows->row[i].at, rows->row[i].key, rows->row[i].group);
}

int emission_window(struct emission *e, const struct windows *w, struct window *what)
{
	struct fold_rows rows = { 0 };
	struct table merged = { 0 };
	int rc = 0;

	windows_rows(w, what, &rows, &merged);
	if (e->view->fill)
		rc = fill_each(&e->fill, what->at, &rows, print_rows, e);
	else if (!w->fires)
		print_rows(e, &rows);
	else
		for (size_t i = 0; i < rows.n; i++)
			update_window_row(e, what, rows.row[i].key, rows.row[i].group);
	windows_rows_free(w, &rows, &merged);
	return rc;
}

void emission_row(struct emission *e, const struct windows *w, struct window *what, struct span key)
{
	if (windows_row(w, what, key, e->scratch))
		update_window_row(e, what, key, e->scratch);
	group_drop(e->view, e->scratch);
	memset(e->scratch, 0, e->view->group_size);
}

void emission_session(struct emission *e, struct session *s)
{
	if (e->view->emit == EMIT_FINAL)
		final_row(e, s->at, s->key, &s->group);
	else if (update_row(e, &s->printed, s->at, s->key, &s->group))
		unsaved_session(e->unsaved, s);
}

void emission_session_gone(struct emission *e, struct session *s)
{
	if (s->printed)
		withdraw(e, &s->printed);
}

static int session_order(const void *a, const void *b)
{
	const struct session *x = *(struct session *const *)a, *y = *(struct session *const *)b;

	if (x->at.end != y->at.end)
		return x->at.end < y->at.end ? -1 : 1;
	if (x->at.start != y->at.start)
		return x->at.start < y->at.start ? -1 : 1;
	return span_cmp(x->key, y->key);
}

void emission_sessions(struct emission *e, struct session **sessions, size_t n)
{
	if (n)
		qsort(sessions, n, sizeof *sessions, session_order);
	for (size_t i = 0; i < n; i++)
		emission_session(e, sessions[i]);
}

int emission_partial(struct emission *e, struct fold *f, struct sessions *s)
{
	struct partial_writer w;
	int rc;

	partial_begin(&w, e->view, e->out);
	rc = partial_fold(&w, f, s);
	w.rejected = e->ledger->rejected;
	e->ledger->rows += w.rows;
	return partial_end(&w) < 0 ? -1 : rc;
}
