/* SPDX-License-Identifier: MIT */
/* Random trees, each written twice: with every parenthesis and in plain words, and with as few as precedence allows plus
 * noise (blanks, needless parentheses, case, other quotes and signs). Both must compile to one spelling, and that to
 * itself; and all three must give the same value. */
#include "tests/unit/expr_trial.h"

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
