/* SPDX-License-Identifier: MIT */
#include "speed/window/engine.h"

#include <stdio.h>

#include "lib/base/diag.h"
#include "lib/stream/control.h"
#include "speed/window/early.h"

#define SAY_EVERY_MS 60000      /* watermark lines of calendar windows */

static bool has_sessions(const struct engine *e)
{
	return e->view->window.kind == WINDOW_SESSION;
}

static bool prints_updates(const struct engine *e)
{
	return e->view->emit == EMIT_UPDATES || e->view->emit == EMIT_CHANGELOG;
}

void engine_init(struct engine *e, const struct view *v, size_t inputs)
{
	int64_t delay = v->watermark_delay == VIEW_NO_DELAY ? -1 : v->watermark_delay;

	memset(e, 0, sizeof *e);
	e->view = v;
	e->said = e->latest = WATERMARK_NONE;
	e->tick = NO_TICK;
	e->live = v->emit != EMIT_PARTIAL && (delay >= 0 || prints_updates(e));
	row_maker_init(&e->rows, v);
	fold_init(&e->fold, v);
	windows_init(&e->windows, &e->fold, prints_updates(e));
	sessions_init(&e->sessions, v, prints_updates(e));
	watermark_init(&e->watermark, inputs, v->emit == EMIT_PARTIAL ? -1 : delay, v->max_ahead);
}

void engine_free(struct engine *e)
{
	windows_free(&e->windows);
	fold_free(&e->fold);
	sessions_free(&e->sessions);
	watermark_free(&e->watermark);
	if (e->emission.out)
		emission_free(&e->emission);
	row_maker_free(&e->rows);
	columns_free(&e->columns);
	fold_rows_free(&e->changed);
	unsaved_free(&e->unsaved);
	free(e->print.item);
	free(e->drop.item);
}

static int side_failed(struct engine *e, const struct side *s)
{
	return failure_set(&e->failure, EXIT_IO, "%s", side_error(s));
}

void engine_begin(struct engine *e, enum record_format format, struct out *out, enum stream_form form)
{
	emission_init(&e->emission, e->view, format, out, &e->ledger, &e->unsaved);
	e->controlled = form != STREAM_PLAIN;
	e->checked = form == STREAM_CHECKED;
	if (e->controlled && e->view->emit != EMIT_PARTIAL)
		e->live = true;
	if (!e->checked && e->view->emit != EMIT_PARTIAL)
		emission_header(&e->emission, form);
}

/* Bad and late records. */

int engine_bad(struct engine *e, const char *reason, const struct place *at)
{
	e->ledger.in++;
	e->ledger.rejected++;
	if (!e->view->skip_bad)
		return failure_set(&e->failure, EXIT_DATA, "%s:%llu: %s", at->name, (unsigned long long)at->line, reason);
	if (e->rejects && side_put(e->rejects, at->name, at->line + e->line_shift, span_of(reason), at->raw, NULL, 0) < 0)
		return side_failed(e, e->rejects);
	return 0;
}

/* Records are late by their own input's W, which is ahead of the combined one but after the input was idle: its windows went
 * without it then. */
static int64_t watermark_of(const struct engine *e, const struct place *at)
{
	int64_t own = e->watermark.input[at->input].at;

	return own > e->watermark.at ? own : e->watermark.at;
}

static int take_late(struct engine *e, const struct place *at, int64_t ms)
{
	struct buf behind = { 0 };
	struct side_pair more;
	int rc = 0;

	e->ledger.late++;
	if (!e->late)
		return 0;
	buf_u64(&behind, (uint64_t)watermark_of(e, at) - (uint64_t)ms);
	more = (struct side_pair){ "behind_watermark_ms", { buf_view(&behind), true } };
	if (side_put(e->late, at->name, at->line + e->line_shift, SPAN("late: its windows are closed"), at->raw, &more, 1) < 0)
		rc = side_failed(e, e->late);
	buf_free(&behind);
	return rc;
}

/* Adding a record to its group, and printing what changes by it at once. */

int engine_check_bound(struct engine *e)
{
	if (!e->max_groups || e->fold.groups + e->sessions.live <= e->max_groups)
		return 0;
	return failure_set(&e->failure, EXIT_MEMORY, "more than %zu groups are open: raise --max-groups, or let --watermark-delay close windows", e->max_groups);
}

static void pane_changed(struct engine *e, struct pane *p, struct span key, struct group *g)
{
	struct window *what;
	int64_t i = 0;

	if (e->view->every > 0)
		early_note(e, p, g);
	if (e->view->every != EVERY_RECORD && e->watermark.at < p->first_end - 1)
		return;                 /* no window of it has fired */
	while ((what = windows_holding(&e->windows, p, &i)))
		if (what->fired || e->view->every == EVERY_RECORD)
			emission_row(&e->emission, &e->windows, what, key);
}

static int add_to_pane(struct engine *e, const struct row *row, const struct place *at)
{
	struct interval where;
	bool in_window;
	struct pane *p = fold_find(&e->fold, row->at.ms, &where, &in_window);
	int64_t own = watermark_of(e, at);
	struct group *g;

	if (!in_window) {
		e->ledger.filtered++;
		return 0;
	}
	if (own != WATERMARK_NONE && (!p || time_add(p->first_end - 1, e->view->allowed_lateness) <= own)) {
		int64_t past = windows_past(&e->windows, where, own);

		e->ledger.late_windows += (uint64_t)past;
		if (past == window_count(&e->view->window, where.start))
			return take_late(e, at, row->at.ms);
	}
	if (!p) {
		p = fold_new_pane(&e->fold, where);
		if (e->live)
			windows_open(&e->windows, p, e->watermark.at);
	}
	g = fold_group(&e->fold, p, row->key);
	group_add(e->view, g, row);
	unsaved_group(&e->unsaved, p, g);
	e->ledger.out++;
	if (prints_updates(e))
		pane_changed(e, p, row->key, g);
	return engine_check_bound(e);
}

static void session_gone(void *context, struct session *old)
{
	emission_session_gone(&((struct engine *)context)->emission, old);
}

static int add_to_session(struct engine *e, const struct row *row, const struct place *at)
{
	int64_t own = watermark_of(e, at);
	struct session *s;

	if (own != WATERMARK_NONE && time_add(sessions_hull(&e->sessions, row->key, row->at.ms).end - 1, e->view->allowed_lateness) <= own) {
		e->ledger.late_windows++;
		return take_late(e, at, row->at.ms);
	}
	s = sessions_join(&e->sessions, row->key, (struct interval){ row->at.ms, time_add(row->at.ms, e->view->window.gap_ms) },
	                  prints_updates(e) ? session_gone : NULL, e);
	group_add(e->view, &s->group, row);
	s->group.mark = e->marks + 1;
	unsaved_session(&e->unsaved, s);
	e->ledger.out++;
	if (prints_updates(e) && (s->fired || e->view->every == EVERY_RECORD))
		emission_session(&e->emission, s);
	return engine_check_bound(e);
}

/* What is due at W. */

static int advance_windows(struct engine *e)
{
	struct window *what;
	enum window_event event;

	while ((event = windows_next(&e->windows, e->watermark.at, &what)) != WINDOW_QUIET) {
		if ((event == WINDOW_FIRE || !e->windows.fires) && emission_window(&e->emission, &e->windows, what) < 0)
			return failure_set(&e->failure, EXIT_MEMORY, "--fill would make more than --fill-max %llu rows", (unsigned long long)e->view->fill_max);
		if (event == WINDOW_DROP)
			windows_drop(&e->windows, what);
	}
	return 0;
}

void session_list_add(struct session_list *l, struct session *s)
{
	l->item = mem_grow(l->item, l->n, &l->cap, sizeof *l->item);
	l->item[l->n++] = s;
}

/* All that end at this W are gathered, so that they come out in order; a session may fire and go at once. False: nothing was due
 * after all, for those that seemed so have grown or merged. */
static bool advance_sessions(struct engine *e)
{
	struct session *what;
	enum session_event event;

	e->print.n = e->drop.n = 0;
	while ((event = sessions_next(&e->sessions, e->watermark.at, &what)) != SESSION_QUIET) {
		if (event == SESSION_FIRE || !e->sessions.fires)
			session_list_add(&e->print, what);
		if (event == SESSION_DROP)
			session_list_add(&e->drop, what);
	}
	emission_sessions(&e->emission, e->print.item, e->print.n);
	for (size_t i = 0; i < e->drop.n; i++)
		sessions_drop(&e->sessions, e->drop.item[i]);
	return e->print.n || e->drop.n;
}

/* W goes on less the allowed lateness: rows for later times may still be corrected until then. Not at every step of it, but
 * when something happened at it, and when it comes into another stretch of time. */
static void say_watermark(struct engine *e, bool happened)
{
	const struct window_spec *w = &e->view->window;
	int64_t t = e->watermark.at == INT64_MAX ? INT64_MAX : time_add(e->watermark.at, -e->view->allowed_lateness);
	int64_t step = w->kind == WINDOW_SESSION ? w->gap_ms : w->kind != WINDOW_NONE && w->axis == DURATION_MS ? w->slide : SAY_EVERY_MS;

	if (!e->controlled || e->view->emit == EMIT_PARTIAL || t <= e->said)
		return;
	if (!happened && e->said != WATERMARK_NONE && t / step == e->said / step)
		return;
	e->said = t;
	emission_watermark(&e->emission, t);
}

/* told: W was stated, or an input stepped aside: that goes on in any case. */
static int advance(struct engine *e, bool told)
{
	bool happens;
	int rc = 0;

	if (has_sessions(e)) {
		happens = sessions_due(&e->sessions, e->watermark.at) && advance_sessions(e);
	} else {
		happens = windows_due(&e->windows, e->watermark.at);
		rc = happens ? advance_windows(e) : 0;
	}
	say_watermark(e, happens || told);
	return rc;
}

int engine_advance(struct engine *e)
{
	return advance(e, false);
}

static int watermark_moved(struct engine *e)
{
	return watermark_combine(&e->watermark) ? advance(e, true) : 0;
}

/* One record. */

/* The time of a record moves W, whatever became of it. */
static int keep_up(struct engine *e, const struct place *at)
{
	const struct row *row = &e->rows.row;

	if (!engine_watches(e) || !row->has_time)
		return 0;
	if (row->at.ms > e->latest)
		e->latest = row->at.ms;
	if (watermark_observe(&e->watermark, at->input, row->at.ms))
		watermark_combine(&e->watermark);
	return e->watermark.at == WATERMARK_NONE ? 0 : engine_advance(e);
}

int engine_try(struct engine *e, const struct span *record, const struct place *at)
{
	enum row_verdict verdict = row_make(&e->rows, record, at->position);
	struct row *row = &e->rows.row;
	int rc = 0;

	if (verdict == ROW_BAD)
		return 1;
	e->ledger.in++;
	if (e->lateness.on && row->has_time)
		lateness_note(&e->lateness, e->watermark.input[at->input].max_ms, row->at.ms);
	if (verdict == ROW_FILTERED) {
		e->ledger.filtered++;
	} else {
		if (e->view->every > 0 && !watermark_is_far(&e->watermark, at->input, row->at.ms))
			early_keep_time(e, row->at.ms);
		rc = has_sessions(e) ? add_to_session(e, row, at) : add_to_pane(e, row, at);
	}
	return rc < 0 ? rc : keep_up(e, at);
}

int engine_record(struct engine *e, const struct span *record, const struct place *at)
{
	int rc = engine_try(e, record, at);

	if (rc <= 0)
		return rc;
	return engine_bad(e, e->rows.scratch.reason, at) < 0 ? -1 : keep_up(e, at);
}


int engine_control(struct engine *e, struct span line, const struct place *at)
{
	struct control c = { 0 };
	bool stream, watermark, columns;
	int64_t t;
	int rc = 0;

	if (control_parse(&c, line) < 0) {
		rc = failure_set(&e->failure, EXIT_DATA, "%s:%llu: malformed control line", at->name, (unsigned long long)at->line);
		goto out;
	}
	stream = span_eq(c.word, SPAN("stream"));
	columns = span_eq(c.word, SPAN("columns"));
	watermark = span_eq(c.word, SPAN("watermark"));
	if (!stream && !columns && !watermark)
		rc = failure_set(&e->failure, EXIT_CONFIG, "%s:%llu: control line \"%.*s\" is not for this tool", at->name, (unsigned long long)at->line,
		          (int)(c.word.n > 20 ? 20 : c.word.n), c.word.p);
	else if (watermark && !control_i64(&c, "t", &t))
		rc = failure_set(&e->failure, EXIT_DATA, "%s:%llu: watermark line without a time t", at->name, (unsigned long long)at->line);
	else if (watermark && e->watermark.delay >= 0)
		rc = failure_set(&e->failure, EXIT_USAGE, "%s: the stream has watermark lines: --watermark-delay cannot be stated as well", at->name);
	else if (watermark && e->view->emit != EMIT_PARTIAL && watermark_line(&e->watermark, at->input, t))
		rc = watermark_moved(e);
out:
	control_free(&c);
	return rc;
}

int engine_idle_input(struct engine *e, size_t input)
{
	e->watermark.input[input].idle = true;
	return watermark_moved(e);
}

int engine_end_input(struct engine *e, size_t input)
{
	watermark_end(&e->watermark, input);
	return e->live && !e->checked ? watermark_moved(e) : 0;
}

/* Windows that were not opened as they came. */
static void open_all(struct engine *e)
{
	struct pane *p;

	for (size_t i = 0; !e->live && (p = timemap_each(&e->fold.panes, &i));)
		windows_open(&e->windows, p, WATERMARK_NONE);
}

int engine_finish(struct engine *e)
{
	if (e->view->emit == EMIT_PARTIAL)
		return emission_partial(&e->emission, &e->fold, &e->sessions) < 0 ? failure_set(&e->failure, EXIT_IO, "%s", "") : 0;
	open_all(e);
	e->watermark.at = INT64_MAX;
	return advance(e, true);
}

size_t engine_open_windows(const struct engine *e)
{
	return has_sessions(e) ? e->sessions.live : e->fold.panes.n;
}

int engine_merge(struct engine *into, struct engine *from)
{
	fold_merge(&into->fold, &from->fold);
	sessions_merge(&into->sessions, &from->sessions);
	ledger_add(&into->ledger, &from->ledger);
	return engine_check_bound(into);
}
