/* SPDX-License-Identifier: MIT */
/* expr_run -- evaluation of nodes. Private to expr_*.c.
 * Every node has one native view (node->gives, node->run); the node_* functions give the other views of it. */
#ifndef LIB_TEXT_EXPR_RUN_H
#define LIB_TEXT_EXPR_RUN_H

#include "lib/text/expr_ast.h"

struct env {
	const struct span *record;
	struct expr_scratch *s;
};

int node_value(const struct node *n, struct env *env, struct value *v);         /* 0, -1 bad record */
int node_text(const struct node *n, struct env *env, struct span *s);           /* 0, -1; empty: null */
enum truth node_truth(const struct node *n, struct env *env);
int node_number_slow(const struct node *n, struct env *env, struct decimal *d);
int node_i64(const struct node *n, struct env *env, int64_t *v);                /* 0, 1 null, -1: no whole number of 64 bits */
int node_time(const struct node *n, struct env *env, int64_t *ms);              /* 0, 1 null, -1 */

/* Each fills env->s->reason and returns -1. */
int bad_number(const struct node *n, struct env *env, struct span text);
int bad_time(const struct node *n, struct env *env, struct span text);
int bad_text(const struct node *n, struct env *env, struct span text, const char *why);
int bad_result(const struct node *n, struct env *env, const char *why);

/* 0, 1 null, -1. In the header for the fields of `price * quantity`. */
static inline int node_number(const struct node *n, struct env *env, struct decimal *d)
{
	if (n->gives == GIVES_FIELD) {
		struct span s = env->record[n->field];

		if (s.n == 0)
			return 1;
		return decimal_parse(s, d) == 0 ? 0 : bad_number(n, env, s);
	}
	return n->gives == GIVES_NUMBER ? n->run.number(n, env, d) : node_number_slow(n, env, d);
}

/* What env->s->print holds, in the arena. */
struct span scratch_text(struct expr_scratch *s);

/* How a node is run, by its operator and what its operands are. Functions have theirs in their table. */
void choose_arithmetic(struct node *n);
void choose_comparison(struct node *n);
void choose_in(struct node *n, struct arena *arena);
void choose_like(struct node *n);
void choose_logic(struct node *n);

enum truth run_starts_with(const struct node *n, struct env *env);
enum truth run_ends_with(const struct node *n, struct env *env);
enum truth run_contains(const struct node *n, struct env *env);
int run_lower(const struct node *n, struct env *env, struct span *out);
int run_upper(const struct node *n, struct env *env, struct span *out);
int run_trim(const struct node *n, struct env *env, struct span *out);
int run_substr(const struct node *n, struct env *env, struct span *out);
int run_concat(const struct node *n, struct env *env, struct span *out);
int run_replace(const struct node *n, struct env *env, struct span *out);
int run_split(const struct node *n, struct env *env, struct span *out);
int run_length(const struct node *n, struct env *env, struct decimal *out);

int run_abs(const struct node *n, struct env *env, struct decimal *out);
int run_round(const struct node *n, struct env *env, struct decimal *out);
int run_floor(const struct node *n, struct env *env, struct decimal *out);
int run_ceil(const struct node *n, struct env *env, struct decimal *out);
int run_canonical(const struct node *n, struct env *env, struct decimal *out);
int run_least(const struct node *n, struct env *env, struct decimal *out);
int run_greatest(const struct node *n, struct env *env, struct decimal *out);

int run_timestamp(const struct node *n, struct env *env, struct decimal *out);
int run_year(const struct node *n, struct env *env, struct decimal *out);
int run_month(const struct node *n, struct env *env, struct decimal *out);
int run_day(const struct node *n, struct env *env, struct decimal *out);
int run_hour(const struct node *n, struct env *env, struct decimal *out);
int run_minute(const struct node *n, struct env *env, struct decimal *out);
int run_second(const struct node *n, struct env *env, struct decimal *out);
int run_weekday(const struct node *n, struct env *env, struct decimal *out);
int run_date(const struct node *n, struct env *env, struct span *out);
int run_time_text(const struct node *n, struct env *env, struct span *out);

int run_if(const struct node *n, struct env *env, struct value *out);
int run_coalesce(const struct node *n, struct env *env, struct value *out);

#endif
