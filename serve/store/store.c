/* SPDX-License-Identifier: MIT */
/* resume, the view line, columns; then epochs of rows. Those that are complete gather in `ready` and are published at most
 * every PUBLISH_MS; the one that is still coming is in `coming`, and is nothing until its barrier. */
#include "serve/store/store.h"

#include <errno.h>
#include <poll.h>

#include "lib/base/clock.h"
#include "lib/base/diag.h"
#include "lib/sink/sink.h"
#include "lib/stream/signals.h"
#include "lib/text/reader.h"
#include "lib/view/partial_parse.h"
#include "serve/store/confirm.h"
#include "serve/store/keeper.h"
#include "serve/store/shelf.h"

#define MAX_LINE ((size_t)64 << 20)
#define PUBLISH_MS 50

struct store {
	const struct store_options *options;
	struct reader *reader;
	struct ledger *ledger;
	struct failure *failure;

	struct resume resume;
	struct barrier barrier;
	struct partial_parse parse;
	struct shelf shelf;
	struct keeper *keeper;
	bool resumed, begun;            /* resume has come; the view line too, and the shelf is ready */
	bool columns, done;

	struct epochs coming, ready;
	struct shelf_commit commit;     /* of ready, when it is behind the shelf */
	char run[RUN_TEXT];             /* commit.run */
	struct position at;             /* behind the last barrier */
	bool discards;                  /* another sink is behind: epochs up to our own end are there already */
	int64_t published;              /* when */
};

/* ---- the beginning ---- */

static int take_resume(struct store *s, const struct control *c)
{
	if (resume_parse(&s->resume, c, s->failure) < 0)
		return -1;
	if (position_parse(buf_view(&s->resume.pos), &s->at) < 0)
		return failure_set(s->failure, EXIT_CONFIG, "resume: \"%s\" is no position of a log", diag_show(s->resume.pos.p, s->resume.pos.n));
	s->resumed = true;
	stage_signals();
	if (sink_expect_view(s->options->path, s->failure) < 0)
		return -1;
	return shelf_open(&s->shelf, s->options->path, buf_view(&s->resume.source), s->failure);
}

/* The stream must begin where the view ends. */
static int meet(struct store *s)
{
	struct position here = s->shelf.at;
	char from[POSITION_TEXT], to[POSITION_TEXT];

	if (position_eq(s->at, here))
		return 0;
	if (s->resume.several && here.at > s->at.at) {
		s->discards = true;
		return 0;
	}
	position_print(s->at, from);
	position_print(here, to);
	return failure_set(s->failure, EXIT_RETRY, "%s: ends at %s, the stream begins at %s: start its source again (--resume-from %s)",
	                   s->options->path, to, from, s->options->path);
}

/* The speed files behind the last batch: those may be compacted. */
static void keep_tiles(struct store *s, struct tiling *t)
{
	size_t first = t->n;

	while (first && t->tile[first - 1].name.kind == RANGE_SPEED)
		first--;
	for (; first < t->n; first++) {
		if (first + 1 < t->n && t->tile[first + 1].head.start)
			t->tile[first].head.edge = true;
		keeper_add(s->keeper, &t->tile[first]);
	}
}

static int take_view(struct store *s, struct span line)
{
	struct keeper_options keeping = { .linger = s->options->linger, .syncs = !s->options->durable };
	struct tilings t = { 0 };
	int rc = 0;

	if (s->begun)
		return failure_set(s->failure, EXIT_DATA, "a second view line");
	if (partial_parse_view(&s->parse, line, s->failure) < 0)
		return -1;
	s->shelf.durable = s->options->durable;
	rc = shelf_begin(&s->shelf, s->parse.view, &s->resume, &t, s->failure);
	if (rc == 0)
		rc = meet(s);
	if (rc == 0) {
		epochs_init(&s->coming, s->parse.view);
		epochs_init(&s->ready, s->parse.view);
		s->keeper = keeper_start(s->shelf.dir, s->options->path, &keeping);
		keep_tiles(s, &t.of[0]);
		s->begun = true;
	}
	tilings_free(&t);
	return rc;
}

/* ---- publishing ---- */

static bool is_ready(const struct store *s)
{
	return s->begun && !s->discards && s->at.at > s->shelf.at.at;
}

static int publish(struct store *s)
{
	struct tile tile;
	uint64_t rows = s->ready.rows;

	if (keeper_failed(s->keeper, s->failure) || shelf_publish(&s->shelf, &s->ready, &s->commit, &tile, s->failure) < 0)
		return -1;
	s->ledger->out += rows;
	s->ledger->rows++;
	s->published = clock_ms(CLOCK_MONOTONIC);
	keeper_add(s->keeper, &tile);
	return 0;
}

static int publish_when_due(struct store *s)
{
	return is_ready(s) && clock_ms(CLOCK_MONOTONIC) >= s->published + PUBLISH_MS ? publish(s) : 0;
}

/* ---- epochs ---- */

/* Of an epoch that is there already. */
static int discard_epoch(struct store *s, struct position to)
{
	epochs_clear(&s->coming);
	s->at = to;
	if (to.at < s->shelf.at.at)
		return 0;
	if (!position_eq(to, s->shelf.at))
		return failure_set(s->failure, EXIT_RETRY, "%s: the stream passes its end without a barrier there", s->options->path);
	s->discards = false;
	return 0;
}

static int take_epoch(struct store *s, struct position to)
{
	const struct barrier *b = &s->barrier;

	if (to.at < s->at.at || (to.at == s->at.at && (to.chain != s->at.chain || s->coming.rows)))
		return failure_set(s->failure, EXIT_DATA, "barrier %llu: its position does not go on from the one before", (unsigned long long)b->epoch);
	if (to.at == s->at.at)
		return 0;
	epochs_note(&s->coming, b->has_time, b->time, b->rejected);
	epochs_move(&s->ready, &s->coming);
	s->at = to;
	s->commit = (struct shelf_commit){ .to = to, .epoch = b->epoch, .run = s->run, .edge = b->edge };
	memcpy(s->run, b->run, sizeof s->run);
	return 0;
}

static int take_barrier(struct store *s)
{
	const struct barrier *b = &s->barrier;
	struct position to;

	if (!s->begun)
		return failure_set(s->failure, EXIT_DATA, "a barrier before the view line: is this window-agg --emit partial?");
	if (position_parse(buf_view(&b->pos), &to) < 0 || b->pos.n == 0)
		return failure_set(s->failure, EXIT_DATA, "barrier %llu: no position of a log", (unsigned long long)b->epoch);
	partial_parse_again(&s->parse);
	s->done = b->kind != BARRIER;
	if (s->discards)
		return discard_epoch(s, to);
	if (take_epoch(s, to) < 0)
		return -1;
	if (is_ready(s) && (b->edge || s->done)) {
		s->commit.edge = b->edge;
		return publish(s);
	}
	if (b->edge) {                  /* of what is there already */
		s->shelf.start = true;
		keeper_edge(s->keeper);
	}
	return publish_when_due(s);
}

/* ---- lines ---- */

/* Of an input that is empty window-agg makes a plain partial, so that may be all that is left of a source that has died. */
static int not_checked(struct store *s, bool may_be_dead)
{
	if (may_be_dead)
		return failure_set(s->failure, EXIT_RETRY, "not a checked stream: upstream has died, or its source was started without --resume-from %s", s->options->path);
	return failure_set(s->failure, EXIT_CONFIG, "not a checked stream: start its source with --resume-from %s", s->options->path);
}

static int control_line(struct store *s, const struct control *c, struct span line)
{
	int is_barrier;

	if (!s->resumed)
		return span_eq(c->word, SPAN("resume")) ? take_resume(s, c) : not_checked(s, span_eq(c->word, SPAN("view")));
	if (span_eq(c->word, SPAN("view")))
		return take_view(s, line);
	if (span_eq(c->word, SPAN("columns"))) {
		s->columns = true;
		return s->begun ? partial_parse_columns(&s->parse, c->rest, s->failure) : failure_set(s->failure, EXIT_DATA, "columns before the view line");
	}
	is_barrier = barrier_parse(&s->barrier, c, s->failure);
	if (is_barrier < 0)
		return -1;
	return is_barrier ? take_barrier(s) : 0;
}

static int take_control(struct store *s, struct span line)
{
	struct control c = { 0 };
	int rc = control_parse(&c, line) < 0 ? failure_set(s->failure, EXIT_DATA, "malformed control line") : control_line(s, &c, line);

	control_free(&c);
	return rc;
}

/* What is wrong with a line, with its number. */
static int bad_line(struct store *s, uint64_t line, int status, const char *why)
{
	return failure_set(s->failure, status, "%s:%llu: %s", reader_name(s->reader), (unsigned long long)line, why);
}

static int take_rows(struct store *s, const struct batch *batch)
{
	if (!s->resumed)
		return not_checked(s, false);
	if (!s->begun || !s->columns)
		return failure_set(s->failure, EXIT_DATA, "rows before the view line and its columns");
	for (size_t i = 0; i < batch->n; i++) {
		struct failure why = { 0 };
		struct partial_row row;

		if (partial_parse_row(&s->parse, batch->raw[i], &row, &why) < 0 || (!s->discards && epochs_row(&s->coming, &row, &why) < 0))
			return bad_line(s, batch->line[i], why.status, why.text);
	}
	s->ledger->in += batch->n;
	s->ledger->filtered += s->discards ? batch->n : 0;
	return publish_when_due(s);
}

/* Nothing comes now: what is ready goes when its time has come, or until something comes. */
static int idle(struct store *s)
{
	struct pollfd in = { .fd = reader_fd(s->reader), .events = POLLIN };

	while (is_ready(s)) {
		int64_t wait = s->published + PUBLISH_MS - clock_ms(CLOCK_MONOTONIC);

		if (wait <= 0)
			return publish(s);
		if (poll(&in, 1, (int)wait) > 0)
			break;
	}
	return s->keeper && keeper_failed(s->keeper, s->failure) ? -1 : 0;
}

static int take_end(struct store *s)
{
	if (s->done)
		return 0;
	return reader_bytes(s->reader) ? not_checked(s, false) : failure_set(s->failure, EXIT_RETRY, "nothing came: upstream has died");
}

static int read_stream(struct store *s)
{
	int rc = 0;

	while (rc == 0) {
		struct batch batch;
		struct bad_record bad;
		struct span control;

		switch (reader_next(s->reader, &batch, &bad, &control)) {
		case READ_ROWS: rc = take_rows(s, &batch); break;
		case READ_CONTROL: rc = take_control(s, control); break;
		case READ_IDLE: rc = idle(s); break;
		case READ_BAD: rc = bad_line(s, bad.line, EXIT_DATA, bad.reason); break;
		case READ_ERROR: rc = failure_set(s->failure, reader_status(s->reader), "%s", reader_error(s->reader)); break;
		case READ_END: return take_end(s);
		}
	}
	return rc;
}

int store(const struct store_options *o, struct ledger *ledger, struct failure *f)
{
	const struct fields none = { 0 };
	const struct reader_options reading = { .format = FORMAT_TSV, .max_record = o->max_record ? o->max_record : MAX_LINE };
	struct store s = { .options = o, .ledger = ledger, .failure = f, .shelf = { .dir = -1, .lock = -1 } };

	if (o->log && confirm(o->path, o->log, f) < 0)
		return f->status;
	s.reader = reader_open("-", &none, &reading);
	read_stream(&s);
	if (s.keeper)
		keeper_stop(s.keeper, f);
	ledger->bytes = reader_bytes(s.reader);
	reader_free(s.reader);
	epochs_free(&s.coming);
	epochs_free(&s.ready);
	partial_parse_free(&s.parse);
	resume_free(&s.resume);
	barrier_free(&s.barrier);
	shelf_close(&s.shelf);
	return f->status;
}
