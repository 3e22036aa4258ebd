/* SPDX-License-Identifier: MIT */
/* The registry, and measures as they are written: `gmv = sum(price * quantity) where status == "paid"`. Only the frame is
 * taken apart here, by brackets outside quotes; what stands in it is the expression compiler's. */
#include "lib/agg/measure.h"

#include <stdarg.h>
#include <stdio.h>

#include "lib/agg/hll.h"
#include "lib/agg/measure_kinds.h"

#define ERROR_SIZE 200

static const struct measure_kind *const kinds[] = {
	&kind_count, &kind_sum, &kind_avg, &kind_min, &kind_max, &kind_first, &kind_last,
	&kind_var_pop, &kind_var_samp, &kind_stddev_pop, &kind_stddev_samp,
	&kind_count_distinct, &kind_approx_count_distinct, &kind_approx_quantile, NULL,
};

static const struct measure_kind *const retract_kinds[] = {
	&kind_min_retract, &kind_max_retract, &kind_first_retract, &kind_last_retract, &kind_count_distinct_retract, NULL,
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Names and keywords of SQL are the same in any case. */
static bool is_word(struct span s, const char *word)
{
	size_t n = strlen(word);

	if (s.n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (lower(s.p[i]) != word[i])
			return false;
	return true;
}

static const struct measure_kind *find(const struct measure_kind *const *list, struct span name)
{
	while (*list && !is_word(name, (*list)->name))
		list++;
	return *list;
}

const struct measure_kind *measure_kind_find(struct span name)
{
	return find(kinds, name);
}

const struct measure_kind *const *measure_kinds(void)
{
	return kinds;
}

__attribute__((format(printf, 2, 3))) static int fail(char *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, ERROR_SIZE, format, args);
	va_end(args);
	return -1;
}

static struct span after(struct span s, size_t n)
{
	return span_trim((struct span){ s.p + n, s.n - n });
}

/* `name =`: takes it off *text. */
static int parse_name(struct measure *m, struct span *text, char *error)
{
	struct fields one = { 0 };
	const char *ignored;
	size_t n = field_text_length(*text);
	struct span rest = after(*text, n);

	if (n && fields_add(&one, (struct span){ text->p, n }, &ignored) == 0 && one.ref[0].name.n)
		m->name = mem_text(one.ref[0].name);
	fields_free(&one);
	if (!m->name || rest.n == 0 || rest.p[0] != '=' || (rest.n > 1 && rest.p[1] == '='))
		return fail(error, "a measure is written name = function(argument)");
	*text = after(rest, 1);
	return 0;
}

/* The offset of the first c outside quotes and brackets; s.n when there is none. */
static size_t find_outside(struct span s, char c)
{
	size_t depth = 0;
	char quote = 0;

	for (size_t i = 0; i < s.n; i++) {
		char at = s.p[i];

		if (quote) {
			if (at == quote)
				quote = 0;
		} else if (at == c && depth == 0) {
			return i;
		} else if (at == '\'' || at == '"' || at == '`') {
			quote = at;
		} else if (at == '(') {
			depth++;
		} else if (at == ')' && depth) {
			depth--;
		}
	}
	return s.n;
}

/* Cuts s at the commas outside brackets and returns the piece after the last one; s keeps what was before. */
static struct span cut_last(struct span *s)
{
	struct span last = *s;
	size_t at;

	while ((at = find_outside(last, ',')) < last.n)
		last = (struct span){ last.p + at + 1, last.n - at - 1 };
	s->n = last.p == s->p ? 0 : (size_t)(last.p - s->p) - 1;
	return span_trim(last);
}

static int parse_param(struct measure *m, struct span *args, char *error)
{
	struct span text = cut_last(args);
	struct decimal one = { .m = 1 };

	if (args->n == 0)
		return fail(error, "%s takes two arguments: %s(x, 0.95)", m->kind->name, m->kind->name);
	if (decimal_parse(text, &m->param) < 0 || m->param.m < 0 || decimal_cmp(m->param, one) > 0)
		return fail(error, "%s: its second argument is a number from 0 to 1", m->kind->name);
	m->param = decimal_normal(m->param);
	return 0;
}

static struct expr *compile(enum expr_use use, struct span text, struct fields *fields, const char *what, char *error)
{
	struct expr_error why;
	struct expr *e = expr_compile_for(use, text, fields, &why);

	if (!e)
		fail(error, "%s: %s (at byte %zu)", what, why.reason, why.at + 1);
	return e;
}

static int parse_args(struct measure *m, struct span args, struct fields *fields, char *error)
{
	const char *name = m->kind->name;

	m->arg_field = -1;
	if (m->kind->has_param && parse_param(m, &args, error) < 0)
		return -1;
	args = span_trim(args);
	if (m->kind->count_like && (args.n == 0 || span_eq(args, SPAN("*"))))
		return 0;
	if (args.n == 0)
		return fail(error, "%s takes an argument: %s(x)", name, name);
	if (find_outside(args, ',') < args.n)
		return fail(error, "%s takes one argument%s", name, m->kind->has_param ? " before its number" : "");
	m->arg = compile(m->kind->takes_number ? EXPR_NUMBER : EXPR_ANY, args, fields, name, error);
	if (!m->arg)
		return -1;
	m->arg_field = expr_field(m->arg);
	return 0;
}

static int parse_where(struct measure *m, struct span text, struct fields *fields, char *error)
{
	if (text.n == 0)
		return 0;
	if (text.n < 6 || !is_word((struct span){ text.p, 5 }, "where") || !memchr(" \t(", text.p[5], 3))
		return fail(error, "after %s(...) comes nothing, or where and a condition", m->kind->name);
	m->where = compile(EXPR_CONDITION, after(text, 5), fields, "where", error);
	return m->where ? 0 : -1;
}

static int set_kind(struct measure *m, struct span name, char *error)
{
	const struct measure_kind *other;

	m->kind = measure_kind_find(name);
	if (!m->kind)
		return fail(error, "%.*s: no such function; there are count sum avg min max first last var_pop var_samp stddev_pop "
		            "stddev_samp count_distinct approx_count_distinct approx_quantile", (int)(name.n < 30 ? name.n : 30), name.p);
	if (m->retract && !m->kind->retracts)
		return fail(error, "%s cannot take values back: a retractable view needs count_distinct", m->kind->name);
	other = m->retract ? find(retract_kinds, name) : NULL;
	if (other)
		m->kind = other;
	return 0;
}

static int parse(struct measure *m, struct span text, struct fields *fields, char *error)
{
	size_t open, close;
	struct span inside;

	if (parse_name(m, &text, error) < 0)
		return -1;
	open = find_outside(text, '(');
	if (open == text.n)
		return fail(error, "a measure is written name = function(argument)");
	if (set_kind(m, span_trim((struct span){ text.p, open }), error) < 0)
		return -1;
	inside = (struct span){ text.p + open + 1, text.n - open - 1 };
	close = find_outside(inside, ')');
	if (close == inside.n)
		return fail(error, "%s(: its ) is missing", m->kind->name);
	if (parse_args(m, (struct span){ inside.p, close }, fields, error) < 0)
		return -1;
	return parse_where(m, after(inside, close + 1), fields, error);
}

int measure_parse(struct measure *m, struct span text, bool retract, struct fields *fields, char error[ERROR_SIZE])
{
	*m = (struct measure){ .arg_field = -1, .retract = retract };
	if (parse(m, span_trim(text), fields, error) == 0)
		return 0;
	measure_free(m);
	return -1;
}

void measure_print(struct buf *out, const struct measure *m)
{
	field_print(out, span_of(m->name));
	buf_printf(out, " = %s(", m->kind->name);
	if (m->arg)
		expr_print(out, m->arg);
	if (m->kind->has_param) {
		buf_text(out, ", ");
		decimal_print(out, m->param);
	}
	buf_byte(out, ')');
	if (m->where) {
		buf_text(out, " where ");
		expr_print(out, m->where);
	}
}

/* Sketches say how fine they are: 2^14 registers, 1 %. */
void measure_print_state_name(struct buf *out, const struct measure *m)
{
	buf_text(out, m->name);
	buf_byte(out, ':');
	buf_text(out, m->kind->name);
	if (m->kind == &kind_approx_count_distinct)
		buf_printf(out, "(%d)", HLL_BITS);
	else if (m->kind == &kind_approx_quantile)
		buf_text(out, "(0.01)");
}

void measure_free(struct measure *m)
{
	free(m->name);
	expr_free(m->arg);
	expr_free(m->where);
	*m = (struct measure){ 0 };
}
