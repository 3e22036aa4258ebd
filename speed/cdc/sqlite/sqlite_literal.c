/* SPDX-License-Identifier: MIT */
#include "speed/cdc/sqlite/sqlite_literal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text/base64.h"

struct reading {
	const char *p, *end;
	struct arena *arena;
};

static bool takes(struct reading *r, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(r->end - r->p) < n || memcmp(r->p, word, n) != 0)
		return false;
	r->p += n;
	return true;
}

/* Behind the first quote. Quotes inside are doubled. */
static bool read_text(struct reading *r, struct span *text)
{
	const char *begin = r->p, *quote;
	size_t doubled = 0;
	char *to;

	for (;; r->p = quote + 2, doubled++) {
		quote = r->p < r->end ? memchr(r->p, '\'', (size_t)(r->end - r->p)) : NULL;
		if (!quote)
			return false;
		if (quote + 1 == r->end || quote[1] != '\'')
			break;
	}
	r->p = quote + 1;
	*text = (struct span){ begin, (size_t)(quote - begin) };
	if (!doubled)
		return true;
	text->p = to = arena_alloc(r->arena, text->n, 1);
	for (const char *from = begin; from < quote; from++) {
		*to++ = *from;
		from += *from == '\'';
	}
	text->n -= doubled;
	return true;
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Behind the first quote. */
static bool read_bytes(struct reading *r, struct span *bytes)
{
	const char *quote = r->p < r->end ? memchr(r->p, '\'', (size_t)(r->end - r->p)) : NULL;
	size_t n = quote ? (size_t)(quote - r->p) / 2 : 0;
	char *to;

	if (!quote || (quote - r->p) % 2)
		return false;
	to = arena_alloc(r->arena, n + 1, 1);
	for (size_t i = 0; i < n; i++) {
		int high = hex(r->p[2 * i]), low = hex(r->p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		to[i] = (char)(high << 4 | low);
	}
	*bytes = (struct span){ to, n };
	r->p = quote + 1;
	return true;
}

static struct span as_base64(struct reading *r, struct span bytes)
{
	struct buf text = { 0 };
	struct span kept;

	base64_encode(&text, bytes);
	kept = arena_copy(r->arena, buf_view(&text));
	buf_free(&text);
	return kept;
}

static bool is_short_number(struct span s)
{
	return s.n <= 17 && !memchr(s.p, 'e', s.n);
}

/* quote() prints 15 digits, or 21 where these do not give the number back. */
static struct span fewest_digits(struct reading *r, struct span s)
{
	char text[64];
	double v;

	if (s.n >= sizeof text || is_short_number(s))
		return s;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	v = strtod(text, NULL);
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	return arena_copy(r->arena, span_of(text));
}

static bool read_number(struct reading *r, struct datum *d)
{
	const char *begin = r->p, *comma = memchr(begin, ',', (size_t)(r->end - begin));
	struct span s = { begin, (size_t)((comma ? comma : r->end) - begin) };
	bool is_real = false, any = false;

	for (size_t i = 0; i < s.n; i++) {
		bool digit = s.p[i] >= '0' && s.p[i] <= '9', sign = s.p[i] == '-' || s.p[i] == '+';

		any |= digit;
		is_real |= s.p[i] == '.' || s.p[i] == 'e';
		if (!digit && s.p[i] != '.' && s.p[i] != 'e' && !(sign && (i == 0 || s.p[i - 1] == 'e')))
			return false;
	}
	if (!any)
		return false;
	r->p = begin + s.n;
	*d = (struct datum){ DATUM_NUMBER, is_real ? fewest_digits(r, s) : s };
	return true;
}

static bool read_one(struct reading *r, struct datum *d)
{
	struct span bytes;

	*d = (struct datum){ .kind = DATUM_TEXT };
	if (takes(r, "NULL"))
		d->kind = DATUM_NULL;
	else if (takes(r, "'") || takes(r, "T'"))
		return read_text(r, &d->text);
	else if (takes(r, "TX'"))
		return read_bytes(r, &d->text);
	else if (takes(r, "X'")) {
		if (!read_bytes(r, &bytes))
			return false;
		d->text = as_base64(r, bytes);
	} else if (takes(r, "Inf"))
		d->text = SPAN("Infinity");
	else if (takes(r, "-Inf"))
		d->text = SPAN("-Infinity");
	else
		return read_number(r, d);
	return true;
}

int sqlite_literals(struct span text, struct datum *d, size_t n, struct arena *arena)
{
	struct reading r = { text.p, text.p + text.n, arena };

	for (size_t i = 0; i < n; i++)
		if ((i && !takes(&r, ",")) || !read_one(&r, &d[i]))
			return -1;
	return r.p == r.end ? 0 : -1;
}
