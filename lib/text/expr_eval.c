/* SPDX-License-Identifier: MIT */
/* Entry points, and the views of a node that are not its native one. */
#include "lib/text/expr_run.h"

#include "lib/base/mem.h"

void expr_scratch_init(struct expr_scratch *s, const struct zone *input_zone, enum time_unit unit)
{
	memset(s, 0, sizeof *s);
	time_parser_init(&s->time, input_zone, unit);
}

void expr_scratch_free(struct expr_scratch *s)
{
	arena_free(&s->arena);
	buf_free(&s->print);
}

struct expr *expr_compile_for(enum expr_use use, struct span text, struct fields *fields, struct expr_error *error)
{
	struct expr *e = expr_parse(text, fields, error);

	if (!e)
		return NULL;
	if (expr_check(e->root, error) == 0 && expr_check_use(e->root, use, error) == 0 && expr_prepare(e, error) == 0)
		return e;
	expr_free(e);
	return NULL;
}

struct expr *expr_compile(struct span text, struct fields *fields, struct expr_error *error)
{
	return expr_compile_for(EXPR_ANY, text, fields, error);
}

void expr_free(struct expr *e)
{
	if (!e)
		return;
	arena_free(&e->arena);
	free(e);
}

int expr_field(const struct expr *e)
{
	return e->root->op == NODE_FIELD ? e->root->field : -1;
}

int expr_eval(const struct expr *e, const struct span *record, struct expr_scratch *s, struct value *v)
{
	struct env env = { record, s };

	return node_value(e->root, &env, v);
}

int expr_test(const struct expr *e, const struct span *record, struct expr_scratch *s)
{
	struct env env = { record, s };
	enum truth t = node_truth(e->root, &env);

	return t == UNKNOWN ? NO : (int)t;
}

int expr_number(const struct expr *e, const struct span *record, struct expr_scratch *s, struct decimal *d)
{
	struct env env = { record, s };

	return node_number(e->root, &env, d);
}

struct span scratch_text(struct expr_scratch *s)
{
	return arena_copy(&s->arena, buf_view(&s->print));
}

struct span value_text(const struct value *v, struct expr_scratch *s)
{
	switch (v->kind) {
	case VALUE_TEXT:
		return v->text;
	case VALUE_BOOL:
		return v->truth ? SPAN("true") : SPAN("false");
	case VALUE_NUMBER:
		buf_clear(&s->print);
		decimal_print(&s->print, v->number);
		return scratch_text(s);
	default:
		return (struct span){ NULL, 0 };
	}
}

/* n names the value when it turns out bad; NULL: nameless. */
static int number_of_value(const struct node *n, struct env *env, const struct value *v, struct decimal *d)
{
	switch (v->kind) {
	case VALUE_NUMBER:
		*d = v->number;
		return 0;
	case VALUE_TEXT:
		return decimal_parse(v->text, d) == 0 ? 0 : bad_number(n, env, v->text);
	case VALUE_BOOL:
		return bad_number(n, env, value_text(v, env->s));
	default:
		return 1;
	}
}

int value_number(const struct value *v, struct decimal *d, struct expr_scratch *s)
{
	struct env env = { NULL, s };

	return number_of_value(NULL, &env, v, d);
}

int node_number_slow(const struct node *n, struct env *env, struct decimal *d)
{
	struct value v;

	if (n->gives == GIVES_CONSTANT)
		return number_of_value(n, env, &n->constant, d);
	return node_value(n, env, &v) < 0 ? -1 : number_of_value(n, env, &v, d);
}

int node_i64(const struct node *n, struct env *env, int64_t *v)
{
	struct decimal d;
	int rc = node_number(n, env, &d);

	if (rc == 0 && decimal_to_i64(d, v) < 0)
		return bad_result(n, env, "is not a whole number of 64 bits");
	return rc;
}

static int truth_value(const struct node *n, struct env *env, struct value *v)
{
	enum truth t = n->run.truth(n, env);

	if (t == TRUTH_BAD)
		return -1;
	*v = t == UNKNOWN ? (struct value){ .kind = VALUE_NULL } : (struct value){ .kind = VALUE_BOOL, .truth = t == YES };
	return 0;
}

int node_value(const struct node *n, struct env *env, struct value *v)
{
	struct span s;
	int rc;

	switch (n->gives) {
	case GIVES_CONSTANT:
		*v = n->constant;
		return 0;
	case GIVES_FIELD:
		*v = value_of_text(env->record[n->field]);
		return 0;
	case GIVES_TEXT:
		rc = n->run.text(n, env, &s);
		*v = value_of_text(s);
		return rc;
	case GIVES_NUMBER:
		v->kind = VALUE_NUMBER;
		rc = n->run.number(n, env, &v->number);
		if (rc > 0)
			v->kind = VALUE_NULL;
		return rc < 0 ? -1 : 0;
	case GIVES_TRUTH:
		return truth_value(n, env, v);
	default:
		return n->run.value(n, env, v);
	}
}

int node_text(const struct node *n, struct env *env, struct span *s)
{
	struct value v;

	if (n->gives == GIVES_FIELD) {
		*s = env->record[n->field];
		return 0;
	}
	if (n->gives == GIVES_TEXT)
		return n->run.text(n, env, s);
	if (node_value(n, env, &v) < 0)
		return -1;
	*s = value_text(&v, env->s);
	return 0;
}

/* JSON's truths are texts: a field, or a branch of if and coalesce, that holds `true` is a condition. */
static enum truth truth_of_value(const struct node *n, struct env *env, const struct value *v)
{
	struct span s;

	if (v->kind == VALUE_NULL)
		return UNKNOWN;
	if (v->kind == VALUE_BOOL)
		return v->truth ? YES : NO;
	s = value_text(v, env->s);
	if (v->kind == VALUE_TEXT && span_eq(s, SPAN("true")))
		return YES;
	if (v->kind == VALUE_TEXT && span_eq(s, SPAN("false")))
		return NO;
	bad_text(n, env, s, "is not true or false");
	return TRUTH_BAD;
}

enum truth node_truth(const struct node *n, struct env *env)
{
	struct value v;

	if (n->gives == GIVES_TRUTH)
		return n->run.truth(n, env);
	return node_value(n, env, &v) < 0 ? TRUTH_BAD : truth_of_value(n, env, &v);
}
