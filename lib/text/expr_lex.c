/* SPDX-License-Identifier: MIT */
#include "lib/text/expr_lex.h"

#include <stdarg.h>
#include <stdio.h>

static const struct { const char *name; enum token_kind kind; } words[] = {
	{ "and", TOKEN_AND }, { "or", TOKEN_OR }, { "not", TOKEN_NOT }, { "in", TOKEN_IN }, { "like", TOKEN_LIKE },
	{ "is", TOKEN_IS }, { "null", TOKEN_NULL }, { "true", TOKEN_TRUE }, { "false", TOKEN_FALSE },
};

/* Longer ones before those that begin them. */
static const struct { const char *text; enum token_kind kind; } signs[] = {
	{ "==", TOKEN_EQ }, { "=", TOKEN_EQ }, { "!=", TOKEN_NE }, { "<>", TOKEN_NE }, { "<=", TOKEN_LE }, { "<", TOKEN_LT },
	{ ">=", TOKEN_GE }, { ">", TOKEN_GT }, { "+", TOKEN_PLUS }, { "-", TOKEN_MINUS }, { "*", TOKEN_STAR },
	{ "/", TOKEN_SLASH }, { "%", TOKEN_PERCENT }, { "(", TOKEN_OPEN }, { ")", TOKEN_CLOSE }, { ",", TOKEN_COMMA },
};

/* What other languages write. */
static const struct { const char *text, *ours; } foreign[] = {
	{ "&&", "and" }, { "||", "or (concat joins texts)" }, { "!", "not" }, { "=~", "like" },
};

int expr_fail(struct expr_error *error, size_t at, const char *format, ...)
{
	va_list args;

	error->at = at;
	va_start(args, format);
	vsnprintf(error->reason, sizeof error->reason, format, args);
	va_end(args);
	return -1;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool expr_same_word(struct span a, struct span b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

static enum token_kind word(struct span name)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (expr_same_word(name, span_of(words[i].name)))
			return words[i].kind;
	return TOKEN_FIELD;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name(char c)
{
	return is_digit(c) || c == '_' || (lower(c) >= 'a' && lower(c) <= 'z');
}

static struct span rest(const struct lexer *l)
{
	return (struct span){ l->text.p + l->at, l->text.n - l->at };
}

static size_t blanks(struct span s)
{
	size_t n = 0;

	while (n < s.n && (s.p[n] == ' ' || s.p[n] == '\t' || s.p[n] == '\n' || s.p[n] == '\r'))
		n++;
	return n;
}

bool expr_lex_is_call(const struct lexer *l)
{
	struct span s = rest(l);
	size_t n = blanks(s);

	return n < s.n && s.p[n] == '(';
}

static size_t digits(struct span s, size_t i)
{
	while (i < s.n && is_digit(s.p[i]))
		i++;
	return i;
}

/* Takes too much rather than too little: `12abc` and `1.2.3` are one bad number, not two good words. */
static int lex_number(struct lexer *l, struct token *t, struct expr_error *error)
{
	struct span s = rest(l);
	size_t i = digits(s, 0), e;

	if (i < s.n && s.p[i] == '.')
		i = digits(s, i + 1);
	if (i < s.n && lower(s.p[i]) == 'e') {
		e = i + 1;
		if (e < s.n && (s.p[e] == '+' || s.p[e] == '-'))
			e++;
		i = digits(s, e) > e ? digits(s, e) : i;
	}
	while (i < s.n && (is_name(s.p[i]) || s.p[i] == '.'))
		i++;
	t->kind = TOKEN_NUMBER;
	t->text = (struct span){ s.p, i };
	if (decimal_parse(t->text, &t->number) < 0)
		return expr_fail(error, l->at, "%.*s: %s", i < 60 ? (int)i : 60, s.p, decimal_parse_error(t->text));
	return 0;
}

/* The quote doubled stands for itself. */
static struct span unquote(struct arena *arena, struct span inner, char quote)
{
	char *p = arena_alloc(arena, inner.n, 1);
	size_t n = 0;

	for (size_t i = 0; i < inner.n; i++) {
		p[n++] = inner.p[i];
		i += inner.p[i] == quote;
	}
	return (struct span){ p, n };
}

static int lex_string(struct lexer *l, struct token *t, struct expr_error *error)
{
	struct span s = rest(l);
	char quote = s.p[0];
	bool doubled = false;
	size_t i = 1;

	for (;; i++) {
		if (i >= s.n)
			return expr_fail(error, l->at, "a string is not closed: %c is missing", quote);
		if (s.p[i] != quote)
			continue;
		if (i + 1 >= s.n || s.p[i + 1] != quote)
			break;
		doubled = true;
		i++;
	}
	t->kind = TOKEN_STRING;
	t->text = (struct span){ s.p, i + 1 };
	t->string = (struct span){ s.p + 1, i - 1 };
	if (doubled)
		t->string = unquote(l->arena, t->string, quote);
	return 0;
}

static int lex_sign(struct lexer *l, struct token *t, struct expr_error *error)
{
	struct span s = rest(l);

	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
		if (span_starts(s, span_of(foreign[i].text)) && !span_starts(s, SPAN("!=")))
			return expr_fail(error, l->at, "%s is written %s", foreign[i].text, foreign[i].ours);
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		if (!span_starts(s, span_of(signs[i].text)))
			continue;
		t->kind = signs[i].kind;
		t->text = (struct span){ s.p, strlen(signs[i].text) };
		return 0;
	}
	if (s.p[0] == '`')
		return expr_fail(error, l->at, "a name is empty or not closed: ` is missing");
	if (s.p[0] > ' ' && s.p[0] <= '~')
		return expr_fail(error, l->at, "unexpected %c", s.p[0]);
	return expr_fail(error, l->at, "unexpected byte \\x%02x", (unsigned char)s.p[0]);
}

static int lex_word(struct lexer *l, struct token *t, struct expr_error *error)
{
	struct span s = rest(l);

	if (s.p[0] == '\'' || s.p[0] == '"')
		return lex_string(l, t, error);
	if (is_digit(s.p[0]) || (s.p[0] == '.' && s.n > 1 && is_digit(s.p[1])))
		return lex_number(l, t, error);
	t->text = (struct span){ s.p, field_text_length(s) };
	if (t->text.n == 0)
		return lex_sign(l, t, error);
	t->kind = word(t->text);
	return 0;
}

int expr_lex(struct lexer *l, struct token *t, struct expr_error *error)
{
	l->at += blanks(rest(l));
	*t = (struct token){ .kind = TOKEN_END, .at = l->at, .text = rest(l) };
	if (l->at == l->text.n)
		return 0;
	if (lex_word(l, t, error) < 0)
		return -1;
	l->at += t->text.n;
	return 0;
}
