/* SPDX-License-Identifier: MIT */
/* Plain input commits block by block; with --once, and in a checked stream, blocks say that more comes, and only the last one of the
 * input or of the epoch makes them count. */
#include "batch/log/append.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>

#include "batch/log/pending.h"
#include "lib/base/clock.h"
#include "lib/base/diag.h"
#include "lib/base/hash.h"
#include "lib/base/mutant.h"
#include "lib/sink/sink.h"
#include "lib/stream/checked.h"
#include "lib/stream/signals.h"
#include "lib/text/layout.h"
#include "lib/text/scan.h"

#define BLOCK_BYTES ((size_t)1024 * 1024)
#define LOOK_MS 100             /* how long a request to seal, or a sync that is due, may wait */

struct appender {
	const struct append_options *options;
	struct ledger *ledger;
	struct failure *failure;
	struct log_writer *writer;
	struct fields fields;           /* _op */
	struct reader *reader;
	size_t block_bytes;

	struct pending pending;
	int64_t since_ms;               /* when its first record came */
	struct buf columns;             /* of the records that come now */
	bool has_columns, new_columns;  /* new: the log does not know them yet */
	bool uncommitted;               /* blocks were written that do not count yet */

	bool begun;                     /* the form of this input is known */
	bool checked;
	bool discard;                   /* the log has these records already */
	bool complete;                  /* it has those of an end, and the barrier at its position has come again */
	struct position again;          /* behind what was discarded of a fallback */
	struct resume resume;
	struct barrier barrier;
	bool held;                      /* rejects of epochs before are to stay */
	bool repeated;                  /* --once: the log has all of it */
};

static volatile sig_atomic_t interrupted;

int append_signal(void)
{
	return (int)interrupted;
}

static void on_signal(int sig)
{
	interrupted = sig;
}

static void catch_signals(void)
{
	const struct sigaction act = { .sa_handler = on_signal, .sa_flags = SA_RESTART | SA_RESETHAND };
	struct sigaction now;

	for (int i = 0; i < 2; i++)
		if (sigaction(i ? SIGTERM : SIGINT, NULL, &now) == 0 && now.sa_handler != SIG_IGN)
			sigaction(i ? SIGTERM : SIGINT, &act, NULL);
}

static const char *log_path(const struct appender *a)
{
	return a->options->path;
}

/* ---- blocks ---- */

/* What the log holds is one format; envelopes are NDJSON to it. */
static enum record_format stored_format(const struct appender *a)
{
	enum record_format format = reader_format(a->reader);

	return format_is_delimited(format) ? format : FORMAT_NDJSON;
}

static int write_form(struct appender *a)
{
	if (a->uncommitted && a->new_columns)
		return failure_set(a->failure, EXIT_DATA, "%s: other columns in the middle of %s", reader_name(a->reader), a->checked ? "an epoch" : "what is one by --once");
	if (a->uncommitted)
		return 0;
	a->new_columns = false;
	return log_write_form(a->writer, stored_format(a), a->has_columns ? buf_view(&a->columns) : (struct span){ 0 }, a->failure);
}

/* Pending records that the log has. Of a fallback it is known where they begin in it. */
static void discard_block(struct appender *a)
{
	struct pending *p = &a->pending;

	a->again.at += p->safe.records;
	a->again.chain = hash_crc32c(a->again.chain, p->data.p, p->safe.bytes);
	a->ledger->duplicate += p->safe.records;
	pending_drop(p);
}

/* The pending records that a block may end behind, and what they commit. */
static int write_block(struct appender *a, const struct log_commit *c)
{
	struct pending *p = &a->pending;
	struct span data = { p->data.p, p->safe.bytes };
	bool marked;
	uint64_t lines = scan_kernel(NULL)->count(data.p, data.n, '\n', &marked);

	if (write_form(a) < 0 || log_write_block(a->writer, data, p->safe.records, lines, p->changes, c, a->failure) < 0)
		return -1;
	a->ledger->out += p->safe.records;
	a->ledger->rows += p->safe.records;
	a->uncommitted = c->more;
	pending_drop(p);
	return c->more ? 0 : log_writer_idle(a->writer, a->failure);
}

static bool is_one(const struct appender *a)
{
	return a->checked || a->options->once;
}

static int flush(struct appender *a)
{
	const struct log_commit c = { .more = is_one(a) };

	if (a->pending.safe.records == 0)
		return 0;
	if (!a->discard)
		return write_block(a, &c);
	discard_block(a);
	return 0;
}

/* Nothing may end here while a -U waits for its +U. */
static int check_whole(struct appender *a, const char *what)
{
	if (a->pending.all.records == a->pending.safe.records)
		return 0;
	return failure_set(a->failure, EXIT_DATA, "%s: %s ends between a -U and its +U", reader_name(a->reader), what);
}

/* ---- records ---- */

static int take_batch(struct appender *a, const struct batch *batch)
{
	bool escape = !reader_is_controlled(a->reader), json = !format_is_delimited(reader_format(a->reader));

	for (size_t at = 0; at < batch->n;) {
		uint64_t before = a->pending.all.records;

		if (before == 0)
			a->since_ms = clock_ms(CLOCK_MONOTONIC_COARSE);
		pending_take(&a->pending, batch, &at, a->block_bytes, escape, json);
		a->ledger->in += a->pending.all.records - before;
		if (a->pending.safe.bytes >= a->block_bytes && flush(a) < 0)
			return -1;
	}
	return !is_one(a) && a->pending.all.records && clock_ms(CLOCK_MONOTONIC_COARSE) - a->since_ms >= a->options->block_ms ? flush(a) : 0;
}

/* --once: the log has all of it. */
static int skip_batch(struct appender *a, const struct batch *batch)
{
	uint64_t n = 0;

	for (size_t i = 0; i < batch->n; i++)
		n += i == 0 || batch->raw[i].p != batch->raw[i - 1].p;
	a->ledger->in += n;
	a->ledger->duplicate += n;
	return 0;
}

static int reject(struct appender *a, const struct bad_record *bad)
{
	struct side *s = a->options->rejects;

	a->ledger->in++;
	a->ledger->rejected++;
	if (!s)
		return failure_set(a->failure, EXIT_DATA, "%s:%" PRIu64 ": %s", reader_name(a->reader), bad->line, bad->reason);
	if (a->discard)                 /* it is in there already */
		return 0;
	if (side_put(s, reader_name(a->reader), bad->line, span_of(bad->reason), bad->raw, NULL, 0) == 0)
		return 0;
	return failure_set(a->failure, EXIT_IO, "%s", side_error(s));
}

/* ---- rejects ---- */

/* What epochs that the log has have rejected stays, whatever becomes of this run. */
static bool has_rejected(const struct appender *a)
{
	const struct side *s = a->options->rejects;

	return s && span_eq(buf_view(&log_writer_source(a->writer)->rejects_to), span_of(side_path(s)));
}

static int resume_rejects(struct appender *a)
{
	struct side *s = a->options->rejects;

	a->held = false;
	return s ? side_resume(s, has_rejected(a) ? log_writer_source(a->writer)->rejects : 0, a->failure) : 0;
}

/* ---- columns ---- */

/* What is pending has the old ones. */
static int set_columns(struct appender *a, struct span columns)
{
	if (a->has_columns && span_eq(buf_view(&a->columns), columns))
		return 0;
	if (flush(a) < 0 || check_whole(a, "a run of columns") < 0)
		return -1;
	buf_clear(&a->columns);
	buf_span(&a->columns, columns);
	if (!a->columns.p)
		buf_room(&a->columns, 1);       /* no NULL: none are columns too */
	a->has_columns = a->new_columns = true;
	return 0;
}

static int set_plain_columns(struct appender *a, const struct batch *batch)
{
	struct span header = reader_header(a->reader);
	struct buf columns = { 0 };
	int rc;

	if (batch)
		layout_number_columns(reader_format(a->reader), batch->raw[0], &columns);
	else
		layout_print_columns(reader_format(a->reader), header, &columns);
	rc = set_columns(a, buf_view(&columns));
	buf_free(&columns);
	return rc;
}

/* Once the form of a plain input is known; without a header, once there is a record. */
static int begin_plain(struct appender *a, enum read_event event, const struct batch *batch)
{
	bool no_header = a->options->reader.no_header;

	if (reader_is_controlled(a->reader) || (no_header && event != READ_ROWS && event != READ_END))
		return 0;
	a->begun = true;
	if (event != READ_END && a->held && resume_rejects(a) < 0)
		return -1;
	if (!format_is_delimited(reader_format(a->reader)) || (no_header && event == READ_END))
		return 0;
	if (!no_header && reader_header(a->reader).n == 0)
		return 0;
	return set_plain_columns(a, no_header ? batch : NULL);
}

/* ---- checked streams ---- */

static bool goes_on(const struct appender *a, const struct block_trailer *own)
{
	return own->epoch == a->resume.epoch && strcmp(own->run, a->resume.erun) == 0;
}

/* The end of a stream has no position of its own: its windows fire where the barrier before it was. */
static bool is_ahead(const struct appender *a, const struct block_trailer *own)
{
	return own->final || !span_eq(buf_view(&own->source), buf_view(&a->resume.pos));
}

/* Begins before what the log has, so that states of then can be used. */
static int begin_fallback(struct appender *a)
{
	struct position end = log_writer_end(a->writer);

	if (position_parse(buf_view(&a->resume.fallback), &a->again) < 0 || a->again.at > end.at)
		return failure_set(a->failure, EXIT_RETRY, "%s: it does not go to %.*s, from where the source falls back", log_path(a), (int)a->resume.fallback.n,
		                   a->resume.fallback.p);
	a->discard = true;
	return 0;
}

/* The source starts from what a sink has committed. Is that still what this log has? With several sinks it may be another's: then records come
 * first that the log has already. */
static int compare(struct appender *a)
{
	const struct block_trailer *own = log_writer_source(a->writer);

	if (goes_on(a, own) || mutant("cas"))
		return 0;
	if (a->resume.fallback.n)
		return begin_fallback(a);
	if (!a->resume.several || !own->has_source)
		return failure_set(a->failure, EXIT_RETRY, "%s: it stands at epoch %" PRIu64 " of run %s, not at epoch %" PRIu64 " of run %s: the source is to start again from it",
		                   log_path(a), own->epoch, own->run, a->resume.epoch, a->resume.erun);
	a->discard = is_ahead(a, own);
	return 0;
}

static int begin_checked(struct appender *a, const struct control *c)
{
	if (a->options->nfiles > 1)
		return failure_set(a->failure, EXIT_CONFIG, "%s: a checked stream is one input", reader_name(a->reader));
	if (a->options->once)
		return failure_set(a->failure, EXIT_CONFIG, "%s: --once is for plain input: a checked stream knows itself what it has sent", reader_name(a->reader));
	if (resume_parse(&a->resume, c, a->failure) < 0)
		return -1;
	stage_signals();
	a->checked = true;
	return compare(a) < 0 ? -1 : resume_rejects(a);
}

static int commit_epoch(struct appender *a, uint64_t epoch, const char *run, struct span pos, bool final)
{
	struct log_commit c = { .has_source = true, .epoch = epoch, .run = run, .source = pos, .final = final };
	struct side *s = a->options->rejects;

	if (check_whole(a, "an epoch") < 0 || (s && side_sync(s, a->failure) < 0))
		return -1;
	if (s) {
		c.rejects_to = span_of(side_path(s));
		c.rejects = side_length(s);
	}
	return write_block(a, &c);
}

/* What came again must be what the log has: stages make of the same records the same bytes. */
static int compare_again(struct appender *a)
{
	struct position end = log_writer_end(a->writer);

	if (a->resume.fallback.n == 0 || position_eq(a->again, end))
		return 0;
	return failure_set(a->failure, EXIT_DATA, "%s: what came again since %.*s differs from what it has (%" PRIu64 " records, not %" PRIu64
	                   "): were options or programs changed?", log_path(a), (int)a->resume.fallback.n, a->resume.fallback.p, a->again.at, end.at);
}

/* A barrier behind records that the log has. 1: it has all of it; 0: this is as far as it goes; -1. */
static int discard_epoch(struct appender *a)
{
	const struct block_trailer *own = log_writer_source(a->writer);
	const struct barrier *b = &a->barrier;
	bool there = span_eq(buf_view(&b->pos), buf_view(&own->source));

	if (check_whole(a, "an epoch") < 0 || flush(a) < 0)
		return -1;
	if (there && (!own->final || b->kind == BARRIER_END))
		return compare_again(a);
	if (a->complete && !there)
		return failure_set(a->failure, EXIT_CONFIG, "%s: it has all up to the end of its source (--final), which has grown since", log_path(a));
	a->complete = there;
	return 1;
}

static int take_barrier(struct appender *a)
{
	const struct barrier *b = &a->barrier;
	int rc = a->discard ? discard_epoch(a) : 0;

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	a->discard = false;             /* from here on this run is ours too: states are kept for it, no more for the one that was */
	return commit_epoch(a, b->epoch, b->run, buf_view(&b->pos), b->kind == BARRIER_END);
}

/* Negative control: what a crash of the source has left is taken for all. */
static int commit_at_end(struct appender *a)
{
	const struct barrier *b = &a->barrier;

	return commit_epoch(a, (b->epoch ? b->epoch : a->resume.epoch) + 1, a->resume.run, buf_view(&b->pos), false);
}

static int take_control(struct appender *a, struct span line)
{
	struct control c = { 0 };
	int rc = control_parse(&c, line), barrier = 0;

	if (rc < 0)
		failure_set(a->failure, EXIT_DATA, "%s: malformed control line", reader_name(a->reader));
	else if (span_eq(c.word, SPAN("resume")))
		rc = begin_checked(a, &c);
	else if (span_eq(c.word, SPAN("columns")))
		rc = set_columns(a, c.rest);
	else if (a->checked && (barrier = barrier_parse(&a->barrier, &c, a->failure)) != 0)
		rc = barrier < 0 ? -1 : take_barrier(a);
	else if (!span_eq(c.word, SPAN("stream")) && !span_eq(c.word, SPAN("watermark")))
		rc = failure_set(a->failure, EXIT_CONFIG, "%s: control line \"%.*s\" is not for a log", reader_name(a->reader), (int)(c.word.n > 20 ? 20 : c.word.n), c.word.p);
	control_free(&c);
	return rc;
}

/* ---- inputs ---- */

/* Until there is something to read, or a signal came. Live records are stored at once. */
static int wait_for_input(struct appender *a)
{
	struct pollfd wait = { .fd = reader_fd(a->reader), .events = POLLIN };

	if (!a->checked && flush(a) < 0)
		return -1;
	while (!interrupted && reader_waits(a->reader)) {
		if (log_writer_idle(a->writer, a->failure) < 0)
			return -1;
		if (poll(&wait, 1, LOOK_MS) > 0)
			break;
	}
	return 0;
}

static int take_event(struct appender *a, enum read_event event, const struct batch *batch, const struct bad_record *bad, struct span control)
{
	if (event == READ_IDLE)
		return wait_for_input(a);
	if (!a->begun && begin_plain(a, event, batch) < 0)
		return -1;
	if (event == READ_ROWS)
		return a->repeated ? skip_batch(a, batch) : take_batch(a, batch);
	if (event == READ_BAD)
		return reject(a, bad);
	return event == READ_CONTROL ? take_control(a, control) : 0;
}

static int fail_read(struct appender *a)
{
	if (mutant("eof-commit") && a->checked && reader_status(a->reader) == EXIT_RETRY)
		return commit_at_end(a);
	return failure_set(a->failure, reader_status(a->reader), "%s", reader_error(a->reader));
}

static int read_input(struct appender *a)
{
	struct batch batch;
	struct bad_record bad;
	struct span control;
	enum read_event event;

	a->begun = false;
	do {
		event = reader_next(a->reader, &batch, &bad, &control);
		if (event == READ_ERROR)
			return fail_read(a);
		if (take_event(a, event, &batch, &bad, control) < 0)
			return -1;
	} while (event != READ_END && !interrupted);
	return interrupted ? 0 : check_whole(a, "it");
}

/* An input without records has an ID too, but an empty one does not say of what form the log is to be. */
static bool knows_form(const struct appender *a)
{
	return a->uncommitted || a->has_columns || log_writer_end(a->writer).at;
}

/* What has come whole is stored, also when what follows it is bad. */
static int end_input(struct appender *a, int rc, bool last)
{
	struct failure first = *a->failure;

	a->ledger->bytes += reader_bytes(a->reader);
	if (a->checked)
		return rc;
	if (flush(a) < 0)
		rc = -1;
	if (first.status)
		*a->failure = first;
	if (rc == 0 && last && a->options->once && knows_form(a) && !a->repeated && !interrupted)
		rc = write_block(a, &(struct log_commit){ .once = span_of(a->options->once) });
	return rc;
}

static int read_all(struct appender *a)
{
	const struct append_options *o = a->options;
	size_t n = o->nfiles ? o->nfiles : 1;
	int rc = 0;

	for (size_t i = 0; rc == 0 && !interrupted && i < n; i++) {
		a->reader = reader_open(o->nfiles ? o->file[i] : "-", &a->fields, &o->reader);
		rc = end_input(a, read_input(a), i + 1 == n);
		reader_free(a->reader);
	}
	return rc;
}

static int begin(struct appender *a)
{
	const struct append_options *o = a->options;
	const char *error;

	fields_add(&a->fields, SPAN("_op"), &error);
	a->writer = log_writer_open(o->path, &o->write, a->failure);
	if (!a->writer)
		return -1;
	catch_signals();
	a->held = has_rejected(a);
	if (a->held)
		side_hold(o->rejects);
	return o->once ? log_writer_has_once(a->writer, span_of(o->once), &a->repeated, a->failure) : 0;
}

int append_run(const struct append_options *o, struct ledger *ledger, struct failure *f)
{
	struct appender a = { .options = o, .ledger = ledger, .failure = f };
	int rc;

	a.block_bytes = o->block_bytes ? o->block_bytes : BLOCK_BYTES;
	rc = sink_expect_log(o->path, f) < 0 ? -1 : begin(&a);
	if (rc == 0)
		rc = read_all(&a);
	if (a.writer && log_writer_close(a.writer, f) < 0)
		rc = -1;
	pending_free(&a.pending);
	fields_free(&a.fields);
	buf_free(&a.columns);
	resume_free(&a.resume);
	barrier_free(&a.barrier);
	return rc == 0 ? 0 : f->status ? f->status : EXIT_IO;
}
