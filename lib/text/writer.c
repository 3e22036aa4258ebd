/* SPDX-License-Identifier: MIT */
#include "lib/text/writer.h"

#include "lib/text/bytes.h"
#include "lib/text/utf8.h"

/* Texts are put where there is room for twice their length and PEEK_MOST bytes more; returned is where the next one goes. */
static char *put_plain(char *to, struct span s)
{
	if (s.n <= PEEK_MOST)
		peek_put(to, peek(s.p, s.n));   /* what is too much goes under the next one */
	else
		memcpy(to, s.p, s.n);
	return to + s.n;
}

static char *put_csv(char *to, struct span s)
{
	const char *p = s.p, *end = s.p + s.n;

	if (bytes_any4(p, end, ',', '"', '\r', '\n') == end)
		return put_plain(to, s);
	*to++ = '"';
	for (; p < end; p++) {
		if (*p == '"')
			*to++ = '"';
		*to++ = *p;
	}
	*to++ = '"';
	return to;
}

static char *put_tsv(char *to, struct span s)
{
	const char *p = s.p, *end = s.p + s.n;

	if (bytes_any4(p, end, '\t', '\n', '\r', '\\') == end)
		return put_plain(to, s);
	for (; p < end; p++) {
		char escape = *p == '\t' ? 't' : *p == '\n' ? 'n' : *p == '\r' ? 'r' : *p == '\\' ? '\\' : '\0';

		if (escape)
			*to++ = '\\';
		*to++ = escape ? escape : *p;
	}
	return to;
}

static void put_json_escape(struct buf *out, unsigned char c)
{
	static const char hex[] = "0123456789abcdef", from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *at = memchr(from, c, 7);
	char text[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

	if (at)
		text[1] = to[at - from];
	buf_add(out, text, at ? 2 : 6);
}

void json_put_string(struct buf *out, struct span s)
{
	const char *p = s.n ? s.p : "", *end = p + s.n, *q;

	buf_byte(out, '"');
	for (; (q = bytes_json_end(p, end)) < end; p = q) {
		int n = utf8_step(q, end);

		buf_add(out, p, (size_t)(q - p));
		if (n == 1)
			put_json_escape(out, (unsigned char)*q);
		else if (n > 1)
			buf_add(out, q, (size_t)n);
		else
			buf_text(out, UTF8_REPLACEMENT);
		q += n < 0 ? -n : n;
	}
	buf_add(out, p, (size_t)(end - p));
	buf_byte(out, '"');
}

void json_put_cell(struct buf *out, struct cell cell)
{
	if (cell.text.n == 0)
		buf_add(out, "null", 4);
	else if (cell.number)
		buf_span(out, cell.text);
	else
		json_put_string(out, cell.text);
}

static void json_lead(struct writer *w, const struct span *names)
{
	w->lead_end = mem_array(NULL, w->n, sizeof *w->lead_end);
	for (size_t i = 0; i < w->n; i++) {
		buf_byte(&w->lead, i ? ',' : '{');
		json_put_string(&w->lead, names[i]);
		buf_byte(&w->lead, ':');
		w->lead_end[i] = w->lead.n;
	}
}

static void json_row(const struct writer *w, struct buf *out, const struct cell *cells)
{
	size_t from = 0;

	for (size_t i = 0; i < w->n; from = w->lead_end[i++]) {
		buf_add(out, w->lead.p + from, w->lead_end[i] - from);
		json_put_cell(out, cells[i]);
	}
	buf_text(out, w->n ? "}\n" : "{}\n");
}

static char *put_cell(const struct writer *w, char *to, struct cell cell)
{
	if (cell.number || !cell.text.n)
		return put_plain(to, cell.text);
	return w->format == FORMAT_TSV ? put_tsv(to, cell.text) : put_csv(to, cell.text);
}

static void delimited_row(const struct writer *w, struct buf *out, const struct cell *cell)
{
	char delimiter = w->format == FORMAT_TSV ? '\t' : ',', *to;
	size_t room = PEEK_MOST;

	for (size_t i = 0; i < w->n; i++)
		room += 2 * cell[i].text.n + 3;         /* quotes, and what is behind it */
	to = buf_room(out, room);
	for (size_t i = 0; i < w->n; i++) {
		if (i)
			*to++ = delimiter;
		to = put_cell(w, to, cell[i]);
	}
	if (w->n == 1 && !cell[0].text.n && w->format == FORMAT_CSV)
		to = mempcpy(to, "\"\"", 2);
	*to++ = '\n';
	out->n = (size_t)(to - out->p);
}

void writer_init(struct writer *w, enum record_format format, const struct span *names, size_t n)
{
	struct cell *cell;

	*w = (struct writer){ .format = format, .n = n };
	if (format == FORMAT_NDJSON) {
		json_lead(w, names);
		return;
	}
	cell = mem_zalloc(n * sizeof *cell);
	for (size_t i = 0; i < n; i++)
		cell[i].text = names[i];
	delimited_row(w, &w->lead, cell);
	free(cell);
}

void writer_free(struct writer *w)
{
	buf_free(&w->lead);
	free(w->lead_end);
	*w = (struct writer){ 0 };
}

void writer_header(const struct writer *w, struct buf *out)
{
	if (w->format != FORMAT_NDJSON)
		buf_span(out, buf_view(&w->lead));
}

void writer_row(const struct writer *w, struct buf *out, const struct cell *cells)
{
	if (w->format == FORMAT_NDJSON)
		json_row(w, out, cells);
	else
		delimited_row(w, out, cells);
}
