/* SPDX-License-Identifier: MIT */
/* Why a record is bad: `amount: "abc" is not a number`, one line that fits into the scratch whatever the record holds. */
#include "lib/text/expr_run.h"

#include <stdio.h>

#include "lib/text/utf8.h"

#define MAX_NAME 40     /* bytes shown of the field's or expression's spelling */
#define MAX_SHOWN 40    /* of the text, escapes counted */

/* The length of the character s begins with; 0 when it is not one that may be shown as it is. */
static size_t plain_length(struct span s)
{
	unsigned char c = (unsigned char)s.p[0];
	int n = utf8_step(s.p, s.p + s.n);

	if (c < 0x20 || c == 0x7f || n < 0)
		return 0;
	return c == 0xc2 && (unsigned char)s.p[1] < 0xa0 ? 0 : (size_t)n;       /* C1 controls */
}

static void show(struct buf *out, struct span s, size_t max)
{
	size_t start = out->n;

	while (s.n) {
		size_t n = plain_length(s);

		if (out->n - start + (n ? n : 4) > max) {
			buf_text(out, "...");
			return;
		}
		if (n)
			buf_add(out, s.p, n);
		else
			buf_printf(out, "\\x%02x", (unsigned char)s.p[0]);
		s.p += n ? n : 1;
		s.n -= n ? n : 1;
	}
}

static void show_name(struct buf *out, const struct node *n)
{
	struct buf name = { 0 };

	if (!n)
		return;
	expr_print_node(&name, n);
	show(out, buf_view(&name), MAX_NAME);
	buf_free(&name);
}

static int finish(struct env *env, struct buf *out)
{
	size_t n = out->n < sizeof env->s->reason - 1 ? out->n : sizeof env->s->reason - 1;

	memcpy(env->s->reason, out->p, n);
	env->s->reason[n] = '\0';
	buf_free(out);
	return -1;
}

int bad_text(const struct node *n, struct env *env, struct span text, const char *why)
{
	struct buf out = { 0 };

	show_name(&out, n);
	buf_text(&out, n ? ": \"" : "\"");
	show(&out, text, MAX_SHOWN);
	buf_text(&out, "\" ");
	buf_text(&out, why);
	return finish(env, &out);
}

/* "not a number" is said of what it is, "more than .." of what it has. */
static int bad_syntax(const struct node *n, struct env *env, struct span text, const char *error)
{
	char why[100];

	snprintf(why, sizeof why, "%s %s", strncmp(error, "more ", 5) == 0 ? "has" : "is", error);
	return bad_text(n, env, text, why);
}

int bad_number(const struct node *n, struct env *env, struct span text)
{
	return bad_syntax(n, env, text, decimal_parse_error(text));
}

int bad_time(const struct node *n, struct env *env, struct span text)
{
	return bad_syntax(n, env, text, time_parse_error(text));
}

int bad_result(const struct node *n, struct env *env, const char *why)
{
	struct buf out = { 0 };

	show_name(&out, n);
	buf_byte(&out, ' ');
	buf_text(&out, why);
	return finish(env, &out);
}
