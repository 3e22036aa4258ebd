/* SPDX-License-Identifier: MIT */
/* expr_trial -- compile an expression, give it a record, see what comes out; for the tests of expressions. */
#ifndef TESTS_UNIT_EXPR_TRIAL_H
#define TESTS_UNIT_EXPR_TRIAL_H

#include "tests/unit/check.h"

#include "lib/text/expr.h"

#define MAX_FIELDS 16

/* A record written `a=1;b=x`, and what an expression makes of it. */
struct trial {
	struct fields fields;
	struct expr *expr;
	struct expr_error error;
	struct expr_scratch scratch;
	struct span record[MAX_FIELDS];
	struct buf got;
};

static inline struct span record_value(const char *record, struct span name, size_t column)
{
	size_t i = 0;

	for (const char *p = record; *p; i++) {
		size_t n = strcspn(p, ";"), key = strcspn(p, "=");

		if (span_eq((struct span){ p, key }, name) || i == column)
			return (struct span){ p + key + 1, n - key - 1 };
		p += n + (p[n] == ';');
	}
	return (struct span){ NULL, 0 };
}

static inline void fill_record(struct trial *t, const char *record)
{
	for (size_t i = 0; i < t->fields.n && i < MAX_FIELDS; i++) {
		const struct field_ref *f = &t->fields.ref[i];

		t->record[i] = record_value(record, f->name.n ? f->name : f->text, f->column);
	}
}

static inline void show_value(struct buf *out, const struct value *v)
{
	switch (v->kind) {
	case VALUE_NULL:
		buf_text(out, "null");
		break;
	case VALUE_BOOL:
		buf_text(out, v->truth ? "true" : "false");
		break;
	case VALUE_NUMBER:
		decimal_print(out, v->number);
		break;
	default:
		buf_printf(out, "'%.*s'", (int)v->text.n, v->text.p);
	}
}

static inline void trial_eval(struct trial *t, const char *record)
{
	struct value v;

	fill_record(t, record);
	buf_clear(&t->got);
	if (expr_eval(t->expr, t->record, &t->scratch, &v) < 0)
		buf_printf(&t->got, "! %s", t->scratch.reason);
	else
		show_value(&t->got, &v);
}

static inline void trial_begin(struct trial *t, struct span text)
{
	memset(t, 0, sizeof *t);
	expr_scratch_init(&t->scratch, NULL, TIME_UNIT_AUTO);
	t->expr = expr_compile(text, &t->fields, &t->error);
	if (!t->expr)
		buf_printf(&t->got, "? %s", t->error.reason);
}

static inline void trial_end(struct trial *t)
{
	expr_free(t->expr);
	fields_free(&t->fields);
	expr_scratch_free(&t->scratch);
	buf_free(&t->got);
}

static inline void print_expr(struct buf *out, struct span text)
{
	struct trial t;

	trial_begin(&t, text);
	if (t.expr)
		expr_print(out, t.expr);
	else
		buf_span(out, buf_view(&t.got));
	trial_end(&t);
}

static inline void repeat(struct buf *out, const char *text, size_t n)
{
	while (n--)
		buf_text(out, text);
}

#endif
