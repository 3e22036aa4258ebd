/* SPDX-License-Identifier: MIT */
/* Three ways, by what is asked for:
 *   stream    inputs sorted, same windows and keys: equal rows follow one another, one group is in memory at a time
 *   fold      inputs sorted, coarser: panes are gathered and let go as soon as no row can reach them any more
 *   gather    sessions, or inputs that come in no order: everything is gathered first
 * The last two are one code: gather never lets go before the end. */
#include "serve/merge/merge.h"

#include <stdio.h>

#include "lib/agg/key.h"
#include "lib/base/diag.h"
#include "lib/view/fill.h"
#include "lib/view/windows.h"
#include "serve/merge/cursor.h"

#define MAX_LINE ((size_t)64 << 20)

struct merger {
	const struct merge_options *options;
	struct cursor *cursor;
	struct target target;
	const struct view *view;        /* target.view */
	struct answer *answer;          /* final rows */
	struct partial_writer partial;  /* or partials */
	struct out *out;
	struct ledger *ledger;
	bool partials;

	struct group *group;            /* stream: the row being merged */
	struct interval at;
	struct buf key;
	bool has_group;

	struct fold fold;               /* fold, gather */
	struct windows windows;
	struct sessions sessions;
	struct fill fill;
	struct span *column;            /* key columns of a row of the partials */
	struct buf scratch;

	struct failure *failure;
};

static int output_failed(struct merger *m)
{
	const char *why = m->answer ? answer_error(m->answer) : "";

	if (m->out->error || !*why)
		return failure_set(m->failure, EXIT_IO, "%s", "");      /* closing the output tells */
	return failure_set(m->failure, EXIT_DATA, "%s", why);
}

static int put_row(struct merger *m, struct interval at, struct span key, struct group *g)
{
	int rc = m->partials ? partial_row(&m->partial, at, key, g) : answer_row(m->answer, at, key, g);

	return rc < 0 ? output_failed(m) : 0;
}

static int add_states(struct merger *m, struct group *g, const struct partial_row *row, const size_t *state_of)
{
	const struct measure *bad;

	m->ledger->in++;
	m->ledger->out++;
	if (partial_merge(m->view, state_of, g, row, &bad) == 0)
		return 0;
	return failure_set(m->failure, EXIT_DATA, "measure %s: a row of a partial holds a damaged state", bad->name);
}

/* Stream. */

static int end_group(struct merger *m)
{
	int rc = 0;

	if (m->has_group)
		rc = put_row(m, m->at, buf_view(&m->key), m->group);
	group_drop(m->view, m->group);
	memset(m->group, 0, m->view->group_size);
	m->has_group = false;
	return rc;
}

static int stream_row(struct merger *m, const struct partial_row *row, const size_t *state_of)
{
	if (!m->has_group || row->at.end != m->at.end || row->at.start != m->at.start || !span_eq(row->key, buf_view(&m->key))) {
		if (end_group(m) < 0)
			return -1;
		m->at = row->at;
		buf_clear(&m->key);
		buf_span(&m->key, row->key);
		m->has_group = true;
	}
	return add_states(m, m->group, row, state_of);
}

/* Fold and gather. */

/* The row's key in the columns of the target. */
static struct span map_key(struct merger *m, struct span key)
{
	const struct view *from = cursor_view(m->cursor);
	size_t n = m->view->nkeys;

	if (m->target.same_keys)
		return key;
	key_split(key, from->nkeys, m->column, &m->scratch);
	buf_clear(&m->key);
	for (size_t i = 0; i < n; i++)
		key_add(&m->key, m->column[m->target.key_of[i]], i + 1 == n);
	return buf_view(&m->key);
}

static struct group *group_of(struct merger *m, const struct partial_row *row)
{
	struct span key = map_key(m, row->key);
	struct interval at;
	struct pane *p;
	bool in_window;

	if (m->view->window.kind == WINDOW_SESSION)
		return &sessions_join(&m->sessions, key, row->at, NULL, NULL)->group;
	p = fold_find(&m->fold, row->at.start, &at, &in_window);
	if (!in_window)
		return NULL;
	if (!p) {
		p = fold_new_pane(&m->fold, at);
		if (!m->partials)
			windows_open(&m->windows, p, INT64_MIN);
	}
	return fold_group(&m->fold, p, key);
}

struct put_rows {
	struct merger *merger;
	int rc;
};

static void put_rows(void *context, const struct fold_rows *rows)
{
	struct put_rows *p = context;

	for (size_t i = 0; i < rows->n && p->rc == 0; i++)
		p->rc = put_row(p->merger, rows->row[i].at, rows->row[i].key, rows->row[i].group);
}

static int end_window(struct merger *m, struct window *w)
{
	struct put_rows put = { m, 0 };
	struct fold_rows rows = { 0 };
	struct table merged = { 0 };

	windows_rows(&m->windows, w, &rows, &merged);
	if (!m->view->fill)
		put_rows(&put, &rows);
	else if (fill_each(&m->fill, w->at, &rows, put_rows, &put) < 0 && put.rc == 0)
		put.rc = failure_set(m->failure, EXIT_MEMORY, "--fill would make more than --fill-max %llu rows", (unsigned long long)m->view->fill_max);
	windows_rows_free(&m->windows, &rows, &merged);
	windows_drop(&m->windows, w);
	return put.rc;
}

/* Windows that end by then are complete. */
static int end_windows(struct merger *m, int64_t watermark)
{
	struct window *w;
	int rc = 0;

	while (rc == 0 && windows_next(&m->windows, watermark, &w) != WINDOW_QUIET)
		rc = end_window(m, w);
	return rc;
}

static int fold_row(struct merger *m, const struct partial_row *row, const size_t *state_of)
{
	struct group *g;

	/* Rows come by their ends: windows that ended before this one's end see no more of them. */
	if (cursor_is_sorted(m->cursor) && !m->partials && end_windows(m, time_add(row->at.end, -2)) < 0)
		return -1;
	g = group_of(m, row);
	if (g)
		return add_states(m, g, row, state_of);
	m->ledger->in++;
	m->ledger->filtered++;
	return 0;
}

static int put_sessions(struct merger *m)
{
	struct fold_rows rows = { 0 };
	struct put_rows put = { m, 0 };

	sessions_rows(&m->sessions, &rows);
	put_rows(&put, &rows);
	fold_rows_free(&rows);
	return put.rc;
}

static int put_gathered(struct merger *m)
{
	if (m->partials)
		return partial_fold(&m->partial, &m->fold, &m->sessions) < 0 ? output_failed(m) : 0;
	if (m->view->window.kind == WINDOW_SESSION)
		return put_sessions(m);
	return end_windows(m, INT64_MAX);
}

/* The whole. */

static bool streams(const struct merger *m)
{
	const struct window_spec *w = &m->view->window;

	return cursor_is_sorted(m->cursor) && m->target.same_keys && m->target.same_windows && !m->view->fill &&
	       w->kind != WINDOW_SESSION && (w->kind != WINDOW_SLIDING || m->partials);
}

static int merge_rows(struct merger *m)
{
	int (*take)(struct merger *, const struct partial_row *, const size_t *) = streams(m) ? stream_row : fold_row;
	struct partial_row row;
	const size_t *state_of;
	int got;

	while ((got = cursor_next(m->cursor, &row, &state_of)) > 0)
		if (take(m, &row, state_of) < 0)
			return -1;
	if (got < 0)
		return failure_set(m->failure, cursor_status(m->cursor), "%s", cursor_error(m->cursor));
	return streams(m) ? end_group(m) : put_gathered(m);
}

/* A time without offset is one of the windows' zone: days are those that are printed. */
static int read_time(struct merger *m, const char *name, const char *text, int64_t *ms)
{
	struct time_parser parser;

	time_parser_init(&parser, m->view->zone, TIME_UNIT_AUTO);
	if (!text || time_parse(&parser, span_of(text), ms) == 0)
		return 0;
	return failure_set(m->failure, EXIT_USAGE, "--%s: %.100s: %s", name, text, time_parse_error(span_of(text)));
}

static bool filters(const struct answer_options *a)
{
	return a->where || a->order || a->top || a->per_window;
}

static int begin(struct merger *m)
{
	const struct view *v;
	const struct merge_options *o = m->options;
	struct answer_options selection = o->answer;
	char why[400];

	if (target_init(&m->target, cursor_view(m->cursor), cursor_hash(m->cursor), &o->target, why) < 0)
		return failure_set(m->failure, EXIT_CONFIG, "%s", why);
	v = m->view = m->target.view;
	m->partials = v->emit == EMIT_PARTIAL;
	if (v->emit == EMIT_UPDATES || v->emit == EMIT_CHANGELOG)
		return failure_set(m->failure, EXIT_USAGE, "--emit: merge-views prints final rows or partials");
	if (m->partials && (o->since || o->until || filters(&o->answer)))
		return failure_set(m->failure, EXIT_USAGE, "--emit partial: --since, --until, --where, --order and --top are for finished rows");
	m->group = mem_zalloc(v->group_size);
	m->column = mem_zalloc(cursor_view(m->cursor)->nkeys * sizeof *m->column);
	fold_init(&m->fold, v);
	windows_init(&m->windows, &m->fold, false);
	m->windows.lateness = 0;
	sessions_init(&m->sessions, v, false);
	fill_init(&m->fill, v);
	if (m->partials) {
		partial_begin(&m->partial, v, m->out);
		return 0;
	}
	if (read_time(m, "since", o->since, &selection.since) < 0 || read_time(m, "until", o->until, &selection.until) < 0)
		return -1;
	m->answer = answer_new(v, o->output, &selection, m->out, m->ledger, why);
	return m->answer ? 0 : failure_set(m->failure, EXIT_USAGE, "%s", why);
}

static int finish(struct merger *m)
{
	m->ledger->rejected = cursor_rejected(m->cursor);
	m->ledger->bytes = cursor_bytes(m->cursor);
	if (!m->partials)
		return answer_end(m->answer) < 0 ? output_failed(m) : 0;
	m->partial.rejected = m->ledger->rejected;
	m->ledger->rows += m->partial.rows;
	return partial_end(&m->partial) < 0 ? output_failed(m) : 0;
}

static void clean_up(struct merger *m)
{
	if (m->group) {
		group_drop(m->view, m->group);
		windows_free(&m->windows);
		fold_free(&m->fold);
		sessions_free(&m->sessions);
		fill_free(&m->fill);
	}
	answer_free(m->answer);
	target_free(&m->target);
	cursor_close(m->cursor);
	free(m->group);
	free(m->column);
	buf_free(&m->key);
	buf_free(&m->scratch);
}

int merge(const struct merge_options *o, struct out *out, struct ledger *ledger, struct failure *failure)
{
	static const char *const only_stdin[] = { "-" };
	struct merger m = { .options = o, .out = out, .ledger = ledger, .failure = failure };
	int rc;

	m.cursor = cursor_open(o->npaths ? o->path : only_stdin, o->npaths ? o->npaths : 1, o->max_record ? o->max_record : MAX_LINE);
	rc = cursor_begin(m.cursor);
	if (rc < 0)
		failure_set(m.failure, cursor_status(m.cursor), "%s", cursor_error(m.cursor));
	if (rc == 0 && cursor_view(m.cursor)) {
		rc = begin(&m);
		if (rc == 0)
			rc = merge_rows(&m);
		if (rc == 0)
			rc = finish(&m);
	}
	if (m.answer && answer_negative(m.answer))
		warn("%llu rows are not shown: more was taken back than had been given", (unsigned long long)answer_negative(m.answer));
	clean_up(&m);
	return rc < 0 ? failure->status : 0;
}
