/* SPDX-License-Identifier: MIT */
#include "lib/text/layout.h"

#include "tests/unit/check.h"

/* A header as the text of a columns line, and that as a header again. */
TEST(headers_become_columns_lines_and_come_back)
{
	static const struct { enum record_format format; const char *header, *columns, *back; } cases[] = {
		{ FORMAT_CSV, "a", "a", "a" },
		{ FORMAT_CSV, "a,b c,d%", "a,b%20c,d%25", "a,b c,d%" },
		{ FORMAT_CSV, "a,,", "a,,", "a,," },
		{ FORMAT_CSV, "\"a,b\",\"c\"\"d\",\"e\nf\",\"g\"", "a%2Cb,c\"d,e%0Af,g", "\"a,b\",\"c\"\"d\",\"e\nf\",g" },
		{ FORMAT_CSV, "\303\244,#!weir x", "\303\244,#!weir%20x", "\303\244,#!weir x" },
		{ FORMAT_TSV, "a\tb,c\t\\t\\\\", "a,b%2Cc,%09\\", "a\tb,c\t\\t\\\\" },
	};
	const struct fields none = { 0 };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf columns = { 0 };
		const char *error = NULL;
		struct layout *l;

		layout_print_columns(cases[i].format, span_of(cases[i].header), &columns);
		CHECK_SPAN(buf_view(&columns), cases[i].columns);
		l = layout_columns(cases[i].format, &none, buf_view(&columns), &error);
		CHECK(l && !error);
		CHECK_SPAN(l->header, cases[i].back);
		layout_free(l);
		buf_free(&columns);
	}
}
