/* SPDX-License-Identifier: MIT */
#include "speed/cdc/mysql/binlog_table.h"
#include "tests/unit/check.h"

static struct arena arena;

static void reads(unsigned collation, const char *text, size_t n, const char *utf8)
{
	const struct charset *c = NULL;
	struct span out = { 0 };

	CHECK_INT(binlog_charset(collation, &c), 0);
	CHECK_INT(binlog_text(c, (struct span){ text, n }, &out, &arena), 0);
	CHECK(span_eq(out, span_of(utf8)));
	arena_clear(&arena);
}

TEST(text_of_many_character_sets)
{
	reads(45, "\xc3\xa4", 2, "\xc3\xa4");                   /* utf8mb4_general_ci */
	reads(8, "\xe4\x80", 2, "\xc3\xa4\xe2\x82\xac");        /* latin1_swedish_ci: CP1252 */
	reads(8, "\x81x\x8d", 3, "\xc2\x81x\xc2\x8d");          /* what that leaves open */
	reads(1032, "\xe4", 1, "\xc3\xa4");                     /* latin1_swedish_nopad_ci */
	reads(25, "\xe1", 1, "\xce\xb1");                       /* greek_general_ci */
	reads(51, "\xff", 1, "\xd1\x8f");                       /* cp1251_general_ci */
	reads(54, "\xd8\x3d\xde\x00", 4, "\xf0\x9f\x98\x80");   /* utf16_general_ci */
	reads(60, "\0\0\x20\xac", 4, "\xe2\x82\xac");           /* utf32_general_ci */
	reads(2304, "x", 1, "x");                               /* utf8mb4_uca1400_ai_ci */
	reads(2816, "\0x", 2, "x");                             /* utf16_uca1400_ai_ci */
	reads(95, "\x93\xfa", 2, "\xe6\x97\xa5");               /* cp932_japanese_ci */
	reads(8, "", 0, "");
	arena_free(&arena);
}

TEST(what_is_not_known_or_no_text)
{
	const struct charset *c;
	struct span out;

	CHECK_INT(binlog_charset(0, &c), -1);
	CHECK_INT(binlog_charset(10, &c), -1);                  /* swe7: nobody converts it */
	CHECK_INT(binlog_charset(1000, &c), -1);
	CHECK_INT(binlog_charset(5000, &c), -1);
	CHECK_INT(binlog_charset(13, &c), 0);
	CHECK_INT(binlog_text(c, SPAN("\x81"), &out, &arena), -1);      /* half a character of sjis */
	CHECK_INT(binlog_charset(54, &c), 0);
	CHECK_INT(binlog_text(c, SPAN("x"), &out, &arena), -1);
	arena_free(&arena);
}
