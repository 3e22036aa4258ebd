/* SPDX-License-Identifier: MIT */
#include "speed/dedupe.h"

#include <stdio.h>

#include "lib/agg/window.h"
#include "lib/base/diag.h"
#include "lib/base/hash.h"
#include "lib/base/mem.h"
#include "lib/base/mutant.h"
#include "lib/stream/control.h"
#include "speed/dedupe_kept.h"
#include "speed/dedupe_key.h"
#include "speed/dedupe_state.h"

/* Rows ahead of the one at hand whose key is looked for already: its slot, then its entry. */
#define AHEAD_SLOT 48
#define AHEAD_ENTRY 16

/* What is known of the rows of a batch before the first of them is judged. */
struct foresight {
	size_t cap;
	struct span *key;
	uint64_t *hash;
	int64_t *ms;            /* INT64_MAX: perhaps no time */
	uint32_t *row;          /* 0, 1, ... */
};

struct deduper {
	const struct dedupe_options *options;
	struct out *out;
	struct ledger *ledger;
	struct dedupe_key key;
	struct time_parser time;
	struct foresight seen;
	struct span run;        /* records of the batch that go on and stand one behind the other, not yet in out */

	struct kept kept;
	struct watermark watermark;
	struct dedupe_state state;
	uint64_t controls;      /* control lines so far */
	uint64_t shift;         /* to a line's number: in a checked stream lines of data count, from its beginning in the first run */

	struct reader *reader;
	bool begun;             /* the form of the reader's input is known */
	bool has_form;          /* that of the first input that is not empty, which all must have: */
	enum record_format format;
	bool controlled;
	struct buf header;
	struct failure *failure;
};

static int put_side(struct deduper *d, struct side *s, const char *reason, uint64_t line, struct span raw)
{
	if (!s || side_put(s, reader_name(d->reader), line + d->shift, span_of(reason), raw, NULL, 0) == 0)
		return 0;
	return failure_set(d->failure, EXIT_IO, "%s", side_error(s));
}

/* Records. */

static int reject(struct deduper *d, const char *reason, uint64_t line, struct span raw)
{
	d->ledger->in++;
	d->ledger->rejected++;
	if (!d->options->rejects)
		return failure_set(d->failure, EXIT_DATA, "%s:%llu: %s", reader_name(d->reader), (unsigned long long)line, reason);
	return put_side(d, d->options->rejects, reason, line, raw);
}

static int reject_time(struct deduper *d, struct span text, uint64_t line, struct span raw)
{
	char reason[200];

	snprintf(reason, sizeof reason, "%.60s: \"%.*s\": %s", d->options->time, (int)(text.n > 40 ? 40 : text.n), text.n ? text.p : "",
	         time_parse_error(text));
	return reject(d, reason, line, raw);
}

/* What may lie behind W now is forgotten. */
static void follow_watermark(struct deduper *d)
{
	if (watermark_combine(&d->watermark))
		kept_forget(&d->kept, d->watermark.at);
}

static int check_max(struct deduper *d)
{
	size_t max = d->options->max_keys;

	if (!max || d->kept.n <= max)
		return 0;
	return failure_set(d->failure, EXIT_MEMORY, "more than %zu keys: raise --max-keys, or forget by --within and --watermark-delay", max);
}

enum verdict { FAILED = -1, REPEAT, LATE, NEW };

/* Row k of the batch. */
static enum verdict judge(struct deduper *d, size_t k)
{
	const struct dedupe_options *o = d->options;
	int64_t ms = d->seen.ms[k];

	if (o->within && d->watermark.at != WATERMARK_NONE && time_add(ms, o->allowed_lateness) <= d->watermark.at)
		return LATE;
	if (!kept_add(&d->kept, d->seen.key[k], d->seen.hash[k], ms))
		return REPEAT;
	return check_max(d) < 0 ? FAILED : NEW;
}

static int check_change(struct deduper *d, const struct span *field, uint64_t line)
{
	if (field[d->key.op].n && d->key.pos < 0)
		return failure_set(d->failure, EXIT_DATA, "%s:%llu: changes (_op) repeat their keys by nature: put _pos into --key", reader_name(d->reader), (unsigned long long)line);
	if (field[d->key.op].n && field[d->key.pos].n == 0)
		return failure_set(d->failure, EXIT_DATA, "%s:%llu: a change without _pos cannot be told from another one", reader_name(d->reader), (unsigned long long)line);
	return 0;
}

static void end_run(struct deduper *d)
{
	if (d->run.n) {
		buf_span(&d->out->buf, d->run);
		buf_byte(&d->out->buf, '\n');
	}
	d->run.n = 0;
}

/* Between records that are one byte apart stands a newline. */
static void add_to_run(struct deduper *d, struct span raw)
{
	if (d->run.n && raw.p == d->run.p + d->run.n + 1) {
		d->run.n += 1 + raw.n;
		return;
	}
	end_run(d);
	d->run = raw;
}

static int pass_on(struct deduper *d, enum verdict verdict, struct span raw, uint64_t line)
{
	switch (verdict) {
	case NEW:
		d->ledger->out++;
		d->ledger->rows++;
		add_to_run(d, raw);
		return 0;
	case LATE:
		d->ledger->late++;
		return put_side(d, d->options->late, "late: what it may repeat is forgotten", line, raw);
	case REPEAT:
		d->ledger->duplicate++;
		return put_side(d, d->options->duplicates, "duplicate", line, raw);
	default:
		return -1;
	}
}

/* What can be wrong with row k shows before any of the record's keys is kept. 0; 1: the record was rejected; -1. */
static int check_row(struct deduper *d, const struct batch *batch, size_t k)
{
	const struct span *field = batch->field + k * batch->width;
	struct span raw = batch->raw[k];
	uint64_t line = batch->line[k];

	if (check_change(d, field, line) < 0)
		return -1;
	if (dedupe_key_is_null(&d->key, field))
		return reject(d, "its key is null", line, raw) < 0 ? -1 : 1;
	if (d->seen.ms[k] == INT64_MAX && time_parse(&d->time, field[d->key.time], &d->seen.ms[k]) < 0)
		return reject_time(d, field[d->key.time], line, raw) < 0 ? -1 : 1;
	return 0;
}

/* One record: rows i .. end of the batch, several in an envelope of changes. It goes on when any of them is new. */
static int take(struct deduper *d, const struct batch *batch, size_t i, size_t end)
{
	enum verdict verdict = REPEAT;

	for (size_t k = i; k < end; k++) {
		int bad = check_row(d, batch, k);

		if (bad)
			return bad < 0 ? -1 : 0;
	}
	for (size_t k = i; k < end; k++) {
		enum verdict one = judge(d, k);

		if (one == FAILED)
			return -1;
		verdict = one > verdict ? one : verdict;
	}
	d->ledger->in++;
	if (pass_on(d, verdict, batch->raw[i], batch->line[i]) < 0)
		return -1;
	if (d->key.time >= 0 && watermark_observe(&d->watermark, 0, d->seen.ms[end - 1]))
		follow_watermark(d);
	return 0;
}

static void make_room(struct foresight *f, size_t n)
{
	if (n <= f->cap)
		return;
	f->cap = n;
	f->key = mem_array(f->key, n, sizeof *f->key);
	f->hash = mem_array(f->hash, n, sizeof *f->hash);
	f->ms = mem_array(f->ms, n, sizeof *f->ms);
	f->row = mem_array(f->row, n, sizeof *f->row);
	for (size_t i = 0; i < n; i++)
		f->row[i] = (uint32_t)i;
}

static void foresee(struct deduper *d, const struct batch *batch)
{
	struct foresight *f = &d->seen;

	make_room(f, batch->n);
	dedupe_keys_of(&d->key, batch, f->key);
	for (size_t i = 0; i < batch->n; i++)
		f->hash[i] = hash_bytes(f->key[i].p, f->key[i].n);
	if (d->key.time >= 0)
		time_parse_many(&d->time, &(struct digits_column){ batch->field + d->key.time, batch->width, f->row, batch->n }, f->ms);
	else
		memset(f->ms, 0, batch->n * sizeof *f->ms);
}

static void look_ahead(struct deduper *d, size_t from, size_t to, size_t n)
{
	const struct foresight *f = &d->seen;

	for (size_t i = from; i < to; i++) {
		if (i + AHEAD_SLOT < n)
			kept_prefetch(&d->kept, f->hash[i + AHEAD_SLOT], f->ms[i + AHEAD_SLOT]);
		if (i + AHEAD_ENTRY < n)
			kept_prefetch_entry(&d->kept, f->hash[i + AHEAD_ENTRY], f->ms[i + AHEAD_ENTRY]);
	}
}

static int take_batch(struct deduper *d, const struct batch *batch)
{
	int rc = 0;

	foresee(d, batch);
	for (size_t i = 0; i < AHEAD_SLOT && i < batch->n; i++)
		kept_prefetch(&d->kept, d->seen.hash[i], d->seen.ms[i]);
	for (size_t i = 0, end; rc == 0 && i < batch->n; i = end) {
		for (end = i + 1; end < batch->n && batch->raw[end].p == batch->raw[i].p;)
			end++;
		look_ahead(d, i, end, batch->n);
		rc = take(d, batch, i, end);
	}
	end_run(d);
	return rc < 0 ? -1 : out_more(d->out);
}

/* Control lines. */

static const char *format_name(enum record_format format)
{
	return format == FORMAT_CSV ? "csv" : format == FORMAT_TSV ? "tsv" : "ndjson";
}

/* All that decides what is a repeat, one way each. */
static void describe(const struct deduper *d, struct buf *out)
{
	const struct dedupe_options *o = d->options;

	dedupe_key_print(&d->key, out);
	buf_printf(out, "zone=%s\nunit=%d\nformat=%d\nno-header=%d\n", o->input_zone ? zone_name(o->input_zone) : "", (int)o->time_unit,
	           (int)reader_format(d->reader), o->reader.no_header);
	buf_printf(out, "within=%lld\ndelay=%lld\nlateness=%lld\nahead=%lld\n", (long long)o->within, (long long)o->watermark_delay,
	           (long long)o->allowed_lateness, (long long)o->max_ahead);
}

static int begin_checked(struct deduper *d, const struct control *c)
{
	struct buf options = { 0 };
	int rc;

	if (d->controls > 1 || d->options->npaths > 1)
		return failure_set(d->failure, EXIT_DATA, "%s: a checked stream is the only input, and begins with its resume line", reader_name(d->reader));
	describe(d, &options);
	rc = dedupe_state_begin(&d->state, d->options->state, d->out, format_name(d->format), c, buf_view(&options), d->failure);
	buf_free(&options);
	d->shift = d->state.lines - 1;          /* the resume line is line 1 */
	return rc < 0 ? -1 : check_max(d);
}

/* Those that speak of time count here too, and go on as they are, as the columns do. */
static int take_other(struct deduper *d, const struct control *c, struct span line)
{
	int64_t t;

	if (d->options->state && !d->state.stage.checked)
		return failure_set(d->failure, EXIT_CONFIG, "--state: the stream is not checked");
	if (span_eq(c->word, SPAN("watermark")) && control_i64(c, "t", &t)) {
		if (watermark_line(&d->watermark, 0, t))
			follow_watermark(d);
	} else if (!span_eq(c->word, SPAN("stream")) && !span_eq(c->word, SPAN("columns"))) {
		return failure_set(d->failure, EXIT_CONFIG, "%s: control line \"%.*s\" is not for this tool", reader_name(d->reader), (int)(c->word.n > 20 ? 20 : c->word.n), c->word.p);
	}
	out_begin_control(d->out);
	buf_span(&d->out->buf, line);
	buf_byte(&d->out->buf, '\n');
	out_end_control(d->out);
	return 0;
}

static int take_control(struct deduper *d, struct span line)
{
	struct control c = { 0 };
	int rc;

	d->controls++;
	d->shift -= d->state.stage.checked;
	if (control_parse(&c, line) < 0)
		rc = failure_set(d->failure, EXIT_DATA, "%s: malformed control line", reader_name(d->reader));
	else if (span_eq(c.word, SPAN("resume")))
		rc = begin_checked(d, &c);
	else if ((rc = dedupe_state_control(&d->state, &c, d->failure)) == 0)
		rc = take_other(d, &c, line);
	control_free(&c);
	return rc < 0 ? -1 : 0;
}

/* Inputs. */

static int check_columns(struct deduper *d)
{
	for (size_t i = 0; i < d->key.fields.n; i++) {
		struct span name = d->key.fields.ref[i].text;

		if ((int)i != d->key.op && reader_lacks(d->reader, i))
			return failure_set(d->failure, EXIT_DATA, "%s: no column \"%.*s\"", reader_name(d->reader), (int)(name.n > 60 ? 60 : name.n), name.p);
	}
	return 0;
}

static int no_stream(struct deduper *d, bool empty)
{
	if (empty)
		return failure_set(d->failure, EXIT_RETRY, "%s: upstream has died before it began", reader_name(d->reader));
	return failure_set(d->failure, EXIT_CONFIG, "--state: the stream is not checked");
}

/* Once the form of an input is known: the first one's header goes on, others must have the same. An empty one has none. */
static int begin_input(struct deduper *d, enum read_event first)
{
	struct span header = reader_header(d->reader);
	bool controlled = reader_is_controlled(d->reader);
	enum record_format format = reader_format(d->reader);

	d->begun = true;
	if (d->options->state && !controlled)
		return no_stream(d, first == READ_END && header.n == 0);
	if (first == READ_END && header.n == 0 && !controlled)
		return 0;
	if (!controlled && check_columns(d) < 0)
		return -1;
	if (d->has_form && (format != d->format || controlled != d->controlled))
		return failure_set(d->failure, EXIT_DATA, "%s: it has another format than the input before it", reader_name(d->reader));
	if (d->has_form && !controlled && !span_eq(header, buf_view(&d->header)))
		return failure_set(d->failure, EXIT_DATA, "%s: its columns differ from those of the input before it", reader_name(d->reader));
	if (d->has_form)
		return 0;
	d->has_form = true;
	d->format = format;
	d->controlled = controlled;
	if (controlled || header.n == 0)
		return 0;
	buf_span(&d->header, header);
	buf_span(&d->out->buf, header);
	buf_byte(&d->out->buf, '\n');
	return 0;
}

static int flush(struct deduper *d)
{
	struct side *sides[] = { d->options->duplicates, d->options->late, d->options->rejects };

	if (out_flush(d->out) < 0)
		return -1;
	for (size_t i = 0; i < 3; i++)
		if (sides[i] && side_flush(sides[i]) < 0)
			return failure_set(d->failure, EXIT_IO, "%s", side_error(sides[i]));
	return 0;
}

static int read_input(struct deduper *d)
{
	struct batch batch;
	struct bad_record bad;
	struct span control;

	d->begun = false;
	for (;;) {
		enum read_event event = reader_next(d->reader, &batch, &bad, &control);
		int rc = 0;

		if (event == READ_ERROR && mutant("eof-commit") && d->state.stage.checked && reader_status(d->reader) == EXIT_RETRY)
			return dedupe_state_end(&d->state, d->failure);
		if (event == READ_ERROR)
			return failure_set(d->failure, reader_status(d->reader), "%s", reader_error(d->reader));
		if (event == READ_IDLE)
			rc = flush(d);
		else if (!d->begun)
			rc = begin_input(d, event);
		if (rc == 0 && event == READ_ROWS)
			rc = take_batch(d, &batch);
		else if (rc == 0 && event == READ_BAD)
			rc = reject(d, bad.reason, bad.line, bad.raw);
		else if (rc == 0 && event == READ_CONTROL)
			rc = take_control(d, control);
		if (rc < 0 || event == READ_END)
			return rc;
	}
}

static int read_all(struct deduper *d)
{
	const struct dedupe_options *o = d->options;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < (o->npaths ? o->npaths : 1); i++) {
		d->reader = reader_open(o->npaths ? o->path[i] : "-", &d->key.fields, &o->reader);
		rc = read_input(d);
		d->ledger->bytes += reader_bytes(d->reader);
		reader_free(d->reader);
	}
	return rc;
}

static void begin(struct deduper *d)
{
	const struct dedupe_options *o = d->options;

	kept_init(&d->kept, o->within, o->allowed_lateness);
	watermark_init(&d->watermark, 1, o->watermark_delay, o->max_ahead);
	time_parser_init(&d->time, o->input_zone, o->time_unit);
	d->state = (struct dedupe_state){ .kept = &d->kept, .watermark = &d->watermark, .side = { o->duplicates, o->late, o->rejects } };
	for (size_t i = 0; o->state && i < DEDUPE_SIDES; i++)
		if (d->state.side[i])
			side_hold(d->state.side[i]);
}

static void finish(struct deduper *d)
{
	dedupe_state_free(&d->state);
	kept_free(&d->kept);
	watermark_free(&d->watermark);
	dedupe_key_free(&d->key);
	free(d->seen.key), free(d->seen.hash), free(d->seen.ms), free(d->seen.row);
	buf_free(&d->header);
}

int dedupe(const struct dedupe_options *o, struct out *out, struct ledger *ledger, struct failure *failure)
{
	struct deduper d = { .options = o, .out = out, .ledger = ledger, .failure = failure };
	int rc = dedupe_key_bind(&d.key, o->key, o->time, failure);

	begin(&d);
	if (rc == 0)
		rc = read_all(&d);
	finish(&d);
	return rc == 0 ? 0 : failure->status ? failure->status : EXIT_IO;
}
