/* SPDX-License-Identifier: MIT */
/* naive -- CSV and TSV read one byte at a time from memory, as the documentation has it: the oracle for the reader.
 * Shares nothing with it but the transcript. Regular files only: a last line without newline is a line. */
#ifndef TESTS_UNIT_NAIVE_H
#define TESTS_UNIT_NAIVE_H

#include "tests/unit/transcript.h"

#define NAIVE_FIELDS 4096

struct naive {
	struct buf *out;
	struct span in;
	size_t at;
	uint64_t line;
	char delimiter;
	bool controlled, no_header, has_columns;
	size_t max;
	const char *const *names;       /* asked for; `@N` by number */
	size_t width, ncols;
	size_t column[16];              /* of each name, or SIZE_MAX */
	const char *origin;

	/* the record at hand */
	struct buf text;                /* fields, each up to its end */
	size_t end[NAIVE_FIELDS], n;
	size_t length;                  /* with its newline */
	char reason[200];
};

static inline struct span naive_field(const struct naive *s, size_t i)
{
	size_t from = i ? s->end[i - 1] : 0;

	return (struct span){ s->text.p ? s->text.p + from : NULL, s->end[i] - from };      /* NULL + 0 is not defined */
}

static inline void naive_end_field(struct naive *s)
{
	if (s->n == NAIVE_FIELDS)
		abort();
	s->end[s->n++] = s->text.n;
}

static inline bool naive_is(const struct naive *s, size_t at, const char *text)
{
	return s->in.n - at >= strlen(text) && memcmp(s->in.p + at, text, strlen(text)) == 0;
}

/* How many bytes to skip at the beginning of a physical line. */
static inline size_t naive_escape(const struct naive *s, size_t at)
{
	size_t i = at;

	if (!s->controlled)
		return 0;
	while (i < s->in.n && s->in.p[i] == '\\')
		i++;
	return i > at && naive_is(s, i, "#!weir");
}

static inline size_t naive_line_end(const struct naive *s, size_t at)
{
	while (s->in.p[at] != '\n')
		at++;
	return at;
}

static inline size_t naive_content(const struct naive *s, size_t from, size_t newline)
{
	return newline - from - (newline > from && s->in.p[newline - 1] == '\r');
}

/* The end of what may belong to the record at hand: a control line or the end. */
static inline size_t naive_limit(const struct naive *s)
{
	for (size_t i = s->at; s->controlled && i < s->in.n; i++)
		if (i > s->at && s->in.p[i - 1] == '\n' && naive_is(s, i, "#!weir "))
			return i;
	return s->in.n;
}

static inline bool naive_say(struct naive *s, const char *text)
{
	snprintf(s->reason, sizeof s->reason, "field %zu: %s", s->n + 1, text);
	return false;
}

static inline bool naive_long(struct naive *s)
{
	snprintf(s->reason, sizeof s->reason, "record longer than %zu bytes", s->max);
	return false;
}

static inline bool naive_csv(struct naive *s)
{
	enum { START, PLAIN, QUOTED, CLOSED } state = START;
	size_t limit = naive_limit(s), i;
	bool over = limit - s->at > s->max + 2;

	if (naive_content(s, s->at, naive_line_end(s, s->at)) > s->max)
		return naive_long(s);
	if (over)
		limit = s->at + s->max + 2;
	for (i = s->at + naive_escape(s, s->at); i < limit; i++) {
		char c = s->in.p[i];
		bool line_end = c == '\n' || (c == '\r' && i + 1 < limit && s->in.p[i + 1] == '\n');

		if (state == QUOTED) {
			if (c == '"')
				state = CLOSED;
			else
				buf_byte(&s->text, c);
			if (c == '\n')
				i += naive_escape(s, i + 1);
		} else if (c == ',') {
			naive_end_field(s);
			state = START;
		} else if (line_end) {
			i += c == '\r';
			s->length = i + 1 - s->at;
			if (naive_content(s, s->at, i) > s->max)
				return naive_long(s);
			naive_end_field(s);
			return true;
		} else if (c == '"' && state == START) {
			state = QUOTED;
		} else if (c == '"' && state == CLOSED) {
			buf_byte(&s->text, c);
			state = QUOTED;
		} else if (c == '"') {
			return naive_say(s, "quote inside the field");
		} else if (state == CLOSED) {
			return c == '\r' && i + 1 == limit ? naive_long(s) : naive_say(s, "text behind the closing quote");
		} else {
			buf_byte(&s->text, c);
			state = PLAIN;
		}
	}
	return state == QUOTED ? naive_say(s, "quote not closed") : naive_long(s);
}

static inline bool naive_tsv(struct naive *s)
{
	static const char letters[] = "tnr\\0", meant[] = "\t\n\r\\\0";
	size_t end = naive_line_end(s, s->at), stop = s->at + naive_content(s, s->at, end);
	const char *letter;

	s->length = end + 1 - s->at;
	if (stop - s->at > s->max)
		return naive_long(s);
	for (size_t i = s->at + naive_escape(s, s->at); i < stop; i++)
		if (s->in.p[i] == '\t') {
			naive_end_field(s);
		} else if (s->in.p[i] == '\\' && i + 1 < stop && s->in.p[i + 1] && (letter = strchr(letters, s->in.p[i + 1]))) {
			buf_byte(&s->text, meant[letter - letters]);
			i++;
		} else {
			buf_byte(&s->text, s->in.p[i]);
		}
	naive_end_field(s);
	return true;
}

static inline void naive_columns(struct naive *s)
{
	s->ncols = s->n;
	s->has_columns = true;
	for (size_t w = 0; w < s->width; w++) {
		s->column[w] = SIZE_MAX;
		if (s->names[w][0] == '@' && strtoul(s->names[w] + 1, NULL, 10) <= s->n)
			s->column[w] = strtoul(s->names[w] + 1, NULL, 10) - 1;
		for (size_t i = s->n; !s->no_header && s->names[w][0] != '@' && i-- > 0;)
			if (span_eq(naive_field(s, i), span_of(s->names[w])))
				s->column[w] = i;
	}
}

static inline void naive_row(struct naive *s, struct span raw)
{
	struct span field[16] = { { NULL, 0 } };

	if (s->n != s->ncols) {
		snprintf(s->reason, sizeof s->reason, "%zu field%s, %s has %zu", s->n, s->n == 1 ? "" : "s", s->origin, s->ncols);
		transcript_bad(s->out, s->line, raw, s->reason);
		return;
	}
	for (size_t w = 0; w < s->width; w++)
		if (s->column[w] != SIZE_MAX)
			field[w] = naive_field(s, s->column[w]);
	transcript_row(s->out, s->line, raw, field, s->width);
}

static inline void naive_pass(struct naive *s, size_t n)
{
	for (; n; n--)
		s->line += s->in.p[s->at++] == '\n';
}

/* False when the header is bad. */
static inline bool naive_record(struct naive *s)
{
	bool good;
	size_t newline = naive_line_end(s, s->at);
	struct span raw = { s->in.p + s->at, naive_content(s, s->at, newline) };

	buf_clear(&s->text);
	s->n = 0;
	good = s->delimiter == ',' ? naive_csv(s) : naive_tsv(s);
	if (!good) {
		if (!s->has_columns && !s->no_header) {
			buf_printf(s->out, "ERROR 65 input:%llu: %s\n", (unsigned long long)s->line, s->reason);
			return false;
		}
		raw.n = raw.n < s->max ? raw.n : s->max;
		transcript_bad(s->out, s->line, raw, s->reason);
		naive_pass(s, newline + 1 - s->at);
		return true;
	}
	raw.n = naive_content(s, s->at, s->at + s->length - 1);
	if (!s->has_columns) {
		naive_columns(s);
		if (!s->no_header) {
			naive_pass(s, s->length);
			return true;
		}
	}
	naive_row(s, raw);
	naive_pass(s, s->length);
	return true;
}

/* A control line at hand; columns are simple names here. */
static inline void naive_control(struct naive *s)
{
	size_t newline = naive_line_end(s, s->at);
	struct span raw = { s->in.p + s->at, naive_content(s, s->at, newline) };

	transcript_control(s->out, raw);
	if (span_eq(raw, SPAN("#!weir columns")) || span_starts(raw, SPAN("#!weir columns "))) {
		struct span rest = span_trim((struct span){ raw.p + 14, raw.n - 14 });

		buf_clear(&s->text);
		s->n = 0;
		for (size_t i = 0; i < rest.n; i++)
			if (rest.p[i] == ',')
				naive_end_field(s);
			else
				buf_byte(&s->text, rest.p[i]);
		naive_end_field(s);
		naive_columns(s);
	}
	naive_pass(s, newline + 1 - s->at);
}

/* names: those in fields, in their order, at most 16. Format CSV or TSV. */
static inline void naive_read(struct buf *out, struct span bytes, const char *const *names, size_t width,
	const struct reader_options *options)
{
	static struct naive s;
	struct buf copy = { 0 };

	memset(&s, 0, sizeof s);
	buf_span(&copy, bytes);
	if (bytes.n && bytes.p[bytes.n - 1] != '\n')
		buf_byte(&copy, '\n');
	s = (struct naive){ .out = out, .in = buf_view(&copy), .line = 1, .names = names, .width = width,
		.delimiter = options->format == FORMAT_TSV ? '\t' : ',', .no_header = options->no_header,
		.max = options->max_record ? options->max_record : 1024 * 1024 };
	if (naive_is(&s, 0, "\xef\xbb\xbf"))
		s.at = 3;
	s.controlled = naive_is(&s, s.at, "#!weir ");
	s.origin = s.controlled ? "columns line" : s.no_header ? "first record" : "header";
	if (s.controlled)
		s.no_header = false;
	for (;;) {
		if (s.at == s.in.n) {
			buf_text(out, "END\n");
			break;
		}
		if (s.controlled && s.line == 1 && (naive_is(&s, s.at + 7, " ") || naive_is(&s, s.at + 7, "\n"))) {
			buf_text(out, "ERROR 65 input:1: not a control line\n");
			break;
		} else if (s.controlled && naive_is(&s, s.at, "#!weir ")) {
			naive_control(&s);
		} else if (s.in.p[s.at] == '\n' || naive_is(&s, s.at, "\r\n")) {
			naive_pass(&s, 1 + (s.in.p[s.at] == '\r'));
		} else if (s.controlled && !s.has_columns) {
			buf_printf(out, "ERROR 65 input:%llu: data before a columns line\n", (unsigned long long)s.line);
			break;
		} else if (!naive_record(&s)) {
			break;
		}
	}
	buf_free(&copy);
	buf_free(&s.text);
}

#endif
