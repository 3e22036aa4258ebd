/* SPDX-License-Identifier: MIT */
/* How it works: the fields asked for are a tree of steps; the scanner descends record and tree together, and where the
 * tree has no branch it only validates.
 * The members of a stream's objects mostly come in the same order with the same blanks. So the bytes before each top-level
 * value, `,"amount":`, are remembered as a slot together with the branch they lead to: where they stand again, one
 * comparison replaces parsing the name. Bytes that were well-formed once in this place are so again. */
#include "lib/text/json_scan.h"

#include <stdint.h>

#include "lib/base/mem.h"
#include "lib/text/bytes.h"
#include "lib/text/utf8.h"

#define MAX_SLOTS 64
#define SLOT_BYTES 32
#define SLOT_WORDS (SLOT_BYTES / 8)
#define LOOK_AHEAD 4                    /* slots tried when members are left out */

/* The way of a flat record: one function, which is worth a third of its time. */
#define FAST inline __attribute__((always_inline))

struct node {
	struct span name;               /* of a member; index < 0 */
	int64_t index;                  /* of an array element */
	struct node *child, *sibling;
	size_t field;                   /* filled by this value; NO_FIELD: none */
	uint64_t turn;                  /* of the record that had it last: another one in it is a duplicate */
};
#define NO_FIELD ((size_t)-1)

struct slot {
	uint64_t word[SLOT_WORDS], mask[SLOT_WORDS];
	size_t n;                       /* bytes; 0: matches nothing */
	struct node *node;              /* NULL: a member nobody asked for */
};

struct json_scan {
	const char *start, *end;        /* the record */
	const char *at;                 /* behind the object that ended last; where it is broken */
	const char *reason;
	struct arena *scratch;
	struct span *out;
	uint8_t *kind;
	size_t *same;                   /* field -> the next field of the same node */
	size_t nfields;
	uint64_t turn;
	struct node *root;
	struct arena nodes;
	size_t nslots;
	struct slot slot[MAX_SLOTS];
};

static struct node *node_new(struct json_scan *s, struct span name, int64_t index)
{
	struct node *n = arena_alloc(&s->nodes, sizeof *n, _Alignof(struct node));

	*n = (struct node){ .name = name, .index = index, .field = NO_FIELD };
	return n;
}

static struct node *branch(struct json_scan *s, struct node *parent, const struct field_step *step)
{
	struct node **at = &parent->child;

	for (; *at; at = &(*at)->sibling)
		if (step->index >= 0 ? (*at)->index == step->index : (*at)->index < 0 && span_eq((*at)->name, step->name))
			return *at;
	return *at = node_new(s, step->name, step->index < 0 ? -1 : step->index);
}

struct json_scan *json_scan_new(const struct fields *fields)
{
	struct json_scan *s = mem_zalloc(sizeof *s);

	s->nfields = fields->n;
	s->kind = mem_zalloc(fields->n);
	s->same = mem_array(NULL, fields->n, sizeof *s->same);
	s->root = node_new(s, (struct span){ 0 }, -1);
	for (size_t i = 0; i < fields->n; i++) {
		const struct field_ref *ref = &fields->ref[i];
		struct node *n = s->root;

		for (size_t k = 0; k < ref->nsteps; k++)
			n = branch(s, n, &ref->step[k]);
		if (n == s->root)
			continue;
		s->same[i] = n->field;
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

/* p is behind the opening quote; returns the closing one. */
static FAST const char *scan_string(struct json_scan *s, const char *p, bool *escaped)
{
	for (;;) {
		p = bytes_json_end(p, s->end);
		if (__builtin_expect(p < s->end && *p == '"', 1))
			return p;
		if (!(p = scan_special(s, p, escaped)))
			return NULL;
	}
}

static FAST const char *skip_digits(const char *p, const char *end)
{
	for (; end - p >= 8; p += 8) {
		uint64_t x = bytes_load(p) ^ BYTES_ONES * '0';
		uint64_t m = (((x & ~BYTES_HIGH) + BYTES_ONES * 0x76) | x) & BYTES_HIGH;        /* above 9 */

		if (m)
			return p + bytes_first(m);
	}
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

static FAST const char *scan_digits(struct json_scan *s, const char *p)
{
	const char *q = skip_digits(p, s->end);

	return q > p ? q : broken(s, p, "expected a digit");
}

static FAST const char *scan_number(struct json_scan *s, const char *p)
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

static void keep(struct json_scan *s, const struct node *n, enum json_kind kind, struct span text)
{
	for (size_t i = n->field; i != NO_FIELD; i = s->same[i]) {
		s->kind[i] = kind;
		s->out[i] = text;
	}
}

/* The node of a value that comes now; NULL when it is a duplicate. */
static inline struct node *claim(struct json_scan *s, struct node *n)
{
	if (!n || n->turn == s->turn)
		return NULL;
	n->turn = s->turn;
	return n;
}

static struct node *find_member(struct json_scan *s, const struct node *parent, struct span name, bool escaped)
{
	if (!parent || !parent->child)
		return NULL;
	if (escaped)
		name = json_unescape(name, s->scratch);
	for (struct node *n = parent->child; n; n = n->sibling)
		if (n->index < 0 && span_eq(n->name, name))
			return n;
	return NULL;
}

/* From behind `{` (first) or behind a value up to the next value; NULL without a reason: the object ended at s->at. */
static const char *scan_name(struct json_scan *s, const char *p, bool first, const struct node *parent, struct node **child)
{
	const char *end = s->end, *from;
	bool escaped = false;

	p = skip_blanks(p, end);
	if (p < end && *p == '}') {
		s->at = p + 1;
		return NULL;
	}
	if (!first) {
		if (p == end || *p != ',')
			return broken(s, p, "expected `,` or `}`");
		p = skip_blanks(p + 1, end);
	}
	if (p == end || *p != '"')
		return broken(s, p, "expected a member name");
	from = p + 1;
	if (!(p = scan_string(s, from, &escaped)))
		return NULL;
	*child = find_member(s, parent, (struct span){ from, (size_t)(p - from) }, escaped);
	p = skip_blanks(p + 1, end);
	if (p == end || *p != ':')
		return broken(s, p, "expected `:`");
	return skip_blanks(p + 1, end);
}

static const char *scan_container(struct json_scan *s, const char *p, struct node *n, int depth);

/* p may be the end; depth is that of the container around. */
static FAST const char *scan_value(struct json_scan *s, const char *p, struct node *n, int depth)
{
	const char *from = p;
	enum json_kind kind = JSON_MISSING;
	bool escaped = false;
	struct span text;

	if (p == s->end)
		return broken(s, p, "expected a value");
	if (*p == '"') {
		if (!(p = scan_string(s, ++from, &escaped)))
			return NULL;
		if (n) {
			text = (struct span){ from, (size_t)(p - from) };
			keep(s, n, JSON_STRING, escaped ? json_unescape(text, s->scratch) : text);
		}
		return p + 1;
	}
	if ((*p >= '0' && *p <= '9') || *p == '-')
		p = scan_number(s, p), kind = JSON_NUMBER;
	else if (*p == '{' || *p == '[')
		kind = *p == '{' ? JSON_OBJECT : JSON_ARRAY, p = scan_container(s, p, n, depth + 1);
	else
		p = scan_literal(s, p, &kind);
	if (p && n)
		keep(s, n, kind, (struct span){ from, kind == JSON_NULL ? 0 : (size_t)(p - from) });
	return p;
}

static const char *scan_object(struct json_scan *s, const char *p, const struct node *parent, int depth)
{
	struct node *child = NULL;
	const char *q;

	for (bool first = true; (q = scan_name(s, p, first, parent, &child)); first = false)
		if (!(p = scan_value(s, q, claim(s, child), depth)))
			return NULL;
	return s->reason ? NULL : s->at;
}

static struct node *find_element(const struct node *parent, int64_t i)
{
	struct node *n = parent ? parent->child : NULL;

	while (n && n->index != i)
		n = n->sibling;
	return n;
}

static const char *scan_array(struct json_scan *s, const char *p, const struct node *parent, int depth)
{
	const char *end = s->end;

	p = skip_blanks(p, end);
	if (p < end && *p == ']')
		return p + 1;
	for (int64_t i = 0;; i++) {
		p = scan_value(s, skip_blanks(p, end), claim(s, find_element(parent, i)), depth);
		if (!p)
			return NULL;
		p = skip_blanks(p, end);
		if (p < end && *p == ']')
			return p + 1;
		if (p == end || *p != ',')
			return broken(s, p, "expected `,` or `]`");
		p++;
	}
}

/* Out of line: the recursion is paid only by what is nested. */
static __attribute__((noinline)) const char *scan_container(struct json_scan *s, const char *p, struct node *n, int depth)
{
	if (depth > JSON_MAX_DEPTH)
		return broken(s, p, "nested too deep");
	return *p == '{' ? scan_object(s, p + 1, n, depth) : scan_array(s, p + 1, n, depth);
}

static FAST bool slot_stands(const struct slot *t, const char *p, const char *end)
{
	uint64_t differ = 0;

	if (end - p < SLOT_BYTES)
		return t->n && t->n <= (size_t)(end - p) && memcmp(p, t->word, t->n) == 0;
	for (int i = 0; i < SLOT_WORDS; i++)
		differ |= (bytes_load(p + 8 * i) ^ t->word[i]) & t->mask[i];
	return t->n && differ == 0;
}

/* The first slot from k on that stands at p; MAX_SLOTS: parse. Slot 0 alone has no comma: it is the first member or none. */
static FAST size_t find_slot(const struct json_scan *s, size_t k, const char *p)
{
	for (size_t i = k; i < s->nslots && i <= (k ? k + LOOK_AHEAD : 0); i++)
		if (slot_stands(&s->slot[i], p, s->end))
			return i;
	return MAX_SLOTS;
}

static void learn_slot(struct json_scan *s, size_t k, struct span text, struct node *child)
{
	struct slot *t;

	if (k >= MAX_SLOTS)
		return;                 /* members beyond these are parsed each time */
	t = &s->slot[k];
	*t = (struct slot){ .node = child };
	if (k == s->nslots)
		s->nslots++;
	if (text.n > SLOT_BYTES)
		return;
	t->n = text.n;
	memcpy(t->word, text.p, text.n);
	memset(t->mask, 0xff, text.n);
}

/* p is behind the `{` of the record. */
static const char *scan_members(struct json_scan *s, const char *p)
{
	struct node *child = NULL;
	const char *q;

	for (size_t k = 0, hit;; k++) {
		if ((hit = find_slot(s, k, p)) < MAX_SLOTS) {
			k = hit;
			q = skip_blanks(p + s->slot[k].n, s->end);    /* there may be more of them than were learned */
			child = s->slot[k].node;
		} else {
			if (!(q = scan_name(s, p, k == 0, s->root, &child)))
				return s->reason ? NULL : s->at;
			learn_slot(s, k, (struct span){ p, (size_t)(q - p) }, child);
		}
		if (!(p = scan_value(s, q, claim(s, child), 1)))
			return NULL;
	}
}

int json_scan_record(struct json_scan *s, struct span record, struct arena *scratch, struct span *field)
{
	const char *p = record.p;

	s->start = record.p;
	s->end = record.p + record.n;
	s->reason = NULL;
	s->scratch = scratch;
	s->out = field;
	s->turn++;
	memset(s->kind, JSON_MISSING, s->nfields);
	for (size_t i = 0; i < s->nfields; i++)
		field[i] = (struct span){ 0 };
	p = skip_blanks(p, s->end);
	if (p == s->end || *p != '{') {
		broken(s, p, "not an object");
		return -1;
	}
	if (!(p = scan_members(s, p + 1)))
		return -1;
	p = skip_blanks(p, s->end);
	if (p < s->end) {
		broken(s, p, "bytes behind the object");
		return -1;
	}
	return 0;
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
