/* SPDX-License-Identifier: MIT */
/* Recursive descent, one function per level of precedence (loosest first), one token of look-ahead.
 * A function returns its tree, or NULL when the error has been filled. */
#include "lib/text/expr_lex.h"

#include "lib/base/mem.h"

struct parser {
	struct lexer lexer;
	struct token token;             /* the next one */
	struct expr *expr;
	struct fields *fields;
	struct expr_error *error;
	unsigned nesting;
};

/* Operands while their number is not known. */
struct operands {
	struct node **p;
	size_t n, cap;
};

static struct node *parse_or(struct parser *p);

static struct node *fail_at(struct parser *p, const struct token *t, const char *what)
{
	int n = t->text.n < 40 ? (int)t->text.n : 40;

	if (t->kind == TOKEN_END)
		expr_fail(p->error, t->at, "%s expected at the end", what);
	else
		expr_fail(p->error, t->at, "%s expected, not %.*s", what, n, t->text.p);
	return NULL;
}

static int advance(struct parser *p)
{
	return expr_lex(&p->lexer, &p->token, p->error);
}

static int expect(struct parser *p, enum token_kind kind, const char *what)
{
	if (p->token.kind == kind)
		return advance(p);
	fail_at(p, &p->token, what);
	return -1;
}

static int too_deep(struct parser *p, size_t at)
{
	return expr_fail(p->error, at, "nested deeper than %d levels", EXPR_MAX_HEIGHT);
}

static int nest(struct parser *p)
{
	return p->nesting++ < EXPR_MAX_HEIGHT ? 0 : too_deep(p, p->token.at);
}

static struct node *node_new(struct parser *p, enum node_op op, size_t at, struct node *const *arg, size_t n)
{
	struct node *node = arena_alloc(&p->expr->arena, sizeof *node + n * sizeof *arg, 16);
	unsigned height = 1;

	*node = (struct node){ .op = op, .at = (uint32_t)at, .n = (uint32_t)n };
	for (size_t i = 0; i < n; i++) {
		node->arg[i] = arg[i];
		if (arg[i]->height >= height)
			height = arg[i]->height + 1u;
	}
	if (height > EXPR_MAX_HEIGHT) {
		too_deep(p, at);
		return NULL;
	}
	node->height = (uint16_t)height;
	return node;
}

static struct node *unary(struct parser *p, enum node_op op, size_t at, struct node *a)
{
	return a ? node_new(p, op, at, &a, 1) : NULL;
}

static struct node *binary(struct parser *p, enum node_op op, size_t at, struct node *a, struct node *b)
{
	return a && b ? node_new(p, op, at, (struct node *[]){ a, b }, 2) : NULL;
}

static void operands_add(struct operands *list, struct node *n)
{
	list->p = mem_grow(list->p, list->n, &list->cap, sizeof *list->p);
	list->p[list->n++] = n;
}

/* `a, b, c )` behind what is in the list already. At least one. */
static int parse_list(struct parser *p, struct operands *list)
{
	struct node *n;

	if (nest(p) < 0)
		return -1;
	do {
		if (advance(p) < 0 || !(n = parse_or(p)))
			return -1;
		operands_add(list, n);
	} while (p->token.kind == TOKEN_COMMA);
	p->nesting--;
	return expect(p, TOKEN_CLOSE, ", or )");
}

static int check_count(struct parser *p, const struct function *f, size_t at, size_t n)
{
	if (n >= f->min && (n <= f->max || f->max == ANY_NUMBER_OF))
		return 0;
	if (f->min == f->max)
		return expr_fail(p->error, at, "%s takes %d argument%s, not %zu", f->name, f->min, f->min == 1 ? "" : "s", n);
	if (f->max == ANY_NUMBER_OF)
		return expr_fail(p->error, at, "%s takes at least %d argument%s", f->name, f->min, f->min == 1 ? "" : "s");
	return expr_fail(p->error, at, "%s takes %d to %d arguments, not %zu", f->name, f->min, f->max, n);
}

static const struct function *find_function(struct parser *p, const struct token *name)
{
	const struct function *f = expr_function(name->text);
	const char *like = f ? NULL : expr_function_like(name->text);
	int n = name->text.n < 40 ? (int)name->text.n : 40;

	if (like)
		expr_fail(p->error, name->at, "unknown function %.*s: is %s meant?", n, name->text.p, like);
	else if (!f)
		expr_fail(p->error, name->at, "unknown function %.*s", n, name->text.p);
	return f;
}

static struct node *parse_call(struct parser *p, const struct token *name)
{
	const struct function *f = find_function(p, name);
	struct operands list = { 0 };
	struct lexer ahead = p->lexer;
	struct token t;
	struct node *n = NULL;

	if (!f || expr_lex(&ahead, &t, p->error) < 0)
		return NULL;
	if (t.kind == TOKEN_CLOSE) {            /* no arguments: the list would ask for one */
		check_count(p, f, name->at, 0);
		return NULL;
	}
	if (parse_list(p, &list) == 0 && check_count(p, f, name->at, list.n) == 0)
		n = node_new(p, NODE_CALL, name->at, list.p, list.n);
	if (n)
		n->call = f;
	free(list.p);
	return n;
}

static struct node *parse_field(struct parser *p, const struct token *t)
{
	const char *error = "not a field";
	int field = fields_add(p->fields, t->text, &error);
	struct node *n;

	if (field < 0) {
		expr_fail(p->error, t->at, "%s", error);
		return NULL;
	}
	n = node_new(p, NODE_FIELD, t->at, NULL, 0);
	n->field = field;
	n->name = arena_copy(&p->expr->arena, p->fields->ref[field].text);
	return n;
}

static struct node *literal(struct parser *p, enum node_op op, const struct token *t, struct value v)
{
	struct node *n = node_new(p, op, t->at, NULL, 0);

	n->constant = v;
	return n;
}

static struct node *parse_parenthesis(struct parser *p)
{
	struct node *n;

	if (nest(p) < 0 || !(n = parse_or(p)) || expect(p, TOKEN_CLOSE, ")") < 0)
		return NULL;
	p->nesting--;
	return n;
}

static struct node *parse_operand(struct parser *p)
{
	struct token t = p->token;
	bool is_call = t.kind == TOKEN_FIELD && expr_lex_is_call(&p->lexer);

	if (advance(p) < 0)
		return NULL;
	if (is_call)
		return parse_call(p, &t);
	switch (t.kind) {
	case TOKEN_OPEN:
		return parse_parenthesis(p);
	case TOKEN_FIELD:
		return parse_field(p, &t);
	case TOKEN_NUMBER:
		return literal(p, NODE_NUMBER, &t, (struct value){ .kind = VALUE_NUMBER, .number = t.number });
	case TOKEN_STRING:
		return literal(p, NODE_TEXT, &t, value_of_text(t.string));
	case TOKEN_NULL:
		return literal(p, NODE_NULL, &t, (struct value){ .kind = VALUE_NULL });
	case TOKEN_TRUE:
	case TOKEN_FALSE:
		return literal(p, NODE_BOOL, &t, (struct value){ .kind = VALUE_BOOL, .truth = t.kind == TOKEN_TRUE });
	case TOKEN_NOT:
		expr_fail(p->error, t.at, "not binds looser than this: it needs parentheses");
		return NULL;
	default:
		return fail_at(p, &t, "a value");
	}
}

static struct node *parse_unary(struct parser *p)
{
	enum token_kind kind = p->token.kind;
	size_t at = p->token.at;
	struct node *n;

	if (kind != TOKEN_PLUS && kind != TOKEN_MINUS)
		return parse_operand(p);
	if (nest(p) < 0 || advance(p) < 0)
		return NULL;
	n = unary(p, kind == TOKEN_MINUS ? NODE_MINUS : NODE_PLUS, at, parse_unary(p));
	p->nesting--;
	return n;
}

static struct node *parse_product(struct parser *p)
{
	struct node *n = parse_unary(p);

	while (n) {
		enum token_kind kind = p->token.kind;
		size_t at = p->token.at;

		if (kind != TOKEN_STAR && kind != TOKEN_SLASH && kind != TOKEN_PERCENT)
			break;
		if (advance(p) < 0)
			return NULL;
		n = binary(p, kind == TOKEN_STAR ? NODE_MUL : kind == TOKEN_SLASH ? NODE_DIV : NODE_MOD, at, n, parse_unary(p));
	}
	return n;
}

static struct node *parse_sum(struct parser *p)
{
	struct node *n = parse_product(p);

	while (n && (p->token.kind == TOKEN_PLUS || p->token.kind == TOKEN_MINUS)) {
		enum node_op op = p->token.kind == TOKEN_PLUS ? NODE_ADD : NODE_SUB;
		size_t at = p->token.at;

		if (advance(p) < 0)
			return NULL;
		n = binary(p, op, at, n, parse_product(p));
	}
	return n;
}

static struct node *parse_in(struct parser *p, size_t at, struct node *left)
{
	struct operands list = { 0 };
	struct node *n = NULL;

	operands_add(&list, left);
	if (advance(p) < 0)
		;
	else if (p->token.kind != TOKEN_OPEN)
		fail_at(p, &p->token, "(");
	else if (parse_list(p, &list) == 0)
		n = node_new(p, NODE_IN, at, list.p, list.n);
	free(list.p);
	return n;
}

static struct node *parse_like(struct parser *p, size_t at, struct node *left)
{
	return advance(p) < 0 ? NULL : binary(p, NODE_LIKE, at, left, parse_sum(p));
}

/* `is [not] null` */
static struct node *parse_is(struct parser *p, size_t at, struct node *left)
{
	struct node *n = unary(p, NODE_IS_NULL, at, left);
	bool negated;

	if (!n || advance(p) < 0)
		return NULL;
	negated = p->token.kind == TOKEN_NOT;
	if ((negated && advance(p) < 0) || expect(p, TOKEN_NULL, "null") < 0)
		return NULL;
	return negated ? unary(p, NODE_NOT, at, n) : n;
}

/* `not in`, `not like`: the tree is that of `not (x in ..)`, whose meaning it has. */
static struct node *parse_negated(struct parser *p, size_t at, struct node *left)
{
	if (advance(p) < 0)
		return NULL;
	if (p->token.kind == TOKEN_IN)
		return unary(p, NODE_NOT, at, parse_in(p, at, left));
	if (p->token.kind == TOKEN_LIKE)
		return unary(p, NODE_NOT, at, parse_like(p, at, left));
	return fail_at(p, &p->token, "in or like");
}

static bool compares(enum token_kind kind)
{
	return (kind >= TOKEN_EQ && kind <= TOKEN_GE) || kind == TOKEN_IN || kind == TOKEN_LIKE || kind == TOKEN_IS
		|| kind == TOKEN_NOT;
}

static struct node *parse_comparison(struct parser *p)
{
	struct node *n = parse_sum(p);
	enum token_kind kind = p->token.kind;
	size_t at = p->token.at;

	if (!n || !compares(kind))
		return n;
	if (kind == TOKEN_IN)
		n = parse_in(p, at, n);
	else if (kind == TOKEN_LIKE)
		n = parse_like(p, at, n);
	else if (kind == TOKEN_IS)
		n = parse_is(p, at, n);
	else if (kind == TOKEN_NOT)
		n = parse_negated(p, at, n);
	else
		n = advance(p) < 0 ? NULL : binary(p, NODE_EQ + (kind - TOKEN_EQ), at, n, parse_sum(p));
	if (!n || !compares(p->token.kind))
		return n;
	expr_fail(p->error, p->token.at, "comparisons do not chain: use and, or parentheses");
	return NULL;
}

static struct node *parse_not(struct parser *p)
{
	size_t at = p->token.at;
	struct node *n;

	if (p->token.kind != TOKEN_NOT)
		return parse_comparison(p);
	if (nest(p) < 0 || advance(p) < 0)
		return NULL;
	n = unary(p, NODE_NOT, at, parse_not(p));
	p->nesting--;
	return n;
}

/* `a and (b and c)` is `a and b and c`: one node, so that long chains are not deep ones. */
static void splice(struct operands *list, enum node_op op, struct node *n)
{
	if (n->op != op) {
		operands_add(list, n);
		return;
	}
	for (size_t i = 0; i < n->n; i++)
		operands_add(list, n->arg[i]);
}

static struct node *parse_chain(struct parser *p, enum token_kind kind, enum node_op op, struct node *(*parse)(struct parser *))
{
	struct node *n = parse(p);
	struct operands list = { 0 };
	size_t at = p->token.at;

	if (!n || p->token.kind != kind)
		return n;
	splice(&list, op, n);
	while (n && p->token.kind == kind) {
		n = advance(p) < 0 ? NULL : parse(p);
		if (n)
			splice(&list, op, n);
	}
	if (n)
		n = node_new(p, op, at, list.p, list.n);
	free(list.p);
	return n;
}

static struct node *parse_and(struct parser *p)
{
	return parse_chain(p, TOKEN_AND, NODE_AND, parse_not);
}

static struct node *parse_or(struct parser *p)
{
	return parse_chain(p, TOKEN_OR, NODE_OR, parse_and);
}

static struct node *parse_all(struct parser *p)
{
	struct node *n;

	if (advance(p) < 0)
		return NULL;
	if (p->token.kind == TOKEN_END) {
		expr_fail(p->error, 0, "an expression is expected");
		return NULL;
	}
	n = parse_or(p);
	return n && p->token.kind != TOKEN_END ? fail_at(p, &p->token, "an operator") : n;
}

struct expr *expr_parse(struct span text, struct fields *fields, struct expr_error *error)
{
	struct expr *e = mem_zalloc(sizeof *e);
	struct parser p = { .expr = e, .fields = fields, .error = error };

	if (text.n > EXPR_MAX_TEXT) {
		expr_fail(error, EXPR_MAX_TEXT, "longer than %d bytes", EXPR_MAX_TEXT);
		goto fail;
	}
	p.lexer = (struct lexer){ .text = arena_copy(&e->arena, text), .arena = &e->arena };
	e->root = parse_all(&p);
	if (e->root)
		return e;
fail:
	expr_free(e);
	return NULL;
}
