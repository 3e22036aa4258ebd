/* SPDX-License-Identifier: MIT */
#include "serve/merge/selection.h"

#include <stdio.h>

size_t selection_column(const struct row_out *rows, struct span name)
{
	for (size_t i = rows->mark != NULL; i < rows->n; i++)
		if (span_eq(span_of(row_out_name(rows, i)), name))
			return i;
	return SIZE_MAX;
}

static int bind(struct selection *s, const char *where, char error[400])
{
	struct expr_error why;

	s->where = expr_compile(span_of(where), &s->fields, &why);
	if (!s->where)
		return snprintf(error, 400, "--where: %s", why.reason), -1;
	s->column = mem_zalloc(s->fields.n * sizeof *s->column);
	s->record = mem_zalloc(s->fields.n * sizeof *s->record);
	for (size_t i = 0; i < s->fields.n; i++) {
		const struct field_ref *ref = &s->fields.ref[i];

		s->column[i] = selection_column(s->rows, ref->name);
		if (s->column[i] == SIZE_MAX)
			return snprintf(error, 400, "--where: the output has no column \"%.*s\"", (int)ref->text.n, ref->text.p), -1;
	}
	return 0;
}

int selection_init(struct selection *s, const struct row_out *rows, int64_t since, int64_t until, const char *where, char error[400])
{
	*s = (struct selection){ .rows = rows, .since = since, .until = until };
	expr_scratch_init(&s->scratch, NULL, TIME_UNIT_AUTO);
	return where ? bind(s, where, error) : 0;
}

void selection_free(struct selection *s)
{
	free(s->column);
	free(s->record);
	expr_free(s->where);
	expr_scratch_free(&s->scratch);
	fields_free(&s->fields);
}

/* The end of time as a bound is none: a window may begin there. */
bool selection_window(const struct selection *s, struct interval at)
{
	return at.start >= s->since && (at.start < s->until || s->until == INT64_MAX);
}

int selection_row(struct selection *s, char error[256])
{
	int pass;

	if (!s->where)
		return 1;
	for (size_t i = 0; i < s->fields.n; i++)
		s->record[i] = s->rows->cell[s->column[i]].text;
	arena_clear(&s->scratch.arena);
	pass = expr_test(s->where, s->record, &s->scratch);
	if (pass < 0)
		snprintf(error, 256, "--where: %s", s->scratch.reason);
	return pass;
}
