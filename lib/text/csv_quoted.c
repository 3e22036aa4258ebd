/* SPDX-License-Identifier: MIT */
#include "lib/text/csv_quoted.h"

#include <csv.h>

#include "lib/base/mem.h"

#define FIELD_STEP (16 * 1024)          /* libcsv's buffer grows by this much at a time */

/* The byte behind the field's closing quote, NULL when it is not closed before end. p is at the opening one. */
static const char *closing(const char *p, const char *end)
{
	do {
		p = memchr(p + 1, '"', (size_t)(end - p) - 1);
		if (!p)
			return NULL;
		p++;
	} while (p < end && *p == '"');
	return p;
}

static const char *plain_end(const char *p, const char *end)
{
	while (p < end && *p != ',' && *p != '\n' && *p != '"')
		p++;
	return p;
}

/* Is there a line end at p? */
static bool at_line_end(const char *p, const char *end)
{
	return *p == '\n' || (*p == '\r' && p + 1 < end && p[1] == '\n');
}

static enum csv_extent whole(const char *p, const char *q, size_t max, struct csv_record *r)
{
	size_t n = (size_t)(q - p), cr = n && q[-1] == '\r';

	r->length = n + 1;
	return n - cr > max ? CSV_LONG : CSV_WHOLE;
}

/* What it means to come to the end of the bytes looked at. */
static enum csv_extent ran_out(bool over, bool final, bool quoted)
{
	if (over || final)
		return quoted ? CSV_UNCLOSED : CSV_LONG;
	return CSV_MORE;
}

enum csv_extent csv_extent(const char *p, const char *end, size_t max, bool final, struct csv_record *r)
{
	bool over = (size_t)(end - p) > max + 2;
	const char *q = p;

	if (over)
		end = p + max + 2;
	for (r->field = 1; q < end; r->field++, q++) {
		if (*q == '"') {
			q = closing(q, end);
			if (!q)
				return ran_out(over, final, true);
			if (q == end || (*q == '\r' && q + 1 == end))
				break;
			if (*q != ',' && !at_line_end(q, end))
				return CSV_TRAILING;
			q += *q == '\r';
		} else {
			q = plain_end(q, end);
			if (q == end)
				break;
			if (*q == '"')
				return CSV_STRAY;
		}
		if (*q == '\n')
			return whole(p, q, max, r);
	}
	return ran_out(over, final, false);
}

struct csv_splitter {
	struct csv_parser parser;
	csv_field *field;
	void *arg;
	size_t column;
};

static int is_no_space(unsigned char c)
{
	(void)c;
	return 0;
}

static int is_newline(unsigned char c)
{
	return c == '\n';
}

static void init_parser(struct csv_splitter *s)
{
	if (csv_init(&s->parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
		mem_fail();
	csv_set_space_func(&s->parser, is_no_space);
	csv_set_term_func(&s->parser, is_newline);
	csv_set_blk_size(&s->parser, FIELD_STEP);
}

struct csv_splitter *csv_splitter_new(void)
{
	struct csv_splitter *s = mem_zalloc(sizeof *s);

	init_parser(s);
	return s;
}

void csv_splitter_free(struct csv_splitter *s)
{
	if (s)
		csv_free(&s->parser);
	free(s);
}

static void on_field(void *text, size_t n, void *arg)
{
	struct csv_splitter *s = arg;

	s->field(s->arg, s->column++, (struct span){ text, n });
}

static void on_record(int end, void *arg)
{
	(void)end;
	(void)arg;
}

size_t csv_split(struct csv_splitter *s, struct span record, csv_field *field, void *arg)
{
	s->field = field;
	s->arg = arg;
	s->column = 0;
	if (csv_parse(&s->parser, record.p, record.n, on_field, on_record, s) == record.n &&
	    csv_fini(&s->parser, on_field, on_record, s) == 0)
		return s->column;
	if (csv_error(&s->parser) == CSV_ENOMEM || csv_error(&s->parser) == CSV_ETOOBIG)
		mem_fail();
	csv_free(&s->parser);           /* after an error it would go on in the middle of the record */
	init_parser(s);
	return 0;
}
