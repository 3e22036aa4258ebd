/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "lib/base/diag.h"
#include "lib/log/read.h"
#include "lib/stream/control.h"
#include "lib/text/layout.h"

struct log_input {
	struct log_reader *reader;      /* borrowed */
	bool begun, ended;
	struct buf columns;             /* those told last */
	struct buf lines;               /* control lines to be read first, from done on */
	size_t done;
	struct span data;               /* then these records */
};

static void say_stream(struct log_input *in, enum record_format format)
{
	static const char *const name[] = { [FORMAT_CSV] = "csv", [FORMAT_TSV] = "tsv", [FORMAT_NDJSON] = "ndjson" };
	bool json = format == FORMAT_NDJSON;

	in->begun = true;
	control_begin(&in->lines, json, "stream");
	control_add(&in->lines, json, "format", span_of(name[format]));
	control_end(&in->lines, json);
}

static void say_columns(struct log_input *in, const struct segment_head *h)
{
	buf_clear(&in->columns);
	buf_span(&in->columns, buf_view(&h->columns));
	buf_text(&in->lines, CONTROL_PREFIX "columns ");
	buf_span(&in->lines, buf_view(&in->columns));
	buf_byte(&in->lines, '\n');
}

static void take_block(struct log_input *in, const struct log_block *b)
{
	in->done = 0;
	buf_clear(&in->lines);
	if (!in->begun) {
		say_stream(in, b->segment->format);
		if (format_is_delimited(b->segment->format))
			say_columns(in, b->segment);
	} else if (!span_eq(buf_view(&in->columns), buf_view(&b->segment->columns))) {
		say_columns(in, b->segment);
	}
	in->data = b->data;
}

static size_t hand_out(char *to, size_t n, struct span from)
{
	n = n < from.n ? n : from.n;
	if (n)
		memcpy(to, from.p, n);
	return n;
}

static ssize_t read_log(void *context, char *p, size_t n, struct failure *f)
{
	struct log_input *in = context;
	struct log_block b;
	size_t got;

	while (in->done == in->lines.n && in->data.n == 0) {
		enum log_event e = in->ended ? LOG_DONE : log_next(in->reader, &b);

		if (e == LOG_ERROR) {
			*f = *log_reader_failure(in->reader);
			return -1;
		}
		in->ended = e == LOG_DRY || e == LOG_DONE;
		if (in->ended)
			return 0;
		if (e == LOG_BLOCK)
			take_block(in, &b);
	}
	got = hand_out(p, n, (struct span){ in->lines.p + in->done, in->lines.n - in->done });
	in->done += got;
	if (got)
		return (ssize_t)got;
	got = hand_out(p, n, in->data);
	in->data.p += got;
	in->data.n -= got;
	return (ssize_t)got;
}

static void close_log(void *context)
{
	struct log_input *in = context;

	buf_free(&in->columns);
	buf_free(&in->lines);
	free(in);
}

struct input *log_input(struct log_reader *r)
{
	struct log_input *in = mem_zalloc(sizeof *in);

	in->reader = r;
	return input_of(&(struct input_maker){ read_log, close_log, in });
}
