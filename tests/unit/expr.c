/* SPDX-License-Identifier: MIT */
/* Expressions: a table of meanings, SQL's truth tables, sqlite's answers to generated conditions, and exact arithmetic
 * against 128-bit integers. */
#include "tests/unit/expr_cases.h"
#include "tests/unit/expr_sqlite.h"
#include "tests/unit/expr_trial.h"

TEST(table_of_values)
{
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		const struct expr_case *c = &values[i];
		struct trial t;
		struct span want = span_of(c->want);

		trial_begin(&t, span_of(c->expr));
		if (t.expr)
			trial_eval(&t, c->record);
		if (!span_eq(buf_view(&t.got), want))
			printf("# %s over %s\n", c->expr, c->record);
		CHECK_BUF(t.got, c->want);
		trial_end(&t);
	}
}

/* expr_number sees each case as expr_eval and value_number do. */
TEST(numbers_without_values)
{
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		struct trial t;
		struct value v;
		struct decimal a = { 0 }, b = { 0 };
		int direct, detour;

		trial_begin(&t, span_of(values[i].expr));
		if (t.expr) {
			fill_record(&t, values[i].record);
			direct = expr_number(t.expr, t.record, &t.scratch, &a);
			detour = expr_eval(t.expr, t.record, &t.scratch, &v);
			if (detour == 0)
				detour = value_number(&v, &b, &t.scratch);
			CHECK_INT(direct, detour);
			CHECK(direct || (a.m == b.m && a.scale == b.scale));
		}
		trial_end(&t);
	}
}

TEST(canonical_spelling)
{
	for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
		struct buf once = { 0 }, twice = { 0 };

		print_expr(&once, span_of(spellings[i].expr));
		CHECK_BUF(once, spellings[i].print);
		print_expr(&twice, buf_view(&once));
		CHECK_BUF(twice, spellings[i].print);
		buf_free(&once);
		buf_free(&twice);
	}
}

/* SQL's tables for and, or, not: t, f and u at once; as fields, as comparisons, as constants. */
static const char *truth_name(int i)
{
	return i == 0 ? "true" : i == 1 ? "false" : "null";
}

TEST(truth_tables)
{
	static const char and_table[] = "tfufffufu", or_table[] = "ttttfutuu", not_table[] = "ftu";
	struct buf text = { 0 };

	for (int i = 0; i < 9; i++) {
		for (int or = 0; or < 2; or++) {
			char want = (or ? or_table : and_table)[i];
			const char *result = want == 't' ? "true" : want == 'f' ? "false" : "null";
			char record[64];
			struct trial t;

			buf_clear(&text);
			buf_printf(&text, "%s %s %s", truth_name(i / 3), or ? "or" : "and", truth_name(i % 3));
			trial_begin(&t, buf_view(&text));
			trial_eval(&t, "");
			CHECK_BUF(t.got, result);
			trial_end(&t);

			snprintf(record, sizeof record, "a=%s;b=%s", i / 3 == 2 ? "" : i / 3 ? "0" : "1", i % 3 == 2 ? "" : i % 3 ? "0" : "1");
			trial_begin(&t, or ? SPAN("a == 1 or b == 1") : SPAN("a == 1 and b == 1"));
			trial_eval(&t, record);
			CHECK_BUF(t.got, result);
			CHECK_INT(expr_test(t.expr, t.record, &t.scratch), want == 't');
			trial_end(&t);
		}
	}
	for (int i = 0; i < 3; i++) {
		struct trial t;

		buf_clear(&text);
		buf_printf(&text, "not %s", truth_name(i));
		trial_begin(&t, buf_view(&text));
		trial_eval(&t, "");
		CHECK_BUF(t.got, not_table[i] == 't' ? "true" : not_table[i] == 'f' ? "false" : "null");
		trial_end(&t);
	}
	buf_free(&text);
}

TEST(sqlite_agrees)
{
	for (size_t i = 0; i < sizeof sqlite_cases / sizeof *sqlite_cases; i++) {
		const struct expr_case *c = &sqlite_cases[i];
		struct trial t;

		trial_begin(&t, span_of(c->expr));
		if (t.expr)
			trial_eval(&t, c->record);
		if (!span_eq(buf_view(&t.got), span_of(c->want)))
			printf("# %s over %s\n", c->expr, c->record);
		CHECK_BUF(t.got, c->want);
		trial_end(&t);
	}
}

TEST(use_is_checked)
{
	static const struct { enum expr_use use; const char *expr, *reason; } cases[] = {
		{ EXPR_CONDITION, "a + 1", "a condition is needed here, not a number: compare it" },
		{ EXPR_CONDITION, "'x'", "a condition is needed here, not a text: compare it" },
		{ EXPR_CONDITION, "coalesce(a, 0)", "a condition is needed here, not a number: compare it" },
		{ EXPR_CONDITION, "a", NULL }, { EXPR_CONDITION, "a > 1", NULL }, { EXPR_CONDITION, "coalesce(a, true)", NULL },
		{ EXPR_CONDITION, "null", NULL }, { EXPR_NUMBER, "a", NULL }, { EXPR_NUMBER, "a * 2", NULL },
		{ EXPR_NUMBER, "'x'", "a number is needed here, not a text in quotes" },
		{ EXPR_NUMBER, "a > 1", "a number is needed here, not a condition" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fields fields = { 0 };
		struct expr_error error = { 0 };
		struct expr *e = expr_compile_for(cases[i].use, span_of(cases[i].expr), &fields, &error);

		CHECK((e == NULL) == (cases[i].reason != NULL));
		CHECK_TEXT(error.reason, cases[i].reason ? cases[i].reason : "");
		expr_free(e);
		fields_free(&fields);
	}
}

TEST(errors_say_where)
{
	static const struct { const char *expr; size_t at; } cases[] = {
		{ "a + ", 4 }, { "a + lowr(b)", 4 }, { "a + 'x'", 4 }, { "1 == 'abc'", 5 }, { "a and  'x", 7 }, { "a in (1, 2", 10 },
		{ "a # b", 2 }, { "(a + 1) and b", 3 }, { "if(a, 1)", 0 }, { "a == 1 == 2", 7 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct trial t;

		trial_begin(&t, span_of(cases[i].expr));
		CHECK(!t.expr);
		CHECK_INT(t.error.at, cases[i].at);
		trial_end(&t);
	}
}

TEST(fields_are_numbered)
{
	struct fields fields = { 0 };
	struct expr_error error;
	struct expr *a = expr_compile(SPAN("price * quantity + price"), &fields, &error);
	struct expr *b = expr_compile(SPAN("(quantity)"), &fields, &error);

	CHECK_INT(fields.n, 2);
	CHECK_INT(expr_field(a), -1);
	CHECK_INT(expr_field(b), 1);
	expr_free(a);
	expr_free(b);
	fields_free(&fields);
}

TEST(depth_and_length_are_bounded)
{
	static const struct { const char *before, *middle, *after; size_t fits, fails; } cases[] = {
		{ "(", "a", ")", 200, 201 }, { "-", "a", "", 199, 200 }, { "not ", "a", "", 199, 200 }, { "", "a", " + a", 199, 200 },
		{ "lower(", "a", ")", 199, 200 }, { "", "a", " and a", 5000, 11000 }, { "a or ", "a", "", 5000, 14000 },
		{ "(", "a", "", 0, 60000 }, { "f(", "", "", 0, 30000 }, { "if(", "a", ", a, a)", 199, 5000 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (int fails = cases[i].fits == 0; fails < 2; fails++) {
			struct buf text = { 0 };
			struct trial t;
			size_t n = fails ? cases[i].fails : cases[i].fits;

			repeat(&text, cases[i].before, n);
			buf_text(&text, cases[i].middle);
			repeat(&text, cases[i].after, n);
			trial_begin(&t, buf_view(&text));
			CHECK_INT(!t.expr, fails);
			if (t.expr) {
				struct buf once = { 0 };

				expr_print(&once, t.expr);
				print_expr(&t.got, buf_view(&once));
				CHECK(span_eq(buf_view(&once), buf_view(&t.got)));
				buf_free(&once);
			}
			trial_end(&t);
			buf_free(&text);
		}
}

TEST(nul_bytes_are_bytes)
{
	struct trial t;

	trial_begin(&t, SPAN("a == 'x\0y'"));
	t.record[0] = SPAN("x\0y");
	CHECK_INT(expr_test(t.expr, t.record, &t.scratch), 1);
	t.record[0] = SPAN("x\0z");
	CHECK_INT(expr_test(t.expr, t.record, &t.scratch), 0);
	trial_end(&t);
}

TEST(made_texts_are_bounded)
{
	static const char *const exprs[] = { "concat(a, a, a, a)", "replace('xxxx', 'x', a)" };

	for (size_t i = 0; i < 2; i++)
		for (size_t size = 4 << 20; size <= 5 << 20; size += 1 << 20) {
			struct buf big = { 0 };
			struct value v;
			struct trial t;
			bool fits = size == 4 << 20;

			memset(buf_room(&big, size), 'a', size);
			big.n = size;
			trial_begin(&t, span_of(exprs[i]));
			t.record[0] = buf_view(&big);
			CHECK_INT(expr_eval(t.expr, t.record, &t.scratch, &v), fits ? 0 : -1);
			CHECK(fits ? v.text.n == 4 * size : strstr(t.scratch.reason, "16 MiB") != NULL);
			trial_end(&t);
			buf_free(&big);
		}
}

/* Times without an offset are read in the scratch's zone, numbers in fields by its unit; so they are no constants. */
TEST(times_are_read_as_the_scratch_says)
{
	const char *error;
	struct zone *zone = zone_open(SPAN("+02:00"), &error);
	struct expr_scratch s;
	struct trial t;
	struct value v;

	expr_scratch_init(&s, zone, TIME_UNIT_MS);
	trial_begin(&t, SPAN("timestamp('1970-01-01 02:00:00')"));
	CHECK_INT(expr_eval(t.expr, NULL, &s, &v), 0);
	CHECK_INT(v.number.m, 0);
	trial_end(&t);
	trial_begin(&t, SPAN("timestamp(a)"));
	t.record[0] = SPAN("1700000000");
	CHECK_INT(expr_eval(t.expr, t.record, &s, &v), 0);
	CHECK_INT(v.number.m, 1700000000);
	trial_end(&t);
	expr_scratch_free(&s);
	zone_free(zone);
}

/* Arithmetic against integers of 128 bits: operands are m / 10^scale, small enough that the oracle is exact. */
struct operand {
	long long m;
	unsigned scale;
	char text[40];
};

static __int128 power(unsigned n)
{
	__int128 p = 1;

	while (n--)
		p *= 10;
	return p;
}

static void print_scaled(char *out, __int128 m, unsigned scale)
{
	unsigned __int128 u = m < 0 ? -(unsigned __int128)m : (unsigned __int128)m;
	char digits[48];
	size_t n = 0, at = 0;

	do
		digits[n++] = (char)('0' + (int)(u % 10));
	while ((u /= 10) || n <= scale);
	if (m < 0)
		out[at++] = '-';
	while (n) {
		if (n == scale)
			out[at++] = '.';
		out[at++] = digits[--n];
	}
	out[at] = '\0';
}

static struct operand random_operand(unsigned long long *seed)
{
	static const long long limit[] = { 10, 1000, 1000000, 1000000000 };
	struct operand o;
	long long max = limit[check_random(seed) % 4];

	o.m = (long long)(check_random(seed) % (unsigned long long)(2 * max + 1)) - max;
	o.scale = (unsigned)(check_random(seed) % 6);
	print_scaled(o.text, o.m, o.scale);
	return o;
}

static __int128 divide_half_even(__int128 a, __int128 b)
{
	__int128 q = a / b, rest = a % b, twice = (rest < 0 ? -rest : rest) * 2, size = b < 0 ? -b : b;

	if (twice > size || (twice == size && q % 2 != 0))
		q += (a < 0) != (b < 0) ? -1 : 1;
	return q;
}

static void drop_zeros(__int128 *m, unsigned *scale)
{
	while (*scale && *m % 10 == 0) {
		*m /= 10;
		--*scale;
	}
}

/* False: null. */
static bool oracle(char op, struct operand a, struct operand b, char *out)
{
	unsigned scale = a.scale > b.scale ? a.scale : b.scale;
	__int128 x = a.m * power(scale - a.scale), y = b.m * power(scale - b.scale), m;

	if ((op == '/' || op == '%') && b.m == 0)
		return false;
	if (op == '*')
		m = (__int128)a.m * b.m, scale = a.scale + b.scale;
	else if (op == '/')
		m = divide_half_even(x * power(18), y), scale = 18, drop_zeros(&m, &scale);
	else
		m = op == '+' ? x + y : op == '-' ? x - y : x % y;
	print_scaled(out, m, scale);
	return true;
}

TEST(arithmetic_is_exact)
{
	static const char ops[] = "+-*/%", compare[][3] = { "<", "<=", ">", ">=", "==", "!=" };
	unsigned long long seed = 1;

	for (int i = 0; i < 20000; i++) {
		struct operand a = random_operand(&seed), b = random_operand(&seed);
		char op = ops[check_random(&seed) % 5], want[64], text[64];
		bool fields = check_random(&seed) & 1;
		char record[128];
		struct trial t;

		snprintf(text, sizeof text, fields ? "a %s%c b" : "%s %c (%s)", fields ? "" : a.text, op, b.text);
		snprintf(record, sizeof record, "a=%s;b=%s", a.text, b.text);
		trial_begin(&t, span_of(text));
		trial_eval(&t, record);
		CHECK_BUF(t.got, oracle(op, a, b, want) ? want : "null");
		trial_end(&t);
	}
	for (int i = 0; i < 5000; i++) {
		struct operand a = random_operand(&seed), b = random_operand(&seed);
		int c = (int)(check_random(&seed) % 6);
		__int128 x = a.m * power(b.scale), y = b.m * power(a.scale);
		bool want = c == 0 ? x < y : c == 1 ? x <= y : c == 2 ? x > y : c == 3 ? x >= y : c == 4 ? x == y : x != y;
		char text[64], record[128];
		struct trial t;

		snprintf(text, sizeof text, "a %s %s", compare[c], b.text);
		snprintf(record, sizeof record, "a=%s", a.text);
		trial_begin(&t, span_of(text));
		trial_eval(&t, record);
		CHECK_BUF(t.got, want ? "true" : "false");
		trial_end(&t);
	}
}
