/* SPDX-License-Identifier: MIT */
/* Three ways, by what is asked for:
 *   stream    inputs sorted, same windows and keys: equal rows follow one another, one group is in memory at a time
 *   fold      inputs sorted, coarser: panes are gathered and let go as soon as no row can reach them any more
 *   gather    sessions, or inputs that come in no order: everything is gathered first
 * The last two are one code: gather never lets go before the end. */
#include "serve/merge/merge.h"

#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/base/diag.h"
#include "lib/view/fill.h"
#include "serve/merge/follow.h"
#include "serve/merge/gather.h"
#include "serve/merge/header.h"

struct merger {
	const struct merge_options *options;
	struct operands operands;
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

	struct gather gather;           /* fold, gather */
	struct fill fill;

	int64_t now;                    /* when the inputs were listed */
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
	if (!m->has_group || row->at.end != m->at.end || row->at.start != m->at.start || row->key.n != m->key.n ||
	    !table_same(row->key.p, m->key.p, m->key.n)) {
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

	windows_rows(&m->gather.windows, w, &rows, &merged);
	if (!m->view->fill)
		put_rows(&put, &rows);
	else if (fill_each(&m->fill, w->at, &rows, put_rows, &put) < 0 && put.rc == 0)
		put.rc = failure_set(m->failure, EXIT_MEMORY, "--fill would make more than --fill-max %llu rows", (unsigned long long)m->view->fill_max);
	windows_rows_free(&m->gather.windows, &rows, &merged);
	windows_drop(&m->gather.windows, w);
	return put.rc;
}

/* Windows that end by then are complete. */
static int end_windows(struct merger *m, int64_t watermark)
{
	struct window *w;
	int rc = 0;

	while (rc == 0 && windows_next(&m->gather.windows, watermark, &w) != WINDOW_QUIET)
		rc = end_window(m, w);
	return rc;
}

static int fold_row(struct merger *m, const struct partial_row *row, const size_t *state_of)
{
	struct gather_place place;

	/* Rows come by their ends: windows that ended before this one's end see no more of them. */
	if (cursor_is_sorted(m->cursor) && !m->partials && end_windows(m, time_add(row->at.end, -2)) < 0)
		return -1;
	if (gather_place(&m->gather, row, !m->partials, &place))
		return add_states(m, place.group, row, state_of);
	m->ledger->in++;
	m->ledger->filtered++;
	return 0;
}

static int put_sessions(struct merger *m)
{
	struct fold_rows rows = { 0 };
	struct put_rows put = { m, 0 };

	sessions_rows(&m->gather.sessions, &rows);
	put_rows(&put, &rows);
	fold_rows_free(&rows);
	return put.rc;
}

static int put_gathered(struct merger *m)
{
	if (m->partials)
		return partial_fold(&m->partial, &m->gather.fold, &m->gather.sessions) < 0 ? output_failed(m) : 0;
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
static int read_time(const struct view *v, const char *name, const char *text, int64_t *ms, struct failure *f)
{
	struct time_parser parser;

	time_parser_init(&parser, v->zone, TIME_UNIT_AUTO);
	if (!text || time_parse(&parser, span_of(text), ms) == 0)
		return 0;
	return failure_set(f, EXIT_USAGE, "--%s: %.100s: %s", name, text, time_parse_error(span_of(text)));
}

int merge_times(const struct merge_options *o, const struct view *v, struct answer_options *selection, struct failure *f)
{
	return read_time(v, "since", o->since, &selection->since, f) < 0 || read_time(v, "until", o->until, &selection->until, f) < 0 ? -1 : 0;
}

int64_t merge_delay(const struct merge_options *o)
{
	return o->target.given ? o->target.given->watermark_delay : VIEW_NO_DELAY;
}

const struct view *merge_sources(const struct merge_options *o, const struct view *from)
{
	return o->target.given && view_states(o->target.given, "sources") ? o->target.given : from;
}

int64_t merge_now(void)
{
	return clock_ms(CLOCK_REALTIME);
}

static int check_emission(struct merger *m, const struct view *v)
{
	const struct merge_options *o = m->options;
	const struct answer_options *a = &o->answer;

	m->partials = v->emit == EMIT_PARTIAL;
	if (v->emit == EMIT_UPDATES || v->emit == EMIT_CHANGELOG)
		return failure_set(m->failure, EXIT_USAGE, "--emit: merge-views prints final rows or partials");
	if (m->partials && (o->since || o->until || a->where || a->order || a->top || a->per_window))
		return failure_set(m->failure, EXIT_USAGE, "--emit partial: --since, --until, --where, --order and --top are for finished rows");
	if (m->partials && o->header)
		return failure_set(m->failure, EXIT_USAGE, "--emit partial: --header is for finished rows");
	return 0;
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
	if (check_emission(m, v) < 0)
		return -1;
	m->group = mem_zalloc(v->group_size);
	gather_init(&m->gather, &m->target, cursor_view(m->cursor)->nkeys);
	fill_init(&m->fill, v);
	if (m->partials) {
		partial_begin(&m->partial, v, m->out);
		return 0;
	}
	if (merge_times(o, v, &selection, m->failure) < 0)
		return -1;
	if (o->header)
		header_print(&m->operands, v, merge_sources(o, cursor_view(m->cursor)), merge_delay(o), o->output == FORMAT_NDJSON, m->now, &m->out->buf);
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
		fill_free(&m->fill);
	}
	gather_free(&m->gather);
	answer_free(m->answer);
	target_free(&m->target);
	if (m->cursor)
		cursor_close(m->cursor);
	operands_free(&m->operands);
	free(m->group);
	buf_free(&m->key);
}

static int open_inputs(struct merger *m)
{
	static const char *const only_stdin[] = { "-" };
	const struct merge_options *o = m->options;
	const struct operands_request all = {
		.path = o->npaths ? o->path : only_stdin, .n = o->npaths ? o->npaths : 1, .max_record = o->max_record, .given = o->target.given,
	};
	struct buf said = { 0 };
	int rc;

	m->cursor = operands_open(&m->operands, &all, m->failure);
	if (!m->cursor)
		return -1;
	m->now = merge_now();
	rc = operands_tell(&m->operands, merge_sources(o, cursor_view(m->cursor)), o->strict, &said, m->failure);
	buf_free(&said);
	return rc;
}

static int check_views(struct merger *m)
{
	const struct merge_options *o = m->options;

	for (size_t i = 0; i < o->npaths; i++)
		if (operand_is_view(o->path[i]))
			return 0;
	if (o->header || o->strict || o->has_max_age)
		return failure_set(m->failure, EXIT_USAGE, "--header, --strict and --max-age are for views, and no operand is a directory");
	return 0;
}

static int merge_once(struct merger *m)
{
	if (check_views(m) < 0 || open_inputs(m) < 0)
		return -1;
	if (!cursor_view(m->cursor))
		return 0;
	return begin(m) < 0 || merge_rows(m) < 0 || finish(m) < 0 ? -1 : 0;
}

/* Rows were printed all the same: whoever asked decides what they are worth. */
static int tell_age(const struct merger *m)
{
	struct buf lines = { 0 };
	size_t n;

	if (m->options->has_max_age)
		operands_old(&m->operands, merge_sources(m->options, cursor_view(m->cursor)), m->now, m->options->max_age, &lines);
	for (size_t i = 0; i < lines.n; i += strlen(lines.p + i) + 1)
		warn("%s", lines.p + i);
	n = lines.n;
	buf_free(&lines);
	return n ? EXIT_NO : 0;
}

int merge(const struct merge_options *o, struct out *out, struct ledger *ledger, struct failure *failure)
{
	struct merger m = { .options = o, .out = out, .ledger = ledger, .failure = failure };
	int status;

	if (o->follow)
		return follow(o, out, ledger, failure);
	status = merge_once(&m) < 0 ? failure->status : tell_age(&m);
	if (m.answer && answer_negative(m.answer))
		warn("%llu rows are not shown: more was taken back than had been given", (unsigned long long)answer_negative(m.answer));
	clean_up(&m);
	return status;
}
