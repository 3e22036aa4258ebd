/* SPDX-License-Identifier: MIT */
#include "lib/text/fields.h"

#include "tests/unit/check.h"

static void adds(const char *file, int line, const char *text, const char *canonical)
{
	struct fields f = { 0 };
	const char *error = NULL;
	int i = fields_add(&f, span_of(text), &error);

	if (canonical)
		check_span(file, line, text, i == 0 ? f.ref[0].text : SPAN("(refused)"), canonical);
	else if (i >= 0)
		check_span(file, line, text, f.ref[0].text, "(refused)");
	else
		CHECK(error && *error);
	/* The canonical text means itself, and the lexer takes all of it. */
	if (canonical && i == 0) {
		CHECK_INT(fields_add(&f, span_of(canonical), &error), 0);
		CHECK_INT(field_text_length(span_of(canonical)), strlen(canonical));
		CHECK_INT(field_text_length(span_of(text)), strlen(text));
	}
	fields_free(&f);
}
#define ADDS(text, canonical) adds(__FILE__, __LINE__, text, canonical)
#define REFUSES(text) adds(__FILE__, __LINE__, text, NULL)

TEST(names)
{
	ADDS("amount", "amount");
	ADDS("_op", "_op");
	ADDS("Menge2", "Menge2");
	ADDS("größe", "größe");
	ADDS("`amount`", "amount");
	ADDS("`unit price`", "`unit price`");
	ADDS("`2nd`", "`2nd`");
	ADDS("`a``b`", "`a``b`");
	ADDS("`.a`", "`.a`");
	ADDS("`@3`", "`@3`");
	ADDS("like", "`like`");
	ADDS("NULL", "`NULL`");
	ADDS("nullable", "nullable");
	REFUSES("");
	REFUSES("unit price");
	REFUSES("2nd");
	REFUSES("a-b");
	REFUSES("a.b");
	REFUSES("``");
	REFUSES("`a");
	REFUSES("`a`b");
	REFUSES(" a");
}

TEST(columns)
{
	ADDS("@1", "@1");
	ADDS("@0012", "@12");
	REFUSES("@0");
	REFUSES("@");
	REFUSES("@-1");
	REFUSES("@1a");
	REFUSES("@99999999999999999999");
}

TEST(paths)
{
	ADDS(".a", "a");
	ADDS(".a.b", ".a.b");
	ADDS(".a[0]", ".a[0]");
	ADDS(".a[007][1].b", ".a[7][1].b");
	ADDS(".a.`odd name`[2]", ".a.`odd name`[2]");
	ADDS(".`a`.`b`", ".a.b");
	REFUSES(".");
	REFUSES(".a.");
	REFUSES(".[0]");
	REFUSES(".a[]");
	REFUSES(".a[-1]");
	REFUSES(".a[1");
	REFUSES(".a[99999999999999999999]");
	REFUSES(".a b");
}

TEST(what_a_reference_holds)
{
	struct fields f = { 0 };
	const char *error;

	CHECK_INT(fields_add(&f, SPAN("`a``b`"), &error), 0);
	CHECK_INT(fields_add(&f, SPAN("@3"), &error), 1);
	CHECK_INT(fields_add(&f, SPAN(".x.`y z`[4]"), &error), 2);
	CHECK_INT(fields_add(&f, SPAN(".`a``b`"), &error), 0);
	CHECK_INT(fields_add(&f, SPAN("a b"), &error), -1);
	CHECK_INT(f.n, 3);
	CHECK_SPAN(f.ref[0].name, "a`b");
	CHECK_INT(f.ref[0].nsteps, 1);
	CHECK_SPAN(f.ref[0].step[0].name, "a`b");
	CHECK_INT(f.ref[0].step[0].index, -1);
	CHECK_INT(f.ref[0].column, (size_t)-1);
	CHECK_INT(f.ref[1].column, 2);
	CHECK_INT(f.ref[1].nsteps, 0);
	CHECK_INT(f.ref[1].name.n, 0);
	CHECK_INT(f.ref[2].nsteps, 3);
	CHECK_INT(f.ref[2].name.n, 0);
	CHECK_SPAN(f.ref[2].step[1].name, "y z");
	CHECK_INT(f.ref[2].step[2].index, 4);
	fields_free(&f);
}

TEST(where_a_reference_ends)
{
	CHECK_INT(field_text_length(SPAN("price*2")), 5);
	CHECK_INT(field_text_length(SPAN("a.b")), 1);
	CHECK_INT(field_text_length(SPAN(".a.5")), 2);
	CHECK_INT(field_text_length(SPAN(".5")), 0);
	CHECK_INT(field_text_length(SPAN("@2+1")), 2);
	CHECK_INT(field_text_length(SPAN("`a b` = 1")), 5);
	CHECK_INT(field_text_length(SPAN("+")), 0);
	CHECK_INT(field_text_length(SPAN("")), 0);
}

TEST(many)
{
	struct fields f = { 0 };
	const char *error;

	for (int i = 0; i < 100; i++) {
		char text[20];

		snprintf(text, sizeof text, "f%d", i);
		CHECK_INT(fields_add(&f, span_of(text), &error), i);
	}
	CHECK_INT(fields_add(&f, SPAN("f42"), &error), 42);
	CHECK_SPAN(f.ref[99].name, "f99");
	fields_free(&f);
}
