/* SPDX-License-Identifier: MIT */
#include "speed/cdc/postgres/pg_value.h"

#include <string.h>

#include "lib/base/buf.h"
#include "lib/text/base64.h"
#include "lib/text/writer.h"
#include "speed/cdc/emit.h"

/* OIDs of pg_type.dat: they never change. */
enum { OID_BOOL = 16, OID_BYTEA = 17, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_OID = 26, OID_JSON = 114, OID_FLOAT4 = 700, OID_FLOAT8 = 701,
       OID_TIMESTAMPTZ = 1184, OID_JSONB = 3802 };

#define DEPTH 64                /* of arrays and domains; there are no more than 6 dimensions */

static const struct pg_type *find(const struct pg_types *types, uint32_t oid)
{
	size_t low = 0, high = types->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (types->of[middle].oid < oid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < types->n && types->of[low].oid == oid ? &types->of[low] : NULL;
}

/* ---- scalars ---- */

static bool is_finite(struct span s)
{
	return s.n && (s.p[s.n - 1] >= '0' && s.p[s.n - 1] <= '9');    /* NaN, Infinity, -Infinity */
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int bytes(struct span text, struct datum *d, struct arena *arena)
{
	struct buf out = { 0 };
	size_t n = text.n / 2 - (text.n > 1);
	char *raw;

	if (text.n < 2 || text.n % 2 || text.p[0] != '\\' || text.p[1] != 'x')
		return -1;
	raw = arena_alloc(arena, n + 1, 1);
	for (size_t i = 0; i < n; i++) {
		int high = hex(text.p[2 + 2 * i]), low = hex(text.p[3 + 2 * i]);

		if (high < 0 || low < 0)
			return -1;
		raw[i] = (char)(high << 4 | low);
	}
	base64_encode(&out, (struct span){ raw, n });
	d->text = arena_copy(arena, buf_view(&out));
	buf_free(&out);
	return 0;
}

/* `2020-02-03 02:05:06.1+00` -> `2020-02-03T02:05:06.1Z`; infinity and years BC stay. */
static void moment(struct datum *d, struct arena *arena)
{
	struct span s = d->text;
	char *to;

	if (s.n < 22 || s.p[10] != ' ' || memcmp(s.p + s.n - 3, "+00", 3) != 0)
		return;
	to = arena_alloc(arena, s.n, 1);
	memcpy(to, s.p, s.n - 3);
	to[10] = 'T';
	to[s.n - 3] = 'Z';
	d->text = (struct span){ to, s.n - 2 };
}

/* On one line: newlines of JSON stand between its parts, never within. */
static void one_line(struct datum *d, struct arena *arena)
{
	char *to;

	if (!memchr(d->text.p, '\n', d->text.n) && !memchr(d->text.p, '\r', d->text.n))
		return;
	to = arena_alloc(arena, d->text.n, 1);
	for (size_t i = 0; i < d->text.n; i++)
		to[i] = d->text.p[i] == '\n' || d->text.p[i] == '\r' ? ' ' : d->text.p[i];
	d->text.p = to;
}

static int scalar(uint32_t type, struct span text, struct datum *d, struct arena *arena)
{
	*d = (struct datum){ DATUM_TEXT, text };
	switch (type) {
	case OID_BOOL:
		if (text.n != 1 || (*text.p != 't' && *text.p != 'f'))
			return -1;
		*d = (struct datum){ DATUM_JSON, *text.p == 't' ? SPAN("true") : SPAN("false") };
		return 0;
	case OID_BYTEA:
		return bytes(text, d, arena);
	case OID_INT2:
	case OID_INT4:
	case OID_INT8:
	case OID_OID:
		d->kind = DATUM_NUMBER;
		return is_finite(text) ? 0 : -1;
	case OID_FLOAT4:
	case OID_FLOAT8:
		d->kind = is_finite(text) ? DATUM_NUMBER : DATUM_TEXT;
		return 0;
	case OID_JSON:
	case OID_JSONB:
		d->kind = DATUM_JSON;
		one_line(d, arena);
		return text.n ? 0 : -1;
	case OID_TIMESTAMPTZ:
		moment(d, arena);
		return 0;
	}
	return 0;
}

/* ---- arrays ---- */

struct array {
	const struct pg_types *types;
	const char *p, *end;
	uint32_t element;
	char delimiter;
	struct arena *arena;
	struct buf *out;
};

static int put_value(struct array *a, uint32_t type, struct span text)
{
	struct datum d;

	if (pg_value(a->types, type, text, &d, a->arena) < 0)
		return -1;
	datum_put_json(a->out, &d);
	return 0;
}

/* Behind the first quote: a backslash takes the next character as it is. */
static int put_quoted(struct array *a)
{
	char *begin = arena_alloc(a->arena, (size_t)(a->end - a->p) + 1, 1), *to = begin;

	while (a->p < a->end && *a->p != '"') {
		if (*a->p == '\\' && ++a->p == a->end)
			return -1;
		*to++ = *a->p++;
	}
	if (a->p == a->end)
		return -1;
	a->p++;
	return put_value(a, a->element, (struct span){ begin, (size_t)(to - begin) });
}

static int put_plain(struct array *a)
{
	const char *begin = a->p;
	struct span text;

	while (a->p < a->end && *a->p != a->delimiter && *a->p != '}' && *a->p != '{' && *a->p != '"')
		a->p++;
	text = (struct span){ begin, (size_t)(a->p - begin) };
	if (text.n == 0)
		return -1;
	if (span_eq(text, SPAN("NULL")))
		return buf_text(a->out, "null"), 0;
	return put_value(a, a->element, text);
}

static int put_array(struct array *a, int depth);

static int put_element(struct array *a, int depth)
{
	if (a->p == a->end)
		return -1;
	if (*a->p == '{')
		return put_array(a, depth + 1);
	if (*a->p == '"')
		return a->p++, put_quoted(a);
	return put_plain(a);
}

/* From its brace on. */
static int put_array(struct array *a, int depth)
{
	if (depth > DEPTH || a->p == a->end || *a->p++ != '{')
		return -1;
	buf_byte(a->out, '[');
	if (a->p < a->end && *a->p == '}') {
		a->p++;
		return buf_byte(a->out, ']'), 0;
	}
	for (;;) {
		if (put_element(a, depth) < 0 || a->p == a->end)
			return -1;
		if (*a->p == '}')
			break;
		if (*a->p++ != a->delimiter)
			return -1;
		buf_byte(a->out, ',');
	}
	a->p++;
	buf_byte(a->out, ']');
	return 0;
}

/* `[2:3]={1,2}`: where it begins is not in JSON. */
static const char *skip_bounds(const char *p, const char *end)
{
	const char *is = p < end && *p == '[' ? memchr(p, '=', (size_t)(end - p)) : NULL;

	return is ? is + 1 : p;
}

static int array(const struct pg_types *types, const struct pg_type *t, struct span text, struct datum *d, struct arena *arena)
{
	struct buf out = { 0 };
	struct array a = { types, skip_bounds(text.p, text.p + text.n), text.p + text.n, t->element, t->delimiter, arena, &out };
	int rc = put_array(&a, 0) < 0 || a.p != a.end ? -1 : 0;

	if (rc == 0)
		*d = (struct datum){ DATUM_JSON, arena_copy(arena, buf_view(&out)) };
	buf_free(&out);
	return rc;
}

int pg_value(const struct pg_types *types, uint32_t type, struct span text, struct datum *d, struct arena *arena)
{
	const struct pg_type *t = find(types, type);

	for (int i = 0; t && t->base && i < DEPTH; i++) {
		type = t->base;
		t = find(types, type);
	}
	return t && t->element ? array(types, t, text, d, arena) : scalar(type, text, d, arena);
}
