/* SPDX-License-Identifier: MIT */
/* Derived columns over measures that are nothing but their value. */
#include "tests/unit/check.h"

#include "lib/agg/measure.h"
#include "tests/unit/derive_cases.h"

/* A state is a text: NULL is null, a number is one, all else is a measure whose value is text. */
static int stub_number(const struct measure *m, const void *state, struct ratio *r)
{
	const char *text = *(const char *const *)state;

	(void)m;
	if (!text)
		return 1;
	return ratio_parse(r, span_of(text)) < 0 ? -1 : 0;
}

static const struct measure_kind stub = { .name = "stub", .number = stub_number };

static const struct measure measures[] = {
	{ .kind = &stub, .name = (char *)"a", .offset = 0 },
	{ .kind = &stub, .name = (char *)"b", .offset = sizeof(char *) },
	{ .kind = &stub, .name = (char *)"c", .offset = 2 * sizeof(char *) },
	{ .kind = &stub, .name = (char *)"unit price", .offset = 3 * sizeof(char *) },
};
#define NMEASURES 4

#define MAX_DERIVES 8

/* A view's derived columns, one after the other, over one row. */
struct view {
	struct derive *derive[MAX_DERIVES];
	size_t n;
	char error[200];
};

static bool view_add(struct view *v, const char *text)
{
	struct derive *d = derive_parse(span_of(text), measures, NMEASURES, v->derive, v->n, v->error);

	if (d)
		v->derive[v->n++] = d;
	return d;
}

static void view_free(struct view *v)
{
	while (v->n)
		derive_free(v->derive[--v->n]);
}

static void finish(const struct derive *d, const char *const *row, unsigned digits, struct buf *out)
{
	buf_clear(out);
	derive_finish(d, measures, row, digits, out);
}

static void check_derive(const char *expr, const char *const *row, unsigned digits, const char *want)
{
	struct buf text = { 0 }, got = { 0 };
	struct view v = { 0 };

	buf_printf(&text, "x = %s%c", expr, '\0');
	CHECK(view_add(&v, text.p));
	if (v.n) {
		finish(v.derive[0], row, digits, &got);
		if (!span_eq(buf_view(&got), span_of(want)))
			printf("# %s\n", expr);
		CHECK_BUF(got, want);
	} else {
		printf("# %s: %s\n", expr, v.error);
	}
	view_free(&v);
	buf_free(&text);
	buf_free(&got);
}

TEST(values)
{
	static const struct { const char *expr, *row[NMEASURES]; const char *want; } cases[] = {
		{ "a - b", { "12.50", "1" }, "11.50" }, { "a + b", { "1", "2" }, "3" }, { "a * b", { "1.50", "2.0" }, "3.000" },
		{ "(a - b) / a", { "3", "1" }, "0.666667" }, { "a / b", { "6", "3" }, "2.000000" }, { "a / b * b", { "1", "3" }, "1.000000" },
		{ "if(1 / 3 * 3 == 1, 1, 0)", { NULL }, "1" }, { "a / b", { "1", "0" }, "" }, { "a / b", { "1", "0.00" }, "" },
		{ "a / b", { NULL, "1" }, "" }, { "a + b", { "1", NULL }, "" }, { "-a", { "1.50" }, "-1.50" }, { "-a", { "0.00" }, "0.00" }, { "+a", { "1.5" }, "1.5" },
		{ "a + 1", { "some text" }, "" }, { "coalesce(a, 0)", { "some text" }, "0" }, { "if(a is null, 1, 2)", { "text" }, "1" }, { "if(a > 1, 1, 2)", { "text" }, "2" },
		{ "coalesce(a, b, 0)", { NULL, "2.50" }, "2.50" }, { "coalesce(a, b)", { NULL, NULL }, "" }, { "coalesce(a / b, 0)", { "1", "0" }, "0" },
		{ "if(b > 0, a / b, 0)", { "1", "0" }, "0" }, { "if(b > 0, a / b, 0)", { "1", "8" }, "0.125000" }, { "if(a > b, a, b)", { NULL, "1" }, "1" },
		{ "if(a > 9 and b < 10, 1, 0)", { "10", "9" }, "1" }, { "if(a > 9 or b > 0, 1, 0)", { NULL, "9" }, "1" }, { "if(not a > 9, 1, 0)", { NULL }, "0" },
		{ "if(a == 1.0, 1, 0)", { "1.00" }, "1" }, { "if(a is not null and a != 2, 1, 0)", { "1" }, "1" }, { "if((a > 1) is null, 1, 0)", { NULL }, "1" },
		{ "if(if(a > 1, true, null), 1, 0)", { "2" }, "1" }, { "if(coalesce(a > 1, true), 1, 0)", { NULL }, "1" }, { "if(null, 1, 2)", { NULL }, "2" },
		{ "if(true, null, 1)", { NULL }, "" }, { "abs(a)", { "-1.50" }, "1.50" }, { "abs(a - b)", { "1", "2.5" }, "1.5" }, { "abs(a)", { NULL }, "" },
		{ "round(a / b, 2)", { "1", "8" }, "0.12" }, { "round(a / b, 2)", { "3", "8" }, "0.38" }, { "round(a)", { "2.5" }, "2" }, { "round(a)", { "-3.5" }, "-4" },
		{ "round(a, 1)", { "12.505" }, "12.5" }, { "round(a, 3)", { "1.5" }, "1.5" }, { "round(a, -2)", { "1250" }, "1200" }, { "round(a, -2)", { "-1350.7" }, "-1400" },
		{ "round(a / b, 0)", { "7", "2" }, "4" }, { "round(a, -100)", { "5" }, "0" }, { "round(a / 3, 100) * 3 - a", { "1" }, "-0.0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001" },
		{ "round(a, 2)", { NULL }, "" }, { "least(a, b, 7)", { "9", "8" }, "7" }, { "greatest(a, b)", { "9", "10" }, "10" }, { "least(a, b)", { "9", NULL }, "" },
		{ "`unit price` * 2", { NULL, NULL, NULL, "1.25" }, "2.50" }, { "100 * a / b", { "1", "3" }, "33.333333" }, { "a / 3", { "-2" }, "-0.666667" },
		{ "a / 3", { "-0.000001" }, "0.000000" }, { "a", { "99999999999999999999999999999999999999999.25" }, "99999999999999999999999999999999999999999.25" },
		{ "a * a * a * a", { "99999999999999999999999999999999" }, "99999999999999999999999999999996000000000000000000000000000000059999999999999999999999999999999600000000000000000000000000000001" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_derive(cases[i].expr, cases[i].row, 6, cases[i].want);
}

TEST(fractions_agree)
{
	for (size_t i = 0; i < sizeof generated / sizeof *generated; i++)
		check_derive(generated[i].expr, generated[i].value, generated[i].digits, generated[i].want);
}

TEST(too_large_is_null)
{
	const char *row[NMEASURES] = { "99999999999999999999999999999999999999.99" };
	struct buf expr = { 0 };

	buf_text(&expr, "a");
	for (int i = 0; i < 40; i++)
		buf_text(&expr, " * a");
	buf_byte(&expr, '\0');
	check_derive(expr.p, row, 6, "");
	buf_free(&expr);
}

TEST(earlier_derives)
{
	const char *row[NMEASURES] = { "1", "3", NULL, "0.50" };
	struct view v = { 0 };
	struct buf got = { 0 };

	CHECK(view_add(&v, "rate = a / b"));
	CHECK(view_add(&v, "back = rate * b"));
	CHECK(view_add(&v, "nothing = c + 1"));
	CHECK(view_add(&v, "all = back + rate + coalesce(nothing, 0)"));
	CHECK(view_add(&v, "alone = a"));
	CHECK_INT(v.n, 5);
	if (v.n == 5) {
		finish(v.derive[3], row, 3, &got);
		CHECK_BUF(got, "1.333");
		finish(v.derive[1], row, 3, &got);
		CHECK_BUF(got, "1.000");
		finish(v.derive[2], row, 3, &got);
		CHECK_BUF(got, "");
		finish(v.derive[4], row, 3, &got);
		CHECK_BUF(got, "1");
	}
	buf_free(&got);
	view_free(&v);
}

/* d[i] = d[i-1] + d[i-2] would take 2^i steps if each were computed where it is named. */
TEST(chains_of_derives_are_computed_once)
{
	enum { N = 80 };
	struct derive *derive[N];
	const char *row[NMEASURES] = { "1" };
	char error[200];
	struct buf text = { 0 };

	for (size_t i = 0; i < N; i++) {
		buf_clear(&text);
		if (i < 2)
			buf_printf(&text, "d%zu = a", i);
		else
			buf_printf(&text, "d%zu = d%zu + d%zu", i, i - 1, i - 2);
		derive[i] = derive_parse(buf_view(&text), measures, NMEASURES, derive, i, error);
		CHECK(derive[i] != NULL);
	}
	finish(derive[N - 1], row, 6, &text);
	CHECK_BUF(text, "23416728348467685");      /* Fibonacci's 80th */
	for (size_t i = N; i--;)
		derive_free(derive[i]);
	buf_free(&text);
}

TEST(canonical)
{
	static const char *const cases[][2] = {
		{ "basket=gmv/orders", NULL }, { "x=a/b", "x = a / b" }, { " x  =  (a) - ( b )", "x = a - b" }, { "`odd name`=IF(a>1,1,0)", "`odd name` = if(a > 1, 1, 0)" },
		{ "x = 1/3", "x = 1 / 3" }, { "x = `unit price`", "x = `unit price`" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct view v = { 0 };
		struct buf out = { 0 };

		CHECK(view_add(&v, cases[i][0]) == (cases[i][1] != NULL));
		if (v.n) {
			derive_print(&out, v.derive[0]);
			CHECK_BUF(out, cases[i][1]);
		}
		buf_free(&out);
		view_free(&v);
	}
}

TEST(names)
{
	struct view v = { 0 };

	CHECK(view_add(&v, "`my rate` = a / b"));
	CHECK_TEXT(derive_name(v.derive[0]), "my rate");
	CHECK(view_add(&v, "y = `my rate` + 1"));
	view_free(&v);
}

TEST(refused)
{
	static const char *const cases[][2] = {
		{ "", "a derived column is written name = expression" }, { "a / b", "a derived column is written name = expression" },
		{ "x == a", "a derived column is written name = expression" }, { ".x.y = a", "a derived column is written name = expression" },
		{ "x =", "an expression is expected (at byte 4)" }, { "x = a +", "a value expected at the end (at byte 8)" }, { "a = b", "there is a column a already" },
		{ "x = nope", "no measure nope, and no earlier derived column (at byte 5)" }, { "x = x + 1", "no measure x, and no earlier derived column (at byte 5)" },
		{ "x = `unitprice` + 1", "no measure unitprice: is unit price meant? (at byte 5)" }, { "x = 'text'", "derived columns are numbers: no texts (at byte 5)" },
		{ "x = a % b", "% is not for measures (at byte 7)" }, { "x = if(a in (1), 1, 2)", "in is not for measures (at byte 10)" }, { "x = if(a like b, 1, 2)", "like is not for measures (at byte 10)" },
		{ "x = upper(a)", "upper is not a function of measures: if, coalesce, round, abs, least, greatest are (at byte 5)" },
		{ "x = a > b", "a number is needed here, not a condition (at byte 7)" }, { "x = if(a, 1, 2)", "a condition is needed here, not a number (at byte 8)" },
		{ "x = if(a > 1, b > 1, 2)", "a condition is needed here, not a number (at byte 22)" }, { "x = (a > 1) + 1", "a number is needed here, not a condition (at byte 8)" },
		{ "x = if(a and b, 1, 2)", "a condition is needed here, not a number (at byte 8)" }, { "x = round(a, b)", "round takes its digits as a whole number up to 100 (at byte 14)" },
		{ "x = round(a, 101)", "round takes its digits as a whole number up to 100 (at byte 14)" }, { "x = round(a, 1.5)", "round takes its digits as a whole number up to 100 (at byte 14)" },
		{ "x = @1", "no measure @1, and no earlier derived column (at byte 5)" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct view v = { 0 };

		CHECK(!view_add(&v, cases[i][0]));
		CHECK_TEXT(v.error, cases[i][1]);
		view_free(&v);
	}
}

TEST(a_name_with_a_nul_byte_is_refused)
{
	char error[200];

	CHECK(!derive_parse(SPAN("`x\0y` = a"), measures, NMEASURES, NULL, 0, error));
}
