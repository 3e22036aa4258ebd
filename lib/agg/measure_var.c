/* SPDX-License-Identifier: MIT */
/* var_pop, var_samp, stddev_pop, stddev_samp: count, sum, sum of squares; text `n/sum/squares`.
 * (n * squares - sum^2) / (n * n, or n * (n - 1)) is exact, so nothing cancels and nothing depends on order. */
#include "lib/agg/measure_kinds.h"

struct var {
	struct sum sum;
	struct i384 squares;            /* in units of 10^(-2 * sum.scale) */
	int64_t n;
};

static size_t size(const struct measure *m)
{
	(void)m;
	return sizeof(struct var);
}

static void make_finer(struct var *s, unsigned scale)
{
	i384_mul_pow10(&s->squares, 2 * (scale - s->sum.scale));
	sum_align(&s->sum, 0, scale);
}

static void add(const struct measure *m, void *state, const struct value *v, const struct moment *at)
{
	struct var *s = state;
	struct decimal d = v->number;
	struct i384 square;

	(void)m;
	if (d.scale > s->sum.scale)
		make_finer(s, d.scale);
	d.m = sum_align(&s->sum, d.m, d.scale);
	d.scale = s->sum.scale;
	square = i384_square(d.m);
	if (at->weight < 0)
		i384_sub(&s->squares, &square);
	else
		i384_add(&s->squares, &square);
	sum_add(&s->sum, d, at->weight);
	s->n = weight_add(s->n, at->weight);
}

static void merge(const struct measure *m, void *into, const void *from)
{
	struct var *s = into, other = *(const struct var *)from;

	(void)m;
	if (other.sum.scale > s->sum.scale)
		make_finer(s, other.sum.scale);
	else
		make_finer(&other, s->sum.scale);
	sum_merge(&s->sum, &other.sum);
	i384_add(&s->squares, &other.squares);
	s->n = weight_add(s->n, other.n);
}

static bool is_identity(const struct measure *m, const void *state)
{
	const struct var *s = state;

	(void)m;
	return s->n == 0 && s->sum.scale == 0 && i256_is_zero(&s->sum.sum) && i384_is_zero(&s->squares);
}

static void save(const struct measure *m, const void *state, struct buf *out)
{
	const struct var *s = state;

	if (is_identity(m, state))
		return;
	buf_i64(out, s->n);
	buf_byte(out, '/');
	i256_print(out, &s->sum.sum, s->sum.scale);
	buf_byte(out, '/');
	i384_print(out, &s->squares, 2 * s->sum.scale);
}

static int merge_text(const struct measure *m, void *into, struct span text)
{
	struct span n, sum;
	struct var s;
	unsigned scale;

	if (text.n == 0)
		return 0;
	n = state_cut(&text, '/');
	sum = state_cut(&text, '/');
	if (state_weight(n, &s.n) < 0 || sum_parse(sum, &s.sum) < 0)
		return -1;
	if (i384_parse(text, &s.squares, &scale) < 0 || scale != 2 * s.sum.scale)
		return -1;
	merge(m, into, &s);
	return 0;
}

/* Not in lowest terms. False: there is none (too few records, or more taken back than put in). Nothing here comes
 * near the size of a big. */
static bool variance(const struct measure *m, const struct var *s, struct ratio *r)
{
	bool is_sample = m->kind == &kind_var_samp || m->kind == &kind_stddev_samp;
	struct big n, sum;

	if (s->n < 1 + is_sample)
		return false;
	r->scale = RATIO_FRACTION;
	big_from_i64(&n, s->n);
	big_from_i384(&r->num, &s->squares);
	big_from_i256(&sum, &s->sum.sum);
	big_mul(&r->num, &r->num, &n);
	big_mul(&sum, &sum, &sum);
	big_sub(&r->num, &r->num, &sum);
	big_from_i64(&r->den, s->n - is_sample);
	big_mul(&r->den, &r->den, &n);
	big_mul_pow10(&r->den, &r->den, 2 * s->sum.scale);
	return !r->num.negative;
}

static bool is_root(const struct measure *m)
{
	return m->kind == &kind_stddev_pop || m->kind == &kind_stddev_samp;
}

/* Printing needs no lowest terms, and finding them costs more than all the rest. */
static void finish(const struct measure *m, const void *state, unsigned digits, struct buf *out)
{
	struct ratio r;

	if (!variance(m, state, &r))
		return;
	if (is_root(m))
		ratio_print_sqrt(out, &r, digits);
	else
		ratio_print(out, &r, digits);
}

/* A root is not a fraction: derived columns get it rounded at 18 digits. */
static int number(const struct measure *m, const void *state, struct ratio *r)
{
	struct buf text = { 0 };
	struct ratio v;
	int rc;

	if (!variance(m, state, &v))
		return 1;
	if (!is_root(m))
		return ratio_from_quotient(r, &v.num, &v.den);
	rc = ratio_print_sqrt(&text, &v, DECIMAL_MAX_SCALE) < 0 || ratio_parse(r, buf_view(&text)) < 0 ? -1 : 0;
	r->scale = RATIO_FRACTION;
	buf_free(&text);
	return rc;
}

#define VAR_KIND(id) \
	const struct measure_kind kind_##id = { \
		.name = #id, .takes_number = true, .retracts = true, \
		.size = size, .add = add, .merge = merge, .save = save, .merge_text = merge_text, \
		.finish = finish, .number = number, .is_identity = is_identity, \
	}

VAR_KIND(var_pop);
VAR_KIND(var_samp);
VAR_KIND(stddev_pop);
VAR_KIND(stddev_samp);
