/* SPDX-License-Identifier: MIT */
#include "batch/log/source.h"

#include <inttypes.h>
#include <string.h>

#include "batch/log/follow.h"
#include "batch/log/sinks.h"
#include "lib/base/diag.h"
#include "lib/stream/origin.h"
#include "lib/text/layout.h"

#define DRY_MS 10                       /* between barriers of a log that has no more for now */
#define FULL_MS 2                       /* between looks at sinks while no barrier may be sent */
#define EPOCH_MS 1000
#define SETTLE_MS 2000                  /* for a sink that is putting aside what the log does not have */
#define EPOCH_BYTES ((uint64_t)64 * 1024 * 1024)        /* by default; and an epoch beyond that waits for its barrier */
#define STUCK_MS 10000                  /* until it is said that nothing is committed */

struct source {
	const struct cat_options *options;
	struct log_dir *dir;
	struct out *out;
	struct ledger *ledger;
	struct failure *failure;
	struct log_reader *reader;
	struct follow follow;
	struct sinks sinks;
	enum record_format format;

	struct origin origin;
	struct position at;             /* behind what was sent */
	uint64_t records, bytes;        /* of the epoch at hand */
	int64_t began_ms, sent_ms;      /* when its first data came; when the last barrier went */
	bool told_stuck;
};

/* ---- control lines ---- */

static int send_resume(struct source *s)
{
	struct resume r = { .epoch = s->sinks.epoch, .several = s->sinks.n > 1 };
	char at[POSITION_TEXT];
	int rc;

	memcpy(r.erun, s->sinks.run, sizeof r.erun);
	position_print(s->at, at);
	buf_text(&r.pos, at);
	if (s->sinks.fell_back) {
		position_print(s->sinks.fallback, at);
		buf_text(&r.fallback, at);
	}
	buf_text(&r.source, s->dir->name);
	buf_text(&r.log, s->dir->id);
	rc = origin_begin(&s->origin, s->out, s->format, "event-log", &r);
	memcpy(s->sinks.ours, r.run, sizeof r.run);
	resume_free(&r);
	return rc;
}

static int send_barrier(struct source *s, enum barrier_kind kind, bool edge)
{
	char at[POSITION_TEXT];
	int rc;

	position_print(s->at, at);
	s->records = s->bytes = 0;
	s->sent_ms = follow_now();
	rc = origin_barrier(&s->origin, kind, edge, span_of(at));
	sinks_sent(&s->sinks, s->origin.barrier.epoch, s->at);
	return rc;
}

/* ---- epochs ---- */

/* No sink takes more: is it one that this pipeline does not write to? */
static void tell_stuck(struct source *s)
{
	if (s->told_stuck || follow_now() - s->sent_ms < STUCK_MS)
		return;
	s->told_stuck = true;
	warn("%s: has committed nothing for %d s, and no barrier goes before it has: is it the sink of this pipeline?", sinks_slowest(&s->sinks),
	     STUCK_MS / 1000);
}

/* May another epoch be sent? 1, 0; -1: a sink has been taken over, or cannot be read. */
static int may_send(struct source *s)
{
	if (sinks_look(&s->sinks, follow_now(), s->failure) < 0)
		return -1;
	s->origin.barrier.committed = s->sinks.committed;
	if (!sinks_are_full(&s->sinks))
		return 1;
	tell_stuck(s);
	return 0;
}

/* A barrier that can wait. 1: sent; 0; -1. */
static int try_barrier(struct source *s)
{
	int rc = may_send(s);

	return rc <= 0 ? rc : send_barrier(s, BARRIER, false) < 0 ? -1 : 1;
}

/* One that cannot: nothing goes on before it is sent. */
static int need_barrier(struct source *s, bool edge)
{
	int rc;

	while ((rc = may_send(s)) == 0 && !follow_stop(&s->follow))
		if (follow_wait(&s->follow, s->out, FULL_MS) < 0)
			return -1;
	return rc < 0 ? -1 : send_barrier(s, BARRIER, edge);
}

static int finish(struct source *s, enum barrier_kind kind)
{
	if (may_send(s) < 0)
		return -1;
	return send_barrier(s, kind, false);
}

static bool is_due(const struct source *s)
{
	const struct cat_options *o = s->options;
	uint64_t most = o->epoch_bytes ? o->epoch_bytes : EPOCH_BYTES;
	int64_t ms = o->epoch_ms >= 0 ? o->epoch_ms : EPOCH_MS;

	return (o->epoch_records && s->records >= o->epoch_records) || s->bytes >= most || follow_now() - s->began_ms >= ms;
}

/* ---- data ---- */

/* How many records of a block may go before the next barrier has to be thought of; *must: it has to come there. */
static uint64_t piece(const struct source *s, const struct log_block *b, bool *must)
{
	uint64_t n = b->end.at - b->first.at, most = s->options->epoch_records, cut;

	*must = false;
	if (most && !b->changes) {
		most = s->records < most ? most - s->records : most;
		n = most < n ? most : n;
	}
	if (sinks_next_cut(&s->sinks, b->first.at, &cut) && cut - b->first.at <= n) {
		n = cut - b->first.at;
		*must = true;
	}
	return n;
}

static int send_data(struct source *s, const struct log_block *b)
{
	uint64_t n = b->end.at - b->first.at;

	if (s->records == 0)
		s->began_ms = follow_now();
	s->at = b->end;
	s->records += n;
	s->bytes += b->data.n;
	s->ledger->in += n;
	s->ledger->out += n;
	return out_bytes(s->out, b->data.p, b->data.n);
}

static int take_block(struct source *s, struct log_block *b)
{
	struct log_block head;
	bool must;

	if (format_is_delimited(b->segment->format))            /* they change where segments do, and there is always a barrier */
		origin_columns(&s->origin, buf_view(&b->segment->columns));
	while (b->end.at > b->first.at) {
		log_block_cut(b, piece(s, b, &must), &head);
		if (send_data(s, &head) < 0)
			return -1;
		if (must && sinks_confirm(&s->sinks, s->at, s->failure) < 0)
			return -1;
		if (must || (is_due(s) && s->bytes >= EPOCH_BYTES) ? need_barrier(s, false) < 0 : is_due(s) && try_barrier(s) < 0)
			return -1;
	}
	return 0;
}

/* There is no more for now. What was read goes out before we wait. */
static int wait_for_more(struct source *s)
{
	int64_t ms = -1;
	int rc = 0;

	if (s->records) {
		ms = s->sent_ms + DRY_MS - follow_now();
		if (ms <= 0) {
			rc = try_barrier(s);
			ms = rc ? -1 : FULL_MS;
		}
	}
	if (rc < 0 || out_flush(s->out) < 0)
		return -1;
	return rc > 0 ? 0 : follow_wait(&s->follow, s->out, ms);
}

static int run(struct source *s)
{
	struct log_block b;

	while (!follow_stop(&s->follow)) {
		int rc = -1;

		switch (log_next(s->reader, &b)) {
		case LOG_BLOCK:
			rc = take_block(s, &b);
			break;
		case LOG_EDGE:
			rc = need_barrier(s, true);
			break;
		case LOG_DRY:
			if (!s->options->follow)
				return finish(s, s->options->final ? BARRIER_END : BARRIER_STOP);
			rc = wait_for_more(s);
			break;
		case LOG_DONE:
			return finish(s, BARRIER_STOP);
		case LOG_ERROR:
			break;
		}
		if (rc < 0)
			return -1;
	}
	return finish(s, BARRIER_STOP);
}

/* ---- beginning ---- */

/* The format of a log is known when something is in it. */
static int wait_for_log(struct source *s)
{
	s->format = FORMAT_CSV;
	if (s->dir->n == 0 && s->options->follow)
		warn("%s: there is nothing in the log yet: waiting for its first record", s->options->path);
	while (s->dir->n == 0 && s->options->follow && !follow_stop(&s->follow))
		if (follow_wait(&s->follow, s->out, -1) < 0 || log_dir_refresh(s->dir, s->failure) < 0)
			return -1;
	if (s->dir->n)
		s->format = s->dir->segment[0].head.format;
	return 0;
}

/* The barrier that said so may have been lost with the run before: sinks must know, for files of views never straddle an edge. */
static bool begins_at_edge(const struct source *s)
{
	for (size_t i = 0; i < s->dir->n; i++)
		if (s->at.at && (s->dir->segment[i].head.first.at == s->at.at || (s->dir->segment[i].sealed && s->dir->segment[i].end.at == s->at.at)))
			return true;
	return false;
}

/* The log does not have what a sink has counted. When its store is just putting that aside (view-store --log) all will be well the
 * next time. */
static int cannot_go_on(struct source *s)
{
	int64_t until = follow_now() + SETTLE_MS;

	while (s->sinks.n && s->failure->status == EXIT_CONFIG && follow_now() < until && !follow_stop(&s->follow) &&
	       follow_wait(&s->follow, s->out, DRY_MS) == 0) {
		if (!sinks_moved(&s->sinks))
			continue;
		*s->failure = (struct failure){ 0 };
		failure_set(s->failure, EXIT_RETRY, "%s: a sink had more than the log, and is putting that aside: start again from it", s->options->path);
	}
	return -1;
}

static int begin(struct source *s)
{
	const struct cat_options *o = s->options;
	struct log_reader_options ro = { .without_chain = o->has_from && !o->from_has_chain, .sealed_only = o->sealed, .sync = true };
	struct position from = o->from;

	if (sinks_open(&s->sinks, o->resume_from, o->nresume, s->dir->name, s->failure) < 0)
		return -1;
	if ((o->fallback && sinks_fall_back(&s->sinks, o->fallback, s->failure) < 0) || wait_for_log(s) < 0)
		return -1;
	if (o->nresume)
		from = s->sinks.from;
	else if (!o->has_from && s->dir->n)
		from = s->dir->segment[0].head.first;
	s->reader = log_reader_open(s->dir, from, o->has_to ? o->to.at : LOG_END, &ro, s->failure);
	if (s->failure->status)
		return cannot_go_on(s);
	s->at = log_reader_at(s->reader);
	if (sinks_confirm(&s->sinks, s->at, s->failure) < 0 || send_resume(s) < 0)
		return -1;
	if (begins_at_edge(s))
		return need_barrier(s, true);
	return sinks_cut_at_once(&s->sinks) ? need_barrier(s, false) : 0;
}

int source_run(const struct cat_options *o, struct log_dir *dir, struct out *out, struct ledger *ledger, struct failure *f)
{
	struct source s = { .options = o, .dir = dir, .out = out, .ledger = ledger, .failure = f };
	int rc;

	follow_begin(&s.follow, dir, true);
	rc = begin(&s);
	if (rc == 0)
		rc = run(&s);
	if (s.reader)
		ledger->bytes = log_reader_bytes(s.reader);
	log_reader_free(s.reader);
	follow_end(&s.follow);
	sinks_close(&s.sinks);
	origin_free(&s.origin);
	return rc;
}
