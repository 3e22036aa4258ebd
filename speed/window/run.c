/* SPDX-License-Identifier: MIT */
#include "speed/window/run.h"

#include <poll.h>

#include "lib/base/diag.h"
#include "lib/base/mutant.h"
#include "speed/window/checked.h"
#include "speed/window/interrupt.h"
#include "speed/window/many.h"
#include "speed/window/parallel.h"
#include "speed/window/source.h"

#define LIVE_AFTER_MS 3000      /* a quiet input is taken for a live one */

struct runner {
	const struct view *view;
	const struct run_options *options;
	struct out *out;
	struct engine engine;
	struct checked checked;
	struct source *source;
	size_t n;
	bool begun;                     /* the form of the stream is known */
	bool warned;                    /* that live input without a watermark fires at the end only */
};

static void say_interrupted(const struct runner *r)
{
	warn("interrupted: %zu open windows dropped", engine_open_windows(&r->engine));
}

/* In a signal handler: nothing here allocates. */
static void tell_interrupted(const void *context)
{
	const struct runner *r = context;
	struct ledger now = r->engine.ledger;

	say_interrupted(r);
	for (size_t i = 0; i < r->n; i++)
		if (r->source[i].blocks)
			now.bytes += blocks_bytes(r->source[i].blocks);
	if (r->options->report)
		r->options->report(&now);
}

static int fail_read(struct runner *r, size_t i)
{
	return failure_set(&r->engine.failure, blocks_status(r->source[i].blocks), "%s", blocks_error(r->source[i].blocks));
}

static void close_source(struct runner *r, size_t i)
{
	if (!r->source[i].blocks)
		return;
	r->engine.ledger.bytes += blocks_bytes(r->source[i].blocks);
	source_close(&r->source[i]);
}

static const char *path_of(const struct runner *r, size_t i)
{
	return r->options->npaths ? r->options->path[i] : "-";
}

/* The time field is in no header: every record would be bad, so say it once and clearly. */
static int check_columns(struct runner *r, size_t source)
{
	for (size_t i = 0; i < r->view->fields.n; i++) {
		struct span name = r->view->fields.ref[i].text;

		if ((int)i == r->view->op_field || (int)i == r->view->change_field || !blocks_lacks(r->source[source].blocks, i))
			continue;
		if ((int)i == r->view->time_field)
			return failure_set(&r->engine.failure, EXIT_DATA, "%s: no column \"%.*s\", the view's time",
			                   blocks_name(r->source[source].blocks), (int)(name.n > 60 ? 60 : name.n), name.p);
		warn("%s: no column \"%.*s\": it is null", blocks_name(r->source[source].blocks), (int)(name.n > 60 ? 60 : name.n), name.p);
	}
	return 0;
}

/* For --idle-timeout, where that counts? */
static bool stays_quiet(const struct runner *r, size_t i)
{
	int64_t timeout = r->view->idle_timeout;
	struct pollfd p = { .fd = blocks_fd(r->source[i].blocks), .events = POLLIN };

	if (timeout == 0 || r->engine.controlled || p.fd < 0)
		return false;
	return poll(&p, 1, timeout > INT32_MAX ? INT32_MAX : (int)timeout) == 0;
}

/* Opened, and read up to its first record: its form is known then, unless it steps aside. */
static int begin_source(struct runner *r, size_t i)
{
	struct source *s = &r->source[i];

	if (s->begun)
		return 0;
	if (!s->blocks)
		source_open(s, path_of(r, i), &r->view->fields, &r->options->reader);
	interrupt_begin_wait();
	while (!source_begin(s))
		if (stays_quiet(r, i)) {
			interrupt_end_wait();
			return engine_idle_input(&r->engine, i);
		}
	interrupt_end_wait();
	if (s->first == READ_ERROR)
		return fail_read(r, i);
	if (r->begun && blocks_is_controlled(s->blocks) != r->engine.controlled)         /* the first may be closed by now */
		return failure_set(&r->engine.failure, EXIT_DATA, "%s: controlled and plain streams do not mix", blocks_name(s->blocks));
	return check_columns(r, i);
}

static int flush(struct runner *r)
{
	if (out_flush(r->out) < 0)
		return -1;
	if (r->options->late && side_flush(r->options->late) < 0)
		return -1;
	return r->options->rejects && side_flush(r->options->rejects) < 0 ? -1 : 0;
}

/* Someone waits for rows that will not come. A pipe that is only slow is no reason to say so. */
static void warn_live(struct runner *r, struct pollfd *p)
{
	if (r->warned || r->engine.live || r->engine.checked || r->engine.ledger.in == 0 || p->fd < 0 || poll(p, 1, LIVE_AFTER_MS) != 0)
		return;
	r->warned = true;
	warn("input: it is live and no --watermark-delay is stated: windows fire when it ends");
}

/* Nothing to read from input i right now: what is done goes out, then it is waited for; for --idle-timeout at most. */
static int wait_input(struct runner *r, size_t i)
{
	struct pollfd p = { .fd = blocks_fd(r->source[i].blocks), .events = POLLIN };

	if (flush(r) < 0)
		return -1;
	interrupt_begin_wait();
	warn_live(r, &p);
	if (!stays_quiet(r, i))
		return 0;
	interrupt_end_wait();
	return engine_idle_input(&r->engine, i);
}

/* All inputs are idle: until one of them has something. */
static int wait_any(struct runner *r)
{
	struct pollfd *p = mem_zalloc(r->n * sizeof *p);

	for (size_t i = 0; i < r->n; i++)
		p[i] = (struct pollfd){ .fd = r->source[i].ended ? -1 : blocks_fd(r->source[i].blocks), .events = POLLIN };
	if (flush(r) == 0) {
		interrupt_begin_wait();
		(void)!poll(p, r->n, -1);
		interrupt_end_wait();
	}
	free(p);
	return r->out->error ? -1 : 0;
}

static uint64_t position_of(struct runner *r, size_t i, uint64_t line)
{
	return r->engine.checked ? checked_number(&r->checked, line) : place_plain(i, line);
}

/* Where no other input has to be looked at in between. */
static bool takes_many(const struct runner *r)
{
	return (r->n == 1 || !r->engine.live) && many_fit(&r->engine);
}

static void begin_many(struct runner *r, size_t i)
{
	const struct batch *b = &r->source[i].batch;

	many_begin(&r->engine, b);
	for (size_t row = 0; row < b->n; row++)
		r->engine.columns.position[row] = position_of(r, i, b->line[row]);
}

static int take_record(struct runner *r, size_t i, size_t row, uint64_t position)
{
	const struct source *s = &r->source[i];
	struct place at = { .name = blocks_name(s->blocks), .input = i, .line = s->batch.line[row], .raw = s->batch.raw[row], .position = position };

	return engine_record(&r->engine, s->batch.field + row * s->batch.width, &at);
}

/* The batch in hand, in runs of plain records with others between them. */
static int take_many(struct runner *r, size_t i)
{
	struct source *s = &r->source[i];

	begin_many(r, i);
	while (s->at < s->batch.n && !interrupted) {
		ssize_t n = many_take(&r->engine, s->at, i);

		if (n < 0)
			return -1;
		s->at += (size_t)n;
		if (s->at < s->batch.n && take_record(r, i, s->at, r->engine.columns.position[s->at]) < 0)
			return -1;
		s->at += s->at < s->batch.n;
	}
	return out_more(r->out);
}

/* Records of the batch in hand, while this input is not ahead of the others. */
static int take_batch(struct runner *r, size_t i, int64_t others)
{
	struct source *s = &r->source[i];

	if (takes_many(r))
		return take_many(r, i);
	while (s->at < s->batch.n && !interrupted) {
		size_t row = s->at++;

		if (take_record(r, i, row, position_of(r, i, s->batch.line[row])) < 0)
			return -1;
		if (source_reached(&r->engine.watermark, i) > others)
			break;
	}
	return out_more(r->out);
}

static int take_control(struct runner *r, struct span line, const struct place *at)
{
	int rc = r->engine.checked ? checked_control(&r->checked, line) : 0;

	return rc ? rc < 0 ? -1 : 0 : engine_control(&r->engine, line, at);
}

static int take_event(struct runner *r, size_t i, enum read_event event, const struct bad_record *bad, struct span control)
{
	struct place at = { .name = blocks_name(r->source[i].blocks), .input = i };

	switch (event) {
	case READ_BAD:
		at.line = bad->line;
		at.raw = bad->raw;
		position_of(r, i, bad->line);           /* it is a record, too */
		return engine_bad(&r->engine, bad->reason, &at);
	case READ_CONTROL:
		at.line = r->source[i].block.line;
		return take_control(r, control, &at);
	case READ_IDLE:
		return wait_input(r, i);
	case READ_END:
		close_source(r, i);
		return engine_end_input(&r->engine, i);
	case READ_ERROR:
		if (mutant("eof-commit") && r->engine.checked && blocks_status(r->source[i].blocks) == EXIT_RETRY) {
			close_source(r, i);
			return checked_end(&r->checked);
		}
		return fail_read(r, i);
	default:
		return 0;
	}
}

static int step(struct runner *r)
{
	struct bad_record bad;
	struct span control;
	int64_t others;
	size_t i = sources_choose(r->source, r->n, &r->engine.watermark, r->engine.live, &others);
	enum read_event event;

	if (i == r->n)
		return wait_any(r);
	if (begin_source(r, i) < 0)
		return -1;
	if (!r->source[i].begun)
		return 0;
	if (r->source[i].at < r->source[i].batch.n)
		return take_batch(r, i, others);
	r->source[i].batch.n = r->source[i].at = 0;
	event = source_next(&r->source[i], &bad, &control);
	interrupt_end_wait();
	return event == READ_ROWS ? 0 : take_event(r, i, event, &bad, control);
}

static int run_serial(struct runner *r)
{
	while (!sources_ended(r->source, r->n) && !interrupted)
		if (step(r) < 0)
			return -1;
	return 0;
}

static enum record_format output_format(const struct runner *r, size_t i)
{
	enum record_format f = r->options->output;

	if (f == FORMAT_AUTO)
		f = blocks_format(r->source[i].blocks);
	return f == FORMAT_CSV || f == FORMAT_TSV ? f : FORMAT_NDJSON;
}

static bool order_matters(const struct runner *r)
{
	return r->engine.live || r->engine.controlled || r->options->explain;
}

static int begin_next(void *context, size_t i)
{
	return begin_source(context, i);
}

static void close_done(void *context, size_t i)
{
	close_source(context, i);
}

static int read_all(struct runner *r)
{
	if (r->options->threads > 1 && !order_matters(r))
		return parallel_run(r->view, r->options, r->source, r->n, &r->engine, begin_next, close_done, r);
	return run_serial(r);
}

static void explain(const struct runner *r, struct buf *out)
{
	const char **name = mem_array(NULL, r->n, sizeof *name);

	for (size_t i = 0; i < r->n; i++)
		name[i] = path_of(r, i);
	lateness_explain(&r->engine.lateness, &r->engine.watermark, name, out);
	free(name);
}

static enum stream_form form_of(const struct source *s)
{
	if (!blocks_is_controlled(s->blocks))
		return STREAM_PLAIN;
	return s->first == READ_CONTROL && checked_is_resume((struct span){ s->block.data, s->block.n }) ? STREAM_CHECKED : STREAM_CONTROLLED;
}

static int refuse_state(struct runner *r, const struct source *s)
{
	if (s->first == READ_END)
		return failure_set(&r->engine.failure, EXIT_RETRY, "%s: it is empty: upstream has died before it began", blocks_name(s->blocks));
	return failure_set(&r->engine.failure, EXIT_CONFIG, "--state: %s: the stream is not checked", blocks_name(s->blocks));
}

/* The first input that is not quiet shows the form of the stream. */
static int begin_form(struct runner *r, size_t i)
{
	struct source *s = &r->source[i];
	enum stream_form form = form_of(s);

	if (r->options->state && form != STREAM_CHECKED)
		return refuse_state(r, s);
	engine_begin(&r->engine, output_format(r, i), r->out, form);
	r->begun = true;
	if (form != STREAM_CHECKED)
		return 0;
	s->has_first = false;           /* the resume line is taken here */
	return checked_begin(&r->checked, &r->engine, r->options, blocks_format(s->blocks), (struct span){ s->block.data, s->block.n });
}

/* Where the order of records matters all inputs must be there, or have stepped aside. */
static int begin(struct runner *r)
{
	while (!r->begun)
		for (size_t i = 0; i < r->n && (i == 0 || !r->begun || r->engine.live); i++) {
			if (begin_source(r, i) < 0)
				return -1;
			if (r->source[i].begun && !r->begun && begin_form(r, i) < 0)
				return -1;
		}
	return 0;
}

/* Until the state says where to go on with them. */
static void hold_sides(const struct run_options *o)
{
	if (o->state && o->late)
		side_hold(o->late);
	if (o->state && o->rejects)
		side_hold(o->rejects);
}

int run(const struct view *v, const struct run_options *o, struct out *out, struct ledger *ledger, struct failure *failure, struct buf *explanation)
{
	struct runner r = { .view = v, .options = o, .out = out, .n = o->npaths ? o->npaths : 1 };
	int rc;

	r.source = mem_zalloc(r.n * sizeof *r.source);
	engine_init(&r.engine, v, r.n);
	r.engine.late = o->late;
	r.engine.rejects = o->rejects;
	r.engine.max_groups = o->max_groups;
	r.engine.lateness.on = o->explain;
	hold_sides(o);
	interrupt_tell(tell_interrupted, &r);
	rc = begin(&r);
	if (rc == 0)
		rc = read_all(&r);
	if (rc == 0 && !interrupted && !r.engine.checked)
		rc = engine_finish(&r.engine);
	interrupt_tell(NULL, NULL);
	if (interrupted)
		say_interrupted(&r);
	if (r.engine.emission.negative)
		warn("%llu rows are not shown: more was taken back than had been given; the stream lacks its beginning",
		     (unsigned long long)r.engine.emission.negative);
	if (o->explain)
		explain(&r, explanation);
	for (size_t i = 0; i < r.n; i++)
		close_source(&r, i);
	*ledger = r.engine.ledger;
	*failure = r.engine.failure;
	checked_free(&r.checked);
	engine_free(&r.engine);
	free(r.source);
	return rc == 0 ? 0 : failure->status ? failure->status : EXIT_IO;
}
