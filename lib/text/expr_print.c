/* SPDX-License-Identifier: MIT */
/* One spelling per tree: parentheses only where the tree would be read otherwise without them. */
#include "lib/text/expr_ast.h"

/* How tightly a node binds as it is printed; an operand that binds looser than its place asks for stands in
 * parentheses. */
enum binding { BIND_OR = 1, BIND_AND, BIND_NOT, BIND_COMPARISON, BIND_SUM, BIND_PRODUCT, BIND_UNARY, BIND_OPERAND };

static const struct { const char *sign; enum binding binding; } operators[] = {
	[NODE_MUL] = { "*", BIND_PRODUCT }, [NODE_DIV] = { "/", BIND_PRODUCT }, [NODE_MOD] = { "%", BIND_PRODUCT },
	[NODE_ADD] = { "+", BIND_SUM }, [NODE_SUB] = { "-", BIND_SUM },
	[NODE_EQ] = { "==", BIND_COMPARISON }, [NODE_NE] = { "!=", BIND_COMPARISON },
	[NODE_LT] = { "<", BIND_COMPARISON }, [NODE_LE] = { "<=", BIND_COMPARISON },
	[NODE_GT] = { ">", BIND_COMPARISON }, [NODE_GE] = { ">=", BIND_COMPARISON },
	[NODE_LIKE] = { "like", BIND_COMPARISON }, [NODE_IN] = { "in", BIND_COMPARISON },
	[NODE_IS_NULL] = { "is null", BIND_COMPARISON },
	[NODE_AND] = { "and", BIND_AND }, [NODE_OR] = { "or", BIND_OR },
	[NODE_PLUS] = { "+", BIND_UNARY }, [NODE_MINUS] = { "-", BIND_UNARY },
};

/* The node behind `not` has its own negated form. */
static bool is_negatable(const struct node *n)
{
	return n->op == NODE_IN || n->op == NODE_LIKE || n->op == NODE_IS_NULL;
}

static enum binding binding(const struct node *n)
{
	if (n->op == NODE_NOT)
		return is_negatable(n->arg[0]) ? BIND_COMPARISON : BIND_NOT;
	return n->op < NODE_PLUS ? BIND_OPERAND : operators[n->op].binding;
}

static void print_operand(struct buf *out, const struct node *n, enum binding least)
{
	bool parenthesis = binding(n) < least;

	if (parenthesis)
		buf_byte(out, '(');
	expr_print_node(out, n);
	if (parenthesis)
		buf_byte(out, ')');
}

static void print_list(struct buf *out, struct node *const *arg, size_t n)
{
	buf_byte(out, '(');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_text(out, ", ");
		expr_print_node(out, arg[i]);
	}
	buf_byte(out, ')');
}

static void print_string(struct buf *out, struct span s)
{
	buf_byte(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			buf_byte(out, '"');
		buf_byte(out, s.p[i]);
	}
	buf_byte(out, '"');
}

static void print_tight(struct buf *out, const struct node *n)
{
	switch (n->op) {
	case NODE_NULL:
		buf_text(out, "null");
		break;
	case NODE_BOOL:
		buf_text(out, n->constant.truth ? "true" : "false");
		break;
	case NODE_NUMBER:
		decimal_print(out, n->constant.number);
		break;
	case NODE_TEXT:
		print_string(out, n->constant.text);
		break;
	case NODE_FIELD:
		buf_span(out, n->name);
		break;
	case NODE_CALL:
		buf_text(out, n->call->name);
		print_list(out, n->arg, n->n);
		break;
	}
}

/* in, like, is null: here because of their negated forms. */
static void print_negatable(struct buf *out, const struct node *n, bool negated)
{
	print_operand(out, n->arg[0], BIND_SUM);
	if (n->op == NODE_IS_NULL) {
		buf_text(out, negated ? " is not null" : " is null");
		return;
	}
	buf_text(out, negated ? " not " : " ");
	buf_text(out, operators[n->op].sign);
	buf_byte(out, ' ');
	if (n->op == NODE_IN)
		print_list(out, n->arg + 1, n->n - 1);
	else
		print_operand(out, n->arg[1], BIND_SUM);
}

static void print_not(struct buf *out, const struct node *n)
{
	if (is_negatable(n->arg[0])) {
		print_negatable(out, n->arg[0], true);
		return;
	}
	buf_text(out, "not ");
	print_operand(out, n->arg[0], BIND_NOT);
}

/* The left operand may bind as tightly as its operator where that is read from the left; comparisons do not chain. */
static void print_infix(struct buf *out, const struct node *n)
{
	enum binding own = operators[n->op].binding;

	for (size_t i = 0; i < n->n; i++) {
		if (i) {
			buf_byte(out, ' ');
			buf_text(out, operators[n->op].sign);
			buf_byte(out, ' ');
		}
		print_operand(out, n->arg[i], own + (i > 0 || own == BIND_COMPARISON));
	}
}

/* `- -x`: two signs in a row stand apart. */
static void print_unary(struct buf *out, const struct node *n)
{
	const struct node *a = n->arg[0];

	buf_text(out, operators[n->op].sign);
	if (a->op == NODE_PLUS || a->op == NODE_MINUS)
		buf_byte(out, ' ');
	print_operand(out, a, BIND_UNARY);
}

void expr_print_node(struct buf *out, const struct node *n)
{
	if (n->op < NODE_PLUS)
		print_tight(out, n);
	else if (n->op == NODE_NOT)
		print_not(out, n);
	else if (is_negatable(n))
		print_negatable(out, n, false);
	else if (n->op == NODE_PLUS || n->op == NODE_MINUS)
		print_unary(out, n);
	else
		print_infix(out, n);
}

void expr_print(struct buf *out, const struct expr *e)
{
	expr_print_node(out, e->root);
}
