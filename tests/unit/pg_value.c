/* SPDX-License-Identifier: MIT */
#include "speed/cdc/postgres/pg_value.h"

#include "tests/unit/check.h"

static struct pg_type known[] = {
	{ 1000, 16, 0, ',' }, { 1001, 17, 0, ',' }, { 1007, 23, 0, ',' }, { 1009, 25, 0, ',' }, { 1020, 603, 0, ';' }, { 1185, 1184, 0, ',' },
	{ 5000, 0, 23, ',' }, { 5001, 0, 1009, ',' }, { 5002, 5000, 0, ',' },
};

/* `kind:text`, or "bad". */
static const char *value_of(uint32_t type, const char *text)
{
	static char out[512];
	static const char kind[] = { [DATUM_NULL] = '0', [DATUM_TEXT] = 't', [DATUM_NUMBER] = 'n', [DATUM_JSON] = 'j' };
	struct pg_types types = { known, sizeof known / sizeof *known };
	struct arena arena = { 0 };
	struct datum d;

	if (pg_value(&types, type, span_of(text), &d, &arena) < 0)
		snprintf(out, sizeof out, "bad");
	else
		snprintf(out, sizeof out, "%c:%.*s", kind[d.kind], (int)d.text.n, d.text.p);
	arena_free(&arena);
	return out;
}

TEST(scalars)
{
	CHECK_TEXT(value_of(16, "t"), "j:true");
	CHECK_TEXT(value_of(16, "f"), "j:false");
	CHECK_TEXT(value_of(16, "x"), "bad");
	CHECK_TEXT(value_of(20, "-9223372036854775808"), "n:-9223372036854775808");
	CHECK_TEXT(value_of(23, ""), "bad");
	CHECK_TEXT(value_of(701, "0.1"), "n:0.1");
	CHECK_TEXT(value_of(701, "1e+300"), "n:1e+300");
	CHECK_TEXT(value_of(701, "NaN"), "t:NaN");
	CHECK_TEXT(value_of(700, "-Infinity"), "t:-Infinity");
	CHECK_TEXT(value_of(1700, "1.50"), "t:1.50");
	CHECK_TEXT(value_of(25, "it's"), "t:it's");
	CHECK_TEXT(value_of(17, "\\x00ff10"), "t:AP8Q");
	CHECK_TEXT(value_of(17, "\\x"), "t:");
	CHECK_TEXT(value_of(17, "\\x0"), "bad");
	CHECK_TEXT(value_of(17, "\\x0g"), "bad");
	CHECK_TEXT(value_of(17, "abc"), "bad");
	CHECK_TEXT(value_of(3802, "{\"a\": 1}"), "j:{\"a\": 1}");
	CHECK_TEXT(value_of(114, "{\n \"a\":\r\n 1}"), "j:{  \"a\":   1}");
	CHECK_TEXT(value_of(1184, "2020-02-03 02:05:06.1+00"), "t:2020-02-03T02:05:06.1Z");
	CHECK_TEXT(value_of(1184, "2020-02-03 02:05:06+00"), "t:2020-02-03T02:05:06Z");
	CHECK_TEXT(value_of(1184, "infinity"), "t:infinity");
	CHECK_TEXT(value_of(1184, "0044-03-15 12:00:00+00 BC"), "t:0044-03-15 12:00:00+00 BC");
	CHECK_TEXT(value_of(4711, "(1,2)"), "t:(1,2)");
	CHECK_TEXT(value_of(5000, "7"), "n:7");
}

TEST(arrays)
{
	CHECK_TEXT(value_of(1007, "{}"), "j:[]");
	CHECK_TEXT(value_of(1007, "{1,NULL,-3}"), "j:[1,null,-3]");
	CHECK_TEXT(value_of(1007, "[2:3]={1,2}"), "j:[1,2]");
	CHECK_TEXT(value_of(1007, "{{1,2},{3,4}}"), "j:[[1,2],[3,4]]");
	CHECK_TEXT(value_of(1009, "{a,\"b,c\",\"\",\"NULL\",\"q\\\"\\\\\"}"), "j:[\"a\",\"b,c\",\"\",\"NULL\",\"q\\\"\\\\\"]");
	CHECK_TEXT(value_of(1000, "{t,f}"), "j:[true,false]");
	CHECK_TEXT(value_of(1001, "{\"\\\\\\\\x41\"}"), "bad");
	CHECK_TEXT(value_of(1001, "{\"\\\\x41\"}"), "j:[\"QQ==\"]");
	CHECK_TEXT(value_of(1020, "{(1,1),(0,0);(2,2),(1,1)}"), "j:[\"(1,1),(0,0)\",\"(2,2),(1,1)\"]");
	CHECK_TEXT(value_of(1185, "{\"2020-02-03 02:05:06.1+00\"}"), "j:[\"2020-02-03T02:05:06.1Z\"]");
	CHECK_TEXT(value_of(5001, "{x}"), "j:[\"x\"]");
	CHECK_TEXT(value_of(5002, "{1,2}"), "j:[1,2]");
}

TEST(what_is_no_array)
{
	static const char *const bad[] = { "", "{", "}", "{1", "{1,", "{1,}", "{,1}", "{1}}", "{1}x", "{\"1}", "{\"1\\", "{{1}", "[1:2]", "{1{2}}", "{x}" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK_TEXT(value_of(1007, bad[i]), "bad");
}
