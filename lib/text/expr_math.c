/* SPDX-License-Identifier: MIT */
/* Arithmetic and the functions of numbers. An operand that is no number is seen even when another one is null: whether
 * a record is bad does not depend on the order of operands. */
#include "lib/text/expr_run.h"

static int too_large(const struct node *n, struct env *env)
{
	return bad_result(n, env, "has more than 20 integer digits");
}

static int operands(const struct node *n, struct env *env, struct decimal *a, struct decimal *b)
{
	int left = node_number(n->arg[0], env, a);
	int right;

	if (left < 0)
		return -1;
	right = node_number(n->arg[1], env, b);
	return right < 0 ? -1 : left | right;
}

static int run_add(const struct node *n, struct env *env, struct decimal *out)
{
	struct decimal a, b;
	int rc = operands(n, env, &a, &b);

	if (rc)
		return rc;
	return decimal_add(out, a, b) < 0 ? too_large(n, env) : 0;
}

static int run_sub(const struct node *n, struct env *env, struct decimal *out)
{
	struct decimal a, b;
	int rc = operands(n, env, &a, &b);

	if (rc)
		return rc;
	return decimal_sub(out, a, b) < 0 ? too_large(n, env) : 0;
}

static int run_mul(const struct node *n, struct env *env, struct decimal *out)
{
	struct decimal a, b;
	int rc = operands(n, env, &a, &b);

	if (rc)
		return rc;
	return decimal_mul(out, a, b) < 0 ? too_large(n, env) : 0;
}

static int run_div(const struct node *n, struct env *env, struct decimal *out)
{
	struct decimal a, b;
	int rc = operands(n, env, &a, &b);

	if (rc)
		return rc;
	if (b.m == 0)
		return 1;
	return decimal_div(out, a, b) < 0 ? too_large(n, env) : 0;
}

static int run_mod(const struct node *n, struct env *env, struct decimal *out)
{
	struct decimal a, b;
	int rc = operands(n, env, &a, &b);

	if (rc)
		return rc;
	if (b.m == 0)
		return 1;
	return decimal_mod(out, a, b) < 0 ? too_large(n, env) : 0;
}

static int run_plus(const struct node *n, struct env *env, struct decimal *out)
{
	return node_number(n->arg[0], env, out);
}

static int run_minus(const struct node *n, struct env *env, struct decimal *out)
{
	int rc = node_number(n->arg[0], env, out);

	if (rc == 0)
		out->m = -out->m;
	return rc;
}

void choose_arithmetic(struct node *n)
{
	static int (*const run[])(const struct node *, struct env *, struct decimal *) = {
		[NODE_PLUS] = run_plus, [NODE_MINUS] = run_minus, [NODE_MUL] = run_mul, [NODE_DIV] = run_div,
		[NODE_MOD] = run_mod, [NODE_ADD] = run_add, [NODE_SUB] = run_sub,
	};

	n->gives = GIVES_NUMBER;
	n->run.number = run[n->op];
}

int run_abs(const struct node *n, struct env *env, struct decimal *out)
{
	int rc = node_number(n->arg[0], env, out);

	if (rc == 0 && out->m < 0)
		out->m = -out->m;
	return rc;
}

int run_round(const struct node *n, struct env *env, struct decimal *out)
{
	struct decimal a;
	int64_t digits = 0;
	int rc = node_number(n->arg[0], env, &a), more = 0;

	if (rc >= 0 && n->n > 1)
		more = node_i64(n->arg[1], env, &digits);
	if (rc < 0 || more < 0)
		return -1;
	if (rc || more)
		return 1;
	digits = digits > DECIMAL_MAX_SCALE ? DECIMAL_MAX_SCALE : digits < -99 ? -99 : digits;
	return decimal_round(out, a, (int)digits) < 0 ? too_large(n, env) : 0;
}

int run_floor(const struct node *n, struct env *env, struct decimal *out)
{
	int rc = node_number(n->arg[0], env, out);

	if (rc == 0)
		*out = decimal_floor(*out);
	return rc;
}

int run_ceil(const struct node *n, struct env *env, struct decimal *out)
{
	int rc = node_number(n->arg[0], env, out);

	if (rc == 0)
		*out = decimal_ceil(*out);
	return rc;
}

/* number(x): equal numbers are equal texts afterwards. */
int run_canonical(const struct node *n, struct env *env, struct decimal *out)
{
	int rc = node_number(n->arg[0], env, out);

	if (rc == 0)
		*out = decimal_normal(*out);
	return rc;
}

static int extreme(const struct node *n, struct env *env, struct decimal *out, int sign)
{
	int rc = 0;

	for (size_t i = 0; i < n->n; i++) {
		struct decimal d;
		int one = node_number(n->arg[i], env, &d);

		if (one < 0)
			return -1;
		rc |= one;
		if (one == 0 && (i == 0 || (rc == 0 && sign * decimal_cmp(d, *out) > 0)))
			*out = d;
	}
	return rc;
}

int run_least(const struct node *n, struct env *env, struct decimal *out)
{
	return extreme(n, env, out, -1);
}

int run_greatest(const struct node *n, struct env *env, struct decimal *out)
{
	return extreme(n, env, out, 1);
}
