/* SPDX-License-Identifier: MIT */
#include "batch/log/plain.h"

#include <inttypes.h>
#include <string.h>

#include "batch/log/follow.h"
#include "batch/log/parser.h"
#include "lib/base/diag.h"
#include "lib/stream/control.h"
#include "lib/text/percent.h"
#include "lib/text/writer.h"

struct plain {
	const struct cat_options *options;
	struct log_dir *dir;
	struct out *out;
	struct ledger *ledger;
	struct failure *failure;
	struct log_reader *reader;

	enum record_format format, output;
	bool begun;                     /* format, columns and header are settled */
	struct buf columns;             /* of what is printed, as a columns line has them */
	struct span *name;              /* each of them, decoded; owned */
	size_t nnames, names_cap;
	bool repeats;                   /* a name occurs twice, or is empty: no column can be asked for by it */
	struct writer writer;

	struct parser lay;              /* fields are the columns of what is printed; then the time */
	struct parser find;             /* the time alone */
	size_t lay_time;
	struct cell *cell;
	struct time_parser time;
	bool has_since, has_until;
	int64_t since, until;
};

/* ---- columns ---- */

static bool has_name(const struct plain *p, struct span name)
{
	for (size_t i = 0; i < p->nnames; i++)
		if (span_eq(p->name[i], name))
			return true;
	return false;
}

static void add_name(struct plain *p, struct span name)
{
	p->name = mem_grow(p->name, p->nnames, &p->names_cap, sizeof *p->name);
	p->name[p->nnames++] = (struct span){ mem_text(name), name.n };
	if (p->columns.n || p->nnames > 1)
		buf_byte(&p->columns, ',');
	percent_encode(&p->columns, name, ",");
}

/* The names of a columns line; those that are new go behind the others. first: all of them, as they stand. */
static void add_columns(struct plain *p, struct span columns, bool first)
{
	struct buf name = { 0 };
	struct span rest = columns;
	const char *comma;

	do {
		comma = rest.n ? memchr(rest.p, ',', rest.n) : NULL;
		buf_clear(&name);
		percent_decode(&name, (struct span){ rest.p, comma ? (size_t)(comma - rest.p) : rest.n });
		if (name.n == 0 || (first && has_name(p, buf_view(&name))))
			p->repeats = true;
		if (first || !has_name(p, buf_view(&name)))
			add_name(p, buf_view(&name));
		if (comma)
			rest = (struct span){ comma + 1, rest.n - (size_t)(comma + 1 - rest.p) };
	} while (comma);
	if (first) {
		buf_clear(&p->columns);
		buf_span(&p->columns, columns);
	}
	buf_free(&name);
}

static bool in_range(const struct plain *p, const struct log_segment *s)
{
	if (p->options->sealed && !s->sealed)
		return false;
	return s->end.at > log_reader_at(p->reader).at && (!p->options->has_to || s->head.first.at < p->options->to.at);
}

/* Of all segments in the range, as far as they are there. */
static void gather_columns(struct plain *p)
{
	const struct log_segment *s;

	for (size_t i = 0; i < p->dir->n; i++) {
		s = &p->dir->segment[i];
		if (in_range(p, s) && !span_eq(buf_view(&p->columns), buf_view(&s->head.columns)))
			add_columns(p, buf_view(&s->head.columns), p->nnames == 0);
	}
	if (p->nnames == 0)
		add_columns(p, buf_view(&p->dir->segment[p->dir->n - 1].head.columns), true);
}

/* ---- beginning ---- */

static int add_field(struct fields *fields, struct span text, struct failure *f)
{
	const char *error;
	int i = fields_add(fields, text, &error);

	return i < 0 ? failure_set(f, EXIT_USAGE, "\"%s\": %s", diag_show(text.p, text.n), error) : i;
}

/* What records have to be parsed for. */
static int begin_fields(struct plain *p)
{
	struct buf ref = { 0 };
	int i = 0;

	for (size_t k = 0; i >= 0 && k < p->nnames && !p->repeats; k++) {
		buf_clear(&ref);
		field_print(&ref, p->name[k]);
		i = add_field(&p->lay.fields, buf_view(&ref), p->failure);
	}
	buf_free(&ref);
	if (i >= 0 && p->options->time)
		i = add_field(&p->find.fields, span_of(p->options->time), p->failure);
	if (i >= 0 && p->options->time) {
		i = add_field(&p->lay.fields, span_of(p->options->time), p->failure);
		p->lay_time = (size_t)i;
	}
	return i < 0 ? -1 : 0;
}

static int begin(struct plain *p)
{
	p->begun = true;
	p->format = p->dir->segment[0].head.format;
	p->output = p->options->output ? p->options->output : p->format;
	if (!format_is_delimited(p->format)) {
		if (p->output != p->format)
			return failure_set(p->failure, EXIT_USAGE, "--output: the log holds NDJSON, which has no columns");
		return begin_fields(p);
	}
	gather_columns(p);
	if (begin_fields(p) < 0)
		return -1;
	p->cell = mem_array(NULL, p->nnames, sizeof *p->cell);
	writer_init(&p->writer, p->output, p->name, p->nnames);
	writer_header(&p->writer, &p->out->buf);
	return 0;
}

static int time_option(struct plain *p, const char *name, const char *text, int64_t *ms)
{
	if (time_parse(&p->time, span_of(text), ms) == 0)
		return 0;
	return failure_set(p->failure, EXIT_USAGE, "--%s: \"%s\": %s", name, diag_show(text, strlen(text)), time_parse_error(span_of(text)));
}

static int begin_times(struct plain *p)
{
	const struct cat_options *o = p->options;

	time_parser_init(&p->time, o->input_zone, o->time_unit);
	p->has_since = o->since != NULL;
	p->has_until = o->until != NULL;
	if (p->has_since && time_option(p, "since", o->since, &p->since) < 0)
		return -1;
	return p->has_until ? time_option(p, "until", o->until, &p->until) : 0;
}

/* ---- records ---- */

static int fail_record(struct plain *p, uint64_t at, const char *reason)
{
	return failure_set(p->failure, EXIT_DATA, "%s: record %" PRIu64 ": %s", p->options->path, at, reason);
}

/* 1: the record at a position is wanted; 0; -1. */
static int is_wanted(struct plain *p, struct span text, uint64_t at)
{
	int64_t ms;

	if (!p->options->time)
		return 1;
	if (time_parse(&p->time, text, &ms) < 0)
		return failure_set(p->failure, EXIT_DATA, "%s: record %" PRIu64 ": %s: \"%s\": %s", p->options->path, at, p->options->time,
		                   diag_show(text.p, text.n), time_parse_error(text));
	return (!p->has_since || ms >= p->since) && (!p->has_until || ms < p->until);
}

static void put_raw(struct plain *p, struct span raw)
{
	struct buf *b = &p->out->buf;
	size_t from = b->n;

	buf_span(b, raw);
	buf_byte(b, '\n');
	control_unescape(b, from, p->format == FORMAT_NDJSON);
}

static void put_row(struct plain *p, const struct span *field)
{
	for (size_t i = 0; i < p->nnames; i++)
		p->cell[i] = (struct cell){ field[i], false };
	writer_row(&p->writer, &p->out->buf, p->cell);
}

static int take_batch(struct plain *p, const struct batch *batch, bool lay, uint64_t *at)
{
	for (size_t i = 0; i < batch->n; i++, ++*at) {
		const struct span *field = batch->field + i * batch->width;
		int rc = is_wanted(p, p->options->time ? field[lay ? p->lay_time : 0] : (struct span){ "", 0 }, *at);

		if (rc < 0)
			return -1;
		p->ledger->in++;
		*(rc ? &p->ledger->out : &p->ledger->filtered) += 1;
		if (!rc)
			continue;
		if (lay)
			put_row(p, field);
		else
			put_raw(p, batch->raw[i]);
		if (out_more(p->out) < 0)
			return -1;
	}
	return 0;
}

/* Records that have to be looked into. */
static int parse_block(struct plain *p, const struct log_block *b, bool lay)
{
	struct parser *parser = lay ? &p->lay : &p->find;
	uint64_t at = b->first.at;
	struct bad_record bad;
	struct batch batch;
	enum read_event e;
	int rc = parser_begin(parser, b, p->failure);

	while (rc == 0 && (e = rows_next(parser->rows, &batch, &bad)) != READ_END)
		rc = e == READ_BAD ? fail_record(p, at, bad.reason) : take_batch(p, &batch, lay, &at);
	return rc;
}

/* As they are, but for what was escaped. */
static int pass_block(struct plain *p, const struct log_block *b)
{
	uint64_t n = b->end.at - b->first.at;
	size_t from = p->out->buf.n;

	p->ledger->in += n;
	p->ledger->out += n;
	if (p->format == FORMAT_NDJSON || !memmem(b->data.p, b->data.n, "\\#!weir", 7))
		return out_bytes(p->out, b->data.p, b->data.n);
	buf_span(&p->out->buf, b->data);
	control_unescape(&p->out->buf, from, false);
	return out_more(p->out);
}

/* The header is out: a column that came later cannot be shown, and shall not be lost. */
static int check_columns(struct plain *p, const struct log_block *b)
{
	struct plain now = { 0 };
	int rc = 0;

	if (p->repeats)
		rc = fail_record(p, b->first.at, "the columns change, and one name occurs twice");
	add_columns(&now, buf_view(&b->segment->columns), true);
	if (rc == 0 && now.repeats)
		rc = fail_record(p, b->first.at, "the columns change, and one name occurs twice");
	for (size_t i = 0; i < now.nnames; i++) {
		if (rc == 0 && !has_name(p, now.name[i]))
			rc = failure_set(p->failure, EXIT_CONFIG, "%s: record %" PRIu64 ": from here on there is a column \"%s\", which the header does not have: begin again",
			                 p->options->path, b->first.at, diag_show(now.name[i].p, now.name[i].n));
		free((char *)now.name[i].p);
	}
	free(now.name);
	buf_free(&now.columns);
	return rc;
}

static int take_block(struct plain *p, const struct log_block *b)
{
	bool lay;

	if (!p->begun && begin(p) < 0)
		return -1;
	lay = format_is_delimited(p->format) && (p->output != p->format || !span_eq(buf_view(&p->columns), buf_view(&b->segment->columns)));
	if (lay && check_columns(p, b) < 0)
		return -1;
	return lay || p->options->time ? parse_block(p, b, lay) : pass_block(p, b);
}

/* ---- all of it ---- */

/* `to` may be said with its chain. */
static int check_end(struct plain *p)
{
	const struct cat_options *o = p->options;
	struct position at = log_reader_at(p->reader);

	if (!o->has_to || !o->to_has_chain || position_eq(at, o->to))
		return 0;
	if (at.at < o->to.at)
		return failure_set(p->failure, EXIT_CONFIG, "%s: --to is beyond the end of the log, which is %" PRIu64, o->path, at.at);
	return failure_set(p->failure, EXIT_CONFIG, "%s: --to: the log has other records before it (its chain there is %08" PRIx32 ")", o->path, at.chain);
}

static int run(struct plain *p, struct follow *follow)
{
	struct log_block b;

	for (;;)
		switch (log_next(p->reader, &b)) {
		case LOG_BLOCK:
			if (take_block(p, &b) < 0)
				return -1;
			break;
		case LOG_EDGE:
			break;
		case LOG_DRY:
			if (!p->options->follow)
				return check_end(p);
			if (out_flush(p->out) < 0 || follow_wait(follow, p->out, -1) < 0)
				return -1;
			break;
		case LOG_DONE:
			return check_end(p);
		case LOG_ERROR:
			return -1;
		}
}

static int open_reader(struct plain *p)
{
	const struct cat_options *o = p->options;
	struct log_reader_options ro = { .without_chain = !o->from_has_chain, .sealed_only = o->sealed };
	struct position from = o->from;

	if (!o->has_from && p->dir->n)
		from = p->dir->segment[0].head.first;
	p->reader = log_reader_open(p->dir, from, o->has_to ? o->to.at : LOG_END, &ro, p->failure);
	return p->failure->status ? -1 : 0;
}

static void plain_free(struct plain *p)
{
	log_reader_free(p->reader);
	parser_free(&p->lay);
	parser_free(&p->find);
	if (p->cell)
		writer_free(&p->writer);
	for (size_t i = 0; i < p->nnames; i++)
		free((char *)p->name[i].p);
	free(p->name);
	free(p->cell);
	buf_free(&p->columns);
}

int plain_run(const struct cat_options *o, struct log_dir *dir, struct out *out, struct ledger *ledger, struct failure *f)
{
	struct plain p = { .options = o, .dir = dir, .out = out, .ledger = ledger, .failure = f };
	struct follow follow;
	int rc;

	follow_begin(&follow, dir, false);
	rc = begin_times(&p);
	if (rc == 0)
		rc = open_reader(&p);
	if (rc == 0 && dir->n)
		rc = begin(&p);
	if (rc == 0)
		rc = run(&p, &follow);
	if (p.reader)
		ledger->bytes = log_reader_bytes(p.reader);
	follow_end(&follow);
	plain_free(&p);
	return rc;
}
