/* SPDX-License-Identifier: MIT */
/* Derived columns are computed in exact fractions and rounded once, when printed. Those a column rests on are computed
 * first and once each, whatever the expressions look like.
 *
 * Null is what SQL makes of null; and so is x/0, a measure whose value is text, and what is too large for a ratio. */
#include "lib/agg/derive.h"

#include "lib/base/mem.h"

struct row {
	const struct measure *measure;
	const char *states;
	const struct derive *derive;            /* whose names are looked up */
	const struct ratio *ready;              /* earlier derives, by their number */
	const bool *has_value;
};

/* True and *r; false: null. */
static bool number(const struct node *n, const struct row *row, struct ratio *r);
static enum truth truth(const struct node *n, const struct row *row);

static bool column(const struct node *n, const struct row *row, struct ratio *r)
{
	size_t i = row->derive->bound[n->field];

	if (i < row->derive->nmeasures) {
		const struct measure *m = &row->measure[i];

		return m->kind->number(m, row->states + m->offset, r) == 0;
	}
	i -= row->derive->nmeasures;
	if (row->has_value[i])
		*r = row->ready[i];
	return row->has_value[i];
}

static bool arithmetic(const struct node *n, const struct row *row, struct ratio *r)
{
	struct ratio b;

	if (!number(n->arg[0], row, r) || !number(n->arg[1], row, &b))
		return false;
	switch (n->op) {
	case NODE_ADD:
		return ratio_add(r, r, &b) == 0;
	case NODE_SUB:
		return ratio_sub(r, r, &b) == 0;
	case NODE_MUL:
		return ratio_mul(r, r, &b) == 0;
	default:
		return !ratio_is_zero(&b) && ratio_div(r, r, &b) == 0;
	}
}

static void negate(struct ratio *r)
{
	r->num.negative = !r->num.negative && r->num.n;
}

bool derive_digits(const struct node *n, int64_t *digits)
{
	bool negative = n->op == NODE_MINUS;
	const struct node *literal = negative ? n->arg[0] : n;

	if (literal->op != NODE_NUMBER || decimal_to_i64(literal->constant.number, digits) < 0 || *digits > DERIVE_MAX_DIGITS)
		return false;
	if (negative)
		*digits = -*digits;
	return true;
}

/* By printing: the one place where halves are rounded. What has fewer digits already keeps them, as in records. */
static bool round_to(struct ratio *r, int64_t digits)
{
	struct buf text = { 0 };
	struct decimal unit = { 1, 0 };
	struct ratio power;
	bool ok;

	if (digits >= 0 && r->scale != RATIO_FRACTION && digits >= r->scale)
		return true;
	ratio_from_decimal(&power, unit);
	if (digits < 0 && big_mul_pow10(&power.num, &power.num, (unsigned)-digits) < 0)
		return false;
	if (ratio_div(r, r, &power) < 0)
		return false;
	ratio_print(&text, r, digits < 0 ? 0 : (unsigned)digits);
	ok = ratio_parse(r, buf_view(&text)) == 0 && ratio_mul(r, r, &power) == 0;
	buf_free(&text);
	return ok;
}

static bool extreme(const struct node *n, const struct row *row, struct ratio *r, int sign)
{
	struct ratio other;

	if (!number(n->arg[0], row, r))
		return false;
	for (size_t i = 1; i < n->n; i++) {
		if (!number(n->arg[i], row, &other))
			return false;
		if (sign * ratio_cmp(&other, r) > 0)
			*r = other;
	}
	return true;
}

static bool call(const struct node *n, const struct row *row, struct ratio *r)
{
	int64_t digits = 0;

	switch (n->call->id) {
	case FUNCTION_IF:
		return number(n->arg[truth(n->arg[0], row) == YES ? 1 : 2], row, r);
	case FUNCTION_COALESCE:
		for (size_t i = 0; i < n->n; i++)
			if (number(n->arg[i], row, r))
				return true;
		return false;
	case FUNCTION_ABS:
		if (!number(n->arg[0], row, r))
			return false;
		r->num.negative = false;
		return true;
	case FUNCTION_ROUND:
		if (n->n > 1)
			derive_digits(n->arg[1], &digits);
		return number(n->arg[0], row, r) && round_to(r, digits);
	default:
		return extreme(n, row, r, n->call->id == FUNCTION_LEAST ? -1 : 1);
	}
}

static bool number(const struct node *n, const struct row *row, struct ratio *r)
{
	switch (n->op) {
	case NODE_NUMBER:
		ratio_from_decimal(r, n->constant.number);
		return true;
	case NODE_FIELD:
		return column(n, row, r);
	case NODE_CALL:
		return call(n, row, r);
	case NODE_PLUS:
		return number(n->arg[0], row, r);
	case NODE_MINUS:
		if (!number(n->arg[0], row, r))
			return false;
		negate(r);
		return true;
	case NODE_MUL: case NODE_DIV: case NODE_ADD: case NODE_SUB:
		return arithmetic(n, row, r);
	default:                /* null */
		return false;
	}
}

static enum truth compare(const struct node *n, const struct row *row)
{
	struct ratio a, b;

	if (!number(n->arg[0], row, &a) || !number(n->arg[1], row, &b))
		return UNKNOWN;
	return truth_of_order(n->op, ratio_cmp(&a, &b));
}

static enum truth chain(const struct node *n, const struct row *row, enum truth stop)
{
	enum truth result = stop == YES ? NO : YES;

	for (size_t i = 0; i < n->n; i++) {
		enum truth t = truth(n->arg[i], row);

		if (t == stop)
			return t;
		if (t == UNKNOWN)
			result = UNKNOWN;
	}
	return result;
}

static enum truth truth_of_call(const struct node *n, const struct row *row)
{
	if (n->call->id == FUNCTION_IF)
		return truth(n->arg[truth(n->arg[0], row) == YES ? 1 : 2], row);
	for (size_t i = 0; i < n->n; i++) {             /* coalesce: no other function yields conditions */
		enum truth t = truth(n->arg[i], row);

		if (t != UNKNOWN)
			return t;
	}
	return UNKNOWN;
}

static bool is_null(const struct node *n, const struct row *row)
{
	struct ratio ignored;

	return n->type == TYPE_BOOL ? truth(n, row) == UNKNOWN : !number(n, row, &ignored);
}

static enum truth truth(const struct node *n, const struct row *row)
{
	enum truth t;

	switch (n->op) {
	case NODE_BOOL:
		return n->constant.truth ? YES : NO;
	case NODE_CALL:
		return truth_of_call(n, row);
	case NODE_EQ: case NODE_NE: case NODE_LT: case NODE_LE: case NODE_GT: case NODE_GE:
		return compare(n, row);
	case NODE_IS_NULL:
		return is_null(n->arg[0], row) ? YES : NO;
	case NODE_NOT:
		t = truth(n->arg[0], row);
		return t == YES ? NO : t == NO ? YES : UNKNOWN;
	case NODE_AND:
		return chain(n, row, NO);
	case NODE_OR:
		return chain(n, row, YES);
	default:                /* null */
		return UNKNOWN;
	}
}

static bool evaluate(const struct derive *d, struct row *row, struct ratio *r)
{
	row->derive = d;
	return number(d->expr->root, row, r);
}

/* How many of the earlier derives must be looked at: none in most views, and then nothing is allocated. */
static size_t count_ready(const struct derive *d)
{
	size_t n = d->nearlier;

	while (n && !d->needs[n - 1])
		n--;
	return n;
}

void derive_finish(const struct derive *d, const struct measure *m, const void *states, unsigned digits, struct buf *out)
{
	size_t n = count_ready(d);
	struct ratio *ready = n ? mem_array(NULL, n, sizeof *ready) : NULL, result;
	bool *has_value = n ? mem_array(NULL, n, sizeof *has_value) : NULL;
	struct row row = { .measure = m, .states = states, .ready = ready, .has_value = has_value };

	for (size_t i = 0; i < n; i++)
		if (d->needs[i])
			has_value[i] = evaluate(d->needs[i], &row, &ready[i]);
	if (evaluate(d, &row, &result))
		ratio_print(out, &result, digits);
	free(ready);
	free(has_value);
}
