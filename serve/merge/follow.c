/* SPDX-License-Identifier: MIT */
/* The merged states stay in memory, and of each row what stands downstream. When the directories change:
 *
 *   the tilings go on from where we are:  the new files are merged, and the rows they touch looked at
 *   else:                                 all is merged anew, and every row looked at
 *
 * and a row that is looked at is printed when it is another one than stands downstream. */
#include "serve/merge/follow.h"

#include <errno.h>
#include <signal.h>

#include "lib/base/diag.h"
#include "serve/merge/gather.h"
#include "serve/merge/header.h"
#include "serve/merge/selection.h"
#include "serve/merge/watch.h"

#define FORGET_ABOVE 1024               /* rows */

struct follower {
	const struct merge_options *options;
	struct operands operands;       /* what is merged */
	struct view *from;              /* the definition of the partials */
	size_t from_keys;
	char hash[9];
	struct target target;
	const struct view *view;        /* target.view */
	struct gather gather;
	struct row_out rows;
	struct selection selection;
	struct table shown;             /* place -> struct shown: what stands downstream */
	size_t nshown;
	struct table touched;           /* place -> struct group *: rows to look at; the group only of sessions, NULL when it is gone */
	struct group *scratch;          /* the row looked at, merged of its panes */
	struct buf place, said;
	struct watch watch;
	struct out *out;
	struct ledger *ledger;
	struct failure *failure;
};

struct shown {
	struct blob *row;               /* NULL: it was deleted */
};

/* Signals end the process as they are wont to. When the ledger is wanted first, a handler prints it: at once while we wait, for all is
 * flushed then; else before we wait again. A second signal does not wait. */
static volatile sig_atomic_t interrupted, waiting;
static const struct follower *following;

static void report_and_die(void)
{
	following->options->report(following->ledger);
	raise((int)interrupted);
}

static void on_signal(int number)
{
	interrupted = number;
	if (waiting)
		report_and_die();
}

static void catch_signals(struct follower *f)
{
	struct sigaction act = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND | SA_NODEFER };

	if (!f->options->report)
		return;
	following = f;
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
}

static int output_failed(struct follower *f)
{
	return failure_set(f->failure, EXIT_IO, "%s", "");      /* closing the output tells */
}

/* ---- places: a window or session, and a key ---- */

static struct span place_of(struct follower *f, struct interval at, struct span key)
{
	buf_clear(&f->place);
	buf_add(&f->place, &at, sizeof at);
	buf_span(&f->place, key);
	return buf_view(&f->place);
}

static struct interval place_at(struct span place)
{
	struct interval at;

	memcpy(&at, place.p, sizeof at);
	return at;
}

static struct span place_key(struct span place)
{
	return (struct span){ place.p + sizeof(struct interval), place.n - sizeof(struct interval) };
}

static void *slot(struct table *t, struct span place)
{
	bool is_new;

	return table_put(t, place, hash_bytes(place.p, place.n), &is_new);
}

static void touch(struct follower *f, struct interval at, struct span key, struct group *g)
{
	if (selection_window(&f->selection, at))
		*(struct group **)slot(&f->touched, place_of(f, at, key)) = g;
}

static void touch_windows(struct follower *f, const struct pane *p, struct span key)
{
	const struct window_spec *spec = &f->view->window;
	int64_t n = window_count(spec, p->at.start);

	for (int64_t i = 0; i < n; i++)
		touch(f, window_at(spec, p->at.start, i), key, NULL);
}

/* A session is about to be another one. */
static void touch_session(void *context, struct session *old)
{
	touch(context, old->at, old->key, NULL);
}

static void touch_shown(struct follower *f)
{
	struct table_walk walk = { 0 };
	struct shown *s;

	while ((s = table_next(&f->shown, &walk))) {
		struct span place = table_key(&f->shown, s);

		if (s->row)
			touch(f, place_at(place), place_key(place), NULL);
	}
}

/* ---- rows ---- */

static int print(struct follower *f, const char *change)
{
	row_out_write(&f->rows, change, &f->out->buf);
	f->ledger->rows++;
	return out_more(f->out) < 0 ? output_failed(f) : 0;
}

/* The group of a place as it is now, or NULL. */
static struct group *group_at(struct follower *f, struct interval at, struct span key, struct group *session)
{
	const struct window window = { .at = at };

	if (f->view->window.kind == WINDOW_SESSION)
		return session;
	return windows_row(&f->gather.windows, &window, key, f->scratch) ? f->scratch : NULL;
}

/* Renders it when it is to be shown: 1, 0, -1. */
static int render(struct follower *f, struct interval at, struct span key, struct group *g)
{
	char error[256];
	int pass;

	if (!g || (f->view->retract && g->weight <= 0))
		return 0;
	row_out_render(&f->rows, at, key, g);
	pass = selection_row(&f->selection, error);
	return pass < 0 ? failure_set(f->failure, EXIT_DATA, "%s", error) : pass;
}

static int withdraw(struct follower *f, struct shown *s)
{
	int rc;

	if (!s->row)
		return 0;
	row_out_recall(&f->rows, s->row);
	rc = print(f, "delete");
	free(s->row);
	s->row = NULL;
	f->nshown--;
	return rc;
}

static int show(struct follower *f, struct shown *s)
{
	if (s->row && row_out_same(&f->rows, s->row))
		return 0;
	f->nshown += s->row == NULL;
	free(s->row);
	s->row = row_out_keep(&f->rows);
	return print(f, "upsert");
}

static int look_at(struct follower *f, const struct fold_row *row)
{
	struct group *g = group_at(f, row->at, row->key, row->group);
	int wanted = render(f, row->at, row->key, g), rc = wanted;
	struct span place = place_of(f, row->at, row->key);
	struct shown *s;

	if (wanted > 0) {
		rc = show(f, slot(&f->shown, place));
	} else if (wanted == 0) {
		s = table_get(&f->shown, place, hash_bytes(place.p, place.n));
		rc = s ? withdraw(f, s) : 0;
	}
	group_drop(f->view, f->scratch);
	memset(f->scratch, 0, f->view->group_size);
	return rc;
}

/* The table itself does not delete: rows that are gone go when they are most. */
static void forget_deleted(struct follower *f)
{
	struct table old = f->shown;
	struct table_walk walk = { 0 };
	struct shown *s;

	if (table_count(&old) < FORGET_ABOVE || f->nshown > table_count(&old) / 2)
		return;
	table_init(&f->shown, sizeof *s);
	while ((s = table_next(&old, &walk)))
		if (s->row)
			*(struct shown *)slot(&f->shown, table_key(&old, s)) = *s;
	table_free(&old);
}

/* In the order in which rows are printed. */
static int look_at_touched(struct follower *f)
{
	struct fold_rows rows = { 0 };
	struct table_walk walk = { 0 };
	struct group **g;
	int rc = 0;

	while ((g = table_next(&f->touched, &walk))) {
		struct span place = table_key(&f->touched, g);

		fold_rows_add(&rows, place_at(place), place_key(place), *g);
	}
	fold_rows_sort(&rows);
	for (size_t i = 0; i < rows.n && rc == 0; i++)
		rc = look_at(f, &rows.row[i]);
	fold_rows_free(&rows);
	table_clear(&f->touched);
	forget_deleted(f);
	return rc;
}

/* ---- merging ---- */

static int take_row(struct follower *f, const struct partial_row *row, const size_t *state_of)
{
	struct gather_place place;
	const struct measure *bad;

	f->ledger->in++;
	if (!gather_place(&f->gather, row, false, &place)) {
		f->ledger->filtered++;
		return 0;
	}
	f->ledger->out++;
	if (partial_merge(f->view, state_of, place.group, row, &bad) < 0)
		return failure_set(f->failure, EXIT_DATA, "measure %s: a row of a partial holds a damaged state", bad->name);
	if (place.session)
		touch(f, place.session->at, place.session->key, place.group);
	else
		touch_windows(f, place.pane, place.key);
	return 0;
}

static int take_rows(struct follower *f, struct cursor *c)
{
	struct partial_row row;
	const size_t *state_of;
	int got;

	while ((got = cursor_next(c, &row, &state_of)) > 0)
		if (take_row(f, &row, state_of) < 0)
			return -1;
	if (got < 0)
		return failure_set(f->failure, cursor_status(c), "%s", cursor_error(c));
	f->ledger->rejected += cursor_rejected(c);
	f->ledger->bytes += cursor_bytes(c);
	return 0;
}

static void gather_anew(struct follower *f)
{
	gather_free(&f->gather);
	gather_init(&f->gather, &f->target, f->from_keys);
	f->gather.changed = touch_session;
	f->gather.context = f;
}

static int merge_inputs(struct follower *f, struct cursor *c, bool anew)
{
	if (anew) {
		touch_shown(f);
		gather_anew(f);
	}
	if (take_rows(f, c) < 0 || look_at_touched(f) < 0)
		return -1;
	return out_flush(f->out) < 0 ? output_failed(f) : 0;
}

/* ---- the beginning, and each change ---- */

static int refuse(struct follower *f, const char *what)
{
	return failure_set(f->failure, EXIT_USAGE, "--follow: not with %s", what);
}

static int check_options(struct follower *f)
{
	const struct merge_options *o = f->options;

	if (f->view->emit != EMIT_FINAL)
		return refuse(f, "--emit");
	if (f->view->fill)
		return refuse(f, "--fill: which windows are quiet is known at the end");
	if (o->answer.order || o->answer.top || o->answer.per_window)
		return refuse(f, "--order, --top and --per-window");
	return o->has_max_age ? refuse(f, "--max-age") : 0;
}

static int begin(struct follower *f, struct cursor *c)
{
	const struct merge_options *o = f->options;
	struct answer_options selection = o->answer;
	const struct view *named = merge_sources(o, c);
	char why[400];

	if (target_init(&f->target, cursor_view(c), cursor_hash(c), &o->target, why) < 0)
		return failure_set(f->failure, EXIT_CONFIG, "%s", why);
	f->view = f->target.view;
	if (check_options(f) < 0 || merge_times(o, f->view, &selection, f->failure) < 0)
		return -1;
	row_out_init(&f->rows, f->view, o->output, "_change");
	if (selection_init(&f->selection, &f->rows, selection.since, selection.until, selection.where, why) < 0)
		return failure_set(f->failure, EXIT_USAGE, "%s", why);
	if (operands_tell(&f->operands, named, o->strict, &f->said, f->failure) < 0)
		return -1;
	table_init(&f->shown, sizeof(struct shown));
	table_init(&f->touched, sizeof(struct group *));
	f->scratch = mem_zalloc(f->view->group_size);
	memcpy(f->hash, cursor_hash(c), sizeof f->hash);
	f->from_keys = cursor_view(c)->nkeys;
	if (o->header)
		header_print(&f->operands, f->view, named, o->output == FORMAT_NDJSON, merge_now(), &f->out->buf);
	row_out_header(&f->rows, &f->out->buf);
	return 0;
}

static struct operands_request request(const struct follower *f)
{
	const struct merge_options *o = f->options;

	return (struct operands_request){ .path = o->path, .n = o->npaths, .max_record = o->max_record, .given = o->target.given };
}

static int first_round(struct follower *f)
{
	const struct operands_request all = request(f);
	struct cursor *c = operands_open(&f->operands, &all, f->failure);
	int rc;

	if (!c)
		return -1;
	rc = begin(f, c);
	if (rc == 0)
		rc = merge_inputs(f, c, true);
	f->from = cursor_take_view(c);
	cursor_close(c);
	return rc;
}

/* Rows of another definition have other columns, or another meaning. */
static int check_definition(struct follower *f, const struct operands *now)
{
	for (size_t i = 0; i < now->nviews; i++)
		for (size_t k = 0; k < now->view[i].tilings.n; k++) {
			const char *hash = now->view[i].tilings.of[k].hash;

			if (*hash && strcmp(hash, f->hash) != 0)
				return failure_set(f->failure, EXIT_RETRY, "%s: its definition has changed (%s, not %s): start again", now->view[i].path, hash, f->hash);
		}
	return 0;
}

static int next_round(struct follower *f)
{
	const struct view *given = f->options->target.given;
	struct operands_request r = request(f);
	struct operands now = { 0 };
	struct failure why = { 0 };
	struct cursor *c;
	int rc;

	r.before = &f->operands;
	r.expected = f->from;
	c = operands_open(&now, &r, &why);
	rc = check_definition(f, &now);
	if (rc == 0 && !c)
		rc = failure_set(f->failure, why.status, "%s", why.text);
	if (rc == 0)
		rc = operands_tell(&now, given && view_states(given, "sources") ? given : f->from, f->options->strict, &f->said, f->failure);
	if (rc == 0)
		rc = merge_inputs(f, c, !now.goes_on);
	if (c)
		cursor_close(c);
	operands_free(&f->operands);
	f->operands = now;
	return rc;
}

static int wait_for_change(struct follower *f)
{
	bool read;

	waiting = 1;
	if (interrupted)
		report_and_die();
	read = watch_wait(&f->watch, f->out->fd);
	waiting = 0;
	if (read)
		return 0;
	raise(SIGPIPE);         /* as the next write would, but that may be far */
	f->out->error = EPIPE;
	return output_failed(f);
}

static int check_operands(const struct merge_options *o, struct failure *failure)
{
	if (o->npaths == 0)
		return failure_set(failure, EXIT_USAGE, "--follow: needs the directory of a view");
	for (size_t i = 0; i < o->npaths; i++)
		if (!operand_is_view(o->path[i]))
			return failure_set(failure, EXIT_USAGE, "--follow: %s is not the directory of a view", o->path[i]);
	return 0;
}

static void clean_up(struct follower *f)
{
	struct table_walk walk = { 0 };
	struct shown *s;

	while ((s = table_next(&f->shown, &walk)))
		free(s->row);
	table_free(&f->shown);
	table_free(&f->touched);
	selection_free(&f->selection);
	row_out_free(&f->rows);
	gather_free(&f->gather);
	target_free(&f->target);
	view_free(f->from);
	operands_free(&f->operands);
	watch_free(&f->watch);
	free(f->scratch);
	buf_free(&f->place);
	buf_free(&f->said);
}

int follow(const struct merge_options *o, struct out *out, struct ledger *ledger, struct failure *failure)
{
	struct follower f = { .options = o, .out = out, .ledger = ledger, .failure = failure };
	int rc;

	if (check_operands(o, failure) < 0)
		return failure->status;
	catch_signals(&f);
	watch_init(&f.watch, o->path, o->npaths);
	rc = first_round(&f);
	while (rc == 0) {
		rc = wait_for_change(&f);
		if (rc == 0)
			rc = next_round(&f);
	}
	clean_up(&f);
	return failure->status;
}
