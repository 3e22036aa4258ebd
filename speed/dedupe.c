/* SPDX-License-Identifier: MIT */
#include "speed/dedupe.h"

#include <stdio.h>

#include "lib/agg/key.h"
#include "lib/agg/window.h"
#include "lib/base/diag.h"
#include "lib/base/heap.h"
#include "lib/base/table.h"
#include "lib/base/timemap.h"
#include "lib/stream/control.h"
#include "speed/window/watermark.h"

#define FOREVER 0               /* the one bucket, when there is no span */

struct bucket {
	int64_t number;         /* of times number * within .. (number + 1) * within - 1 */
	struct table keys;      /* key -> int64_t time kept; no payload when for ever */
};

struct deduper {
	const struct dedupe_options *options;
	struct out *out;
	struct ledger *ledger;
	struct fields fields;
	size_t *key_field;
	size_t nkeys;
	int time_field, op_field;
	int pos_field;          /* `_pos` is in the key, by which no two changes are alike; else -1 */
	struct time_parser time;

	struct timemap buckets;
	struct heap oldest;
	size_t keys;            /* in all buckets */
	struct watermark watermark;

	struct reader *reader;
	bool begun;             /* the form of the reader's input is known */
	bool has_form;          /* that of the first input that is not empty, which all must have: */
	enum record_format format;
	bool controlled;
	struct buf header;
	struct buf key;
	struct failure *failure;
};

static int put_side(struct deduper *d, struct side *s, const char *reason, uint64_t line, struct span raw)
{
	if (!s || side_put(s, reader_name(d->reader), line, span_of(reason), raw, NULL, 0) == 0)
		return 0;
	return failure_set(d->failure, EXIT_IO, "%s", side_error(s));
}

/* Fields. */

static int add_field(struct deduper *d, struct span name, int *field)
{
	const char *reason;

	*field = fields_add(&d->fields, name, &reason);
	return *field < 0 ? failure_set(d->failure, EXIT_USAGE, "%.*s: %s", (int)(name.n > 100 ? 100 : name.n), name.p, reason) : 0;
}

static int bind_keys(struct deduper *d)
{
	struct span list = span_of(d->options->key ? d->options->key : "");

	while (list.n) {
		size_t n = field_text_length(list = span_trim(list));
		struct span name = { list.p, n }, rest = span_trim((struct span){ list.p + n, list.n - n });
		int field;

		if (n == 0 || (rest.n && rest.p[0] != ','))
			return failure_set(d->failure, EXIT_USAGE, "--key: \"%.*s\" is not a list of columns", (int)(list.n > 100 ? 100 : list.n), list.p);
		if (add_field(d, name, &field) < 0)
			return -1;
		if (span_eq(d->fields.ref[field].text, SPAN("_pos")))
			d->pos_field = field;
		d->key_field = mem_array(d->key_field, d->nkeys + 1, sizeof *d->key_field);
		d->key_field[d->nkeys++] = (size_t)field;
		list = rest.n ? (struct span){ rest.p + 1, rest.n - 1 } : rest;
	}
	return 0;
}

static int bind_fields(struct deduper *d)
{
	d->time_field = d->pos_field = -1;
	if (bind_keys(d) < 0 || add_field(d, SPAN("_op"), &d->op_field) < 0)
		return -1;
	return d->options->time ? add_field(d, span_of(d->options->time), &d->time_field) : 0;
}

static struct span key_of(struct deduper *d, const struct span *field, struct span raw)
{
	if (d->nkeys == 0)
		return raw;
	if (d->nkeys == 1)
		return field[d->key_field[0]];
	buf_clear(&d->key);
	for (size_t i = 0; i < d->nkeys; i++)
		key_add(&d->key, field[d->key_field[i]], i + 1 == d->nkeys);
	return buf_view(&d->key);
}

/* Kept keys. */

static struct bucket *open_bucket(struct deduper *d, int64_t number)
{
	struct bucket *b = timemap_get(&d->buckets, number);

	if (b)
		return b;
	b = mem_zalloc(sizeof *b);
	b->number = number;
	table_init(&b->keys, d->options->within ? sizeof(int64_t) : 0);
	timemap_put(&d->buckets, number, b);
	heap_push(&d->oldest, number, b);
	return b;
}

static void free_bucket(struct bucket *b)
{
	table_free(&b->keys);
	free(b);
}

/* Buckets of which every time is further back than a record that is not late can ask for. */
static void forget(struct deduper *d)
{
	int64_t within = d->options->within;

	while (d->oldest.n) {
		struct bucket *b;
		int64_t first;

		if (__builtin_mul_overflow(heap_top(&d->oldest).at, within, &first))
			first = INT64_MIN;      /* the bucket at the beginning of time is shorter */
		if (time_add(time_add(time_add(first, within - 1), within), d->options->allowed_lateness) > d->watermark.at)
			break;
		b = heap_pop(&d->oldest).what;
		timemap_remove(&d->buckets, b->number);
		d->keys -= table_count(&b->keys);
		free_bucket(b);
	}
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static bool near(int64_t a, int64_t b, int64_t within)
{
	return (a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a) < (uint64_t)within;
}

/* Was a record of that key kept close enough in time? */
static bool is_repeat(struct deduper *d, struct span key, uint64_t hash, int64_t number, int64_t ms)
{
	for (int side = -1; side <= 1; side++) {
		struct bucket *b = timemap_get(&d->buckets, time_add(number, side));
		int64_t *kept = b ? table_get(&b->keys, key, hash) : NULL;

		if (kept && near(*kept, ms, d->options->within))
			return true;
	}
	return false;
}

/* 1: first of its key, kept; 0: a repeat; -1: --max-keys. */
static int keep(struct deduper *d, struct span key, int64_t ms)
{
	int64_t within = d->options->within, number = within ? floor_div(ms, within) : FOREVER;
	uint64_t hash = hash_bytes(key.p, key.n);
	bool is_new;
	void *kept;

	if (within && is_repeat(d, key, hash, number, ms))
		return 0;
	kept = table_put(&open_bucket(d, number)->keys, key, hash, &is_new);
	if (!is_new && !within)
		return 0;
	d->keys += is_new;
	if (within)
		*(int64_t *)kept = ms;
	if (d->options->max_keys && d->keys > d->options->max_keys)
		return failure_set(d->failure, EXIT_MEMORY, "more than %zu keys: raise --max-keys, or forget by --within and --watermark-delay", d->options->max_keys);
	return 1;
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
	if (watermark_combine(&d->watermark) && d->options->within)
		forget(d);
}

enum verdict { FAILED = -1, REPEAT, LATE, NEW };

/* One row of a record. ms: its time. */
static enum verdict judge(struct deduper *d, const struct span *field, struct span raw, int64_t ms)
{
	const struct dedupe_options *o = d->options;

	if (o->within && d->watermark.at != WATERMARK_NONE && time_add(ms, o->allowed_lateness) <= d->watermark.at)
		return LATE;
	switch (keep(d, key_of(d, field, raw), ms)) {
	case 1:
		return NEW;
	case 0:
		return REPEAT;
	default:
		return FAILED;
	}
}

static int check_change(struct deduper *d, const struct span *field, uint64_t line)
{
	if (field[d->op_field].n && d->pos_field < 0)
		return failure_set(d->failure, EXIT_DATA, "%s:%llu: changes (_op) repeat their keys by nature: put _pos into --key", reader_name(d->reader), (unsigned long long)line);
	if (field[d->op_field].n && field[d->pos_field].n == 0)
		return failure_set(d->failure, EXIT_DATA, "%s:%llu: a change without _pos cannot be told from another one", reader_name(d->reader), (unsigned long long)line);
	return 0;
}

static int pass_on(struct deduper *d, enum verdict verdict, struct span raw, uint64_t line)
{
	switch (verdict) {
	case NEW:
		d->ledger->out++;
		d->ledger->rows++;
		buf_span(&d->out->buf, raw);
		buf_byte(&d->out->buf, '\n');
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

/* Nulls are not equal to one another: a record without any part of its key is not known to repeat, nor not to. */
static bool has_key(const struct deduper *d, const struct span *field)
{
	for (size_t i = 0; i < d->nkeys; i++)
		if (field[d->key_field[i]].n)
			return true;
	return d->nkeys == 0;
}

/* What can be wrong with a row shows before any of the record's keys is kept. 0; 1: the record was rejected; -1. */
static int check_row(struct deduper *d, const struct span *field, struct span raw, uint64_t line, int64_t *ms)
{
	if (check_change(d, field, line) < 0)
		return -1;
	if (!has_key(d, field))
		return reject(d, "its key is null", line, raw) < 0 ? -1 : 1;
	if (d->time_field >= 0 && time_parse(&d->time, field[d->time_field], ms) < 0)
		return reject_time(d, field[d->time_field], line, raw) < 0 ? -1 : 1;
	return 0;
}

/* One record: rows i .. end of the batch, several in an envelope of changes. It goes on when any of them is new. */
static int take(struct deduper *d, const struct batch *batch, size_t i, size_t end)
{
	enum verdict verdict = REPEAT;
	struct span raw = batch->raw[i];
	uint64_t line = batch->line[i];
	int64_t ms = 0;

	for (size_t k = i; k < end; k++) {
		int bad = check_row(d, batch->field + k * batch->width, raw, line, &ms);

		if (bad)
			return bad < 0 ? -1 : 0;
	}
	for (size_t k = i; k < end; k++) {
		const struct span *field = batch->field + k * batch->width;
		enum verdict one;

		if (end - i > 1 && d->time_field >= 0)
			time_parse(&d->time, field[d->time_field], &ms);        /* known to be one */
		one = judge(d, field, raw, ms);
		if (one == FAILED)
			return -1;
		verdict = one > verdict ? one : verdict;
	}
	d->ledger->in++;
	if (pass_on(d, verdict, raw, line) < 0)
		return -1;
	if (d->time_field >= 0 && watermark_observe(&d->watermark, 0, ms))
		follow_watermark(d);
	return 0;
}

static int take_batch(struct deduper *d, const struct batch *batch)
{
	for (size_t i = 0, end; i < batch->n; i = end) {
		for (end = i + 1; end < batch->n && batch->raw[end].p == batch->raw[i].p;)
			end++;
		if (take(d, batch, i, end) < 0)
			return -1;
	}
	return out_more(d->out);
}

/* Control lines go on as they are; those that speak of time count here too. */
static int take_control(struct deduper *d, struct span line)
{
	struct control c = { 0 };
	int64_t t;
	int rc = 0;

	if (control_parse(&c, line) < 0)
		rc = failure_set(d->failure, EXIT_DATA, "%s: malformed control line", reader_name(d->reader));
	else if (span_eq(c.word, SPAN("watermark")) && control_i64(&c, "t", &t)) {
		if (watermark_line(&d->watermark, 0, t))
			follow_watermark(d);
	}
	else if (!span_eq(c.word, SPAN("stream")) && !span_eq(c.word, SPAN("columns")))
		rc = failure_set(d->failure, EXIT_CONFIG, "%s: control line \"%.*s\" is not for this tool", reader_name(d->reader), (int)(c.word.n > 20 ? 20 : c.word.n), c.word.p);
	control_free(&c);
	buf_span(&d->out->buf, line);
	buf_byte(&d->out->buf, '\n');
	return rc;
}

/* Inputs. */

static int check_columns(struct deduper *d)
{
	for (size_t i = 0; i < d->fields.n; i++) {
		struct span name = d->fields.ref[i].text;

		if ((int)i != d->op_field && reader_lacks(d->reader, i))
			return failure_set(d->failure, EXIT_DATA, "%s: no column \"%.*s\"", reader_name(d->reader), (int)(name.n > 60 ? 60 : name.n), name.p);
	}
	return 0;
}

/* Once the form of an input is known: the first one's header goes on, others must have the same. An empty one has none. */
static int begin_input(struct deduper *d, enum read_event first)
{
	struct span header = reader_header(d->reader);
	bool controlled = reader_is_controlled(d->reader);
	enum record_format format = reader_format(d->reader);

	d->begun = true;
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
		d->reader = reader_open(o->npaths ? o->path[i] : "-", &d->fields, &o->reader);
		rc = read_input(d);
		d->ledger->bytes += reader_bytes(d->reader);
		reader_free(d->reader);
	}
	return rc;
}

int dedupe(const struct dedupe_options *o, struct out *out, struct ledger *ledger, struct failure *failure)
{
	struct deduper d = { .options = o, .out = out, .ledger = ledger, .failure = failure };
	int rc = bind_fields(&d);

	watermark_init(&d.watermark, 1, o->watermark_delay, o->max_ahead);
	time_parser_init(&d.time, o->input_zone, o->time_unit);
	if (rc == 0)
		rc = read_all(&d);
	while (d.oldest.n)
		free_bucket(heap_pop(&d.oldest).what);
	heap_free(&d.oldest);
	watermark_free(&d.watermark);
	timemap_free(&d.buckets);
	fields_free(&d.fields);
	buf_free(&d.header);
	buf_free(&d.key);
	free(d.key_field);
	return rc == 0 ? 0 : failure->status ? failure->status : EXIT_IO;
}
