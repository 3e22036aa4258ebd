/* SPDX-License-Identifier: MIT */
#include "tests/unit/check.h"
#include "tests/unit/rows_run.h"

TEST(fields_by_name_and_path)
{
	check_rows(FORMAT_NDJSON, "amount, .who.id, tags, missing",
		"{\"amount\":1.50,\"who\":{\"id\":\"u\\u0031\"},\"tags\":[1, 2]}\n"
		"{\"who\":{\"id\":7},\"amount\":null}\r\n",
		"1: 1.50|u1|[1, 2]|\n"
		"2: |7||\n");
}

TEST(blank_lines_are_no_records)
{
	check_rows(FORMAT_NDJSON, "a", "\n{\"a\":1}\n\r\n\n{\"a\":2}\n", "2: 1\n5: 2\n");
}

TEST(a_bad_record_stands_in_its_place)
{
	check_rows(FORMAT_NDJSON, "a",
		"{\"a\":1}\n{\"a\":01}\n{\"a\":\"\\ud800\"}\n{\"a\":2}\n[1]\nnull\n",
		"1: 1\n"
		"2: bad: JSON: expected `,` or `}` at byte 7 <{\"a\":01}>\n"
		"3: bad: JSON: lone surrogate at byte 7 <{\"a\":\"\\ud800\"}>\n"
		"4: 2\n"
		"5: bad: JSON: not an object at byte 1 <[1]>\n"
		"6: bad: JSON: not an object at byte 1 <null>\n");
}

/* Quotes that do not pair up in one record are no matter of the next. */
TEST(a_bad_record_does_not_lead_its_neighbours_astray)
{
	check_rows(FORMAT_NDJSON, "a, b",
		"{\"a\":\"x\",\"b\":\"first\"}\n"
		"{\"a\":\"x,\"b\":\"odd\"}\n"
		"{\"a\":\"x\\\"y\",\"b\":\"escaped\"}\r\n"
		"\r\n"
		"{\"a\":\"z\",\"b\":\"plain\"}\r\n"
		"{\"a\":\"z\",\"b\":\"cut\n"
		"{\"a\":\"\xc3\xa9\",\"b\":\"last\"}\n",
		"1: x|first\n"
		"2: bad: JSON: expected `,` or `}` at byte 10 <{\"a\":\"x,\"b\":\"odd\"}>\n"
		"3: x\"y|escaped\n"
		"5: z|plain\n"
		"6: bad: JSON: string without end at byte 18 <{\"a\":\"z\",\"b\":\"cut>\n"
		"7: \xc3\xa9|last\n");
}

TEST(reserved_names_are_plain_members)
{
	check_rows(FORMAT_NDJSON, "_op, _table", "{\"_op\":\"+I\",\"_table\":\"t\"}\n", "1: +I|t\n");
}

/* Unescaped strings must outlive the record they came from, to the end of the batch. */
TEST(many_rows_with_escapes)
{
	struct buf in = { 0 }, want = { 0 };

	for (int i = 0; i < 3000; i++) {
		buf_printf(&in, "{\"a\":\"line\\n%d\",\"b\":%d}\n", i, i);
		buf_printf(&want, "%d: line\n%d|%d\n", i + 1, i, i);
	}
	buf_byte(&in, '\0');
	buf_byte(&want, '\0');
	check_rows(FORMAT_NDJSON, "a, b", in.p, want.p);
	buf_free(&in);
	buf_free(&want);
}
