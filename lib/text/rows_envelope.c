/* SPDX-License-Identifier: MIT */
/* What all envelopes share: finding the parts, reading images, judging whether a before image is full, making the rows.
 * The formats themselves are in envelope_debezium.c, envelope_mysql.c (Maxwell, Canal) and envelope_wal2json.c. */
#include "lib/text/envelope.h"

#include <stdarg.h>
#include <stdio.h>

#include "lib/base/mem.h"
#include "lib/text/json_walk.h"

static const char *const made_name[MADE_COUNT] = {
	[MADE_OP] = "_op", [MADE_TABLE] = "_table", [MADE_TS] = "_ts", [MADE_TX] = "_tx", [MADE_POS] = "_pos",
	[MADE_CHANGE] = "_change",      /* of --emit updates: no envelope has it, and no table need have it */
	[MADE_ROW] = ENVELOPE_ROW,
};

static enum made made_of(const struct field_ref *ref)
{
	if (ref->nsteps == 1 && ref->step[0].index < 0)
		for (enum made m = MADE_OP; m < MADE_COUNT; m++)
			if (span_eq(ref->step[0].name, span_of(made_name[m])))
				return m;
	return MADE_NONE;
}

static void image_new(struct image *image, size_t n)
{
	image->field = mem_zalloc(2 * n * sizeof *image->field);
	image->kind = mem_zalloc(n * sizeof *image->kind);
}

static void add_parts(struct envelope *e, const char *const *parts, size_t n)
{
	const char *error;

	for (size_t i = 0; i < n; i++)
		fields_add(&e->around, span_of(parts[i]), &error);
	e->part = mem_zalloc(n * sizeof *e->part);
	e->scan = json_scan_new(&e->around);
}

struct envelope *envelope_new(const struct fields *fields, const char *const *parts, size_t n)
{
	struct envelope *e = mem_zalloc(sizeof *e);

	e->n = fields->n;
	e->made = mem_zalloc(fields->n * sizeof *e->made);
	e->columns.n = 2 * fields->n;
	e->columns.ref = mem_zalloc(2 * fields->n * sizeof *e->columns.ref);
	for (size_t i = 0; i < e->n; i++) {
		struct field_ref *ref = &e->columns.ref[i];

		ref[0] = ref[e->n] = fields->ref[i];
		if (ref->nsteps)
			ref[e->n].nsteps = 1;
		e->made[i] = made_of(ref);
		e->wants[e->made[i]] = true;
	}
	add_parts(e, parts, n);
	e->image_scan = json_scan_new(&e->columns);
	image_new(&e->before, e->n);
	image_new(&e->after, e->n);
	return e;
}

void envelope_free(void *envelope)
{
	struct envelope *e = envelope;

	if (!e)
		return;
	json_scan_free(e->scan);
	json_scan_free(e->image_scan);
	fields_free(&e->around);
	free(e->part);
	free(e->columns.ref);           /* the steps are the caller's */
	free(e->made);
	free(e->before.field);
	free(e->before.kind);
	free(e->after.field);
	free(e->after.kind);
	free(e);
}

int envelope_bad(struct envelope *e, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(e->reason, BAD_REASON, format, args);
	va_end(args);
	return -1;
}

int envelope_scan(struct envelope *e, struct span record, struct rows *rows, char reason[BAD_REASON])
{
	e->rows = rows;
	e->reason = reason;
	memset(e->value, 0, sizeof e->value);
	if (json_scan_record(e->scan, record, rows_scratch(rows), e->part) == 0)
		return 0;
	return envelope_bad(e, "JSON: %s at byte %zu", json_scan_reason(e->scan), json_scan_offset(e->scan) + 1);
}

void envelope_image(struct envelope *e, struct image *image, struct span object)
{
	memset(image->kind, 0, e->n * sizeof *image->kind);
	memset(image->field, 0, 2 * e->n * sizeof *image->field);
	image->object = object;
	if (object.n == 0)
		return;
	json_scan_record(e->image_scan, object, rows_scratch(e->rows), image->field);
	for (size_t i = 0; i < e->n; i++)
		image->kind[i] = json_scan_kind(e->image_scan, e->n + i);
}

/* The value of a member; empty: there is none. */
static struct span member(struct span object, struct span wanted)
{
	struct span name, value;

	while (json_next(&object, &name, &value))
		if (span_eq(name, wanted))
			return value;
	return (struct span){ 0 };
}

/* The members of one object, with the values that another one has for them. */
static struct span overlaid(struct envelope *e, struct span object, struct span over)
{
	struct span name, value, kept;
	struct buf text = { 0 };

	while (json_next(&object, &name, &value)) {
		struct span other = member(over, name);

		buf_text(&text, text.n ? ",\"" : "{\"");
		buf_span(&text, name);
		buf_text(&text, "\":");
		buf_span(&text, other.n ? other : value);
	}
	buf_text(&text, text.n ? "}" : "{}");
	kept = arena_copy(rows_scratch(e->rows), buf_view(&text));
	buf_free(&text);
	return kept;
}

void envelope_overlay(struct envelope *e, struct span object)
{
	struct image *before = &e->before;

	envelope_image(e, before, object);
	if (e->wants[MADE_ROW])
		before->object = overlaid(e, e->after.object, object);
	for (size_t i = 0; i < e->n; i++)
		if (before->kind[i] == JSON_MISSING) {
			before->kind[i] = e->after.kind[i];
			before->field[i] = e->after.field[i];
		}
}

struct span envelope_join(struct envelope *e, struct span a, const char *between, struct span b)
{
	size_t gap = strlen(between);
	char *p;

	if (!a.n || !b.n)
		return (struct span){ 0 };
	p = arena_alloc(rows_scratch(e->rows), a.n + gap + b.n, 1);
	memcpy(p, a.p, a.n);
	memcpy(p + a.n, between, gap);
	memcpy(p + a.n + gap, b.p, b.n);
	return (struct span){ p, a.n + gap + b.n };
}

static void add_row(struct envelope *e, const char *op, const struct image *image)
{
	struct span *row = rows_add(e->rows);

	e->value[MADE_OP] = span_of(op);
	for (size_t i = 0; i < e->n; i++)
		row[i] = e->made[i] == MADE_ROW ? image->object : e->made[i] ? e->value[e->made[i]] : image->field[i];
}

static int incomplete(struct envelope *e, const char *what, size_t i, const char *advice)
{
	struct span name = e->columns.ref[i].text;

	return envelope_bad(e, "%s without `%.*s` in its before image: %s", what, (int)(name.n < 60 ? name.n : 60), name.p, advice);
}

int envelope_insert(struct envelope *e)
{
	add_row(e, "+I", &e->after);
	return 0;
}

int envelope_update(struct envelope *e, const char *advice)
{
	for (size_t i = 0; i < e->n; i++)
		if (!e->made[i] && e->after.kind[i] != JSON_MISSING && e->before.kind[i] == JSON_MISSING)
			return incomplete(e, "update", i, advice);
	add_row(e, "-U", &e->before);
	add_row(e, "+U", &e->after);
	return 0;
}

int envelope_delete(struct envelope *e, bool with_gaps, const char *advice)
{
	for (size_t i = 0; i < e->n; i++)
		if (!e->made[i] && e->before.kind[i] == JSON_MISSING && !with_gaps)
			return incomplete(e, "delete", i, advice);
	add_row(e, "-D", &e->before);
	return 0;
}
