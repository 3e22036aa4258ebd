/* SPDX-License-Identifier: MIT */
/* The first byte picks the format, the rest is lines of it. Whatever they hold, a -U is followed by its +U. */
#include "lib/text/layout.h"
#include "lib/text/rows.h"

#include "lib/base/mem.h"

static struct fields fields;

static void make_fields(void)
{
	static const char *const text[] = { "_op", "_table", "_ts", "_tx", "_pos", "id", "amount", ".doc.x", "_weir_row" };
	const char *error;

	for (size_t i = 0; fields.n < sizeof text / sizeof *text; i++)
		fields_add(&fields, span_of(text[i]), &error);
}

static void check_batch(const struct batch *batch)
{
	bool pending = false;

	for (size_t r = 0; r < batch->n; r++) {
		struct span op = batch->field[r * batch->width];
		bool is_after = span_eq(op, SPAN("+U"));

		if (is_after != pending || op.n != 2 || !strchr("+-", op.p[0]) || !strchr("IUD", op.p[1]))
			__builtin_trap();
		pending = span_eq(op, SPAN("-U"));
	}
	if (pending)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum record_format formats[] = { FORMAT_DEBEZIUM, FORMAT_MAXWELL, FORMAT_CANAL, FORMAT_WAL2JSON };
	struct block block = { .line = 1 };
	struct bad_record bad;
	enum read_event event;
	struct layout *layout;
	struct batch batch;
	struct rows *rows;
	char *text;

	if (size < 1)
		return 0;
	make_fields();
	text = mem_alloc(size);         /* a block ends with a newline */
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\n';
	layout = layout_lines(formats[data[0] % 4], false);
	block.data = text;
	block.n = size;
	block.layout = layout;
	rows = rows_new(&fields, 0);
	rows_begin(rows, &block);
	while ((event = rows_next(rows, &batch, &bad)) != READ_END)
		if (event == READ_ROWS)
			check_batch(&batch);
	rows_free(rows);
	layout_free(layout);
	free(text);
	return 0;
}
