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
#include <unistd.h>

#include "lib/base/diag.h"
#include "serve/merge/upserts.h"
#include "serve/merge/header.h"
#include "serve/merge/watch.h"

struct follower {
	const struct merge_options *options;
	struct operands operands;       /* what is merged */
	struct view *from;              /* the definition of the partials */
	size_t from_keys;
	char hash[9];
	struct target target;
	const struct view *view;        /* target.view */
	struct gather gather;
	struct upserts upserts;
	struct buf said;                /* what is missing */
	struct watch watch;
	struct out *out;
	struct ledger *ledger;
	struct failure *failure;
};

/* Signals end the process as they are wont to. When the ledger is wanted, a handler prints it first: at once while we wait, for
 * all is flushed then; else before we wait again. A second signal does not wait for that. */
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
		upserts_touch(&f->upserts, place.session->at, place.session->key, place.group);
	else
		upserts_touch_pane(&f->upserts, place.pane, place.key);
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

/* A session is about to be another one. */
static void touch_session(void *context, struct session *old)
{
	struct follower *f = context;

	upserts_touch(&f->upserts, old->at, old->key, NULL);
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
		upserts_touch_all(&f->upserts);
		gather_anew(f);
		f->ledger->rejected = 0;
	}
	if (take_rows(f, c) < 0 || upserts_print(&f->upserts) < 0)
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
	const struct view *named = merge_sources(o, cursor_view(c));
	char why[400];

	if (target_init(&f->target, cursor_view(c), cursor_hash(c), &o->target, why) < 0)
		return failure_set(f->failure, EXIT_CONFIG, "%s", why);
	f->view = f->target.view;
	if (check_options(f) < 0 || merge_times(o, f->view, &selection, f->failure) < 0)
		return -1;
	if (upserts_init(&f->upserts, &f->gather, f->view, o->output, &selection, f->out, f->ledger, f->failure) < 0)
		return -1;
	if (operands_tell(&f->operands, named, o->strict, &f->said, f->failure) < 0)
		return -1;
	memcpy(f->hash, cursor_hash(c), sizeof f->hash);
	f->from_keys = cursor_view(c)->nkeys;
	if (o->header)
		header_print(&f->operands, f->view, named, merge_delay(o), o->output == FORMAT_NDJSON, merge_now(), &f->out->buf);
	upserts_header(&f->upserts);
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
		rc = operands_tell(&now, merge_sources(f->options, f->from), f->options->strict, &f->said, f->failure);
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

/* One that is not there may come: who starts us again is to do so. */
static int not_a_view(const char *path, struct failure *f)
{
	if (access(path, F_OK) < 0)
		return failure_set(f, EXIT_IO, "%s: %m", path);
	return failure_set(f, EXIT_USAGE, "--follow: %s is not the directory of a view", path);
}

static int check_operands(const struct merge_options *o, struct failure *failure)
{
	if (o->npaths == 0)
		return failure_set(failure, EXIT_USAGE, "--follow: needs the directory of a view");
	for (size_t i = 0; i < o->npaths; i++)
		if (!operand_is_view(o->path[i]))
			return not_a_view(o->path[i], failure);
	return 0;
}

static void clean_up(struct follower *f)
{
	upserts_free(&f->upserts);
	gather_free(&f->gather);
	target_free(&f->target);
	view_free(f->from);
	operands_free(&f->operands);
	watch_free(&f->watch);
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
