/* SPDX-License-Identifier: MIT */
/* wal2json: format version 2 has a record for each change, version 1 one for each transaction. Images come as lists of
 * columns; they are put together as objects, which the scanner of images reads. */
#include "lib/text/envelope.h"
#include "lib/text/json_walk.h"
#include "lib/text/timestamp.h"

#define ADVICE "set REPLICA IDENTITY FULL"
#define ADVICE_V1 ADVICE " and use format-version 2 (1 leaves nulls out)"

enum { ACTION, TABLE, COLUMNS, IDENTITY, LSN, XID, TIMESTAMP, NEXTLSN, CHANGE, PARTS };

enum { KIND, CHANGE_TABLE, NAMES, VALUES, OLD_NAMES, OLD_VALUES, CHANGE_PARTS };

struct wal2json {
	struct envelope *e;
	struct fields of_change;        /* version 1: the parts of one change */
	struct json_scan *change_scan;
	struct span change[CHANGE_PARTS];
	struct time_parser time;
	struct buf text;
};

static void *wal2json_open(const struct fields *fields)
{
	static const char *const parts[PARTS] = {
		".action", ".table", ".columns", ".identity", ".lsn", ".xid", ".timestamp", ".nextlsn", ".change",
	};
	static const char *const change_parts[CHANGE_PARTS] = {
		".kind", ".table", ".columnnames", ".columnvalues", ".oldkeys.keynames", ".oldkeys.keyvalues",
	};
	struct wal2json *w = mem_zalloc(sizeof *w);
	const char *error;

	w->e = envelope_new(fields, parts, PARTS);
	for (size_t i = 0; i < CHANGE_PARTS; i++)
		fields_add(&w->of_change, span_of(change_parts[i]), &error);
	w->change_scan = json_scan_new(&w->of_change);
	time_parser_init(&w->time, NULL, TIME_UNIT_AUTO);
	return w;
}

static void wal2json_close(void *state)
{
	struct wal2json *w = state;

	if (!w)
		return;
	envelope_free(w->e);
	json_scan_free(w->change_scan);
	fields_free(&w->of_change);
	buf_free(&w->text);
	free(w);
}

/* What has been written to w->text, in memory of the batch. */
static struct span keep_text(struct wal2json *w)
{
	return arena_copy(rows_scratch(w->e->rows), buf_view(&w->text));
}

/* PostgreSQL writes whole hours of an offset alone: `2018-03-27 11:58:28.988414-03`. */
static int set_time(struct wal2json *w)
{
	struct span at = w->e->part[TIMESTAMP];
	int64_t ms;

	if (!w->e->wants[MADE_TS] || at.n == 0)
		return 0;
	buf_clear(&w->text);
	buf_span(&w->text, at);
	if (at.n > 19 && (at.p[at.n - 3] == '+' || at.p[at.n - 3] == '-'))
		buf_text(&w->text, ":00");
	if (time_parse(&w->time, buf_view(&w->text), &ms) < 0)
		return envelope_bad(w->e, "timestamp is not a time");
	buf_clear(&w->text);
	buf_i64(&w->text, ms);
	w->e->value[MADE_TS] = keep_text(w);
	return 0;
}

/* Adds `"name":value` to the object in w->text. name still has its quotes. */
static void add_column(struct wal2json *w, struct span name, struct span value)
{
	buf_byte(&w->text, w->text.n ? ',' : '{');
	buf_span(&w->text, name);
	buf_byte(&w->text, ':');
	buf_span(&w->text, value);
}

static void read_image(struct wal2json *w, struct image *image)
{
	buf_text(&w->text, w->text.n ? "}" : "{}");
	envelope_image(w->e, image, keep_text(w));
}

/* An image of version 2: [{"name":"a","type":"integer","value":1}, ...]. Missing: an image without columns. */
static int image_of_columns(struct wal2json *w, struct image *image, size_t part)
{
	struct span rest = w->e->part[part], column, key, name, value, v;

	if (rest.n && envelope_kind(w->e, part) != JSON_ARRAY)
		return envelope_bad(w->e, "columns are not a list");
	buf_clear(&w->text);
	while (json_next(&rest, &key, &column)) {
		if (column.p[0] != '{')
			return envelope_bad(w->e, "a column is not an object");
		name = value = (struct span){ 0 };
		while (json_next(&column, &key, &v))
			if (!name.n && span_eq(key, SPAN("name")))
				name = v;
			else if (!value.n && span_eq(key, SPAN("value")))
				value = v;
		if (!name.n || name.p[0] != '"' || !value.n)
			return envelope_bad(w->e, "a column without name or value");
		add_column(w, name, value);
	}
	read_image(w, image);
	return 0;
}

/* An image of version 1: names and values in two arrays. */
static int image_of_lists(struct wal2json *w, struct image *image, size_t names_part)
{
	struct span names = w->change[names_part], values = w->change[names_part + 1], key, name, value;

	if ((names.n && names.p[0] != '[') || (values.n && values.p[0] != '['))
		return envelope_bad(w->e, "columns are not a list");
	buf_clear(&w->text);
	while (json_next(&names, &key, &name)) {
		if (name.p[0] != '"' || !json_next(&values, &key, &value))
			return envelope_bad(w->e, "names and values of columns do not match");
		add_column(w, name, value);
	}
	if (json_next(&values, &key, &value))
		return envelope_bad(w->e, "names and values of columns do not match");
	read_image(w, image);
	return 0;
}

/* A large value that the change left alone is not in the after image: it is the one of the before image. */
static void fill_unchanged(struct envelope *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->after.kind[i] == JSON_MISSING) {
			e->after.kind[i] = e->before.kind[i];
			e->after.field[i] = e->before.field[i];
		}
}

/* A delete must hold every column asked for: without REPLICA IDENTITY FULL, the default, it holds the key alone. A stream of
 * several tables that have not all these columns is to be cut to one (`add-tables`, grep) before it is read. */
static int add_change(struct envelope *e, char what, const char *advice)
{
	if (what == 'I')
		return envelope_insert(e);
	if (what == 'D')
		return envelope_delete(e, false, advice);
	fill_unchanged(e);
	return envelope_update(e, advice);
}

static int record_v2(struct wal2json *w)
{
	struct envelope *e = w->e;
	char action = e->part[ACTION].n == 1 ? e->part[ACTION].p[0] : '\0';

	if (action == 'T')
		return envelope_bad(e, "truncate cannot be taken back");
	if (action == 'B' || action == 'C' || action == 'M')    /* begin, commit, message */
		return 0;
	if (action != 'I' && action != 'U' && action != 'D')
		return envelope_bad(e, "unknown wal2json action");
	if (action != 'D' && envelope_kind(e, COLUMNS) != JSON_ARRAY)
		return envelope_bad(e, "change without columns");
	e->value[MADE_TABLE] = e->part[TABLE];
	e->value[MADE_POS] = e->part[LSN];
	if (image_of_columns(w, &e->before, IDENTITY) < 0 || image_of_columns(w, &e->after, COLUMNS) < 0)
		return -1;
	return add_change(e, action, ADVICE);
}

/* The n-th change of a transaction; together with the position behind the transaction this names it. */
static int change_v1(struct wal2json *w, struct span change, uint64_t n)
{
	struct envelope *e = w->e;
	const struct span *part = w->change;

	if (json_scan_record(w->change_scan, change, rows_scratch(e->rows), w->change) < 0)
		return envelope_bad(e, "a change is not an object");
	if (span_eq(part[KIND], SPAN("message")))
		return 0;
	if (span_eq(part[KIND], SPAN("truncate")))
		return envelope_bad(e, "truncate cannot be taken back");
	buf_clear(&w->text);
	buf_u64(&w->text, n);
	e->value[MADE_POS] = envelope_join(e, e->part[NEXTLSN], ":", buf_view(&w->text));
	e->value[MADE_TABLE] = part[CHANGE_TABLE];
	if (image_of_lists(w, &e->before, OLD_NAMES) < 0 || image_of_lists(w, &e->after, NAMES) < 0)
		return -1;
	if (span_eq(part[KIND], SPAN("insert")))
		return add_change(e, 'I', ADVICE_V1);
	if (span_eq(part[KIND], SPAN("update")))
		return add_change(e, 'U', ADVICE_V1);
	if (span_eq(part[KIND], SPAN("delete")))
		return add_change(e, 'D', ADVICE_V1);
	return envelope_bad(e, "unknown wal2json kind");
}

static int record_v1(struct wal2json *w)
{
	struct span rest = w->e->part[CHANGE], name, change;

	for (uint64_t n = 0; json_next(&rest, &name, &change); n++)
		if (change_v1(w, change, n) < 0)
			return -1;
	return 0;
}

static int wal2json_record(void *state, struct span record, struct rows *rows, char reason[BAD_REASON])
{
	struct wal2json *w = state;
	struct envelope *e = w->e;

	if (envelope_scan(e, record, rows, reason) < 0 || set_time(w) < 0)
		return -1;
	e->value[MADE_TX] = e->part[XID];
	if (envelope_kind(e, ACTION) == JSON_STRING)
		return record_v2(w);
	if (envelope_kind(e, CHANGE) == JSON_ARRAY)
		return record_v1(w);
	return envelope_bad(e, "not a wal2json record: no action or change");
}

const struct row_format row_format_wal2json = { wal2json_open, wal2json_record, wal2json_close };
