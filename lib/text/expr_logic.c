/* SPDX-License-Identifier: MIT */
/* and, or, not, is null, if, coalesce. They look at no more operands than decide, so a condition may protect what
 * stands right of it: kind == "sale" and amount > 5. */
#include "lib/text/expr_run.h"

static enum truth run_not(const struct node *n, struct env *env)
{
	enum truth t = node_truth(n->arg[0], env);

	return t == YES ? NO : t == NO ? YES : t;
}

/* `and` when stop is NO, `or` when it is YES. */
static enum truth chain(const struct node *n, struct env *env, enum truth stop)
{
	enum truth result = stop == YES ? NO : YES;

	for (size_t i = 0; i < n->n; i++) {
		enum truth t = node_truth(n->arg[i], env);

		if (t == stop || t == TRUTH_BAD)
			return t;
		if (t == UNKNOWN)
			result = UNKNOWN;
	}
	return result;
}

static enum truth run_and(const struct node *n, struct env *env)
{
	return chain(n, env, NO);
}

static enum truth run_or(const struct node *n, struct env *env)
{
	return chain(n, env, YES);
}

static enum truth run_is_null(const struct node *n, struct env *env)
{
	struct value v;

	if (node_value(n->arg[0], env, &v) < 0)
		return TRUTH_BAD;
	return v.kind == VALUE_NULL ? YES : NO;
}

void choose_logic(struct node *n)
{
	n->gives = GIVES_TRUTH;
	n->run.truth = n->op == NODE_NOT ? run_not : n->op == NODE_AND ? run_and : n->op == NODE_OR ? run_or : run_is_null;
}

int run_if(const struct node *n, struct env *env, struct value *out)
{
	enum truth t = node_truth(n->arg[0], env);

	return t == TRUTH_BAD ? -1 : node_value(n->arg[t == YES ? 1 : 2], env, out);
}

int run_coalesce(const struct node *n, struct env *env, struct value *out)
{
	for (size_t i = 0; i < n->n; i++) {
		if (node_value(n->arg[i], env, out) < 0)
			return -1;
		if (out->kind != VALUE_NULL)
			return 0;
	}
	return 0;
}
