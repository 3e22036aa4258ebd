/* SPDX-License-Identifier: MIT */
#include "lib/text/writer.h"

#include "lib/text/bytes.h"
#include "lib/text/utf8.h"

/* Empty cells often have no pointer, to which not even 0 may be added; put_delimited keeps them out. */
static void put_csv(struct buf *out, struct span s)
{
	const char *p = s.p, *end = s.p + s.n, *q;

	if (bytes_any4(p, end, ',', '"', '\r', '\n') == end) {
		buf_span(out, s);
		return;
	}
	buf_byte(out, '"');
	for (; (q = memchr(p, '"', (size_t)(end - p))); p = q + 1) {
		buf_add(out, p, (size_t)(q - p));
		buf_add(out, "\"\"", 2);
	}
	buf_add(out, p, (size_t)(end - p));
	buf_byte(out, '"');
}

static void put_tsv(struct buf *out, struct span s)
{
	const char *p = s.p, *end = s.p + s.n, *q;

	for (; (q = bytes_any4(p, end, '\t', '\n', '\r', '\\')) < end; p = q + 1) {
		buf_add(out, p, (size_t)(q - p));
		buf_byte(out, '\\');
		buf_byte(out, *q == '\t' ? 't' : *q == '\n' ? 'n' : *q == '\r' ? 'r' : '\\');
	}
	buf_add(out, p, (size_t)(end - p));
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

static void put_delimited(const struct writer *w, struct buf *out, size_t i, struct cell cell)
{
	if (i)
		buf_byte(out, w->format == FORMAT_TSV ? '\t' : ',');
	if (cell.text.n && cell.number)
		buf_span(out, cell.text);
	else if (cell.text.n && w->format == FORMAT_TSV)
		put_tsv(out, cell.text);
	else if (cell.text.n)
		put_csv(out, cell.text);
	else if (w->format == FORMAT_CSV && w->n == 1)
		buf_add(out, "\"\"", 2);
}

void writer_init(struct writer *w, enum record_format format, const struct span *names, size_t n)
{
	*w = (struct writer){ .format = format, .n = n };
	if (format == FORMAT_NDJSON) {
		json_lead(w, names);
		return;
	}
	for (size_t i = 0; i < n; i++)
		put_delimited(w, &w->lead, i, (struct cell){ names[i], false });
	buf_byte(&w->lead, '\n');
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
	if (w->format == FORMAT_NDJSON) {
		json_row(w, out, cells);
		return;
	}
	for (size_t i = 0; i < w->n; i++)
		put_delimited(w, out, i, cells[i]);
	buf_byte(out, '\n');
}
