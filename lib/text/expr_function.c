/* SPDX-License-Identifier: MIT */
#include "lib/text/expr_run.h"

#define NUMBER(f) TYPE_NUMBER, GIVES_NUMBER, { .number = f }
#define TEXT(f) TYPE_TEXT, GIVES_TEXT, { .text = f }
#define TRUTH(f) TYPE_BOOL, GIVES_TRUTH, { .truth = f }
#define BRANCH(f) TYPE_MIXED, GIVES_VALUE, { .value = f }

static const struct function functions[] = {
	{ "if", FUNCTION_IF, 3, 3, "cv", BRANCH(run_if), false },
	{ "coalesce", FUNCTION_COALESCE, 1, ANY_NUMBER_OF, "v", BRANCH(run_coalesce), false },
	{ "abs", FUNCTION_ABS, 1, 1, "n", NUMBER(run_abs), false },
	{ "round", FUNCTION_ROUND, 1, 2, "ni", NUMBER(run_round), false },
	{ "floor", FUNCTION_OTHER, 1, 1, "n", NUMBER(run_floor), false },
	{ "ceil", FUNCTION_OTHER, 1, 1, "n", NUMBER(run_ceil), false },
	{ "number", FUNCTION_OTHER, 1, 1, "n", NUMBER(run_canonical), false },
	{ "least", FUNCTION_LEAST, 1, ANY_NUMBER_OF, "n", NUMBER(run_least), false },
	{ "greatest", FUNCTION_GREATEST, 1, ANY_NUMBER_OF, "n", NUMBER(run_greatest), false },
	{ "length", FUNCTION_OTHER, 1, 1, "t", NUMBER(run_length), false },
	{ "lower", FUNCTION_OTHER, 1, 1, "t", TEXT(run_lower), false },
	{ "upper", FUNCTION_OTHER, 1, 1, "t", TEXT(run_upper), false },
	{ "trim", FUNCTION_OTHER, 1, 1, "t", TEXT(run_trim), false },
	{ "substr", FUNCTION_OTHER, 2, 3, "ti", TEXT(run_substr), false },
	{ "concat", FUNCTION_OTHER, 1, ANY_NUMBER_OF, "t", TEXT(run_concat), false },
	{ "replace", FUNCTION_OTHER, 3, 3, "t", TEXT(run_replace), false },
	{ "split", FUNCTION_OTHER, 3, 3, "tti", TEXT(run_split), false },
	{ "starts_with", FUNCTION_OTHER, 2, 2, "t", TRUTH(run_starts_with), false },
	{ "ends_with", FUNCTION_OTHER, 2, 2, "t", TRUTH(run_ends_with), false },
	{ "contains", FUNCTION_OTHER, 2, 2, "t", TRUTH(run_contains), false },
	{ "timestamp", FUNCTION_OTHER, 1, 1, "d", NUMBER(run_timestamp), true },
	{ "year", FUNCTION_OTHER, 1, 1, "d", NUMBER(run_year), true },
	{ "month", FUNCTION_OTHER, 1, 1, "d", NUMBER(run_month), true },
	{ "day", FUNCTION_OTHER, 1, 1, "d", NUMBER(run_day), true },
	{ "hour", FUNCTION_OTHER, 1, 1, "d", NUMBER(run_hour), true },
	{ "minute", FUNCTION_OTHER, 1, 1, "d", NUMBER(run_minute), true },
	{ "second", FUNCTION_OTHER, 1, 1, "d", NUMBER(run_second), true },
	{ "weekday", FUNCTION_OTHER, 1, 1, "d", NUMBER(run_weekday), true },
	{ "date", FUNCTION_OTHER, 1, 1, "d", TEXT(run_date), true },
	{ "time_text", FUNCTION_OTHER, 1, 1, "d", TEXT(run_time_text), true },
};

#define COUNT (sizeof functions / sizeof *functions)
#define LONGEST 24

const struct function *expr_function(struct span name)
{
	for (size_t i = 0; i < COUNT; i++)
		if (expr_same_word(name, span_of(functions[i].name)))
			return &functions[i];
	return NULL;
}

/* Levenshtein's distance, one row of the table at a time. Names longer than any of ours are far from all. */
unsigned expr_distance(struct span a, struct span b)
{
	unsigned row[LONGEST + 1], corner, above;

	if (a.n > LONGEST || b.n > LONGEST)
		return expr_same_word(a, b) ? 0 : LONGEST;
	for (unsigned j = 0; j <= b.n; j++)
		row[j] = j;
	for (unsigned i = 0; i < a.n; i++) {
		corner = row[0];
		row[0] = i + 1;
		for (unsigned j = 0; j < b.n; j++) {
			above = row[j + 1];
			corner += !expr_same_word((struct span){ a.p + i, 1 }, (struct span){ b.p + j, 1 });
			if (corner > above + 1)
				corner = above + 1;
			row[j + 1] = corner < row[j] + 1 ? corner : row[j] + 1;
			corner = above;
		}
	}
	return row[b.n];
}

unsigned expr_likeness(struct span name)
{
	return name.n > 4 ? 3 : name.n > 2 ? 2 : 1;
}

/* `len`, `ceiling`, `substring`: one begins the other. */
static bool is_begin(struct span a, struct span b)
{
	size_t n = a.n < b.n ? a.n : b.n;

	return n >= 3 && expr_same_word((struct span){ a.p, n }, (struct span){ b.p, n });
}

const char *expr_function_like(struct span name)
{
	const char *best = NULL;
	unsigned least = expr_likeness(name);

	for (size_t i = 0; i < COUNT; i++) {
		struct span f = span_of(functions[i].name);
		unsigned distance = is_begin(name, f) ? 1 : expr_distance(name, f);

		if (distance < least) {
			best = functions[i].name;
			least = distance;
		}
	}
	return best;
}
