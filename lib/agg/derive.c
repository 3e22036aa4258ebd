/* SPDX-License-Identifier: MIT */
/* Reading derived columns: names are bound to measures and to derives before this one, and types are strict: a value is
 * a number or a condition, and never both. */
#include "lib/agg/derive.h"

#include <assert.h>
#include <stdio.h>

#include "lib/base/mem.h"

struct binding {
	struct derive *derive;
	const struct measure *measure;
	struct derive *const *earlier;
	const struct fields *fields;
};

/* derive[i], and all that it rests on. */
static void need(struct derive *d, struct derive *const *earlier, size_t i)
{
	assert(earlier[i]->nearlier == i);
	for (size_t j = 0; j < i; j++)
		if (earlier[i]->needs[j])
			d->needs[j] = earlier[j];
	d->needs[i] = earlier[i];
}

static const char *name_at(const struct binding *b, size_t i)
{
	return i < b->derive->nmeasures ? b->measure[i].name : b->earlier[i - b->derive->nmeasures]->name;
}

static int unknown_name(const struct binding *b, struct span name, size_t at, struct expr_error *error)
{
	size_t n = b->derive->nmeasures + b->derive->nearlier, best = n;
	unsigned least = expr_likeness(name);

	for (size_t i = 0; i < n; i++) {
		unsigned distance = expr_distance(name, span_of(name_at(b, i)));

		if (distance < least) {
			least = distance;
			best = i;
		}
	}
	if (best < n)
		return expr_fail(error, at, "no measure %.*s: is %s meant?", (int)name.n, name.p, name_at(b, best));
	return expr_fail(error, at, "no measure %.*s, and no earlier derived column", (int)name.n, name.p);
}

static int bind_name(const struct binding *b, const struct node *n, struct expr_error *error)
{
	struct span name = b->fields->ref[n->field].name;
	struct derive *d = b->derive;

	for (size_t i = 0; i < d->nmeasures + d->nearlier; i++) {
		if (!span_eq(name, span_of(name_at(b, i))))
			continue;
		if (i >= d->nmeasures)
			need(d, b->earlier, i - d->nmeasures);
		d->bound[n->field] = i;
		return 0;
	}
	return unknown_name(b, n->name, n->at, error);
}

static int expect_type(const struct node *n, enum node_type type, struct expr_error *error)
{
	if (n->type == type || n->type == TYPE_NULL)
		return 0;
	return expr_fail(error, n->at, type == TYPE_BOOL ? "a condition is needed here, not a number"
	                                                 : "a number is needed here, not a condition");
}

/* if and coalesce: branches of one type. */
static int check_branches(struct node *n, size_t first, struct expr_error *error)
{
	n->type = TYPE_NULL;
	for (size_t i = first; i < n->n; i++) {
		if (n->type == TYPE_NULL)
			n->type = n->arg[i]->type;
		else if (expect_type(n->arg[i], n->type, error) < 0)
			return -1;
	}
	return 0;
}

static int check_operands(struct node *n, enum node_type operands, enum node_type result, struct expr_error *error)
{
	for (size_t i = 0; i < n->n; i++)
		if (expect_type(n->arg[i], operands, error) < 0)
			return -1;
	n->type = result;
	return 0;
}

static int check_call(struct node *n, struct expr_error *error)
{
	int64_t digits;

	switch (n->call->id) {
	case FUNCTION_IF:
		return expect_type(n->arg[0], TYPE_BOOL, error) < 0 ? -1 : check_branches(n, 1, error);
	case FUNCTION_COALESCE:
		return check_branches(n, 0, error);
	case FUNCTION_ROUND:
		if (n->n > 1 && !derive_digits(n->arg[1], &digits))
			return expr_fail(error, n->arg[1]->at, "round takes its digits as a whole number up to %d", DERIVE_MAX_DIGITS);
		return check_operands(n, TYPE_NUMBER, TYPE_NUMBER, error);
	case FUNCTION_ABS: case FUNCTION_LEAST: case FUNCTION_GREATEST:
		return check_operands(n, TYPE_NUMBER, TYPE_NUMBER, error);
	default:
		return expr_fail(error, n->at, "%s is not a function of measures: if, coalesce, round, abs, least, greatest are", n->call->name);
	}
}

static int check_node(const struct binding *b, struct node *n, struct expr_error *error)
{
	switch (n->op) {
	case NODE_NULL:
		n->type = TYPE_NULL;
		return 0;
	case NODE_BOOL:
		n->type = TYPE_BOOL;
		return 0;
	case NODE_NUMBER:
		n->type = TYPE_NUMBER;
		return 0;
	case NODE_FIELD:
		n->type = TYPE_NUMBER;
		return bind_name(b, n, error);
	case NODE_CALL:
		return check_call(n, error);
	case NODE_PLUS: case NODE_MINUS: case NODE_MUL: case NODE_DIV: case NODE_ADD: case NODE_SUB:
		return check_operands(n, TYPE_NUMBER, TYPE_NUMBER, error);
	case NODE_EQ: case NODE_NE: case NODE_LT: case NODE_LE: case NODE_GT: case NODE_GE:
		return check_operands(n, TYPE_NUMBER, TYPE_BOOL, error);
	case NODE_NOT: case NODE_AND: case NODE_OR:
		return check_operands(n, TYPE_BOOL, TYPE_BOOL, error);
	case NODE_IS_NULL:
		n->type = TYPE_BOOL;
		return 0;
	case NODE_TEXT:
		return expr_fail(error, n->at, "derived columns are numbers: no texts");
	default:
		return expr_fail(error, n->at, "%s is not for measures", n->op == NODE_IN ? "in" : n->op == NODE_LIKE ? "like" : "%");
	}
}

static int check(const struct binding *b, struct node *n, struct expr_error *error)
{
	for (size_t i = 0; i < n->n; i++)
		if (check(b, n->arg[i], error) < 0)
			return -1;
	return check_node(b, n, error);
}

static bool is_taken(const struct binding *b, const char *name)
{
	for (size_t i = 0; i < b->derive->nmeasures + b->derive->nearlier; i++)
		if (strcmp(name_at(b, i), name) == 0)
			return true;
	return false;
}

/* Neither a path nor @N, and a C string. */
static bool is_plain(struct span name)
{
	return name.n && !memchr(name.p, '\0', name.n);
}

/* `name =`: its length with the blanks around, 0 when it is not there. *name is owned by the caller. */
static size_t parse_name(struct span text, char **name)
{
	struct span trimmed = span_trim(text), rest;
	struct fields one = { 0 };
	const char *ignored;
	size_t n = field_text_length(trimmed);

	*name = NULL;
	if (n && fields_add(&one, (struct span){ trimmed.p, n }, &ignored) == 0 && is_plain(one.ref[0].name))
		*name = mem_text(one.ref[0].name);
	fields_free(&one);
	rest = span_trim((struct span){ trimmed.p + n, trimmed.n - n });
	if (!*name || rest.n == 0 || rest.p[0] != '=' || (rest.n > 1 && rest.p[1] == '='))
		return 0;
	return (size_t)(rest.p - text.p) + 1;
}

static int parse_expression(struct binding *b, struct span text, struct expr_error *error)
{
	struct derive *d = b->derive;
	struct fields fields = { 0 };
	int rc = -1;

	d->expr = expr_parse(text, &fields, error);
	if (d->expr) {
		d->bound = mem_array(NULL, fields.n, sizeof *d->bound);
		b->fields = &fields;
		rc = check(b, d->expr->root, error);
		if (rc == 0)
			rc = expect_type(d->expr->root, TYPE_NUMBER, error);
	}
	fields_free(&fields);
	return rc;
}

struct derive *derive_parse(struct span text, const struct measure *m, size_t n, struct derive *const *earlier, size_t nearlier, char error[200])
{
	struct derive *d = mem_zalloc(sizeof *d);
	struct binding b = { .derive = d, .measure = m, .earlier = earlier };
	struct expr_error why;
	size_t skip = parse_name(text, &d->name);

	d->nmeasures = n;
	d->nearlier = nearlier;
	d->needs = mem_zalloc(nearlier * sizeof *d->needs);
	if (!skip)
		snprintf(error, 200, "a derived column is written name = expression");
	else if (is_taken(&b, d->name))
		snprintf(error, 200, "there is a column %.150s already", d->name);
	else if (parse_expression(&b, (struct span){ text.p + skip, text.n - skip }, &why) < 0)
		snprintf(error, 200, "%s (at byte %zu)", why.reason, skip + why.at + 1);
	else
		return d;
	derive_free(d);
	return NULL;
}

void derive_free(struct derive *d)
{
	if (!d)
		return;
	expr_free(d->expr);
	free(d->name);
	free(d->bound);
	free(d->needs);
	free(d);
}

const char *derive_name(const struct derive *d)
{
	return d->name;
}

void derive_print(struct buf *out, const struct derive *d)
{
	field_print(out, span_of(d->name));
	buf_text(out, " = ");
	expr_print(out, d->expr);
}

