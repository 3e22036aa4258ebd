/* SPDX-License-Identifier: MIT */
/* The functions of strings. What is a part of its argument is borrowed from it; what is made lies in the arena. */
#include "lib/text/expr_run.h"

#include "lib/text/utf8.h"

#define MAX_MADE ((size_t)16 << 20)     /* bytes: replace in replace in replace would grow without end */

static const struct span null_text;

static int too_long(const struct node *n, struct env *env)
{
	return bad_result(n, env, "is a text of more than 16 MiB");
}

/* Both arguments of a function: 0, 1 when one is null, -1. */
static int two_texts(const struct node *n, struct env *env, struct span *a, struct span *b)
{
	if (node_text(n->arg[0], env, a) < 0 || node_text(n->arg[1], env, b) < 0)
		return -1;
	return a->n == 0 || b->n == 0;
}

enum truth run_starts_with(const struct node *n, struct env *env)
{
	struct span s, part;
	int rc = two_texts(n, env, &s, &part);

	if (rc)
		return rc < 0 ? TRUTH_BAD : UNKNOWN;
	return span_starts(s, part) ? YES : NO;
}

enum truth run_ends_with(const struct node *n, struct env *env)
{
	struct span s, part;
	int rc = two_texts(n, env, &s, &part);

	if (rc)
		return rc < 0 ? TRUTH_BAD : UNKNOWN;
	return s.n >= part.n && memcmp(s.p + s.n - part.n, part.p, part.n) == 0 ? YES : NO;
}

enum truth run_contains(const struct node *n, struct env *env)
{
	struct span s, part;
	int rc = two_texts(n, env, &s, &part);

	if (rc)
		return rc < 0 ? TRUTH_BAD : UNKNOWN;
	return memmem(s.p, s.n, part.p, part.n) ? YES : NO;
}

int run_length(const struct node *n, struct env *env, struct decimal *out)
{
	struct span s;

	if (node_text(n->arg[0], env, &s) < 0)
		return -1;
	*out = (struct decimal){ (i128)s.n, 0 };
	return s.n == 0;
}

/* ASCII letters from `first` on move by `shift`; the bytes of other characters stay. */
static int change_case(const struct node *n, struct env *env, struct span *out, char first, int shift)
{
	struct span s;
	char *p;

	if (node_text(n->arg[0], env, &s) < 0)
		return -1;
	p = arena_alloc(&env->s->arena, s.n, 1);
	for (size_t i = 0; i < s.n; i++)
		p[i] = (char)(s.p[i] >= first && s.p[i] <= first + 25 ? s.p[i] + shift : s.p[i]);
	*out = (struct span){ p, s.n };
	return 0;
}

int run_lower(const struct node *n, struct env *env, struct span *out)
{
	return change_case(n, env, out, 'A', 'a' - 'A');
}

int run_upper(const struct node *n, struct env *env, struct span *out)
{
	return change_case(n, env, out, 'a', 'A' - 'a');
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

int run_trim(const struct node *n, struct env *env, struct span *out)
{
	struct span s;

	if (node_text(n->arg[0], env, &s) < 0)
		return -1;
	while (s.n && is_blank(s.p[0]))
		s.p++, s.n--;
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	*out = s;
	return 0;
}

/* Where the character begins that byte i is inside of; i itself when none is cut there. */
static size_t character_start(struct span s, size_t i)
{
	for (size_t back = 1; back <= 3 && back <= i && i < s.n; back++) {
		const char *p = s.p + i - back;

		if (((unsigned char)*p & 0xc0) != 0x80)
			return utf8_step(p, s.p + s.n) > (int)back ? i - back : i;
	}
	return i;
}

/* Bytes [from, to) without the characters that its ends cut: never longer than asked for. */
static struct span cut(struct span s, size_t from, size_t to)
{
	size_t begin = character_start(s, from);

	if (begin < from)
		from = begin + (size_t)utf8_step(s.p + begin, s.p + s.n);
	to = character_start(s, to);
	return from < to ? (struct span){ s.p + from, to - from } : null_text;
}

/* As in SQL, from may lie before the text: what is not there counts, but is not given. */
int run_substr(const struct node *n, struct env *env, struct span *out)
{
	int64_t from, length = INT64_MAX, to;
	struct span s;
	int a, b = 0;

	if (node_text(n->arg[0], env, &s) < 0 || (a = node_i64(n->arg[1], env, &from)) < 0)
		return -1;
	if (n->n > 2 && (b = node_i64(n->arg[2], env, &length)) < 0)
		return -1;
	*out = null_text;
	if (a || b || s.n == 0 || length <= 0 || from > (int64_t)s.n)
		return 0;
	if (__builtin_add_overflow(from, length, &to) || to > (int64_t)s.n + 1)
		to = (int64_t)s.n + 1;
	if (from < 1)
		from = 1;
	if (to > from)
		*out = cut(s, (size_t)(from - 1), (size_t)(to - 1));
	return 0;
}

/* Arguments may use the print buffer themselves, so all are there before it is filled. */
int run_concat(const struct node *n, struct env *env, struct span *out)
{
	struct arena *arena = &env->s->arena;
	struct span *part = arena_alloc(arena, n->n * sizeof *part, 16);
	size_t total = 0;
	char *p;

	for (size_t i = 0; i < n->n; i++) {
		if (node_text(n->arg[i], env, &part[i]) < 0)
			return -1;
		total += part[i].n;
		if (total > MAX_MADE)
			return too_long(n, env);
	}
	*out = (struct span){ p = arena_alloc(arena, total, 1), total };
	for (size_t i = 0; i < n->n; i++)
		if (part[i].n)
			p = mempcpy(p, part[i].p, part[i].n);
	return 0;
}

static int replace_all(struct buf *out, struct span s, struct span from, struct span to)
{
	const char *hit;

	while ((hit = memmem(s.p, s.n, from.p, from.n))) {
		size_t before = (size_t)(hit - s.p);

		buf_add(out, s.p, before);
		buf_span(out, to);
		s.p += before + from.n;
		s.n -= before + from.n;
		if (out->n > MAX_MADE)
			return -1;
	}
	buf_span(out, s);
	return 0;
}

int run_replace(const struct node *n, struct env *env, struct span *out)
{
	struct span from, to;

	if (node_text(n->arg[0], env, out) < 0 || node_text(n->arg[1], env, &from) < 0 || node_text(n->arg[2], env, &to) < 0)
		return -1;
	if (from.n == 0)                /* of null, null; and nothing else can be replaced by looking for nothing */
		*out = null_text;
	if (out->n == 0)
		return 0;
	buf_clear(&env->s->print);
	if (replace_all(&env->s->print, *out, from, to) < 0)
		return too_long(n, env);
	*out = scratch_text(env->s);
	return 0;
}

/* The n-th of the parts between separators, from 1. */
static struct span part_from_left(struct span s, struct span sep, int64_t n)
{
	const char *hit;

	while ((hit = memmem(s.p, s.n, sep.p, sep.n)) && --n) {
		s.n -= (size_t)(hit - s.p) + sep.n;
		s.p = hit + sep.n;
	}
	if (hit)
		s.n = (size_t)(hit - s.p);
	return hit || n == 1 ? s : null_text;
}

static int64_t count_parts(struct span s, struct span sep)
{
	const char *hit;
	int64_t n = 1;

	for (; (hit = memmem(s.p, s.n, sep.p, sep.n)); n++) {
		s.n -= (size_t)(hit - s.p) + sep.n;
		s.p = hit + sep.n;
	}
	return n;
}

int run_split(const struct node *n, struct env *env, struct span *out)
{
	struct span s, sep;
	int64_t which = 0;
	int rc = two_texts(n, env, &s, &sep), is_null;

	if (rc < 0 || (is_null = node_i64(n->arg[2], env, &which)) < 0)
		return -1;
	*out = null_text;
	if (rc || is_null)
		return 0;
	if (which < 0)
		which += count_parts(s, sep) + 1;
	if (which > 0)
		*out = part_from_left(s, sep, which);
	return 0;
}
