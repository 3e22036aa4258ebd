/* SPDX-License-Identifier: MIT */
#include "speed/window/checked.h"

#include "lib/agg/state_text.h"
#include "lib/base/diag.h"
#include "lib/base/mutant.h"
#include "lib/log/position.h"
#include "lib/stream/control.h"
#include "lib/stream/signals.h"
#include "lib/text/percent.h"
#include "speed/window/early.h"

static bool is_partial(const struct checked *c)
{
	return c->engine->view->emit == EMIT_PARTIAL;
}

/* ---- loading ---- */

static bool load_clock(struct checked *c, struct span rest)
{
	struct engine *e = c->engine;
	struct watermark_input *in = &e->watermark.input[0];
	int64_t position, lines, ahead, marks;

	if (!state_i64(&rest, &position) || !state_i64(&rest, &lines) || !state_i64(&rest, &in->max_ms) || !state_i64(&rest, &in->at) ||
	    !state_i64(&rest, &ahead) || !state_i64(&rest, &in->ahead_ms) || !state_i64(&rest, &e->said) || !state_i64(&rest, &e->tick) ||
	    !state_i64(&rest, &marks))
		return false;
	c->position = (uint64_t)position;
	c->lines = (uint64_t)lines;
	in->ahead = (unsigned)ahead;
	e->marks = (uint64_t)marks;
	return rest.n == 0;
}

/* A side output that has another name now begins anew. */
static bool load_side(struct checked *c, struct span rest)
{
	int64_t which, length;
	struct side_mark *m;

	if (!state_i64(&rest, &which) || which < 0 || which >= CHECKED_SIDES || !state_i64(&rest, &length) || length < 0)
		return false;
	buf_clear(&c->line);
	if (percent_decode(&c->line, rest) < 0)
		return false;
	m = &c->mark[which];
	free(m->path);
	m->path = mem_text(buf_view(&c->line));
	m->length = (uint64_t)length;
	return true;
}

static int load_line(void *context, struct span line)
{
	struct checked *c = context;
	struct failure *f = &c->engine->failure;
	struct span rest = line, word = state_cut(&rest, '\t');
	int rc = state_take(&c->state, line, f);

	if (rc <= 0)
		return rc;
	if (span_eq(word, SPAN("c")) ? load_clock(c, rest) : span_eq(word, SPAN("d")) && load_side(c, rest))
		return 0;
	return failure_set(f, EXIT_DATA, "damaged state: \"%.*s\"", (int)(line.n > 60 ? 60 : line.n), line.p);
}

/* What was due at W had happened; what the journal says of it is of before that. */
static void settle(struct checked *c)
{
	struct engine *e = c->engine;

	watermark_combine(&e->watermark);
	state_settle(&c->state, e->watermark.at);
	early_restore(e);
	e->unsaved.on = true;
}

static int resume_sides(struct checked *c)
{
	for (size_t i = 0; i < CHECKED_SIDES; i++) {
		struct side_mark *m = &c->mark[i];

		if (c->side[i] && side_resume(c->side[i], m->path && strcmp(m->path, side_path(c->side[i])) == 0 ? m->length : 0, &c->engine->failure) < 0)
			return -1;
	}
	return 0;
}

static int load(struct checked *c, const char *cfg)
{
	const struct resume *r = &c->stage.resume;
	struct failure *f = &c->engine->failure;

	c->journal = journal_open(c->options->state, "window-agg", cfg, f);
	if (!c->journal || journal_load(c->journal, r->epoch, r->erun, r->run, load_line, c, f) < 0)
		return -1;
	settle(c);
	return resume_sides(c);
}

/* ---- the resume line ---- */

bool checked_is_resume(struct span line)
{
	struct control c = { 0 };
	bool is = control_parse(&c, line) == 0 && span_eq(c.word, SPAN("resume"));

	control_free(&c);
	return is;
}

/* All that decides states and rows, one way each; of partials the definition alone, by which others know them. A bound that stopped a
 * run may be raised for the next. */
static void describe(const struct checked *c, struct buf *out)
{
	const struct view *v = c->engine->view;
	const struct run_options *o = c->options;
	char hash[9];

	view_hash(v, hash);
	buf_text(out, hash);
	if (is_partial(c))
		return;
	buf_byte(out, '\n');
	view_print(v, false, out);
	buf_printf(out, "emit %d\nevery %lld\nfill %d\nmax-ahead %lld\n", (int)v->emit, (long long)v->every, v->fill, (long long)v->max_ahead);
	buf_printf(out, "input %d %d\noutput %s\n", (int)c->format, o->reader.no_header, emission_format(&c->engine->emission));
}

static int refuse(struct checked *c, const char *reason)
{
	return failure_set(&c->engine->failure, EXIT_CONFIG, "%s", reason);
}

/* A replay must come out the same, and must go on where the run before stopped. */
static int check_options(struct checked *c, bool keeps)
{
	if (c->options->npaths > 1)
		return refuse(c, "a checked stream must be the only input");
	if (c->engine->view->idle_timeout)
		return refuse(c, "--idle-timeout: in a checked stream the clock decides nothing");
	if (keeps && !c->options->state)
		return refuse(c, is_partial(c) ? "--rejects and --late need --state DIR in a checked stream" :
		                                 "a checked stream needs --state DIR: open windows must outlive this run");
	return 0;
}

/* The number of the next record: what the state says, else of the log's position, if it is one. */
static void take_position(struct checked *c, const struct buf *pos)
{
	struct position p;

	if (position_parse(buf_view(pos), &p) == 0)
		c->position = p.at;
}

/* Records count from 0, lines of data from 1. */
static void number_lines(struct checked *c)
{
	c->number_shift = c->position - c->lines - 1;
}

static void forward(struct checked *c)
{
	stage_forward(&c->stage);
	if (is_partial(c))
		partial_begin_stream(&c->partial, c->engine->view, c->stage.out);
	else
		emission_header(&c->engine->emission, STREAM_CHECKED);
}

static int begin(struct checked *c, const struct control *resume)
{
	struct engine *e = c->engine;
	bool keeps = !is_partial(c) || c->side[0] || c->side[1];
	char cfg[LINEAGE_TEXT] = "";
	struct buf options = { 0 };
	int rc = check_options(c, keeps);

	describe(c, &options);
	lineage_fold(cfg, "window-agg", buf_view(&options));
	if (rc == 0)
		rc = stage_begin(&c->stage, "window-agg", e->emission.out, is_partial(c) ? "tsv" : emission_format(&e->emission), resume,
		                 buf_view(&options), &e->failure);
	buf_free(&options);
	if (rc < 0)
		return -1;
	take_position(c, &c->stage.resume.pos);
	if (keeps && load(c, cfg) < 0)
		return -1;
	e->line_shift = c->lines - 1;           /* the resume line is line 1 */
	number_lines(c);
	stage_signals();
	forward(c);
	return out_flush(c->stage.out);
}

int checked_begin(struct checked *c, struct engine *e, const struct run_options *o, enum record_format format, struct span line)
{
	struct control resume = { 0 };
	int rc;

	*c = (struct checked){ .options = o, .engine = e, .format = format, .side = { o->late, o->rejects } };
	c->by_line = format != FORMAT_CSV && format != FORMAT_TSV;
	c->state = (struct view_state){ .view = e->view, .fold = &e->fold, .windows = &e->windows, .sessions = &e->sessions,
	                                .fill = &e->emission.fill, .rows = &e->emission.rows };
	for (size_t i = 0; i < CHECKED_SIDES; i++)
		if (c->side[i])
			side_hold(c->side[i]);  /* without a state to go on from they stay as they are */
	control_parse(&resume, line);
	rc = begin(c, &resume);
	control_free(&resume);
	return rc;
}

/* ---- barriers ---- */

static void put(struct checked *c)
{
	journal_put(c->journal, buf_view(&c->line));
	buf_clear(&c->line);
}

static void put_clock(struct checked *c)
{
	const struct engine *e = c->engine;
	const struct watermark_input *in = &e->watermark.input[0];
	int64_t at = e->watermark.at > in->at ? e->watermark.at : in->at;       /* `end` moves the one only */

	buf_printf(&c->line, "c\t%llu\t%llu\t%lld\t%lld\t%u\t%lld\t%lld\t%lld\t%llu", (unsigned long long)c->position, (unsigned long long)c->lines,
	           (long long)in->max_ms, (long long)at, in->ahead, (long long)in->ahead_ms, (long long)e->said, (long long)e->tick,
	           (unsigned long long)e->marks);
	put(c);
}

static int put_sides(struct checked *c)
{
	for (size_t i = 0; i < CHECKED_SIDES; i++) {
		struct side_mark *m = &c->mark[i];

		if (c->side[i]) {
			if (side_sync(c->side[i], &c->engine->failure) < 0)
				return -1;
			free(m->path);
			m->path = mem_text(span_of(side_path(c->side[i])));
			m->length = side_length(c->side[i]);
		}
		if (!m->path)
			continue;
		buf_printf(&c->line, "d\t%zu\t%llu\t", i, (unsigned long long)m->length);
		percent_encode(&c->line, span_of(m->path), "");
		put(c);
	}
	return 0;
}

static int save(struct checked *c)
{
	const struct barrier *b = &c->stage.barrier;

	c->lines += b->n;
	if (c->by_line)
		c->position = c->lines + c->number_shift + 1;
	if (is_partial(c))
		take_position(c, &b->pos);      /* as a run would that goes on from here */
	number_lines(c);
	if (!c->journal)
		return 0;
	buf_clear(&c->line);
	unsaved_put(&c->engine->unsaved, &c->state, journal_begin(c->journal), c->journal);
	put_clock(c);
	if (put_sides(c) < 0)
		return -1;
	return journal_commit(c->journal, b->epoch, b->committed, &c->engine->failure);
}

/* The epoch's partials; the next one begins with nothing. */
static int write_partials(struct checked *c)
{
	struct engine *e = c->engine;
	struct barrier *b = &c->stage.barrier;
	uint64_t rows = c->partial.rows;

	if (partial_fold(&c->partial, &e->fold, &e->sessions) < 0)
		return -1;
	e->ledger.rows += c->partial.rows - rows;
	fold_free(&e->fold);
	sessions_free(&e->sessions);
	b->has_time = e->latest != WATERMARK_NONE;
	b->time = e->latest;
	b->rejected = e->ledger.rejected - c->rejected;
	e->latest = WATERMARK_NONE;
	c->rejected = e->ledger.rejected;
	return 0;
}

static int end_epoch(struct checked *c)
{
	if (is_partial(c))
		return write_partials(c);
	return c->stage.barrier.kind == BARRIER_END ? engine_finish(c->engine) : 0;
}

static int pass(struct checked *c)
{
	if (end_epoch(c) < 0)
		return -1;
	if (mutant("early-forward") && stage_pass(&c->stage) < 0)
		return -1;
	if (save(c) < 0)
		return -1;
	return mutant("early-forward") ? 0 : stage_pass(&c->stage);
}

int checked_control(struct checked *c, struct span line)
{
	struct control control = { 0 };
	int rc = control_parse(&control, line) < 0 ? 0 : stage_barrier(&c->stage, &control, &c->engine->failure);

	control_free(&control);
	c->engine->line_shift--;
	return rc <= 0 ? rc : pass(c) < 0 ? -1 : 1;
}

int checked_end(struct checked *c)
{
	struct barrier *b = &c->stage.barrier;

	if (!b->epoch) {
		b->epoch = c->stage.resume.epoch;
		memcpy(b->run, c->stage.resume.run, sizeof b->run);
		buf_span(&b->pos, buf_view(&c->stage.resume.pos));
	}
	b->epoch++;
	b->kind = BARRIER_END;
	return pass(c);
}

void checked_free(struct checked *c)
{
	journal_close(c->journal);
	if (c->partial.out)
		partial_free(&c->partial);
	stage_free(&c->stage);
	buf_free(&c->state.scratch);
	buf_free(&c->line);
	for (size_t i = 0; i < CHECKED_SIDES; i++)
		free(c->mark[i].path);
}
