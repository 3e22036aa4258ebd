/* SPDX-License-Identifier: MIT */
#include "speed/through/answer.h"

#include "lib/base/diag.h"
#include "lib/stream/control.h"
#include "lib/text/csv_quoted.h"
#include "lib/text/layout.h"

static const char no_header[] = "--header new takes one that differs, --header none is for commands that see data alone";

/* ---- the header ---- */

/* In a controlled stream columns lines stand for headers; those that came in have gone on already, unless new ones are expected. */
static void send_header(struct answer *a, struct span header)
{
	struct buf *to = &a->out->buf;

	if (a->controlled && (a->mode != HEADER_NEW || (a->has_sent && span_eq(header, buf_view(&a->sent)))))
		return;
	a->has_sent = true;
	buf_clear(&a->sent);
	buf_span(&a->sent, header);
	out_begin_control(a->out);
	if (a->controlled) {
		buf_text(to, CONTROL_PREFIX "columns ");
		layout_print_columns(a->format, header, to);
	} else {
		buf_span(to, header);
	}
	buf_byte(to, '\n');
	out_end_control(a->out);
}

void reply_begin(struct answer *a, struct span given)
{
	a->given = given;
	a->headed = given.n == 0 || a->mode == HEADER_NONE;
	buf_clear(&a->held);
	if (given.n && a->mode == HEADER_NONE)
		send_header(a, given);
}

static void drop_held(struct answer *a, size_t n)
{
	a->held.n -= n;
	memmove(a->held.p, a->held.p + n, a->held.n);
}

/* The header is the first n bytes held, with its line end. */
static int accept_header(struct answer *a, size_t n, struct failure *f)
{
	struct span header = { a->held.p, n - 1 };

	if (header.n && header.p[header.n - 1] == '\r')
		header.n--;
	if (header.n == 0)
		return failure_set(f, EXIT_DATA, "an empty line came back in place of a header; %s", no_header);
	send_header(a, header);
	drop_held(a, n);
	a->headed = true;
	return 0;
}

static int is_other_header(const struct answer *a, struct failure *f)
{
	const char *end = memchr(a->held.p, '\n', a->held.n);

	return failure_set(f, EXIT_DATA, "the first line that came back is not the header that went in, but \"%s\"; %s",
	                   diag_show(a->held.p, end ? (size_t)(end - a->held.p) : a->held.n), no_header);
}

/* 1: it is off; 0: more must come first; -1. */
static int take_same_header(struct answer *a, struct failure *f)
{
	size_t n = a->given.n, common = a->held.n < n ? a->held.n : n;

	if (memcmp(a->held.p, a->given.p, common) != 0)
		return is_other_header(a, f);
	if (a->held.n > n && a->held.p[n] == '\r')
		n++;
	if (a->held.n <= n)
		return 0;
	if (a->held.p[n] != '\n')
		return is_other_header(a, f);
	return accept_header(a, n + 1, f) < 0 ? -1 : 1;
}

/* A CSV header may hold newlines within quotes. */
static int take_new_header(struct answer *a, bool final, struct failure *f)
{
	const char *p = a->held.p, *end = p + a->held.n, *newline = memchr(p, '\n', a->held.n);
	struct csv_record r = { .length = newline ? (size_t)(newline - p) + 1 : 0 };

	if (newline && a->format == FORMAT_CSV && memchr(p, '"', r.length)) {
		enum csv_extent extent = csv_extent(p, end, a->max_line, final, &r);

		if (extent == CSV_MORE)
			return 0;
		if (extent != CSV_WHOLE)
			return failure_set(f, EXIT_DATA, "the header that came back is not well quoted: \"%s\"", diag_show(p, (size_t)(newline - p)));
	}
	if (!newline)
		return 0;
	return accept_header(a, r.length, f) < 0 ? -1 : 1;
}

static int take_header(struct answer *a, bool final, struct failure *f)
{
	if (a->held.n == 0)
		return 0;
	return a->mode == HEADER_SAME ? take_same_header(a, f) : take_new_header(a, final, f);
}

/* ---- the data ---- */

static void send_lines(struct answer *a, struct span lines)
{
	struct buf *to = &a->out->buf;
	size_t from = to->n;
	const char *p = lines.p, *end = p + lines.n;

	buf_span(to, lines);
	if (a->controlled)
		control_escape(to, from, !format_is_delimited(a->format));
	for (; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		a->lines++;
	out_more(a->out);
}

static int pass(struct answer *a, bool final, struct failure *f)
{
	int rc = a->headed ? 1 : take_header(a, final, f);
	const char *last;

	if (rc < 0)
		return -1;
	last = rc && a->held.n ? memrchr(a->held.p, '\n', a->held.n) : NULL;
	if (last) {
		size_t n = (size_t)(last - a->held.p) + 1;

		send_lines(a, (struct span){ a->held.p, n });
		drop_held(a, n);
	}
	if (a->held.n > a->max_line)
		return failure_set(f, EXIT_DATA, "a line that came back is longer than %zu bytes (--max-record)", a->max_line);
	return 0;
}

int reply_take(struct answer *a, const char *p, size_t n, struct failure *f)
{
	buf_add(&a->held, p, n);
	return pass(a, false, f);
}

/* The command has ended well, so that a last line without newline is whole. */
int reply_end(struct answer *a, struct failure *f)
{
	if (a->held.n && a->held.p[a->held.n - 1] != '\n')
		buf_byte(&a->held, '\n');
	if (pass(a, true, f) < 0)
		return -1;
	if (!a->headed)
		return failure_set(f, EXIT_DATA, "no header came back; %s", no_header);
	return 0;
}

void reply_free(struct answer *a)
{
	buf_free(&a->held);
	buf_free(&a->sent);
}
