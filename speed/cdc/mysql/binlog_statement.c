/* SPDX-License-Identifier: MIT */
#include "speed/cdc/mysql/binlog_statement.h"

#include <strings.h>

/* ---- words ---- */

static void skip(struct span *s, size_t n)
{
	s->p += n;
	s->n -= n;
}

static void skip_line(struct span *s)
{
	while (s->n && *s->p != '\n')
		skip(s, 1);
}

static void skip_comment(struct span *s)
{
	skip(s, 2);
	while (s->n && !span_starts(*s, SPAN("*/")))
		skip(s, 1);
	skip(s, s->n < 2 ? s->n : 2);
}

/* Of a comment that servers read: its mark and number go, and its end. */
static bool skip_mark(struct span *s)
{
	if (span_starts(*s, SPAN("/*!")))
		skip(s, 3);
	else if (span_starts(*s, SPAN("/*M!")))
		skip(s, 4);
	else if (span_starts(*s, SPAN("*/")))
		skip(s, 2);
	else
		return false;
	while (s->n && *s->p >= '0' && *s->p <= '9')
		skip(s, 1);
	return true;
}

static void skip_space(struct span *s)
{
	for (;;) {
		if (s->n && (*s->p == ' ' || (*s->p >= '\t' && *s->p <= '\r')))
			skip(s, 1);
		else if (skip_mark(s))
			continue;
		else if (span_starts(*s, SPAN("/*")))
			skip_comment(s);
		else if (span_starts(*s, SPAN("-- ")) || (s->n && *s->p == '#'))
			skip_line(s);
		else
			return;
	}
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* A word, or a quoted name without its quotes; empty: there is none. */
static struct span take_word(struct span *s)
{
	struct span word;
	char quote;

	skip_space(s);
	word = (struct span){ s->p, 0 };
	if (s->n && (*s->p == '`' || *s->p == '"')) {
		quote = *s->p;
		skip(s, 1);
		for (word.p++; s->n && *s->p != quote; word.n++)
			skip(s, 1);
		skip(s, s->n ? 1 : 0);
		return word;
	}
	for (; s->n && is_word(*s->p); word.n++)
		skip(s, 1);
	return word;
}

static bool word_is(struct span word, const char *what)
{
	return word.n == strlen(what) && strncasecmp(word.p, what, word.n) == 0;
}

/* Takes the word if it is the next one. */
static bool takes(struct span *s, const char *what)
{
	struct span at = *s;

	if (!word_is(take_word(&at), what))
		return false;
	*s = at;
	return true;
}

static bool takes_byte(struct span *s, char c)
{
	skip_space(s);
	if (!s->n || *s->p != c)
		return false;
	skip(s, 1);
	return true;
}

/* ---- statements ---- */

static struct statement of(enum statement_kind kind, struct span rest)
{
	return (struct statement){ .kind = kind, .rest = rest };
}

static struct statement drop(struct span s)
{
	struct statement it = of(STATEMENT_EMPTIES, s);

	if (takes(&s, "TEMPORARY"))
		return of(STATEMENT_PASSES, s);
	it.is_database = takes(&s, "DATABASE") || takes(&s, "SCHEMA");
	if (!it.is_database && !takes(&s, "TABLE") && !takes(&s, "TABLES"))
		return of(STATEMENT_PASSES, s);
	if (takes(&s, "IF"))
		takes(&s, "EXISTS");
	it.rest = s;
	return it;
}

static struct statement create(struct span s)
{
	if (takes(&s, "OR") && takes(&s, "REPLACE")) {
		if (takes(&s, "TABLE"))
			return of(STATEMENT_EMPTIES, s);
		if (takes(&s, "DATABASE") || takes(&s, "SCHEMA"))
			return (struct statement){ STATEMENT_EMPTIES, s, true };
	}
	return of(STATEMENT_PASSES, s);
}

/* ALTER TABLE name ... {DROP | TRUNCATE | EXCHANGE} PARTITION */
static struct statement alter(struct span s)
{
	struct span name;
	bool ignored = takes(&s, "ONLINE");

	ignored |= takes(&s, "IGNORE");
	if (!takes(&s, "TABLE"))
		return of(STATEMENT_PASSES, s);
	if (takes(&s, "IF"))
		takes(&s, "EXISTS");
	name = s;
	while (skip_space(&s), s.n) {
		bool goes = takes(&s, "DROP") || takes(&s, "TRUNCATE") || takes(&s, "EXCHANGE");

		if (goes && takes(&s, "PARTITION"))
			return of(STATEMENT_EMPTIES, name);
		if (!goes && !take_word(&s).n)
			skip(&s, s.n ? 1 : 0);
	}
	return of(STATEMENT_PASSES, s);
}

static struct statement xa(struct span s)
{
	if (takes(&s, "COMMIT"))
		return of(STATEMENT_XA_COMMIT, s);
	return of(takes(&s, "ROLLBACK") ? STATEMENT_XA_ROLLBACK : STATEMENT_PASSES, s);
}

static struct statement rollback(struct span s)
{
	takes(&s, "WORK");
	return of(takes(&s, "TO") ? STATEMENT_ROLLBACK_TO : STATEMENT_ROLLBACK, s);
}

static bool is_one_of(struct span word, const char *const *of, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (word_is(word, of[i]))
			return true;
	return false;
}

struct statement statement_of(struct span text)
{
	static const char *const rows[] = { "INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD", "CALL", "WITH", "SELECT", "DO", "EXECUTE" };
	struct span s = text, word = take_word(&s);

	if (word_is(word, "BEGIN") || word_is(word, "START"))
		return of(STATEMENT_BEGIN, s);
	if (word_is(word, "COMMIT"))
		return of(STATEMENT_COMMIT, s);
	if (word_is(word, "ROLLBACK"))
		return rollback(s);
	if (word_is(word, "XA"))
		return xa(s);
	if (word_is(word, "DROP"))
		return drop(s);
	if (word_is(word, "CREATE"))
		return create(s);
	if (word_is(word, "ALTER"))
		return alter(s);
	if (word_is(word, "TRUNCATE")) {
		takes(&s, "TABLE");
		return of(STATEMENT_EMPTIES, s);
	}
	return of(is_one_of(word, rows, sizeof rows / sizeof *rows) ? STATEMENT_ROWS : STATEMENT_PASSES, s);
}

bool statement_table(struct span *rest, struct span *database, struct span *name)
{
	*database = (struct span){ "", 0 };
	*name = take_word(rest);
	if (name->n && takes_byte(rest, '.')) {
		*database = *name;
		*name = take_word(rest);
	}
	if (!takes_byte(rest, ','))
		rest->n = 0;
	return name->n;
}
