/* SPDX-License-Identifier: MIT */
/* rows_run -- for tests of formats that are read line by line: text in, rows as lines of text out:
 * `LINE: field|field` for a row, `LINE: bad: REASON <RAW>` for a bad record. */
#ifndef TESTS_UNIT_ROWS_RUN_H
#define TESTS_UNIT_ROWS_RUN_H

#include "lib/text/layout.h"
#include "lib/text/rows.h"

static void run_fields(struct fields *f, const char *list)
{
	const char *error;

	while (*list) {
		size_t n = strcspn(list, ",");

		if (fields_add(f, span_trim((struct span){ list, n }), &error) < 0)
			die(EXIT_BUG, "%s: %s", list, error);
		list += n + (list[n] == ',');
	}
}

static void run_print(struct buf *out, const struct batch *batch)
{
	for (size_t r = 0; r < batch->n; r++) {
		buf_u64(out, batch->line[r]);
		buf_text(out, ": ");
		for (size_t i = 0; i < batch->width; i++) {
			buf_text(out, i ? "|" : "");
			buf_span(out, batch->field[r * batch->width + i]);
		}
		buf_byte(out, '\n');
	}
}

/* Text is whole lines. */
static void run_rows(struct buf *out, enum record_format format, const char *fields, struct span text)
{
	struct fields f = { 0 };
	struct layout *layout = layout_lines(format, false);
	struct block block = { .data = text.p, .n = text.n, .line = 1, .layout = layout };
	struct bad_record bad;
	enum read_event event;
	struct batch batch;
	struct rows *rows;

	run_fields(&f, fields);
	rows = rows_new(&f, 0);
	rows_begin(rows, &block);
	while ((event = rows_next(rows, &batch, &bad)) != READ_END)
		if (event == READ_ROWS)
			run_print(out, &batch);
		else
			buf_printf(out, "%llu: bad: %s <%.*s>\n", (unsigned long long)bad.line, bad.reason, (int)bad.raw.n, bad.raw.p);
	rows_free(rows);
	layout_free(layout);
	fields_free(&f);
}

#define check_rows(format, fields, text, want) check_rows_at(__FILE__, __LINE__, format, fields, text, want)
static inline void check_rows_at(const char *file, int line, enum record_format format, const char *fields, const char *text, const char *want)
{
	struct buf got = { 0 };

	run_rows(&got, format, fields, span_of(text));
	check_span(file, line, "rows", buf_view(&got), want);
	buf_free(&got);
}

#endif
