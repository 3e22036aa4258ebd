/* SPDX-License-Identifier: MIT */
/* Types, bottom up: what each node yields as far as the text tells, and a refusal of what cannot be meant. A field may
 * be anything; only its use decides. */
#include "lib/text/expr_ast.h"

static bool is_text_literal(const struct node *n)
{
	return n->op == NODE_TEXT;
}

static int must_be_number(const struct node *n, struct expr_error *error)
{
	if (is_text_literal(n))
		return expr_fail(error, n->at, "a number is needed here, not a text in quotes");
	if (n->type == TYPE_BOOL)
		return expr_fail(error, n->at, "a number is needed here, not a condition");
	return 0;
}

static int must_be_condition(const struct node *n, struct expr_error *error)
{
	if (n->type == TYPE_NUMBER)
		return expr_fail(error, n->at, "a condition is needed here, not a number: compare it");
	if (n->type == TYPE_TEXT)
		return expr_fail(error, n->at, "a condition is needed here, not a text: compare it");
	return 0;
}

static int must_be_time(const struct node *n, struct expr_error *error)
{
	if (n->type == TYPE_BOOL)
		return expr_fail(error, n->at, "a time is needed here, not a condition");
	return 0;
}

/* Whole numbers that are literals, perhaps with a sign; others are seen when the record is. */
static int must_be_whole(const struct node *n, struct expr_error *error)
{
	const struct node *digits = n->op == NODE_MINUS || n->op == NODE_PLUS ? n->arg[0] : n;
	int64_t v;

	if (digits->op == NODE_NUMBER && decimal_to_i64(digits->constant.number, &v) < 0)
		return expr_fail(error, n->at, "a whole number is needed here");
	return must_be_number(n, error);
}

static int check_argument(const struct node *a, char kind, struct expr_error *error)
{
	switch (kind) {
	case 'c':
		return must_be_condition(a, error);
	case 'n':
		return must_be_number(a, error);
	case 'i':
		return must_be_whole(a, error);
	case 'd':
		return must_be_time(a, error);
	default:
		return 0;
	}
}

static enum node_type join(enum node_type a, enum node_type b)
{
	if (a == b || b == TYPE_NULL)
		return a;
	if (a == TYPE_NULL)
		return b;
	if (a == TYPE_FIELD || b == TYPE_FIELD) {
		enum node_type known = a == TYPE_FIELD ? b : a;

		/* coalesce(price, 0) > x compares numbers; coalesce(name, "") does not */
		if (known == TYPE_NUMBER || known == TYPE_TEXT)
			return known;
	}
	return TYPE_MIXED;
}

static int check_call(struct node *n, struct expr_error *error)
{
	const char *kind = n->call->args;
	enum node_type type = TYPE_NULL;

	for (size_t i = 0; i < n->n; i++) {
		if (check_argument(n->arg[i], *kind, error) < 0)
			return -1;
		if (*kind == 'v')
			type = join(type, n->arg[i]->type);
		if (kind[1])
			kind++;
	}
	n->type = n->call->type == TYPE_MIXED ? type : n->call->type;
	return 0;
}

static int check_all(struct node *n, int (*must)(const struct node *, struct expr_error *), enum node_type type,
                     struct expr_error *error)
{
	for (size_t i = 0; i < n->n; i++)
		if (must(n->arg[i], error) < 0)
			return -1;
	n->type = type;
	return 0;
}

static int refuse_null(const struct node *n, struct expr_error *error)
{
	if (n->op == NODE_NULL)
		return expr_fail(error, n->at, "nothing equals null: write is null, or is not null");
	if (is_text_literal(n) && n->constant.kind == VALUE_NULL)
		return expr_fail(error, n->at, "an empty text is null: write is null, or is not null");
	return 0;
}

/* Comparisons and `in`: numeric when any operand yields a number, and then the others must be able to. */
static int check_comparison(struct node *n, struct expr_error *error)
{
	bool numeric = false;

	for (size_t i = 0; i < n->n; i++) {
		numeric |= n->arg[i]->type == TYPE_NUMBER;
		if (refuse_null(n->arg[i], error) < 0)
			return -1;
	}
	n->type = TYPE_BOOL;
	for (size_t i = 0; numeric && i < n->n; i++) {
		const struct node *a = n->arg[i];

		if (is_text_literal(a))
			return expr_fail(error, a->at, "a text is compared with a number here: leave the quotes away");
		if (a->type == TYPE_BOOL)
			return expr_fail(error, a->at, "a condition is compared with a number here");
	}
	return 0;
}

static int check_like(struct node *n, struct expr_error *error)
{
	n->type = TYPE_BOOL;
	return refuse_null(n->arg[1], error);
}

static int check_node(struct node *n, struct expr_error *error)
{
	static const enum node_type literal[] = {
		[NODE_NULL] = TYPE_NULL, [NODE_BOOL] = TYPE_BOOL, [NODE_NUMBER] = TYPE_NUMBER,
		[NODE_TEXT] = TYPE_TEXT, [NODE_FIELD] = TYPE_FIELD,
	};

	switch (n->op) {
	case NODE_CALL:
		return check_call(n, error);
	case NODE_PLUS: case NODE_MINUS:
	case NODE_MUL: case NODE_DIV: case NODE_MOD: case NODE_ADD: case NODE_SUB:
		return check_all(n, must_be_number, TYPE_NUMBER, error);
	case NODE_EQ: case NODE_NE: case NODE_LT: case NODE_LE: case NODE_GT: case NODE_GE: case NODE_IN:
		return check_comparison(n, error);
	case NODE_LIKE:
		return check_like(n, error);
	case NODE_IS_NULL:
		n->type = TYPE_BOOL;
		return 0;
	case NODE_NOT: case NODE_AND: case NODE_OR:
		return check_all(n, must_be_condition, TYPE_BOOL, error);
	default:
		n->type = literal[n->op];
		return 0;
	}
}

int expr_check(struct node *n, struct expr_error *error)
{
	for (size_t i = 0; i < n->n; i++)
		if (expr_check(n->arg[i], error) < 0)
			return -1;
	return check_node(n, error);
}

int expr_check_use(const struct node *n, enum expr_use use, struct expr_error *error)
{
	if (use == EXPR_CONDITION)
		return must_be_condition(n, error);
	return use == EXPR_NUMBER ? must_be_number(n, error) : 0;
}
