/* SPDX-License-Identifier: MIT */
/* files -- records as CSV, TSV or NDJSON, some of them gzipped, written as differently as the formats allow. */
#ifndef TESTS_LAW_FILES_H
#define TESTS_LAW_FILES_H

#include <zlib.h>

#include "lib/text/writer.h"
#include "tests/law/sample.h"

static inline bool chance(uint64_t seed, uint64_t id, uint64_t what, uint64_t n)
{
	return dice_tied(seed, what, id) % n == 0;
}

static inline void put_csv(struct buf *out, struct span text, bool quoted)
{
	bool must = false;

	for (size_t i = 0; i < text.n; i++)
		must |= text.p[i] == ',' || text.p[i] == '"' || text.p[i] == '\n' || text.p[i] == '\r';
	if (!must && !quoted) {
		buf_span(out, text);
		return;
	}
	buf_byte(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"')
			buf_byte(out, '"');
		buf_byte(out, text.p[i]);
	}
	buf_byte(out, '"');
}

static inline void put_tsv(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		switch (text.p[i]) {
		case '\t': buf_text(out, "\\t"); break;
		case '\n': buf_text(out, "\\n"); break;
		case '\r': buf_text(out, "\\r"); break;
		case '\\': buf_text(out, "\\\\"); break;
		default: buf_byte(out, text.p[i]);
		}
	}
}

/* A number as JSON writes them, so that it may stand bare. */
static inline bool is_json_number(struct span t)
{
	size_t i = t.n && t.p[0] == '-', from = i;

	while (i < t.n && t.p[i] >= '0' && t.p[i] <= '9')
		i++;
	if (i == from || (i > from + 1 && t.p[from] == '0'))
		return false;
	if (i < t.n && t.p[i] == '.') {
		from = ++i;
		while (i < t.n && t.p[i] >= '0' && t.p[i] <= '9')
			i++;
		if (i == from)
			return false;
	}
	return i == t.n;
}

static inline void put_json_string(struct buf *out, struct span text, bool escaped)
{
	if (!escaped) {
		json_put_string(out, text);
		return;
	}
	buf_byte(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < 0x80)
			buf_printf(out, "\\u%04X", c);
		else
			buf_byte(out, (char)c);
	}
	buf_byte(out, '"');
}

/* How one file is written. */
struct form {
	enum record_format format;
	uint64_t seed;
	enum column order[COLUMNS];     /* its own */
	size_t pad;                     /* a column of that many bytes which no view asks for: many blocks for few records */
};

static inline void put_pad(struct buf *out, const struct form *f, uint64_t id)
{
	size_t n = dice_tied(f->seed, 800, id) % f->pad;

	memset(buf_room(out, n), 'x', n);
	out->n += n;
}

static inline void put_object(struct buf *out, const struct record *r, const struct form *f)
{
	bool first = true;

	buf_byte(out, '{');
	for (int i = 0; i < COLUMNS; i++) {
		enum column c = f->order[i];
		struct span text = r->text[c];

		if (!text.n && !chance(f->seed, r->id, 100 + c, 3))             /* null is a missing field, too */
			continue;
		buf_text(out, first ? "" : ",");
		first = false;
		put_json_string(out, span_of(column_name[c]), chance(f->seed, r->id, 200 + c, 20));
		buf_text(out, chance(f->seed, r->id, 300 + c, 5) ? " : " : ":");
		if (!text.n)
			buf_text(out, chance(f->seed, r->id, 400 + c, 2) ? "null" : "\"\"");
		else if (is_json_number(text) && !chance(f->seed, r->id, 500 + c, 3))
			buf_span(out, text);
		else
			put_json_string(out, text, chance(f->seed, r->id, 600 + c, 10));
	}
	if (f->pad) {
		buf_text(out, first ? "\"pad\":\"" : ",\"pad\":\"");
		put_pad(out, f, r->id);
		buf_byte(out, '"');
	}
	buf_byte(out, '}');
}

static inline void put_line(struct buf *out, const struct record *r, const struct form *f)
{
	char separator = f->format == FORMAT_TSV ? '\t' : ',';

	for (int i = 0; i < COLUMNS; i++) {
		if (i)
			buf_byte(out, separator);
		if (separator == '\t')
			put_tsv(out, r->text[f->order[i]]);
		else
			put_csv(out, r->text[f->order[i]], chance(f->seed, r->id, 700 + (uint64_t)i, 12));
	}
	if (f->pad) {
		buf_byte(out, separator);
		put_pad(out, f, r->id);
	}
}

static inline void put_record(struct buf *out, const struct record *r, const struct form *f)
{
	if (r->fault == BAD_SHAPE)
		buf_text(out, f->format == FORMAT_NDJSON ? "{\"ts\":" : f->format == FORMAT_TSV ? "one\ttwo" : "one,two");
	else if (f->format == FORMAT_NDJSON)
		put_object(out, r, f);
	else
		put_line(out, r, f);
}

static inline void put_header(struct buf *out, const struct form *f)
{
	const char *separator = f->format == FORMAT_TSV ? "\t" : ",";

	if (f->format == FORMAT_NDJSON)
		return;
	for (int i = 0; i < COLUMNS; i++)
		buf_printf(out, "%s%s", i == 0 ? "" : separator, column_name[f->order[i]]);
	if (f->pad)
		buf_printf(out, "%spad", separator);
	buf_byte(out, '\n');
}

static inline void shuffle_columns(struct dice *d, enum column order[COLUMNS])
{
	for (int i = 0; i < COLUMNS; i++)
		order[i] = (enum column)i;
	for (int i = COLUMNS; i-- > 1;) {
		int j = (int)dice_below(d, (uint64_t)i + 1);
		enum column c = order[i];

		order[i] = order[j];
		order[j] = c;
	}
}

static inline void records_text(struct buf *out, const struct records *rs, enum record_format format, uint64_t seed)
{
	struct dice d = { seed };
	struct form f = { .format = format, .seed = seed, .pad = dice_one_in(&d, 12) ? 20000 : 0 };
	const char *newline = dice_one_in(&d, 6) ? "\r\n" : "\n";
	bool blanks = format != FORMAT_TSV && dice_one_in(&d, 6);

	shuffle_columns(&d, f.order);
	if (format == FORMAT_CSV && dice_one_in(&d, 10))
		buf_text(out, "\xef\xbb\xbf");
	put_header(out, &f);
	for (size_t i = 0; i < rs->n; i++) {
		if (blanks && chance(seed, rs->item[i].id, 900, 8))
			buf_text(out, "\n");
		put_record(out, &rs->item[i], &f);
		buf_text(out, newline);
	}
	if (rs->n && rs->item[rs->n - 1].fault == SOUND && dice_one_in(&d, 8))
		out->n -= strlen(newline);              /* a file may end without one */
}

static inline void write_bytes(const char *path, struct span text)
{
	FILE *f = fopen(path, "w");

	if (!f || (text.n && fwrite(text.p, 1, text.n, f) != text.n) || fclose(f) != 0) {
		perror(path);
		abort();
	}
}

/* In one to three members, cut anywhere. */
static inline void write_gzip(const char *path, struct span text, struct dice *d)
{
	size_t members = (size_t)dice_range(d, 1, 3);

	for (size_t m = 0, at = 0; m < members; m++) {
		gzFile f = gzopen(path, m ? "ab" : "wb");
		size_t n = m + 1 == members ? text.n - at : (size_t)dice_below(d, text.n - at + 1);

		if (!f || (n && gzwrite(f, text.p + at, (unsigned)n) != (int)n) || gzclose(f) != Z_OK) {
			perror(path);
			abort();
		}
		at += n;
	}
}

#endif
