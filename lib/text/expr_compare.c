/* SPDX-License-Identifier: MIT */
/* Comparison, in, like, and the logic over them. Comparison is numeric or by bytes as the checked types say, never as
 * the record happens to look. */
#include "lib/text/expr_run.h"

#include "lib/text/utf8.h"

enum truth truth_of_order(unsigned op, int sign)
{
	switch (op) {
	case NODE_EQ:
		return sign == 0 ? YES : NO;
	case NODE_NE:
		return sign != 0 ? YES : NO;
	case NODE_LT:
		return sign < 0 ? YES : NO;
	case NODE_LE:
		return sign <= 0 ? YES : NO;
	case NODE_GT:
		return sign > 0 ? YES : NO;
	default:
		return sign >= 0 ? YES : NO;
	}
}

static enum truth compare_numbers(const struct node *n, struct env *env)
{
	struct decimal a, b;
	int left = node_number(n->arg[0], env, &a), right;

	if (left < 0)
		return TRUTH_BAD;
	right = node_number(n->arg[1], env, &b);
	if (right < 0)
		return TRUTH_BAD;
	return left | right ? UNKNOWN : truth_of_order(n->op, decimal_cmp(a, b));
}

static enum truth compare_texts(const struct node *n, struct env *env)
{
	struct span a, b;

	if (node_text(n->arg[0], env, &a) < 0 || node_text(n->arg[1], env, &b) < 0)
		return TRUTH_BAD;
	return a.n == 0 || b.n == 0 ? UNKNOWN : truth_of_order(n->op, span_cmp(a, b));
}

/* `field == "text"` and its opposite: most conditions are one of these. */
static enum truth field_is_text(const struct node *n, struct env *env)
{
	struct span s = env->record[n->arg[0]->field];

	if (s.n == 0)
		return UNKNOWN;
	return span_eq(s, n->arg[1]->constant.text) == (n->op == NODE_EQ) ? YES : NO;
}

static bool is_constant_text(const struct node *n)
{
	return n->gives == GIVES_CONSTANT && n->constant.kind == VALUE_TEXT;
}

static bool is_numeric(const struct node *n)
{
	for (size_t i = 0; i < n->n; i++)
		if (n->arg[i]->type == TYPE_NUMBER)
			return true;
	return false;
}

void choose_comparison(struct node *n)
{
	bool equality = n->op == NODE_EQ || n->op == NODE_NE;

	n->gives = GIVES_TRUTH;
	if (is_numeric(n))
		n->run.truth = compare_numbers;
	else if (equality && n->arg[0]->gives == GIVES_FIELD && is_constant_text(n->arg[1]))
		n->run.truth = field_is_text;
	else
		n->run.truth = compare_texts;
}

static int compare_set_text(const void *key, const void *item)
{
	return span_cmp(*(const struct span *)key, ((const struct value *)item)->text);
}

static int compare_set_number(const void *key, const void *item)
{
	return decimal_cmp(*(const struct decimal *)key, ((const struct value *)item)->number);
}

static int sort_texts(const void *a, const void *b)
{
	return span_cmp(((const struct value *)a)->text, ((const struct value *)b)->text);
}

static int sort_numbers(const void *a, const void *b)
{
	return decimal_cmp(((const struct value *)a)->number, ((const struct value *)b)->number);
}

static enum truth in_text_set(const struct node *n, struct env *env)
{
	struct span s;

	if (node_text(n->arg[0], env, &s) < 0)
		return TRUTH_BAD;
	if (s.n == 0)
		return UNKNOWN;
	return bsearch(&s, n->set, n->n - 1, sizeof *n->set, compare_set_text) ? YES : NO;
}

static enum truth in_number_set(const struct node *n, struct env *env)
{
	struct decimal d;
	int rc = node_number(n->arg[0], env, &d);

	if (rc)
		return rc < 0 ? TRUTH_BAD : UNKNOWN;
	return bsearch(&d, n->set, n->n - 1, sizeof *n->set, compare_set_number) ? YES : NO;
}

/* x in (a, b) is x == a or x == b. */
static enum truth in_numbers(const struct node *n, struct env *env)
{
	struct decimal x, d;
	int left = node_number(n->arg[0], env, &x);
	enum truth found = NO;

	if (left < 0)
		return TRUTH_BAD;
	for (size_t i = 1; i < n->n && found != YES; i++) {
		int right = node_number(n->arg[i], env, &d);

		if (right < 0)
			return TRUTH_BAD;
		if (left || right)
			found = UNKNOWN;
		else if (decimal_cmp(x, d) == 0)
			found = YES;
	}
	return found;
}

static enum truth in_texts(const struct node *n, struct env *env)
{
	struct span x, s;
	enum truth found = NO;

	if (node_text(n->arg[0], env, &x) < 0)
		return TRUTH_BAD;
	for (size_t i = 1; i < n->n && found != YES; i++) {
		if (node_text(n->arg[i], env, &s) < 0)
			return TRUTH_BAD;
		if (x.n == 0 || s.n == 0)
			found = UNKNOWN;
		else if (span_eq(x, s))
			found = YES;
	}
	return found;
}

static bool all_constant(const struct node *n, enum value_kind kind)
{
	for (size_t i = 1; i < n->n; i++)
		if (n->arg[i]->gives != GIVES_CONSTANT || n->arg[i]->constant.kind != kind)
			return false;
	return true;
}

static const struct value *sorted(const struct node *n, struct arena *arena, int (*compare)(const void *, const void *))
{
	struct value *set = arena_alloc(arena, (n->n - 1) * sizeof *set, 16);

	for (size_t i = 1; i < n->n; i++)
		set[i - 1] = n->arg[i]->constant;
	qsort(set, n->n - 1, sizeof *set, compare);
	return set;
}

void choose_in(struct node *n, struct arena *arena)
{
	n->gives = GIVES_TRUTH;
	n->run.truth = is_numeric(n) ? in_numbers : in_texts;
	if (is_numeric(n) && all_constant(n, VALUE_NUMBER)) {
		n->set = sorted(n, arena, sort_numbers);
		n->run.truth = in_number_set;
	} else if (!is_numeric(n) && all_constant(n, VALUE_TEXT)) {
		n->set = sorted(n, arena, sort_texts);
		n->run.truth = in_text_set;
	}
}

/* The length of what `_` stands for: a character, or a byte that is part of none. */
static size_t one(struct span s)
{
	int n = utf8_step(s.p, s.p + s.n);

	return n > 0 ? (size_t)n : 1;
}

static struct span skip(struct span s, size_t n)
{
	return (struct span){ s.p + n, s.n - n };
}

/* One step of both: false when the text's first byte is not what the pattern's first sign asks for. */
static bool match_one(struct span *s, struct span *pattern)
{
	if (s->n == 0 || pattern->n == 0)
		return false;
	if (pattern->p[0] == '_') {
		*s = skip(*s, one(*s));
	} else {
		if (pattern->p[0] == '\\' && pattern->n > 1)
			*pattern = skip(*pattern, 1);
		if (pattern->p[0] != s->p[0])
			return false;
		*s = skip(*s, 1);
	}
	*pattern = skip(*pattern, 1);
	return true;
}

/* Only the last % need ever take more: what an earlier one could, it can too. So time is at most |s| * |pattern|. */
static bool like(struct span s, struct span pattern)
{
	struct span retry_s = { NULL, 0 }, retry_pattern = { NULL, 0 };
	bool any = false;

	for (;;) {
		if (pattern.n && pattern.p[0] == '%') {
			any = true;
			retry_pattern = pattern = skip(pattern, 1);
			retry_s = s;
		} else if (s.n == 0 && pattern.n == 0) {
			return true;
		} else if (!match_one(&s, &pattern)) {
			if (!any || retry_s.n == 0)
				return false;
			s = retry_s = skip(retry_s, one(retry_s));
			pattern = retry_pattern;
		}
	}
}

static enum truth run_like(const struct node *n, struct env *env)
{
	struct span s, pattern;

	if (node_text(n->arg[0], env, &s) < 0 || node_text(n->arg[1], env, &pattern) < 0)
		return TRUTH_BAD;
	if (s.n == 0 || pattern.n == 0)
		return UNKNOWN;
	return like(s, pattern) ? YES : NO;
}

void choose_like(struct node *n)
{
	n->gives = GIVES_TRUTH;
	n->run.truth = run_like;
}
