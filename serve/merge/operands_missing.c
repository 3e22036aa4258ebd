/* SPDX-License-Identifier: MIT */
/* What operands lack. */
#include <inttypes.h>

#include "lib/base/diag.h"
#include "serve/merge/operands.h"

static bool has_source(const struct operands *o, struct span source)
{
	for (size_t i = 0; i < o->nviews; i++)
		for (size_t k = 0; k < o->view[i].tilings.n; k++)
			if (o->view[i].tilings.of[k].n && span_eq(span_of(o->view[i].tilings.of[k].source), source))
				return true;
	return false;
}

void operands_absent(const struct operands *o, const struct view *v, void (*each)(void *context, struct span source), void *context)
{
	struct span list = { NULL, 0 };

	for (size_t i = 0; v && i < v->words.n; i++)
		if (strcmp(v->words.name[i], "sources") == 0)
			list = span_of(v->words.value[i]);
	while (list.n) {
		const char *comma = memchr(list.p, ',', list.n);
		struct span source = { list.p, comma ? (size_t)(comma - list.p) : list.n };

		list.p += source.n + (comma != NULL), list.n -= source.n + (comma != NULL);
		source = span_trim(source);
		if (source.n && !has_source(o, source))
			each(context, source);
	}
}

struct telling {
	const char *view, *what;
	struct buf *lines;
};

static void tell_absent(void *context, struct span source)
{
	struct telling *t = context;

	buf_printf(t->lines, "%s: %.*s: %s", t->view, (int)source.n, source.p, t->what);
	buf_byte(t->lines, '\0');
}

static void tell_empty(const char *view, struct buf *lines)
{
	buf_printf(lines, "%s: no range file yet", view);
	buf_byte(lines, '\0');
}

static void tell_gap(const char *view, const struct tiling *t, struct buf *lines)
{
	buf_printf(lines, "%s: %s: ", view, t->source);
	if (t->beyond > t->end.at)
		buf_printf(lines, "records %" PRIu64 "-%" PRIu64 " are missing", t->end.at, t->beyond);
	else
		buf_printf(lines, "what is there behind record %" PRIu64 " does not join", t->end.at);
	buf_printf(lines, "; served up to %" PRIu64, t->end.at);
	buf_byte(lines, '\0');
}

void operands_missing(const struct operands *o, const struct view *v, struct buf *lines)
{
	struct telling t = { o->nviews ? o->view[0].path : "", "no range file yet", lines };
	size_t gaps;

	for (size_t i = 0; i < o->nviews; i++)
		for (size_t k = 0; k < o->view[i].tilings.n; k++)
			if (o->view[i].tilings.of[k].gap)
				tell_gap(o->view[i].path, &o->view[i].tilings.of[k], lines);
	gaps = lines->n;
	operands_absent(o, v, tell_absent, &t);
	if (lines->n != gaps)
		return;                 /* which logs a view waits for says more than that it is empty */
	for (size_t i = 0; i < o->nviews; i++)
		if (o->view[i].tilings.n == 0)
			tell_empty(o->view[i].path, lines);
}

static void print_age(struct buf *out, int64_t ms)
{
	duration_print(out, (struct duration){ ms < 10000 ? ms : ms / 1000 * 1000, DURATION_MS, false });
}

static void tell_old(const char *view, const char *source, int64_t age, int64_t max_age, struct buf *lines)
{
	buf_printf(lines, "%s: %s: ", view, source);
	print_age(lines, age);
	buf_text(lines, " old, --max-age is ");
	print_age(lines, max_age);
	buf_byte(lines, '\0');
}

void operands_old(const struct operands *o, const struct view *v, int64_t now, int64_t max_age, struct buf *lines)
{
	struct telling t = { o->nviews ? o->view[0].path : "", "no range file yet", lines };

	for (size_t i = 0; i < o->nviews; i++) {
		const struct operand_view *of = &o->view[i];

		for (size_t k = 0; k < of->tilings.n; k++) {
			const struct tiling *source = &of->tilings.of[k];

			if (source->n == 0)
				tell_absent(&(struct telling){ of->path, t.what, lines }, span_of(source->source));
			else if (now - of->written[k] > max_age)
				tell_old(of->path, source->source, now - of->written[k], max_age, lines);
		}
		if (of->tilings.n == 0)
			tell_empty(of->path, lines);
	}
	operands_absent(o, v, tell_absent, &t);
}

int operands_tell(const struct operands *o, const struct view *v, bool strict, struct buf *said, struct failure *f)
{
	struct buf lines = { 0 };
	int rc = 0;

	operands_missing(o, v, &lines);
	if (strict && lines.n)
		rc = failure_set(f, EXIT_DATA, "%s", lines.p);
	else if (!span_eq(buf_view(&lines), buf_view(said)))
		for (size_t i = 0; i < lines.n; i += strlen(lines.p + i) + 1)
			warn("%s", lines.p + i);
	buf_free(said);
	*said = lines;
	return rc;
}
