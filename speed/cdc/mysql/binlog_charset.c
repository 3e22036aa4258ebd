/* SPDX-License-Identifier: MIT */
/* MariaDB numbers collations, not character sets. Numbers up to 1023 are those that MySQL knows; + 1024: the same without padding; from 2048 on, 256
 * for each character set of Unicode. */
#include <iconv.h>
#include <errno.h>
#include <stdlib.h>

#include "speed/cdc/mysql/binlog_table.h"

struct charset {
	const char *name;               /* as iconv knows it */
	bool latin1;                    /* bytes that CP1252 leaves open are themselves */
};

static const struct charset big5 = { "BIG5-HKSCS", false }, latin2 = { "ISO-8859-2", false }, dec8 = { "DEC-MCS", false }, cp850 = { "CP850", false },
	latin1 = { "CP1252", true }, hp8 = { "HP-ROMAN8", false }, koi8r = { "KOI8-R", false }, ujis = { "EUC-JP", false }, sjis = { "SJIS", false },
	cp1251 = { "CP1251", false }, hebrew = { "ISO-8859-8", false }, tis620 = { "TIS-620", false }, euckr = { "UHC", false }, latin7 = { "ISO-8859-13", false },
	koi8u = { "KOI8-U", false }, gb2312 = { "GB2312", false }, greek = { "ISO-8859-7", false }, cp1250 = { "CP1250", false }, gbk = { "GBK", false },
	cp1257 = { "CP1257", false }, latin5 = { "ISO-8859-9", false }, armscii8 = { "ARMSCII-8", false }, ucs2 = { "UCS-2BE", false }, cp866 = { "CP866", false },
	macce = { "MAC-CENTRALEUROPE", false }, macroman = { "MACINTOSH", false }, cp852 = { "CP852", false }, utf16 = { "UTF-16BE", false },
	utf16le = { "UTF-16LE", false }, cp1256 = { "CP1256", false }, utf32 = { "UTF-32BE", false }, geostd8 = { "GEORGIAN-PS", false }, cp932 = { "CP932", false },
	eucjpms = { "EUC-JP-MS", false };

/* NULL: UTF-8, ASCII, bytes. */
static const struct {
	uint16_t first, last;
	const struct charset *charset;
} collations[] = {
	{ 1, 1, &big5 }, { 2, 2, &latin2 }, { 3, 3, &dec8 }, { 4, 4, &cp850 }, { 5, 5, &latin1 }, { 6, 6, &hp8 }, { 7, 7, &koi8r }, { 8, 8, &latin1 },
	{ 9, 9, &latin2 }, { 11, 11, NULL }, { 12, 12, &ujis }, { 13, 13, &sjis }, { 14, 14, &cp1251 }, { 15, 15, &latin1 }, { 16, 16, &hebrew }, { 18, 18, &tis620 },
	{ 19, 19, &euckr }, { 20, 20, &latin7 }, { 21, 21, &latin2 }, { 22, 22, &koi8u }, { 23, 23, &cp1251 }, { 24, 24, &gb2312 }, { 25, 25, &greek },
	{ 26, 26, &cp1250 }, { 27, 27, &latin2 }, { 28, 28, &gbk }, { 29, 29, &cp1257 }, { 30, 30, &latin5 }, { 31, 31, &latin1 }, { 32, 32, &armscii8 },
	{ 33, 33, NULL }, { 34, 34, &cp1250 }, { 35, 35, &ucs2 }, { 36, 36, &cp866 }, { 38, 38, &macce }, { 39, 39, &macroman }, { 40, 40, &cp852 },
	{ 41, 42, &latin7 }, { 43, 43, &macce }, { 44, 44, &cp1250 }, { 45, 46, NULL }, { 47, 49, &latin1 }, { 50, 52, &cp1251 }, { 53, 53, &macroman },
	{ 54, 55, &utf16 }, { 56, 56, &utf16le }, { 57, 57, &cp1256 }, { 58, 59, &cp1257 }, { 60, 61, &utf32 }, { 62, 62, &utf16le }, { 63, 63, NULL },
	{ 64, 64, &armscii8 }, { 65, 65, NULL }, { 66, 66, &cp1250 }, { 67, 67, &cp1256 }, { 68, 68, &cp866 }, { 69, 69, &dec8 }, { 70, 70, &greek },
	{ 71, 71, &hebrew }, { 72, 72, &hp8 }, { 74, 74, &koi8r }, { 75, 75, &koi8u }, { 76, 76, NULL }, { 77, 77, &latin2 }, { 78, 78, &latin5 },
	{ 79, 79, &latin7 }, { 80, 80, &cp850 }, { 81, 81, &cp852 }, { 83, 83, NULL }, { 84, 84, &big5 }, { 85, 85, &euckr }, { 86, 86, &gb2312 },
	{ 87, 87, &gbk }, { 88, 88, &sjis }, { 89, 89, &tis620 }, { 90, 90, &ucs2 }, { 91, 91, &ujis }, { 92, 93, &geostd8 }, { 94, 94, &latin1 },
	{ 95, 96, &cp932 }, { 97, 98, &eucjpms }, { 99, 99, &cp1250 }, { 101, 124, &utf16 }, { 128, 151, &ucs2 }, { 159, 159, &ucs2 }, { 160, 183, &utf32 },
	{ 192, 247, NULL }, { 255, 323, NULL }, { 576, 578, NULL }, { 608, 610, NULL }, { 640, 642, &ucs2 }, { 672, 674, &utf16 }, { 736, 738, &utf32 },
};

int binlog_charset(unsigned collation, const struct charset **c)
{
	static const struct charset *const unicode[] = { NULL, NULL, &ucs2, &utf16, &utf32 };

	if (collation >= 2048 && collation / 256 - 8 < sizeof unicode / sizeof *unicode) {
		*c = unicode[collation / 256 - 8];
		return 0;
	}
	if (collation >= 1024)
		collation -= 1024;
	for (size_t i = 0; i < sizeof collations / sizeof *collations; i++)
		if (collation >= collations[i].first && collation <= collations[i].last) {
			*c = collations[i].charset;
			return 0;
		}
	return -1;
}

/* One converter is kept: the columns of a table mostly share it. */
static iconv_t converter(const struct charset *c)
{
	static _Thread_local const struct charset *is;
	static _Thread_local iconv_t cd;

	if (is == c)
		return cd;
	if (is)
		iconv_close(cd);
	cd = iconv_open("UTF-8", c->name);
	is = cd == (iconv_t)-1 ? NULL : c;
	return cd;
}

/* A byte that CP1252 does not have: MariaDB takes it for the control character of that number. */
static bool take_open_byte(char **in, size_t *n, char **out, size_t *room)
{
	unsigned char b = (unsigned char)**in;

	if (b < 0x80 || *room < 2)
		return false;
	*(*out)++ = (char)(0xc0 | b >> 6);
	*(*out)++ = (char)(0x80 | (b & 0x3f));
	*room -= 2;
	++*in;
	--*n;
	return true;
}

int binlog_text(const struct charset *c, struct span text, struct span *out, struct arena *arena)
{
	char *in = (char *)text.p, *to, *at;
	size_t n = text.n, room = text.n * 4;           /* a byte becomes three, two bytes four at most */
	iconv_t cd;

	*out = text;
	if (!c || n == 0)
		return 0;
	cd = converter(c);
	if (cd == (iconv_t)-1)
		return -1;
	to = at = arena_alloc(arena, room, 1);
	while (iconv(cd, &in, &n, &at, &room) == (size_t)-1)
		if (!c->latin1 || errno != EILSEQ || !take_open_byte(&in, &n, &at, &room))
			return -1;
	*out = (struct span){ to, (size_t)(at - to) };
	return 0;
}
