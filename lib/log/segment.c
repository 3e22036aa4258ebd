/* SPDX-License-Identifier: MIT */
/* The lines of a segment are control lines in the form of CSV streams, in every format: no record of NDJSON begins with #. */
#include "lib/log/segment.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/base/hash.h"

#define DIGITS 20
#define CRC_KEY " crc="
#define CRC_TAIL (sizeof CRC_KEY - 1 + 8)

static const char *const format_name[] = { [FORMAT_CSV] = "csv", [FORMAT_TSV] = "tsv", [FORMAT_NDJSON] = "ndjson" };

/* ---- names of files ---- */

void segment_name(uint64_t first, const char *suffix, char name[SEGMENT_NAME])
{
	snprintf(name, SEGMENT_NAME, "%020" PRIu64 "%s", first, suffix);
}

int segment_name_parse(const char *name, const char *suffix, uint64_t *first)
{
	uint64_t at = 0;

	for (int i = 0; i < DIGITS; i++) {
		unsigned d = (unsigned)(name[i] - '0');

		if (d > 9 || at > (UINT64_MAX - d) / 10)
			return -1;
		at = at * 10 + d;
	}
	if (strcmp(name + DIGITS, suffix) != 0)
		return -1;
	*first = at;
	return 0;
}

/* ---- writing ---- */

static void add_u64(struct buf *out, const char *name, uint64_t v)
{
	buf_printf(out, " %s=%" PRIu64, name, v);
}

static void add_hex(struct buf *out, const char *name, uint32_t v)
{
	buf_printf(out, " %s=%08" PRIx32, name, v);
}

/* Ends the line that begins at out->p + from. */
static void end_line(struct buf *out, size_t from)
{
	add_hex(out, "crc", hash_crc32c(0, out->p + from, out->n - from));
	buf_byte(out, '\n');
}

static bool has_columns(enum record_format format)
{
	return format != FORMAT_NDJSON;
}

void segment_print_head(const struct segment_head *h, struct buf *out)
{
	size_t from = out->n;

	control_begin(out, false, "segment");
	add_u64(out, "v", 1);
	control_add(out, false, "log", span_of(h->log));
	add_u64(out, "first", h->first.at);
	add_hex(out, "chain", h->first.chain);
	control_add(out, false, "format", span_of(format_name[h->format]));
	if (has_columns(h->format))
		add_hex(out, "columns", hash_crc32c(0, h->columns.p, h->columns.n));
	end_line(out, from);
	if (!has_columns(h->format))
		return;
	control_begin(out, false, "columns");
	buf_byte(out, ' ');
	buf_span(out, buf_view(&h->columns));
	buf_byte(out, '\n');
}

void segment_print_block(const struct block_trailer *t, struct buf *out)
{
	size_t from = out->n;

	control_begin(out, false, "block");
	add_u64(out, "first", t->first.at);
	add_u64(out, "n", t->end.at - t->first.at);
	add_u64(out, "lines", t->lines);
	add_u64(out, "len", t->len);
	add_hex(out, "chain", t->end.chain);
	add_u64(out, "synced", t->synced);
	control_add_i64(out, false, "t", t->time);
	if (t->more)
		add_u64(out, "more", 1);
	if (t->has_source) {
		add_u64(out, "epoch", t->epoch);
		control_add(out, false, "run", span_of(t->run));
		control_add(out, false, "src", buf_view(&t->source));
		if (t->final)
			add_u64(out, "final", 1);
		if (t->rejects_to.n) {
			add_u64(out, "rejects", t->rejects);
			control_add(out, false, "rejects_to", buf_view(&t->rejects_to));
		}
	}
	if (t->once.n)
		control_add(out, false, "once", buf_view(&t->once));
	if (t->changes)
		add_u64(out, "changes", 1);
	end_line(out, from);
}

void segment_print_seal(const struct segment_seal *s, struct buf *out)
{
	size_t from = out->n;

	control_begin(out, false, "seal");
	add_u64(out, "first", s->first);
	add_u64(out, "n", s->n);
	add_u64(out, "len", s->len);
	add_hex(out, "chain", s->chain);
	end_line(out, from);
}

/* ---- reading ---- */

enum segment_line segment_line_kind(struct span line)
{
	static const struct {
		struct span begin;
		enum segment_line kind;
	} words[] = {
		{ SPAN("#!weir block "), SEGMENT_BLOCK }, { SPAN("#!weir columns "), SEGMENT_COLUMNS }, { SPAN("#!weir segment "), SEGMENT_HEAD },
		{ SPAN("#!weir seal "), SEGMENT_SEAL },
	};

	if (!span_starts(line, SPAN("#!weir")))
		return SEGMENT_DATA;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (span_starts(line, words[i].begin))
			return words[i].kind;
	return SEGMENT_DAMAGED;
}

static bool take_flag(const struct control *c, const char *name)
{
	uint64_t v;

	return control_u64(c, name, &v) && v == 1;
}

static bool take_word(const struct control *c, const char *name, char *to, size_t size)
{
	struct buf text = { 0 };
	bool ok = control_value(c, name, &text) && text.n > 0 && text.n < size && !memchr(text.p, 0, text.n);

	if (ok) {
		memcpy(to, text.p, text.n);
		to[text.n] = '\0';
	}
	buf_free(&text);
	return ok;
}

static bool take_text(const struct control *c, const char *name, struct buf *to)
{
	buf_clear(to);
	return control_value(c, name, to);
}

/* A line of that word whose crc is right. */
static int parse_line(struct control *c, struct span line, const char *word)
{
	uint32_t crc;

	if (line.n < CRC_TAIL || !span_starts((struct span){ line.p + line.n - CRC_TAIL, CRC_TAIL }, SPAN(CRC_KEY)))
		return -1;
	if (control_parse(c, line) < 0 || c->json || !span_eq(c->word, span_of(word)) || !control_hex32(c, "crc", &crc))
		return -1;
	return crc == hash_crc32c(0, line.p, line.n - CRC_TAIL) ? 0 : -1;
}

static bool is_id(const char *id)
{
	return strlen(id) == 16 && strspn(id, "0123456789abcdef") == 16;
}

static bool take_format(const struct control *c, enum record_format *format)
{
	char name[8];

	if (!take_word(c, "format", name, sizeof name))
		return false;
	for (*format = FORMAT_CSV; *format <= FORMAT_NDJSON; ++*format)
		if (strcmp(name, format_name[*format]) == 0)
			return true;
	return false;
}

int segment_parse_head(struct segment_head *h, struct span line)
{
	struct control c = { 0 };
	uint64_t version;
	int rc = -1;

	buf_clear(&h->columns);
	h->columns_crc = 0;
	if (parse_line(&c, line, "segment") == 0 && control_u64(&c, "v", &version) && version == 1 && take_word(&c, "log", h->log, sizeof h->log) &&
	    is_id(h->log) && control_u64(&c, "first", &h->first.at) && control_hex32(&c, "chain", &h->first.chain) && take_format(&c, &h->format) &&
	    (!has_columns(h->format) || control_hex32(&c, "columns", &h->columns_crc)))
		rc = 0;
	control_free(&c);
	return rc;
}

int segment_parse_columns(struct segment_head *h, struct span line)
{
	struct span names = line;

	if (segment_line_kind(line) != SEGMENT_COLUMNS || !has_columns(h->format))
		return -1;
	names.p += sizeof "#!weir columns " - 1, names.n -= sizeof "#!weir columns " - 1;
	if (hash_crc32c(0, names.p, names.n) != h->columns_crc)
		return -1;
	buf_clear(&h->columns);
	buf_span(&h->columns, names);
	return 0;
}

static bool take_source(const struct control *c, struct block_trailer *t)
{
	t->has_source = control_u64(c, "epoch", &t->epoch);
	if (!t->has_source) {
		t->epoch = 0;
		strcpy(t->run, "-");
		buf_clear(&t->source);
		return true;
	}
	return take_word(c, "run", t->run, sizeof t->run) && take_text(c, "src", &t->source);
}

int segment_parse_block(struct block_trailer *t, struct span line)
{
	struct control c = { 0 };
	uint64_t n;
	int rc = -1;

	t->first = (struct position){ 0 };
	if (parse_line(&c, line, "block") == 0 && control_u64(&c, "first", &t->first.at) && control_u64(&c, "n", &n) && control_u64(&c, "lines", &t->lines) &&
	    control_u64(&c, "len", &t->len) && control_hex32(&c, "chain", &t->end.chain) && control_u64(&c, "synced", &t->synced) &&
	    control_i64(&c, "t", &t->time) && take_source(&c, t) && !__builtin_add_overflow(t->first.at, n, &t->end.at))
		rc = 0;
	if (rc == 0) {
		take_text(&c, "once", &t->once);
		t->more = take_flag(&c, "more");
		t->changes = take_flag(&c, "changes");
		t->final = take_flag(&c, "final");
		take_text(&c, "rejects_to", &t->rejects_to);
		if (!control_u64(&c, "rejects", &t->rejects))
			t->rejects = 0;
	}
	control_free(&c);
	return rc;
}

int segment_parse_seal(struct segment_seal *s, struct span line)
{
	struct control c = { 0 };
	int rc = -1;

	if (parse_line(&c, line, "seal") == 0 && control_u64(&c, "first", &s->first) && control_u64(&c, "n", &s->n) && control_u64(&c, "len", &s->len) &&
	    control_hex32(&c, "chain", &s->chain))
		rc = 0;
	control_free(&c);
	return rc;
}

void segment_head_free(struct segment_head *h)
{
	buf_free(&h->columns);
}

void block_trailer_free(struct block_trailer *t)
{
	buf_free(&t->source);
	buf_free(&t->once);
	buf_free(&t->rejects_to);
}
