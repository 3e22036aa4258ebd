/* SPDX-License-Identifier: MIT */
/* What the targets for CSV and TSV share: any bytes must read the same by every kernel, in any pieces, and as the naive
 * reader has it. The first two bytes choose options; the rest is the input. */
#ifndef TESTS_FUZZ_SPLIT_H
#define TESTS_FUZZ_SPLIT_H

#include "tests/unit/naive.h"

static const char *const split_names[] = { "b", "a", "@3", "none" };

static inline void split_same(const struct buf *got, const struct buf *want)
{
	if (span_eq(buf_view(got), buf_view(want)))
		return;
	fprintf(stderr, "got\n%.*s\nwant\n%.*s\n", (int)got->n, got->p, (int)want->n, want->p);
	abort();
}

/* How a control line is taken apart is for others to test. */
static inline bool split_is_ours(struct span in, bool controlled)
{
	if (controlled)
		return !memchr(in.p, '%', in.n);
	if (span_starts(in, SPAN("\xef\xbb\xbf")))
		in.p += 3, in.n -= 3;
	return !span_starts(in, SPAN("#!weir ")) && !span_starts(in, SPAN("{\"@weir\":"));
}

static inline void split_compare(const struct buf *in, const struct fields *fields, const struct reader_options *options, size_t step)
{
	struct buf want = { 0 }, got = { 0 };

	naive_read(&want, buf_view(in), split_names, fields->n, options);
	setenv("WEIR_SCAN", "portable", 1);
	transcript_file(&got, buf_view(in), fields, options);
	split_same(&got, &want);
	unsetenv("WEIR_SCAN");
	buf_clear(&got);
	if (step)
		transcript_pipe(&got, buf_view(in), step, fields, options);
	else
		transcript_file(&got, buf_view(in), fields, options);
	split_same(&got, &want);
	buf_free(&want);
	buf_free(&got);
}

static inline int split_all(enum record_format format, const uint8_t *data, size_t size)
{
	struct reader_options options = { .format = format, .accept_unterminated = true };
	struct fields fields = { 0 };
	struct buf in = { 0 };
	const char *error;

	if (size < 3 || size > 4000 || !split_is_ours((struct span){ (const char *)data + 2, size - 2 }, data[0] & 8))
		return 0;
	if (data[0] & 8)
		buf_printf(&in, "#!weir stream format=%s\n#!weir columns a,b\n", format == FORMAT_CSV ? "csv" : "tsv");
	buf_add(&in, data + 2, size - 2);
	if (data[0] & 8)
		buf_byte(&in, '\n');            /* else it was cut off */
	options.no_header = data[0] & 1;
	options.max_record = data[1];
	for (int i = 0; i < 4; i++)
		fields_add(&fields, span_of(split_names[i]), &error);
	split_compare(&in, &fields, &options, data[0] & 2 ? data[0] & 4 ? 1 : 7 : 0);
	buf_free(&in);
	fields_free(&fields);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
