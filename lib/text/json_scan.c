/* SPDX-License-Identifier: MIT */
/* How it works: the fields asked for are a tree of steps; the scanner descends record and tree together, and where the
 * tree has no branch it only validates.
 * Members that were met before are not parsed again (json_seen.h). Strings and numbers are measured 16 bytes at a time, by
 * arithmetic rather than loops: their lengths cannot be guessed. */
#include "lib/text/json_scan.h"

#include <stdint.h>

#include "lib/base/mem.h"
#include "lib/text/bytes.h"
#include "lib/text/json_seen.h"
#include "lib/text/utf8.h"

/* The way of a flat record: one function, which is worth a third of its time. */
#define FAST inline __attribute__((always_inline))

struct json_node {
	struct span name;               /* of a member; index < 0 */
	int64_t index;                  /* of an array element */
	struct json_node *child, *sibling;
	size_t field;                   /* filled by this value; NO_FIELD: none */
	struct json_node *filled;       /* the next one that fills a field */
	uint64_t turn;                  /* of the record that had it last: another one in it is a duplicate */
};
#define NO_FIELD ((size_t)-1)

struct json_scan {
	const char *start, *end;        /* the record */
	const char *last;               /* where its last 16 bytes begin; NULL: it has not as many */
	struct json_index index;        /* quote NULL: there is none */
	const char *mark;               /* with an index: nothing that is marked stands between here and there */
	const char *at;                 /* behind the object that ended last; where it is broken */
	const char *reason;
	struct arena *scratch;
	struct span *out;
	enum json_kind *kind;
	size_t *same;                   /* field -> the next field of the same node */
	size_t nfields;
	uint64_t turn;
	struct json_node *root, *filled;
	struct arena nodes;
	struct json_seen seen;
};

static struct json_node *node_new(struct json_scan *s, struct span name, int64_t index)
{
	struct json_node *n = arena_alloc(&s->nodes, sizeof *n, _Alignof(struct json_node));

	*n = (struct json_node){ .name = name, .index = index, .field = NO_FIELD };
	return n;
}

static struct json_node *branch(struct json_scan *s, struct json_node *parent, const struct field_step *step)
{
	struct json_node **at = &parent->child;

	for (; *at; at = &(*at)->sibling)
		if (step->index >= 0 ? (*at)->index == step->index : (*at)->index < 0 && span_eq((*at)->name, step->name))
			return *at;
	return *at = node_new(s, step->name, step->index < 0 ? -1 : step->index);
}

struct json_scan *json_scan_new(const struct fields *fields)
{
	struct json_scan *s = mem_zalloc(sizeof *s);

	s->nfields = fields->n;
	s->kind = mem_array(NULL, fields->n, sizeof *s->kind);
	memset(s->kind, 0, fields->n * sizeof *s->kind);
	s->same = mem_array(NULL, fields->n, sizeof *s->same);
	s->root = node_new(s, (struct span){ 0 }, -1);
	json_seen_forget(&s->seen);
	for (size_t i = 0; i < fields->n; i++) {
		const struct field_ref *ref = &fields->ref[i];
		struct json_node *n = s->root;

		for (size_t k = 0; k < ref->nsteps; k++)
			n = branch(s, n, &ref->step[k]);
		if (n->field == NO_FIELD)
			n->filled = s->filled, s->filled = n;
		s->same[i] = n->field;          /* @N: the root's, which no value has */
		n->field = i;
	}
	return s;
}

void json_scan_free(struct json_scan *s)
{
	if (!s)
		return;
	arena_free(&s->nodes);
	free(s->kind);
	free(s->same);
	free(s);
}

enum json_kind json_scan_kind(const struct json_scan *s, size_t i)
{
	return s->kind[i];
}

const char *json_scan_reason(const struct json_scan *s)
{
	return s->reason;
}

size_t json_scan_offset(const struct json_scan *s)
{
	return (size_t)(s->at - s->start);
}

/* Where the scanner is, handed from one to the next in registers. */
struct place {
	const char *p;                  /* NULL: the record is broken, or s->at says more */
	size_t nquotes;                 /* before it, if there is an index of them */
};

/* Functions that scan return the place behind what they scanned, NULL when it is broken. */
static const char *broken(struct json_scan *s, const char *at, const char *reason)
{
	s->at = at;
	s->reason = reason;
	return NULL;
}

static inline const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
		p++;
	return p;
}

/* -1: not four hexadecimal digits. */
static int32_t hex4(const char *p, const char *end)
{
	int32_t v = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = p[i];

		if (c >= '0' && c <= '9')
			v = v << 4 | (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			v = v << 4 | ((c | 0x20) - 'a' + 10);
		else
			return -1;
	}
	return v;
}

/* p is behind `\u`. RFC 8259 section 7: what is not in the basic plane is written as a pair of surrogates. */
static const char *scan_unicode_escape(struct json_scan *s, const char *p)
{
	int32_t c = hex4(p, s->end), low;

	if (c < 0)
		return broken(s, p, "\\u without four hexadecimal digits");
	if (c < 0xd800 || c > 0xdfff)
		return p + 4;
	if (c > 0xdbff || s->end - p < 6 || p[4] != '\\' || p[5] != 'u')
		return broken(s, p - 2, "lone surrogate");
	low = hex4(p + 6, s->end);
	if (low < 0xdc00 || low > 0xdfff)
		return broken(s, p - 2, "lone surrogate");
	return p + 10;
}

/* What a plain run ended with. */
static const char *scan_special(struct json_scan *s, const char *p, bool *escaped)
{
	if (p == s->end)
		return broken(s, p, "string without end");
	if (*p == '\\') {
		*escaped = true;
		if (s->end - p < 2)
			return broken(s, p, "string without end");
		if (p[1] == 'u')
			return scan_unicode_escape(s, p + 2);
		if (!memchr("\"\\/bfnrt", p[1], 8))
			return broken(s, p, "unknown escape");
		return p + 2;
	}
	if ((unsigned char)*p < 0x20)
		return broken(s, p, "control byte in a string");
	while (p < s->end && (unsigned char)*p >= 0x80) {
		int n = utf8_step(p, s->end);

		if (n < 0)
			return broken(s, p, "invalid UTF-8");
		p += n;
	}
	return p;
}

/* Where 16 bytes can be read that hold those at p. What they say is shifted by the distance. */
static FAST const char *window(const struct json_scan *s, const char *p)
{
	return p < s->last ? p : s->last;
}

static FAST const char *plain_end(const struct json_scan *s, const char *p)
{
	if (!s->last)
		return bytes_json_end(p, s->end);
	for (; p < s->end; p += 16) {
		const char *from = window(s, p);
		unsigned special = bytes_json16(from) >> (p - from);

		if (special)
			return p + __builtin_ctz(special);
	}
	return s->end;
}

static const char *string_end(struct json_scan *s, const char *p, bool *escaped)
{
	for (;;) {
		p = plain_end(s, p);
		if (__builtin_expect(p < s->end && *p == '"', 1))
			return p;
		if (!(p = scan_special(s, p, escaped)))
			return NULL;
	}
}

/* The end of the record is as good as a mark: no string goes beyond. */
static void set_mark(struct json_scan *s)
{
	const char *mark = s->index.base + *s->index.mark;

	s->mark = mark < s->end ? mark : s->end;
}

/* Without an index, or something is marked before the next quote. */
static __attribute__((noinline)) struct place scan_marked_string(struct json_scan *s, struct place at, bool *escaped)
{
	const char *p = string_end(s, at.p, escaped);

	if (!p || !s->index.quote)
		return (struct place){ p, 0 };
	while (s->index.base + s->index.quote[at.nquotes] < p)
		at.nquotes++;           /* also those with a backslash */
	while (s->index.base + *s->index.mark < p)
		s->index.mark++;
	set_mark(s);
	return (struct place){ p, at.nquotes + 1 };
}

/* Behind the opening quote; returns the closing one. Where nothing is marked it is the next quote, and that is known before
 * what stands here is scanned. */
static FAST struct place scan_string(struct json_scan *s, struct place at, bool *escaped)
{
	const char *closing;

	if (s->index.quote) {
		closing = s->index.base + s->index.quote[at.nquotes + 1];
		if (__builtin_expect(closing < s->mark, 1))
			return (struct place){ closing, at.nquotes + 2 };
	}
	return scan_marked_string(s, at, escaped);
}

static const char *scan_digits(struct json_scan *s, const char *p)
{
	const char *q = p;

	while (q < s->end && *q >= '0' && *q <= '9')
		q++;
	return q > p ? q : broken(s, p, "expected a digit");
}

static __attribute__((noinline)) const char *scan_any_number(struct json_scan *s, const char *p)
{
	const char *end = s->end;

	if (*p == '-')
		p++;
	if (p < end && *p == '0')
		p++;
	else if (!(p = scan_digits(s, p)))
		return NULL;
	if (p < end && *p == '.' && !(p = scan_digits(s, p + 1)))
		return NULL;
	if (p < end && (*p | 0x20) == 'e') {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		p = scan_digits(s, p);
	}
	return p;
}

/* The end of a number of less than 16 bytes without exponent that is not the last thing in the record; NULL: it is another. */
static FAST const char *short_number_end(const struct json_scan *s, const char *p)
{
	const char *from = window(s, p);
	unsigned digits = bytes_decimal16(from) >> (p - from), n = (unsigned)__builtin_ctz(~digits), fraction;

	if (n == 0 || n > 15 || p + n >= s->end || (*p == '0' && n > 1))
		return NULL;
	if (p[n] == '.') {
		fraction = (unsigned)__builtin_ctz(~(digits >> (n + 1)));
		n += 1 + fraction;
		if (fraction == 0 || n > 15 || p + n >= s->end)
			return NULL;
	}
	return (p[n] | 0x20) == 'e' ? NULL : p + n;
}

static FAST const char *scan_number(struct json_scan *s, const char *p)
{
	const char *end = s->last ? short_number_end(s, p + (*p == '-')) : NULL;

	return end ? end : scan_any_number(s, p);
}

static const char *scan_literal(struct json_scan *s, const char *p, enum json_kind *kind)
{
	static const struct { struct span text; enum json_kind kind; } literal[] = {
		{ { "null", 4 }, JSON_NULL }, { { "true", 4 }, JSON_TRUE }, { { "false", 5 }, JSON_FALSE },
	};

	for (size_t i = 0; i < 3; i++)
		if (span_starts((struct span){ p, (size_t)(s->end - p) }, literal[i].text)) {
			*kind = literal[i].kind;
			return p + literal[i].text.n;
		}
	return broken(s, p, "expected a value");
}

static void keep(struct json_scan *s, const struct json_node *n, enum json_kind kind, struct span text)
{
	for (size_t i = n->field; i != NO_FIELD; i = s->same[i]) {
		s->kind[i] = kind;
		s->out[i] = text;
	}
}

/* The node of a value that comes now; NULL when it is a duplicate. */
static inline struct json_node *claim(struct json_scan *s, struct json_node *n)
{
	if (!n || n->turn == s->turn)
		return NULL;
	n->turn = s->turn;
	return n;
}

static struct json_node *find_member(struct json_scan *s, const struct json_node *parent, struct span name, bool escaped)
{
	if (!parent || !parent->child)
		return NULL;
	if (escaped)
		name = json_unescape(name, s->scratch);
	for (struct json_node *n = parent->child; n; n = n->sibling)
		if (n->index < 0 && span_eq(n->name, name))
			return n;
	return NULL;
}

/* From `{` (first) or behind a value up to the next value; NULL without a reason: the object ended at s->at. */
static struct place scan_name(struct json_scan *s, struct place at, bool first, const struct json_node *parent, struct json_node **child)
{
	const char *end = s->end, *p, *from;
	bool escaped = false;

	p = skip_blanks(at.p + first, end);
	if (p < end && *p == '}') {
		s->at = p + 1;
		return (struct place){ NULL, at.nquotes };
	}
	if (!first) {
		if (p == end || *p != ',')
			return (struct place){ broken(s, p, "expected `,` or `}`"), 0 };
		p = skip_blanks(p + 1, end);
	}
	if (p == end || *p != '"')
		return (struct place){ broken(s, p, "expected a member name"), 0 };
	from = p + 1;
	at.p = from;
	at = scan_string(s, at, &escaped);
	if (!at.p)
		return at;
	*child = find_member(s, parent, (struct span){ from, (size_t)(at.p - from) }, escaped);
	p = skip_blanks(at.p + 1, end);
	if (p == end || *p != ':')
		return (struct place){ broken(s, p, "expected `:`"), 0 };
	at.p = skip_blanks(p + 1, end);
	return at;
}

static struct place scan_container(struct json_scan *s, struct place at, struct json_node *n, struct json_member **guess, int depth);

static FAST struct place scan_string_value(struct json_scan *s, struct place at, const struct json_node *n)
{
	const char *from = ++at.p;
	bool escaped = false;
	struct span text;

	at = scan_string(s, at, &escaped);
	if (!at.p)
		return at;
	if (n) {
		text = (struct span){ from, (size_t)(at.p - from) };
		keep(s, n, JSON_STRING, escaped ? json_unescape(text, s->scratch) : text);
	}
	at.p++;
	return at;
}

/* at may be the end; guess is for an object in it; depth is that of the container around. */
static FAST struct place scan_value(struct json_scan *s, struct place at, struct json_node *n, struct json_member **guess, int depth)
{
	const char *from = at.p;
	enum json_kind kind = JSON_MISSING;

	if (from == s->end)
		return (struct place){ broken(s, from, "expected a value"), 0 };
	if (*from == '"')
		return scan_string_value(s, at, n);
	if ((*from >= '0' && *from <= '9') || *from == '-')
		at.p = scan_number(s, from), kind = JSON_NUMBER;
	else if (*from == '{' || *from == '[')
		kind = *from == '{' ? JSON_OBJECT : JSON_ARRAY, at = scan_container(s, at, n, guess, depth + 1);
	else
		at.p = scan_literal(s, from, &kind);
	if (at.p && n)
		keep(s, n, kind, (struct span){ from, kind == JSON_NULL ? 0 : (size_t)(at.p - from) });
	return at;
}

/* The member at hand, as it was met before or parsed; returns where its value begins, as scan_name. The one with the guesses
 * that follow from it comes in *m. */
static __attribute__((noinline))
struct place find_value(struct json_scan *s, struct place at, bool first, const struct json_node *parent, struct json_member **m, struct json_node **child)
{
	const char *p = at.p;

	if (first == (p < s->end && *p == '{') && (*m = json_seen_find(&s->seen, p, s->last, parent))) {
		*child = (*m)->node;
		return (struct place){ p + (*m)->n, at.nquotes + (*m)->nquotes };
	}
	at = scan_name(s, at, first, parent, child);
	if (at.p) {
		*m = json_seen_learn(&s->seen, (struct span){ p, (size_t)(at.p - p) }, s->last, parent, *child);
		if (!*m)
			*m = &s->seen.none;
	}
	return at;
}

/* at is the `{`. */
static struct place scan_object(struct json_scan *s, struct place at, const struct json_node *parent, struct json_member **guess, int depth)
{
	struct json_member *m;
	struct json_node *child;

	for (bool first = true;; first = false, guess = &m->next) {
		m = *guess;
		if (__builtin_expect(json_member_stands(m, at.p, s->end, parent), 1)) {
			at = (struct place){ at.p + m->n, at.nquotes + m->nquotes };
			child = m->node;
		} else {
			if (at.p < s->end && *at.p == '}')
				return (struct place){ at.p + 1, at.nquotes };
			at = find_value(s, at, first, parent, &m, &child);
			if (!at.p)
				return (struct place){ s->reason ? NULL : s->at, at.nquotes };
			*guess = m;
		}
		at.p = skip_blanks(at.p, s->end);       /* there may be more than there were before */
		at = scan_value(s, at, claim(s, child), &m->inside, depth);
		if (!at.p)
			return at;
	}
}

static struct json_node *find_element(const struct json_node *parent, int64_t i)
{
	struct json_node *n = parent ? parent->child : NULL;

	while (n && n->index != i)
		n = n->sibling;
	return n;
}

/* at is the `[`. */
static struct place scan_array(struct json_scan *s, struct place at, const struct json_node *parent, struct json_member **guess, int depth)
{
	const char *end = s->end;

	at.p = skip_blanks(at.p + 1, end);
	if (at.p < end && *at.p == ']')
		return (struct place){ at.p + 1, at.nquotes };
	for (int64_t i = 0;; i++) {
		at.p = skip_blanks(at.p, end);
		at = scan_value(s, at, claim(s, find_element(parent, i)), guess, depth);
		if (!at.p)
			return at;
		at.p = skip_blanks(at.p, end);
		if (at.p < end && *at.p == ']')
			return (struct place){ at.p + 1, at.nquotes };
		if (at.p == end || *at.p != ',')
			return (struct place){ broken(s, at.p, "expected `,` or `]`"), 0 };
		at.p++;
	}
}

/* Out of line: the recursion is paid only by what is nested. */
static __attribute__((noinline))
struct place scan_container(struct json_scan *s, struct place at, struct json_node *n, struct json_member **guess, int depth)
{
	if (depth > JSON_MAX_DEPTH)
		return (struct place){ broken(s, at.p, "nested too deep"), 0 };
	if (n && !n->child)
		n = NULL;
	return *at.p == '{' ? scan_object(s, at, n, guess, depth) : scan_array(s, at, n, guess, depth);
}

static void begin(struct json_scan *s, struct span record, struct arena *scratch, struct span *field)
{
	s->start = record.p;
	s->end = record.p + record.n;
	s->last = record.n < 16 ? NULL : s->end - 16;
	s->reason = NULL;
	s->scratch = scratch;
	s->out = field;
	s->turn++;
	if (json_seen_is_full(&s->seen))
		json_seen_forget(&s->seen);
}

static void fill_missing(struct json_scan *s)
{
	for (const struct json_node *n = s->filled; n; n = n->filled)
		if (n->turn != s->turn)
			keep(s, n, JSON_MISSING, (struct span){ 0 });
}

static int scan_record(struct json_scan *s)
{
	const char *p;

	p = skip_blanks(s->start, s->end);
	if (p == s->end || *p != '{') {
		broken(s, p, "not an object");
		return -1;
	}
	if (!(p = scan_object(s, (struct place){ p, 0 }, s->root, &s->seen.first, 1).p))
		return -1;
	p = skip_blanks(p, s->end);
	if (p < s->end) {
		broken(s, p, "bytes behind the object");
		return -1;
	}
	fill_missing(s);
	return 0;
}

int json_scan_record(struct json_scan *s, struct span record, struct arena *scratch, struct span *field)
{
	return json_scan_indexed(s, record, &(struct json_index){ 0 }, scratch, field);
}

int json_scan_indexed(struct json_scan *s, struct span record, const struct json_index *index, struct arena *scratch, struct span *field)
{
	begin(s, record, scratch, field);
	s->index = *index;
	if (index->quote)
		set_mark(s);
	return scan_record(s);
}

static size_t unescape_one(const char **at, char *out)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *p = *at + 1, *simple;
	uint32_t c;

	if (*p != 'u') {
		simple = memchr(from, *p, 5);
		*out = simple ? to[simple - from] : *p;
		*at = p + 1;
		return 1;
	}
	c = (uint32_t)hex4(p + 1, p + 5);
	*at = p + 5;
	if (c >= 0xd800 && c <= 0xdbff) {
		c = 0x10000 + ((c - 0xd800) << 10) + ((uint32_t)hex4(p + 7, p + 11) - 0xdc00);
		*at = p + 11;
	}
	return utf8_encode(c, out);
}

struct span json_unescape(struct span content, struct arena *scratch)
{
	const char *p = content.p, *end = p + content.n, *q;
	char *out = arena_alloc(scratch, content.n + 4, 1), *to = out;  /* never longer than it was */

	for (;; p = q) {
		q = memchr(p, '\\', (size_t)(end - p));
		if (!q)
			q = end;
		memcpy(to, p, (size_t)(q - p));
		to += q - p;
		if (q == end)
			return (struct span){ out, (size_t)(to - out) };
		to += unescape_one(&q, to);
	}
}
