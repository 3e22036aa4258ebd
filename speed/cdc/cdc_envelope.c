/* SPDX-License-Identifier: MIT */
/* `-` -- the change messages of others on standard input: Debezium, Maxwell, Canal, wal2json, whatever a consumer of theirs prints. What they mean the
 * readers of all tools know (lib/text/envelope.h); here they are asked for whole rows, whose columns are what the messages have.
 *
 * Nobody can ask standard input to go back: there is no position. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/diag.h"
#include "lib/base/mem.h"
#include "lib/text/json_scan.h"
#include "lib/text/json_walk.h"
#include "lib/text/reader.h"
#include "lib/text/envelope.h"
#include "speed/cdc/driver.h"

enum { OP, TABLE, TS, TX, POS, ROW, FIELDS };

struct image_row {
	struct span *name;              /* unescaped */
	struct datum *value;
	size_t n, cap;
};

struct envelope_source {
	const struct cdc_request *request;
	struct fields fields;
	struct reader *reader;
	struct batch batch;
	size_t at;                      /* row of the batch */

	struct change_table **table;    /* all that came; the last one of a name is in force */
	size_t ntables;
	struct image_row before, after;
	struct datum *old, *new;        /* in the order of the table's columns */
	size_t room;
	struct arena arena;
};

static int bad(const struct envelope_source *s, struct failure *f, const char *why)
{
	return failure_set(f, EXIT_DATA, "%s:%" PRIu64 ": %s", reader_name(s->reader), s->batch.line[s->at], why);
}

/* ---- rows ---- */

static struct datum datum_of(struct span value, struct arena *arena)
{
	switch (*value.p) {
	case '"':
		return (struct datum){ DATUM_TEXT, json_unescape((struct span){ value.p + 1, value.n - 2 }, arena) };
	case 'n':
		return (struct datum){ DATUM_NULL, { "", 0 } };
	case '{':
	case '[':
	case 't':
	case 'f':
		return (struct datum){ DATUM_JSON, value };
	default:
		return (struct datum){ DATUM_NUMBER, value };
	}
}

static void read_row(struct envelope_source *s, struct image_row *row, struct span object)
{
	struct span name, value;
	size_t names, values;

	for (row->n = 0; json_next(&object, &name, &value); row->n++) {
		names = values = row->cap;
		row->name = mem_grow(row->name, row->n, &names, sizeof *row->name);
		row->value = mem_grow(row->value, row->n, &values, sizeof *row->value);
		row->cap = names;
		row->name[row->n] = json_unescape(name, &s->arena);
		row->value[row->n] = datum_of(value, &s->arena);
	}
}

/* hint: where it is most likely. */
static const struct datum *find(const struct image_row *row, struct span name, size_t hint)
{
	if (hint < row->n && span_eq(row->name[hint], name))
		return &row->value[hint];
	for (size_t i = 0; i < row->n; i++)
		if (span_eq(row->name[i], name))
			return &row->value[i];
	return NULL;
}

/* ---- tables ---- */

static struct change_table *known_table(const struct envelope_source *s, struct span name)
{
	for (size_t i = s->ntables; i-- > 0;)
		if (span_eq(span_of(s->table[i]->name), name))
			return s->table[i];
	return NULL;
}

static size_t columns_in(const struct change_table *t, const struct image_row *row)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += find(row, span_of(t->column[i]), i) != NULL;
	return n;
}

static struct change_table *new_table(struct envelope_source *s, struct span name, const struct image_row *row)
{
	struct change_table *t = change_table_new("", "", name, row->n);

	for (size_t i = 0; i < row->n; i++)
		t->column[i] = mem_text(row->name[i]);
	s->table = mem_array(s->table, s->ntables + 1, sizeof *s->table);
	s->table[s->ntables++] = t;
	if (t->n > s->room) {
		s->room = t->n;
		s->old = mem_array(s->old, s->room, sizeof *s->old);
		s->new = mem_array(s->new, s->room, sizeof *s->new);
	}
	return t;
}

/* The table with just these columns. wal2json leaves out what is null (version 1), or did not change. */
static struct change_table *table_of(struct envelope_source *s, struct span name, const struct image_row *row)
{
	struct change_table *t = known_table(s, name);
	size_t has = t ? columns_in(t, row) : 0;

	if (t && has == row->n && (has == t->n || s->request->input == FORMAT_WAL2JSON))
		return t;
	return new_table(s, name, row);
}

/* ---- changes ---- */

static bool is_wanted(const struct envelope_source *s, struct span table)
{
	for (size_t i = 0; i < s->request->ntables; i++)
		if (span_eq(span_of(s->request->table[i]), table))
			return true;
	return s->request->ntables == 0;
}

/* By the columns of the table; what is missing is that of `or`, or null. */
static void order(const struct change_table *t, const struct image_row *row, const struct datum *or, struct datum *to)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct datum *d = find(row, span_of(t->column[i]), i);

		to[i] = d ? *d : or ? or[i] : (struct datum){ DATUM_NULL, { "", 0 } };
	}
}

/* What the connector of Debezium writes for a large value that the change left alone. */
static int fill_unavailable(const struct envelope_source *s, const struct change_table *t, const struct datum *old, struct datum *new, struct failure *f)
{
	for (size_t i = 0; i < t->n; i++) {
		if (!envelope_is_unavailable(new[i].text))
			continue;
		if (!old || envelope_is_unavailable(old[i].text))
			return bad(s, f, "a large value is not in the message: set REPLICA IDENTITY FULL");
		new[i] = old[i];
	}
	return 0;
}

static int64_t number_of(struct span text)
{
	int64_t v = 0;

	for (size_t i = 0; i < text.n && i < 18; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return -1;
		v = v * 10 + (text.p[i] - '0');
	}
	return text.n ? v : -1;
}

/* Images of a delete are whole where others of the table were. */
static int check_whole(const struct envelope_source *s, struct span name, struct failure *f)
{
	const struct change_table *t = known_table(s, name);

	if (t && s->request->input != FORMAT_DEBEZIUM && columns_in(t, &s->before) < t->n)
		return bad(s, f, "a row before its change is not whole: set binlog_row_image=FULL, REPLICA IDENTITY FULL");
	return 0;
}

/* The row at hand, and the one behind it where it is an update. 1: emitted; 0: behind a barrier; -1. */
static int emit_rows(struct envelope_source *s, const struct span *field, bool is_update, struct emit *out, struct failure *f)
{
	const struct span op = field[OP];
	struct change c = { .ts = number_of(field[TS]), .tx = field[TX], .pos = field[POS] };
	const struct change_table *t;
	int rc;

	arena_clear(&s->arena);
	s->before.n = s->after.n = 0;
	c.op = is_update ? CHANGE_UPDATE : op.p[0] == '-' ? CHANGE_DELETE : CHANGE_INSERT;
	if (c.op != CHANGE_INSERT)
		read_row(s, &s->before, field[ROW]);
	if (c.op != CHANGE_DELETE)
		read_row(s, &s->after, field[(is_update ? FIELDS : 0) + ROW]);
	if (c.op == CHANGE_DELETE && check_whole(s, field[TABLE], f) < 0)
		return -1;
	t = c.table = table_of(s, field[TABLE], c.op == CHANGE_UPDATE && s->before.n > s->after.n ? &s->before : c.op == CHANGE_DELETE ? &s->before : &s->after);
	if (is_update && columns_in(t, &s->before) < t->n)
		return bad(s, f, "a row before its change is not whole: set binlog_row_image=FULL, REPLICA IDENTITY FULL");
	rc = emit_table(out, t, f);
	if (rc <= 0)
		return rc;
	c.before = c.op == CHANGE_INSERT ? NULL : s->old;
	c.after = c.op == CHANGE_DELETE ? NULL : s->new;
	if (c.before)
		order(t, &s->before, NULL, s->old);
	if (c.after)
		order(t, &s->after, c.before, s->new);
	if (c.after && fill_unavailable(s, t, c.before, s->new, f) < 0)
		return -1;
	return emit_change(out, &c, f) < 0 ? -1 : 1;
}

static enum cdc_event take_batch(struct envelope_source *s, struct emit *out, struct failure *f)
{
	while (s->at < s->batch.n) {
		const struct span *field = s->batch.field + s->at * s->batch.width;
		bool is_update = span_eq(field[OP], SPAN("-U"));
		int rc = is_wanted(s, field[TABLE]) ? emit_rows(s, field, is_update, out, f) : 1;

		if (rc <= 0)
			return rc < 0 ? CDC_ERROR : CDC_BARRIER;
		s->at += is_update ? 2 : 1;
	}
	return CDC_MORE;
}

static enum cdc_event next(void *driver, struct emit *out, struct failure *f)
{
	struct envelope_source *s = driver;
	struct bad_record bad_record;
	struct span control;

	if (s->at < s->batch.n)
		return take_batch(s, out, f);
	s->at = s->batch.n = 0;
	switch (reader_next(s->reader, &s->batch, &bad_record, &control)) {
	case READ_ROWS:
		return take_batch(s, out, f);
	case READ_BAD:
		failure_set(f, EXIT_DATA, "%s:%" PRIu64 ": %s", reader_name(s->reader), bad_record.line, bad_record.reason);
		return CDC_ERROR;
	case READ_CONTROL:
		failure_set(f, EXIT_USAGE, "%s: this is a checked stream: give its records alone (event-log cat without --checked)", reader_name(s->reader));
		return CDC_ERROR;
	case READ_IDLE:
		return out_flush(out->out) < 0 ? CDC_ERROR : CDC_MORE;
	case READ_END:
		return CDC_END;
	default:
		failure_set(f, reader_status(s->reader), "%s", reader_error(s->reader));
		return CDC_ERROR;
	}
}

static void position(void *driver, struct buf *out)
{
	(void)driver, (void)out;
}

/* ---- beginning and end ---- */

static void close_source(void *driver)
{
	struct envelope_source *s = driver;

	reader_free(s->reader);
	fields_free(&s->fields);
	for (size_t i = 0; i < s->ntables; i++)
		change_table_free(s->table[i]);
	free(s->table);
	free(s->before.name);
	free(s->before.value);
	free(s->after.name);
	free(s->after.value);
	free(s->old);
	free(s->new);
	arena_free(&s->arena);
	free(s);
}

static void *open_source(const struct cdc_request *r, struct failure *f)
{
	static const char *const names[FIELDS] = { "_op", "_table", "_ts", "_tx", "_pos", ENVELOPE_ROW };
	const struct reader_options options = { .format = r->input, .max_record = r->max_record, .accept_unterminated = true };
	struct envelope_source *s = mem_zalloc(sizeof *s);
	const char *error;

	s->request = r;
	for (size_t i = 0; i < FIELDS; i++)
		fields_add(&s->fields, span_of(names[i]), &error);
	if (r->input == FORMAT_AUTO)
		failure_set(f, EXIT_USAGE, "-: changes in which format? say -i debezium, maxwell, canal or wal2json");
	else if (r->is_checked)
		failure_set(f, EXIT_USAGE, "-: standard input cannot be asked to go back: no --resume-from, --checked or --from; dedupe --key _pos takes out what comes again");
	if (!f->status) {
		s->reader = reader_open("-", &s->fields, &options);
		return s;
	}
	close_source(s);
	return NULL;
}

const struct cdc_driver cdc_envelope = {
	.scheme = "-", .connector = "weir", .has_tx = true, .ends = true, .open = open_source, .close = close_source, .next = next, .position = position,
};
