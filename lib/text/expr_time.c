/* SPDX-License-Identifier: MIT */
/* The functions of time, all in UTC: results depend on no machine's zone, only on how the input was said to be read. */
#include "lib/text/expr_run.h"

#define DAY_MS INT64_C(86400000)

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Numbers made by the expression are epoch ms; a field's text says itself what it is, or --time-unit does. */
int node_time(const struct node *n, struct env *env, int64_t *ms)
{
	struct value v;
	struct span s;

	if (node_value(n, env, &v) < 0)
		return -1;
	if (v.kind == VALUE_NULL)
		return 1;
	if (v.kind == VALUE_NUMBER) {
		if (decimal_to_i64(decimal_floor(v.number), ms) < 0)
			return bad_result(n, env, "is no time in 64 bits of milliseconds");
		return 0;
	}
	s = value_text(&v, env->s);
	if (time_parse(&env->s->time, s, ms) == 0)
		return 0;
	return bad_time(n, env, s);
}

static int give(struct decimal *out, int rc, int64_t v)
{
	if (rc == 0)
		*out = (struct decimal){ v, 0 };
	return rc;
}

int run_timestamp(const struct node *n, struct env *env, struct decimal *out)
{
	int64_t ms = 0;
	int rc = node_time(n->arg[0], env, &ms);

	return give(out, rc, ms);
}

struct civil {
	int64_t year;
	unsigned month, day;
};

static int civil_of(const struct node *n, struct env *env, struct civil *c)
{
	int64_t ms;
	int rc = node_time(n->arg[0], env, &ms);

	*c = (struct civil){ 0, 0, 0 };
	if (rc == 0)
		civil_from_days(floor_div(ms, DAY_MS), &c->year, &c->month, &c->day);
	return rc;
}

int run_year(const struct node *n, struct env *env, struct decimal *out)
{
	struct civil c;
	int rc = civil_of(n, env, &c);

	return give(out, rc, c.year);
}

int run_month(const struct node *n, struct env *env, struct decimal *out)
{
	struct civil c;
	int rc = civil_of(n, env, &c);

	return give(out, rc, c.month);
}

int run_day(const struct node *n, struct env *env, struct decimal *out)
{
	struct civil c;
	int rc = civil_of(n, env, &c);

	return give(out, rc, c.day);
}

/* The count of `unit` ms since the last multiple of `count` of them: the minute is that of 60 000 and 60. */
static int clock_part(const struct node *n, struct env *env, struct decimal *out, int64_t unit, int64_t count)
{
	int64_t ms = 0, part;
	int rc = node_time(n->arg[0], env, &ms);

	part = floor_div(ms, unit) % count;
	return give(out, rc, part < 0 ? part + count : part);
}

int run_hour(const struct node *n, struct env *env, struct decimal *out)
{
	return clock_part(n, env, out, 3600000, 24);
}

int run_minute(const struct node *n, struct env *env, struct decimal *out)
{
	return clock_part(n, env, out, 60000, 60);
}

int run_second(const struct node *n, struct env *env, struct decimal *out)
{
	return clock_part(n, env, out, 1000, 60);
}

/* Day 0 was a Thursday: 4, when Monday is 1. */
int run_weekday(const struct node *n, struct env *env, struct decimal *out)
{
	int64_t ms = 0, past_monday;
	int rc = node_time(n->arg[0], env, &ms);

	past_monday = (floor_div(ms, DAY_MS) % 7 + 7 + 3) % 7;
	return give(out, rc, past_monday + 1);
}

static int print_time(const struct node *n, struct env *env, struct span *out)
{
	int64_t ms;
	int rc = node_time(n->arg[0], env, &ms);

	*out = (struct span){ NULL, 0 };
	if (rc)
		return rc;
	buf_clear(&env->s->print);
	time_print(&env->s->print, ms, NULL, TIME_RFC3339);
	*out = scratch_text(env->s);
	return 0;
}

int run_time_text(const struct node *n, struct env *env, struct span *out)
{
	return print_time(n, env, out) < 0 ? -1 : 0;
}

int run_date(const struct node *n, struct env *env, struct span *out)
{
	int rc = print_time(n, env, out);

	if (rc == 0)
		out->n = (size_t)((const char *)memchr(out->p, 'T', out->n) - out->p);
	return rc < 0 ? -1 : 0;
}
