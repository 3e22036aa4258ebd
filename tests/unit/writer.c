/* SPDX-License-Identifier: MIT */
#include "lib/text/writer.h"

#include "tests/unit/check.h"

static void write_row(struct buf *out, enum record_format format, const struct cell *cells, size_t n)
{
	static const struct span names[] = { { "a", 1 }, { "b,c", 3 }, { "say \"x\"", 7 }, { "t\tab", 4 } };
	struct writer w;

	writer_init(&w, format, names, n);
	writer_header(&w, out);
	writer_row(&w, out, cells);
	writer_free(&w);
}

static void check_row(enum record_format format, const struct cell *cells, size_t n, const char *want)
{
	struct buf out = { 0 };

	write_row(&out, format, cells, n);
	CHECK_BUF(out, want);
	buf_free(&out);
}

#define TEXT(t) { .text = { t, sizeof(t) - 1 } }
#define NUMBER(t) { .text = { t, sizeof(t) - 1 }, .number = true }

TEST(csv_quotes_only_what_needs_it)
{
	struct cell plain[] = { TEXT(" lead and trail "), NUMBER("12.50"), TEXT(""), TEXT("tab\t'single'") };
	struct cell odd[] = { TEXT("a,b"), TEXT("say \"hi\""), TEXT("two\nlines"), TEXT("cr\rx") };

	check_row(FORMAT_CSV, plain, 4, "a,\"b,c\",\"say \"\"x\"\"\",t\tab\n lead and trail ,12.50,,tab\t'single'\n");
	check_row(FORMAT_CSV, odd, 4, "a,\"b,c\",\"say \"\"x\"\"\",t\tab\n\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\"cr\rx\"\n");
}

TEST(csv_row_of_one_empty_cell_is_no_blank_line)
{
	struct cell one[] = { TEXT("") };

	check_row(FORMAT_CSV, one, 1, "a\n\"\"\n");
}

TEST(tsv_escapes)
{
	struct cell cells[] = { TEXT("a\tb"), TEXT("two\nlines\r"), TEXT("C:\\dir"), TEXT("\"quotes\", commas") };

	check_row(FORMAT_TSV, cells, 4, "a\tb,c\tsay \"x\"\tt\\tab\na\\tb\ttwo\\nlines\\r\tC:\\\\dir\t\"quotes\", commas\n");
}

TEST(ndjson_values)
{
	struct cell cells[] = { TEXT("12.50"), NUMBER("12.50"), NUMBER(""), TEXT("q\"b\\s/\b\f\n\r\t\x01\x1f\x7f") };

	check_row(FORMAT_NDJSON, cells, 4, "{\"a\":\"12.50\",\"b,c\":12.50,\"say \\\"x\\\"\":null,"
		"\"t\\tab\":\"q\\\"b\\\\s/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"}\n");
	check_row(FORMAT_NDJSON, NULL, 0, "{}\n");
}

TEST(ndjson_replaces_what_is_not_utf8)
{
	struct cell cells[] = { TEXT("h\xc3\xa9 \xf0\x9f\x98\x80"), TEXT("a\xff\xe1\x80z\xc3") };

	check_row(FORMAT_NDJSON, cells, 2, "{\"a\":\"h\xc3\xa9 \xf0\x9f\x98\x80\",\"b,c\":\"a\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd\"}\n");
}

TEST(csv_and_tsv_keep_every_byte)
{
	struct cell cells[] = { TEXT("a\xff\0z"), TEXT("\xc3") };
	struct buf out = { 0 };

	write_row(&out, FORMAT_CSV, cells, 2);
	CHECK(out.n == 15 && memcmp(out.p + 8, "a\xff\0z,\xc3\n", 7) == 0);
	buf_free(&out);
}

/* A reader as naive as can be: what it gives back must be what was written. */
static size_t read_csv(const char *p, const char *end, struct buf *cell)
{
	size_t n = 0;

	while (p < end) {
		buf_clear(&cell[n]);
		if (*p == '"')
			for (p++; *p != '"' || *++p == '"'; p++)
				buf_byte(&cell[n], *p);
		else
			for (; *p != ',' && *p != '\n'; p++)
				buf_byte(&cell[n], *p);
		n++;
		if (*p++ == '\n')
			break;
	}
	return p == end ? n : 0;
}

static size_t read_tsv(const char *p, const char *end, struct buf *cell)
{
	size_t n = 1;

	buf_clear(&cell[0]);
	for (; *p != '\n'; p++)
		if (*p == '\t')
			buf_clear(&cell[n++]);
		else if (*p == '\\')
			p++, buf_byte(&cell[n - 1], *p == 't' ? '\t' : *p == 'n' ? '\n' : *p == 'r' ? '\r' : '\\');
		else
			buf_byte(&cell[n - 1], *p);
	return p + 1 == end ? n : 0;
}

TEST(random_rows_come_back)
{
	static const struct span names[5] = { { "a", 1 }, { "b", 1 }, { "c", 1 }, { "d", 1 }, { "e", 1 } };
	static const char alphabet[] = ",\"\r\n\t\\ abc0\x80\xff";
	unsigned long long state = 3;
	struct buf back[6] = { 0 }, out = { 0 };
	int wrong = 0;

	for (int i = 0; i < 60000; i++) {
		char text[5][40];
		struct cell cells[5];
		struct writer w;
		size_t n = 2 + check_random(&state) % 4;
		enum record_format format = i % 2 ? FORMAT_CSV : FORMAT_TSV;

		for (size_t k = 0; k < n; k++) {
			cells[k] = (struct cell){ .text = { text[k], check_random(&state) % 40 } };
			for (size_t j = 0; j < cells[k].text.n; j++)
				text[k][j] = check_random(&state) % 4 ? 'x' : alphabet[check_random(&state) % sizeof alphabet];
		}
		writer_init(&w, format, names, n);
		buf_clear(&out);
		writer_row(&w, &out, cells);
		wrong += (i % 2 ? read_csv : read_tsv)(out.p, out.p + out.n, back) != n;
		for (size_t k = 0; k < n; k++)
			wrong += !span_eq(buf_view(&back[k]), cells[k].text);
		writer_free(&w);
	}
	CHECK_INT(wrong, 0);
	for (int i = 0; i < 6; i++)
		buf_free(&back[i]);
	buf_free(&out);
}
