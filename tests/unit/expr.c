/* SPDX-License-Identifier: MIT */
/* Expressions: a table of meanings, SQL's truth tables, sqlite's answers to generated conditions, exact arithmetic
 * against 128-bit integers, and the printer against random trees spelled in random ways. */
#include "tests/unit/check.h"

#include "lib/text/expr.h"
#include "tests/unit/expr_cases.h"
#include "tests/unit/expr_sqlite.h"

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

static struct span record_value(const char *record, struct span name, size_t column)
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

static void fill_record(struct trial *t, const char *record)
{
	for (size_t i = 0; i < t->fields.n && i < MAX_FIELDS; i++) {
		const struct field_ref *f = &t->fields.ref[i];

		t->record[i] = record_value(record, f->name.n ? f->name : f->text, f->column);
	}
}

static void show_value(struct buf *out, const struct value *v)
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

static void trial_eval(struct trial *t, const char *record)
{
	struct value v;

	fill_record(t, record);
	buf_clear(&t->got);
	if (expr_eval(t->expr, t->record, &t->scratch, &v) < 0)
		buf_printf(&t->got, "! %s", t->scratch.reason);
	else
		show_value(&t->got, &v);
}

static void trial_begin(struct trial *t, struct span text)
{
	memset(t, 0, sizeof *t);
	expr_scratch_init(&t->scratch, NULL, TIME_UNIT_AUTO);
	t->expr = expr_compile(text, &t->fields, &t->error);
	if (!t->expr)
		buf_printf(&t->got, "? %s", t->error.reason);
}

static void trial_end(struct trial *t)
{
	expr_free(t->expr);
	fields_free(&t->fields);
	expr_scratch_free(&t->scratch);
	buf_free(&t->got);
}

static void print_expr(struct buf *out, struct span text)
{
	struct trial t;

	trial_begin(&t, text);
	if (t.expr)
		expr_print(out, t.expr);
	else
		buf_span(out, buf_view(&t.got));
	trial_end(&t);
}

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

static void repeat(struct buf *out, const char *text, size_t n)
{
	while (n--)
		buf_text(out, text);
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

/* Random trees, each written twice: with every parenthesis and in plain words, and with as few as precedence allows plus
 * noise (blanks, needless parentheses, case, other quotes and signs). Both must compile to one spelling, and that to
 * itself; and all three must give the same value. */
struct spelling {
	struct buf full, terse;
	int binding;            /* of terse: 1 or .. 8 operand */
};

static unsigned long long noise = 7;

static unsigned pick(unsigned n)
{
	return (unsigned)(check_random(&noise) % n);
}

static void blank(struct buf *out)
{
	static const char *const some[] = { " ", "  ", "\t", " \n" };

	buf_text(out, some[pick(4)]);
}

static void add_word(struct spelling *s, const char *word)
{
	buf_printf(&s->full, " %s ", word);
	blank(&s->terse);
	for (; *word; word++)
		buf_byte(&s->terse, *word >= 'a' && *word <= 'z' && pick(3) == 0 ? (char)(*word - 32) : *word);
	blank(&s->terse);
}

static void add_sign(struct spelling *s, const char *full, const char *terse)
{
	buf_printf(&s->full, " %s ", full);
	if (pick(2))
		blank(&s->terse);
	buf_text(&s->terse, terse);
	if (pick(2))
		blank(&s->terse);
}

/* Takes child. */
static void add_child(struct spelling *s, struct spelling child, int least)
{
	int parentheses = (child.binding < least) + (pick(5) == 0);

	buf_printf(&s->full, child.binding < 8 ? "(%.*s)" : "%.*s", (int)child.full.n, child.full.p);
	repeat(&s->terse, "( ", (size_t)parentheses);
	buf_span(&s->terse, buf_view(&child.terse));
	repeat(&s->terse, ")", (size_t)parentheses);
	buf_free(&child.full);
	buf_free(&child.terse);
}

static struct spelling leaf(const char *full, const char *terse)
{
	struct spelling s = { .binding = 8 };

	buf_text(&s.full, full);
	buf_text(&s.terse, terse);
	return s;
}

static struct spelling any_number(unsigned depth);
static struct spelling any_text(unsigned depth);
static struct spelling any_condition(unsigned depth);

static struct spelling infix(struct spelling left, const char *full, const char *terse, struct spelling right, int binding, bool chains)
{
	struct spelling s = { .binding = binding };

	add_child(&s, left, binding + !chains);
	add_sign(&s, full, terse);
	add_child(&s, right, binding + 1);
	return s;
}

static struct spelling call(const char *name, struct spelling a, struct spelling b)
{
	struct spelling s = { .binding = 8 };

	buf_printf(&s.full, "%s(", name);
	buf_printf(&s.terse, "%s%s(", name, pick(2) ? "" : " ");
	add_child(&s, a, 1);
	buf_text(&s.full, ", ");
	buf_text(&s.terse, pick(2) ? "," : " ,\t");
	add_child(&s, b, 1);
	buf_text(&s.full, ")");
	buf_text(&s.terse, pick(2) ? ")" : " )");
	return s;
}

static struct spelling any_number(unsigned depth)
{
	static const char *const signs[] = { "*", "/", "%", "+", "-" };
	static const char *const numbers[][2] = { { "1", "01" }, { "2.50", "2.50" }, { "0.5", ".5" }, { "100", "1e2" }, { "0", "0" } };
	struct spelling s = { .binding = 7 };
	unsigned which = depth ? pick(10) : pick(3);

	if (which < 2)
		return which ? leaf("a", "`a`") : leaf("b", "b");
	if (which == 2) {
		unsigned i = pick(5);

		return leaf(numbers[i][0], numbers[i][1]);
	}
	if (which == 3) {
		buf_text(&s.full, "-");
		buf_text(&s.terse, pick(2) ? "-" : "- ");
		add_child(&s, any_number(depth - 1), 7);
		return s;
	}
	if (which == 4)
		return call(pick(2) ? "least" : "coalesce", any_number(depth - 1), any_number(depth - 1));
	which = pick(5);
	return infix(any_number(depth - 1), signs[which], signs[which], any_number(depth - 1), which < 3 ? 6 : 5, true);
}

static struct spelling any_text(unsigned depth)
{
	switch (depth ? pick(5) : pick(3)) {
	case 0:
		return leaf("c", "`c`");
	case 1:
		return leaf("\"x\"\"'y\"", "'x\"''y'");
	case 2:
		return leaf("\"p\"", "'p'");
	case 3:
		return call("concat", any_text(depth - 1), any_number(depth - 1));
	default:
		return call("coalesce", any_text(depth - 1), any_text(depth - 1));
	}
}

static struct spelling comparison(unsigned depth)
{
	static const char *const signs[][2] = { { "==", "=" }, { "!=", "<>" }, { "<", "<" }, { "<=", "<=" }, { ">", ">" }, { ">=", ">=" } };
	unsigned i = pick(6);
	bool texts = pick(2);

	return infix(texts ? any_text(depth - 1) : any_number(depth - 1), signs[i][0], signs[i][pick(2)],
	             texts ? any_text(depth - 1) : any_number(depth - 1), 4, false);
}

/* `not (x in ..)` in full, `x not in ..` in short. */
static struct spelling negatable(unsigned depth)
{
	struct spelling s = { .binding = 4 };
	bool negated = pick(2);
	unsigned which = pick(3);

	if (negated)
		buf_text(&s.full, "not (");
	add_child(&s, which == 2 ? any_number(depth - 1) : any_text(depth - 1), 5);
	buf_text(&s.terse, which == 2 ? " is" : "");
	if (negated)
		buf_text(&s.terse, "\tnot ");
	buf_text(&s.full, which == 0 ? " in (\"p\", \"q\")" : which == 1 ? " like \"p%\"" : " is null");
	buf_text(&s.terse, which == 0 ? " IN('p' ,'q')" : which == 1 ? " like 'p%'" : " null");
	if (negated)
		buf_text(&s.full, ")");
	return s;
}

static struct spelling any_condition(unsigned depth)
{
	struct spelling s = { .binding = 3 };
	unsigned which = depth ? pick(8) : 0;
	bool is_or = pick(2);

	if (which == 0)
		return pick(2) ? leaf("true", "TRUE") : leaf("d", "d");
	if (which < 3)
		return comparison(depth);
	if (which < 5)
		return negatable(depth);
	if (which == 5) {
		buf_text(&s.full, "not ");
		buf_text(&s.terse, pick(2) ? "NOT\t" : "not ");
		add_child(&s, any_condition(depth - 1), 3);
		return s;
	}
	s.binding = is_or ? 1 : 2;
	add_child(&s, any_condition(depth - 1), s.binding);
	add_word(&s, is_or ? "or" : "and");
	add_child(&s, any_condition(depth - 1), s.binding);
	return s;
}

static void check_spelling(struct spelling *s, const char *record)
{
	struct trial full, terse, printed;
	struct buf once = { 0 }, again = { 0 };

	trial_begin(&full, buf_view(&s->full));
	trial_begin(&terse, buf_view(&s->terse));
	CHECK(span_eq(buf_view(&full.got), buf_view(&terse.got)));
	if (full.expr && terse.expr) {
		expr_print(&once, full.expr);
		expr_print(&again, terse.expr);
		buf_byte(&once, '\0');
		once.n--;
		CHECK_BUF(again, once.p);
		trial_begin(&printed, buf_view(&once));
		CHECK(printed.expr != NULL);
		if (printed.expr) {
			buf_clear(&again);
			expr_print(&again, printed.expr);
			CHECK(span_eq(buf_view(&once), buf_view(&again)));
			trial_eval(&full, record);
			trial_eval(&terse, record);
			trial_eval(&printed, record);
			CHECK(span_eq(buf_view(&full.got), buf_view(&terse.got)));
			CHECK(span_eq(buf_view(&full.got), buf_view(&printed.got)));
		}
		trial_end(&printed);
	}
	trial_end(&full);
	trial_end(&terse);
	buf_free(&once);
	buf_free(&again);
}

TEST(random_trees_have_one_spelling)
{
	static const char *const records[] = {
		"a=1;b=2.5;c=p;d=true", "a=;b=0;c=;d=", "a=-3;b=;c=q;d=false", "a=x;b=1;c=px;d=yes", "a=99999999999999999999;b=10;c=1;d=",
	};
	int compiled = 0;

	for (int i = 0; i < 20000; i++) {
		struct spelling s = i % 3 ? any_condition(1 + pick(4)) : any_number(1 + pick(4));
		struct fields fields = { 0 };
		struct expr_error error;
		struct expr *e = expr_compile(buf_view(&s.full), &fields, &error);

		compiled += e != NULL;
		check_spelling(&s, records[pick(5)]);
		expr_free(e);
		fields_free(&fields);
		buf_free(&s.full);
		buf_free(&s.terse);
	}
	CHECK(compiled > 15000);        /* the rest is refused for its types, in both spellings alike */
}
