/* SPDX-License-Identifier: MIT */
#include "speed/cdc/run.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/diag.h"
#include "lib/stream/halt.h"
#include "lib/stream/progress.h"
#include "speed/cdc/watch.h"

#define DRY_MS 10                       /* between barriers of a source that has no more for now */
#define FULL_MS 2                       /* between looks at the sink while no barrier may be sent */
#define EPOCH_MS 1000
#define EPOCH_BYTES ((uint64_t)64 * 1024 * 1024)
#define IDLE_MS 10000                   /* between barriers while nothing is for us */
#define PROGRESS_MS 500                 /* between words on a snapshot, or another transaction that takes long */
#define CONFIRM_MS 1000                 /* between two confirmations to the source */

struct run {
	const struct cdc_options *options;
	const struct cdc_driver *driver;
	void *source;
	struct out *out;
	struct failure *failure;
	struct ledger *ledger;
	struct emit emit;
	struct origin origin;
	struct watch watch;
	struct buf pos;                 /* behind the last transaction that was emitted */
	struct buf sent;                /* of the last barrier */
	bool inside;                    /* one that is not emitted whole yet */
	int64_t began_ms, sent_ms, confirmed_ms;
	struct progress progress;       /* of that one */
	int64_t told_ms;
};

static int64_t now_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

static bool is_checked(const struct run *r)
{
	return r->emit.origin;
}

/* ---- waiting ---- */

/* For the source when it may have more, for a signal, for the end of whoever reads us. -1: of the latter. */
static int wait_for(struct run *r, bool source, int64_t most)
{
	struct pollfd fds[4] = { { .fd = r->out->fd }, halt_poll() };
	size_t n = 0;
	int ms = -1;

	if (source)
		ms = r->driver->wait(r->source, fds + 2, &n);
	if (most >= 0 && (ms < 0 || most < ms))
		ms = (int)most;
	poll(fds, 2 + n, ms);
	return halt_reader_gone(r->out, fds[0].revents);
}

/* ---- epochs ---- */

static int confirm(struct run *r, bool at_once)
{
	int rc;

	if (!r->watch.news || !r->driver->confirm || span_eq(buf_view(&r->watch.now.pos), SPAN(CDC_NOWHERE)) || (!at_once && now_ms() - r->confirmed_ms < CONFIRM_MS))
		return 0;
	r->confirmed_ms = now_ms();
	rc = r->driver->confirm(r->source, buf_view(&r->watch.now.pos), r->failure);
	r->watch.news = rc > 0;
	return rc < 0 ? -1 : 0;
}

/* 1: another epoch may be sent; 0; -1. */
static int may_send(struct run *r)
{
	if (watch_look(&r->watch, now_ms(), r->failure) < 0 || confirm(r, false) < 0)
		return -1;
	r->origin.barrier.committed = r->watch.committed;
	return !watch_is_full(&r->watch);
}

static int send_barrier(struct run *r, enum barrier_kind kind)
{
	int rc = origin_barrier(&r->origin, kind, false, buf_view(&r->pos));

	buf_clear(&r->sent);
	buf_span(&r->sent, buf_view(&r->pos));
	r->watch.sent = r->origin.barrier.epoch;
	r->emit.pending = r->emit.bytes = 0;
	r->sent_ms = now_ms();
	return rc;
}

static int try_barrier(struct run *r)
{
	int rc = may_send(r);

	return rc <= 0 ? rc : send_barrier(r, BARRIER) < 0 ? -1 : 1;
}

/* One that cannot wait. */
static int need_barrier(struct run *r)
{
	int rc;

	while ((rc = may_send(r)) == 0 && !halt_asked())
		if (wait_for(r, false, FULL_MS) < 0)
			return -1;
	return rc < 0 ? -1 : send_barrier(r, BARRIER);
}

static bool is_due(const struct run *r)
{
	const struct cdc_options *o = r->options;
	int64_t ms = o->epoch_ms >= 0 ? o->epoch_ms : EPOCH_MS;

	return (o->epoch_records && r->emit.pending >= o->epoch_records) ||
	       r->emit.bytes >= (o->epoch_bytes ? o->epoch_bytes : EPOCH_BYTES) || now_ms() - r->began_ms >= ms;
}

static void take_position(struct run *r)
{
	buf_clear(&r->pos);
	r->driver->position(r->source, &r->pos);
	if (r->pos.n == 0)
		buf_text(&r->pos, CDC_NOWHERE);
}

/* Between two transactions. */
static int at_boundary(struct run *r)
{
	take_position(r);
	if (!is_checked(r) || !r->emit.pending || !is_due(r))
		return 0;
	return r->emit.bytes >= EPOCH_BYTES ? need_barrier(r) : try_barrier(r) < 0 ? -1 : 0;
}

/* Nothing of what has come was for us: once in a while the source is to know that all the same, so that it need not keep it. */
static int may_go_ahead(struct run *r)
{
	if (span_eq(buf_view(&r->pos), buf_view(&r->sent)) || now_ms() - r->sent_ms < IDLE_MS)
		return may_send(r);
	return try_barrier(r);
}

static int wait_for_more(struct run *r)
{
	int64_t ms = -1;
	int rc = 0;

	if (is_checked(r) && r->emit.pending) {
		ms = r->sent_ms + DRY_MS - now_ms();
		if (ms <= 0) {
			rc = try_barrier(r);
			ms = rc > 0 ? -1 : FULL_MS;
		}
	} else if (is_checked(r)) {
		rc = may_go_ahead(r);
		ms = r->watch.news && r->driver->confirm ? CONFIRM_MS : r->watch.sent != r->watch.committed ? DRY_MS : IDLE_MS;
	}
	if (rc < 0 || out_flush(r->out) < 0)
		return -1;
	return wait_for(r, true, ms);
}

/* What the sink commits in the end is confirmed at the next start: nobody waits for it here. */
static int finish(struct run *r)
{
	if (!is_checked(r))
		return out_flush(r->out);
	if (may_send(r) < 0)
		return -1;
	return send_barrier(r, BARRIER_STOP) < 0 ? -1 : confirm(r, true);
}

/* While a transaction lasts, the snapshot above all. */
static void tell_progress(struct run *r, bool was_inside)
{
	int64_t now = now_ms();

	if (r->inside && !was_inside) {
		progress_begin(&r->progress, PROGRESS_UNKNOWN);
		r->told_ms = now;
	} else if (r->inside && now - r->told_ms >= PROGRESS_MS) {
		r->progress.done = r->emit.pending;
		progress_show(&r->progress);
		r->told_ms = now;
	} else if (was_inside && !r->inside) {
		progress_end(&r->progress);
	}
}

/* 1: go on; 0: it has ended; -1. */
static int step(struct run *r)
{
	bool first = r->emit.pending == 0, was_inside = r->inside;
	enum cdc_event e = r->driver->next(r->source, &r->emit, r->failure);

	if (first)
		r->began_ms = now_ms();
	r->inside = e == CDC_INSIDE;
	tell_progress(r, was_inside);
	switch (e) {
	case CDC_MORE:
		return at_boundary(r) < 0 ? -1 : 1;
	case CDC_INSIDE:
		return 1;
	case CDC_BARRIER:
		take_position(r);
		return need_barrier(r) < 0 ? -1 : 1;
	case CDC_DRY:
		take_position(r);
		if (!r->options->request.follow)
			return finish(r);
		return wait_for_more(r) < 0 ? -1 : 1;
	case CDC_END:
		take_position(r);
		return finish(r);
	default:
		return -1;
	}
}

/* Whoever asks for the end waits for that of the transaction at hand. */
static int work(struct run *r)
{
	int rc = 1;

	while (rc > 0 && !r->out->error && (r->inside || !halt_asked()))
		rc = step(r);
	if (rc <= 0 || r->out->error)
		return rc < 0 || r->out->error ? -1 : 0;
	take_position(r);
	return finish(r);
}

/* ---- beginning and end ---- */

static int send_resume(struct run *r)
{
	struct resume line = { .epoch = r->watch.begin.epoch };
	int rc;

	memcpy(line.erun, r->watch.path ? r->watch.begin.run : "-", r->watch.path ? sizeof line.erun : 2);
	buf_span(&line.pos, r->options->request.from);
	buf_text(&line.source, r->options->source);
	rc = origin_begin(&r->origin, r->out, r->options->emit.format, "cdc-tail", &line);
	memcpy(r->watch.ours, line.run, sizeof line.run);
	resume_free(&line);
	return rc;
}

/* What a source of records holds is known when something is in it. */
static int wait_for_format(struct run *r, struct cdc_options *o)
{
	enum record_format format;

	if (!r->driver->format)
		return 0;
	while ((format = r->driver->format(r->source, r->failure)) == FORMAT_AUTO && !r->failure->status && o->request.follow && !halt_asked())
		if (wait_for(r, true, -1) < 0)
			return -1;
	o->emit.format = format == FORMAT_AUTO ? FORMAT_CSV : format;
	return r->failure->status ? -1 : 0;
}

static int begin(struct run *r, struct cdc_options *o)
{
	if (watch_open(&r->watch, o->resume_from, r->failure) < 0)
		return -1;
	if (o->resume_from && !span_eq(buf_view(&r->watch.begin.pos), SPAN(CDC_NOWHERE)))
		o->request.from = buf_view(&r->watch.begin.pos);
	buf_span(&r->pos, o->request.from);
	buf_span(&r->sent, o->request.from);
	r->source = r->driver->open(&o->request, r->failure);
	if (!r->source || wait_for_format(r, o) < 0 || emit_init(&r->emit, &o->emit, r->out, r->ledger, r->failure) < 0)
		return -1;
	if (!o->resume_from && !o->checked)
		return 0;
	r->emit.origin = &r->origin;
	return send_resume(r) < 0 ? -1 : confirm(r, true);
}

int cdc_run(struct cdc_options *o, struct out *out, struct ledger *ledger, struct failure *f)
{
	struct run r = { .options = o, .driver = o->driver, .out = out, .failure = f, .ledger = ledger };
	int rc;

	if (o->resume_from || o->checked)
		halt_begin();
	rc = begin(&r, o);
	if (rc == 0)
		rc = work(&r);
	progress_end(&r.progress);
	if (r.source)
		r.driver->close(r.source);
	emit_free(&r.emit);
	origin_free(&r.origin);
	watch_close(&r.watch);
	buf_free(&r.pos);
	buf_free(&r.sent);
	if (o->resume_from || o->checked)
		halt_end();
	return rc == 0 ? 0 : f->status ? f->status : EXIT_IO;
}
