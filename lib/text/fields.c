/* SPDX-License-Identifier: MIT */
/* One recursive-descent reader serves both the list of fields and the lexer of expressions, so that both always agree
 * where a field reference ends. */
#include "lib/text/fields.h"

#include <strings.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"

#define MAX_COLUMN 1000000000u          /* @N */
#define MAX_INDEX INT64_C(1000000000000)

/* Words of the expression language and of view definitions: as names of fields they need backticks there. */
static const char *const reserved[] = {
	"and", "or", "not", "in", "like", "is", "null", "true", "false", "where",
};

static bool is_name_start(char c)
{
	unsigned char u = (unsigned char)c;

	return ((u | 0x20) >= 'a' && (u | 0x20) <= 'z') || u == '_' || u >= 0x80;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t plain_length(struct span s)
{
	size_t n = 0;

	if (!s.n || !is_name_start(s.p[0]))
		return 0;
	while (n < s.n && (is_name_start(s.p[n]) || is_digit(s.p[n])))
		n++;
	return n;
}

static bool is_reserved(struct span name)
{
	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
		if (strlen(reserved[i]) == name.n && strncasecmp(reserved[i], name.p, name.n) == 0)
			return true;
	return false;
}

void field_print(struct buf *out, struct span name)
{
	if (name.n && plain_length(name) == name.n && !is_reserved(name)) {
		buf_span(out, name);
		return;
	}
	buf_byte(out, '`');
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '`')
			buf_byte(out, '`');
		buf_byte(out, name.p[i]);
	}
	buf_byte(out, '`');
}

/* A reference being read: its steps name their texts by offsets until the texts stop moving. */
struct part {
	size_t name, length;            /* in names */
	int64_t index;                  /* or -1 */
};

struct draft {
	struct span text;
	size_t at;
	const char *error;
	struct buf names;
	struct part *part;
	size_t nparts, cap;
	size_t column;
};

static bool draft_fails(struct draft *d, const char *error)
{
	if (!d->error)
		d->error = error;
	return false;
}

static char draft_peek(const struct draft *d)
{
	return d->at < d->text.n ? d->text.p[d->at] : '\0';
}

static struct part *draft_part(struct draft *d)
{
	d->part = mem_grow(d->part, d->nparts, &d->cap, sizeof *d->part);
	d->part[d->nparts] = (struct part){ d->names.n, 0, -1 };
	return &d->part[d->nparts++];
}

static bool read_backticks(struct draft *d)
{
	struct part *p = draft_part(d);

	for (d->at++; d->at < d->text.n; d->at++) {
		char c = d->text.p[d->at];

		if (c == '`' && (++d->at == d->text.n || d->text.p[d->at] != '`')) {
			p->length = d->names.n - p->name;
			return p->length || draft_fails(d, "a field needs a name between the backticks");
		}
		buf_byte(&d->names, c);
	}
	return draft_fails(d, "a backtick is not closed");
}

static bool read_name(struct draft *d)
{
	struct span rest = { d->text.p + d->at, d->text.n - d->at };
	size_t n = plain_length(rest);
	struct part *p;

	if (draft_peek(d) == '`')
		return read_backticks(d);
	if (!n)
		return draft_fails(d, "an odd name must stand in backticks");
	p = draft_part(d);
	p->length = n;
	buf_add(&d->names, rest.p, n);
	d->at += n;
	return true;
}

/* Decimal digits up to max; false when there are none or too many. */
static bool read_number(struct draft *d, uint64_t max, uint64_t *v)
{
	size_t from = d->at;

	for (*v = 0; is_digit(draft_peek(d)); d->at++)
		if ((*v = *v * 10 + (uint64_t)(draft_peek(d) - '0')) > max)
			return false;
	return d->at > from;
}

static bool read_index(struct draft *d)
{
	uint64_t v;

	d->at++;
	if (!read_number(d, (uint64_t)MAX_INDEX, &v) || draft_peek(d) != ']')
		return draft_fails(d, "an index is a number in brackets, from [0]");
	d->at++;
	draft_part(d)->index = (int64_t)v;
	return true;
}

static bool starts_step(const struct draft *d)
{
	return draft_peek(d) == '.' && d->at + 1 < d->text.n &&
		(d->text.p[d->at + 1] == '`' || is_name_start(d->text.p[d->at + 1]));
}

/* .name, then more of it and indices */
static bool read_path(struct draft *d)
{
	if (!starts_step(d))
		return draft_fails(d, "a path names a member after its dot");
	while (starts_step(d) || draft_peek(d) == '[') {
		if (draft_peek(d) == '[') {
			if (!read_index(d))
				return false;
			continue;
		}
		d->at++;
		if (!read_name(d))
			return false;
	}
	return true;
}

static bool read_column(struct draft *d)
{
	uint64_t v;

	d->at++;
	if (!read_number(d, MAX_COLUMN, &v) || v == 0)
		return draft_fails(d, "columns are @1, @2, ...");
	d->column = (size_t)v - 1;
	return true;
}

static bool read_reference(struct draft *d)
{
	d->column = (size_t)-1;
	if (draft_peek(d) == '@')
		return read_column(d);
	if (draft_peek(d) == '.')
		return read_path(d);
	if (!d->text.n)
		return draft_fails(d, "a field needs a name");
	return read_name(d);
}

static void draft_free(struct draft *d)
{
	buf_free(&d->names);
	free(d->part);
}

size_t field_text_length(struct span text)
{
	struct draft d = { .text = text };
	size_t n = read_reference(&d) ? d.at : 0;

	draft_free(&d);
	return n;
}

/* A path of one step is the plain name. */
static void print_reference(struct buf *out, const struct draft *d)
{
	if (d->column != (size_t)-1) {
		buf_byte(out, '@');
		buf_u64(out, d->column + 1);
		return;
	}
	for (size_t i = 0; i < d->nparts; i++) {
		const struct part *p = &d->part[i];

		if (p->index >= 0) {
			buf_byte(out, '[');
			buf_i64(out, p->index);
			buf_byte(out, ']');
			continue;
		}
		if (d->nparts > 1)
			buf_byte(out, '.');
		field_print(out, (struct span){ d->names.p + p->name, p->length });
	}
}

/* Text and names share one allocation, at ref->text.p. */
static void make_reference(struct field_ref *ref, const struct draft *d, struct span text)
{
	char *p = mem_alloc(text.n + d->names.n + 1);
	char *names = p + text.n;

	memcpy(p, text.p, text.n);
	if (d->names.n)
		memcpy(names, d->names.p, d->names.n);
	*ref = (struct field_ref){ .text = { p, text.n }, .column = d->column, .nsteps = d->nparts };
	if (d->nparts)
		ref->step = mem_array(NULL, d->nparts, sizeof *ref->step);
	for (size_t i = 0; i < d->nparts; i++)
		ref->step[i] = (struct field_step){ { names + d->part[i].name, d->part[i].length }, d->part[i].index };
	if (d->nparts == 1)
		ref->name = ref->step[0].name;
}

static int add_reference(struct fields *f, const struct draft *d)
{
	struct buf text = { 0 };
	size_t i;

	print_reference(&text, d);
	for (i = 0; i < f->n; i++)
		if (span_eq(f->ref[i].text, buf_view(&text)))
			break;
	if (i == f->n) {
		f->ref = mem_grow(f->ref, f->n, &f->cap, sizeof *f->ref);
		make_reference(&f->ref[f->n++], d, buf_view(&text));
	}
	buf_free(&text);
	return (int)i;
}

int fields_add(struct fields *f, struct span text, const char **error)
{
	struct draft d = { .text = text };
	int i = -1;

	if (read_reference(&d) && d.at < text.n)
		draft_fails(&d, text.p[0] == '@' ? "columns are @1, @2, ..." : "an odd name must stand in backticks");
	if (d.error)
		*error = d.error;
	else
		i = add_reference(f, &d);
	draft_free(&d);
	return i;
}

char *field_name(struct span text)
{
	struct fields one = { 0 };
	const char *ignored;
	bool named = fields_add(&one, text, &ignored) == 0 && one.ref[0].name.n;
	char *name = mem_text(named ? one.ref[0].name : text);

	fields_free(&one);
	return name;
}

size_t field_item_length(struct span list)
{
	bool quoted = false;
	size_t n = 0;

	while (n < list.n && (quoted || list.p[n] != ','))
		quoted ^= list.p[n++] == '`';
	return n;
}

void fields_free(struct fields *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free((char *)f->ref[i].text.p);
		free(f->ref[i].step);
	}
	free(f->ref);
	*f = (struct fields){ 0 };
}
