/* SPDX-License-Identifier: MIT */
/* Chooses how each node is evaluated, bottom up, and evaluates what depends on no record right away. The tree is not
 * rewritten: a node that was computed keeps its operands, for printing. */
#include "lib/text/expr_run.h"

struct preparation {
	struct arena *arena;            /* of the expression */
	struct expr_scratch scratch;
	struct expr_error *error;
};

static void choose(struct node *n, struct arena *arena)
{
	switch (n->op) {
	case NODE_FIELD:
		n->gives = GIVES_FIELD;
		break;
	case NODE_CALL:
		n->gives = (uint8_t)n->call->gives;
		n->run = n->call->run;
		break;
	case NODE_PLUS: case NODE_MINUS:
	case NODE_MUL: case NODE_DIV: case NODE_MOD: case NODE_ADD: case NODE_SUB:
		choose_arithmetic(n);
		break;
	case NODE_EQ: case NODE_NE: case NODE_LT: case NODE_LE: case NODE_GT: case NODE_GE:
		choose_comparison(n);
		break;
	case NODE_IN:
		choose_in(n, arena);
		break;
	case NODE_LIKE:
		choose_like(n);
		break;
	case NODE_NOT: case NODE_AND: case NODE_OR: case NODE_IS_NULL:
		choose_logic(n);
		break;
	default:
		n->gives = GIVES_CONSTANT;
	}
}

static bool is_constant(const struct node *n)
{
	if (n->n == 0 || (n->op == NODE_CALL && n->call->zoned))
		return false;
	for (size_t i = 0; i < n->n; i++)
		if (n->arg[i]->gives != GIVES_CONSTANT)
			return false;
	return true;
}

/* A constant that makes every record bad is an error in the expression. Long texts are made anew each time rather than
 * kept: a short expression can make many of them. */
static int fold(struct preparation *p, struct node *n)
{
	struct env env = { NULL, &p->scratch };

	struct value v;

	if (node_value(n, &env, &v) < 0)
		return expr_fail(p->error, n->at, "%s", p->scratch.reason);
	if (v.kind != VALUE_TEXT || v.text.n <= EXPR_MAX_TEXT) {
		if (v.kind == VALUE_TEXT)
			v.text = arena_copy(p->arena, v.text);
		n->constant = v;
		n->gives = GIVES_CONSTANT;
	}
	arena_clear(&p->scratch.arena);
	return 0;
}

static int prepare(struct preparation *p, struct node *n)
{
	for (size_t i = 0; i < n->n; i++)
		if (prepare(p, n->arg[i]) < 0)
			return -1;
	choose(n, p->arena);
	return is_constant(n) ? fold(p, n) : 0;
}

int expr_prepare(struct expr *e, struct expr_error *error)
{
	struct preparation p = { .arena = &e->arena, .error = error };
	int rc;

	expr_scratch_init(&p.scratch, NULL, TIME_UNIT_AUTO);
	rc = prepare(&p, e->root);
	expr_scratch_free(&p.scratch);
	return rc;
}
