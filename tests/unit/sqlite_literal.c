/* SPDX-License-Identifier: MIT */
#include "speed/cdc/sqlite/sqlite_literal.h"

#include "tests/unit/check.h"

/* The values of a row as `kind:text|kind:text`; "bad". */
static const char *read_row(const char *text, size_t n)
{
	static char out[512];
	static const char kind[] = { [DATUM_NULL] = '0', [DATUM_TEXT] = 't', [DATUM_NUMBER] = 'n', [DATUM_JSON] = 'j' };
	struct arena arena = { 0 };
	struct datum d[8];
	struct buf shown = { 0 };

	if (sqlite_literals(span_of(text), d, n, &arena) < 0)
		buf_text(&shown, "bad");
	else
		for (size_t i = 0; i < n; i++)
			buf_printf(&shown, "%s%c:%.*s", i ? "|" : "", kind[d[i].kind], (int)d[i].text.n, d[i].text.n ? d[i].text.p : "");
	snprintf(out, sizeof out, "%.*s", (int)shown.n, shown.p);
	buf_free(&shown);
	arena_free(&arena);
	return out;
}

TEST(each_kind)
{
	CHECK_TEXT(read_row("NULL", 1), "0:");
	CHECK_TEXT(read_row("''", 1), "t:");
	CHECK_TEXT(read_row("'a,b'", 1), "t:a,b");
	CHECK_TEXT(read_row("'it''s'", 1), "t:it's");
	CHECK_TEXT(read_row("''''", 1), "t:'");
	CHECK_TEXT(read_row("'''a'''''", 1), "t:'a''");
	CHECK_TEXT(read_row("12", 1), "n:12");
	CHECK_TEXT(read_row("-9223372036854775808", 1), "n:-9223372036854775808");
	CHECK_TEXT(read_row("1.5", 1), "n:1.5");
	CHECK_TEXT(read_row("3.00000000000000044409e-01", 1), "n:0.30000000000000004");
	CHECK_TEXT(read_row("1.0e+300", 1), "n:1e+300");
	CHECK_TEXT(read_row("Inf", 1), "t:Infinity");
	CHECK_TEXT(read_row("-Inf", 1), "t:-Infinity");
	CHECK_TEXT(read_row("X'00ff10'", 1), "t:AP8Q");
	CHECK_TEXT(read_row("X''", 1), "t:");
	CHECK_TEXT(read_row("TX'6162'", 1), "t:ab");
	CHECK_TEXT(read_row("TX''", 1), "t:");
	CHECK_TEXT(read_row("T'x'", 1), "t:x");
}

TEST(rows)
{
	CHECK_TEXT(read_row("1,'a',NULL,X'41',-2.5", 5), "n:1|t:a|0:|t:QQ==|n:-2.5");
	CHECK_TEXT(read_row("NULL,NULL", 2), "0:|0:");
}

TEST(what_is_none)
{
	static const char *const bad[] = {
		"", ",", "NUL", "'", "'a", "'a''", "X'0", "X'0'", "X'0g'", "X", "TX'1'", "1,", ",1", "1 ", "--1", "1-", "e", "-", "+", ".", "abc", "1e5x", "NULLx", "'a'b", "Infinity",
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK_TEXT(read_row(bad[i], 1), "bad");
	CHECK_TEXT(read_row("1", 2), "bad");
	CHECK_TEXT(read_row("1,2", 1), "bad");
	CHECK_TEXT(read_row("1,2,3", 2), "bad");
}
