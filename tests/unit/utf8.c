/* SPDX-License-Identifier: MIT */
#include "lib/text/utf8.h"

#include "lib/text/bytes.h"
#include "tests/unit/check.h"

/* Table 3-7 of the Unicode standard the long way round: decode, then ask whether the code point may be written so. */
static bool naive_valid(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n;) {
		unsigned length = p[i] < 0x80 ? 1 : p[i] >> 5 == 6 ? 2 : p[i] >> 4 == 14 ? 3 : p[i] >> 3 == 30 ? 4 : 0;
		static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
		uint32_t c;

		if (!length || n - i < length)
			return false;
		c = length == 1 ? p[i] : p[i] & (0x7fu >> length);
		for (unsigned k = 1; k < length; k++) {
			if (p[i + k] >> 6 != 2)
				return false;
			c = c << 6 | (p[i + k] & 0x3fu);
		}
		if (c < least[length] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
			return false;
		i += length;
	}
	return true;
}

TEST(every_code_point_is_written_and_read)
{
	char text[4];
	int wrong = 0;

	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		size_t n;

		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		n = utf8_encode(c, text);
		wrong += utf8_step(text, text + n) != (int)n || !naive_valid((unsigned char *)text, n);
		wrong += n > 1 && utf8_step(text, text + n - 1) != -(int)(n - 1);
	}
	CHECK_INT(wrong, 0);
}

TEST(all_sequences_of_three_bytes)
{
	int wrong = 0;

	for (uint32_t v = 0; v < 1u << 24; v += 1 + (v >> 8 & 0xff) % 3) {
		unsigned char b[3] = { (unsigned char)(v >> 16), (unsigned char)(v >> 8), (unsigned char)v };

		wrong += utf8_valid((struct span){ (char *)b, 3 }) != naive_valid(b, 3);
	}
	CHECK_INT(wrong, 0);
}

TEST(random_bytes_near_the_borders)
{
	static const unsigned char edge[] = { 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1,
		0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff };
	unsigned long long state = 1;
	int wrong = 0, valid = 0;

	for (int i = 0; i < 2000000; i++) {
		unsigned char b[24];
		size_t n = check_random(&state) % sizeof b;
		bool want;

		for (size_t k = 0; k < n; k++)
			b[k] = check_random(&state) % 4 ? 'a' : edge[check_random(&state) % sizeof edge];
		want = naive_valid(b, n);
		valid += want;
		wrong += utf8_valid((struct span){ (char *)b, n }) != want;
	}
	CHECK_INT(wrong, 0);
	CHECK(valid > 1000);
}

/* The examples of the standard, section 3.9: table 3-8 and the ones below it. */
static int runs(const char *text, size_t n)
{
	int count = 0;

	for (const char *p = text; p < text + n;) {
		int step = utf8_step(p, text + n);

		count += step < 0;
		p += step < 0 ? -step : step;
	}
	return count;
}

TEST(ill_formed_runs_are_counted_as_the_standard_does)
{
	CHECK_INT(runs("\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41", 9), 8);
	CHECK_INT(runs("\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41", 9), 8);
	CHECK_INT(runs("\xf4\x91\x92\x93\xff\x41\x80\xbf\x42", 9), 7);
	CHECK_INT(runs("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41", 9), 4);
	CHECK_INT(runs("\xf0\x9f\x98", 3), 1);
}

/* bytes.h: each finder against a loop, at each length and alignment. */
static size_t naive_json_end(const unsigned char *p, size_t n)
{
	size_t i = 0;

	while (i < n && p[i] >= 0x20 && p[i] < 0x80 && p[i] != '"' && p[i] != '\\')
		i++;
	return i;
}

TEST(finders_agree_with_a_loop)
{
	unsigned long long state = 2;
	int wrong = 0;

	for (int i = 0; i < 400000; i++) {
		char *b = malloc(64);           /* so that a sanitizer sees a byte too far */
		size_t n = check_random(&state) % 65, from = n ? check_random(&state) % n : 0, k, want;

		b = realloc(b, n ? n : 1);
		for (k = 0; k < n; k++)
			b[k] = check_random(&state) % 16 ? (char)(0x20 + check_random(&state) % 96) : (char)check_random(&state);
		want = from + naive_json_end((unsigned char *)b + from, n - from);
		wrong += bytes_json_end(b + from, b + n) != b + want;
		for (k = from; k < n && (unsigned char)b[k] < 0x80; k++)
			;
		wrong += bytes_ascii_end(b + from, b + n) != b + k;
		for (k = from; k < n && !memchr("\t\x80\xff,", b[k], 4); k++)
			;
		wrong += bytes_any4(b + from, b + n, '\t', '\x80', '\xff', ',') != b + k;
		free(b);
	}
	CHECK_INT(wrong, 0);
}

TEST(masks_show_every_byte_looked_for_and_no_other)
{
	unsigned long long state = 3;
	int wrong = 0;

	for (int i = 0; i < 100000; i++) {
		size_t n = check_random(&state) % 65;
		char *b = malloc(n ? n : 1);
		uint64_t at_a, at_b, want_a = 0, want_b = 0;

		for (size_t k = 0; k < n; k++) {
			b[k] = "\t\\ax\xff\t"[check_random(&state) % 7];
			want_a |= (uint64_t)(b[k] == '\t') << k;
			want_b |= (uint64_t)(b[k] == '\\') << k;
		}
		bytes_masks(b, n, '\t', '\\', &at_a, &at_b);
		wrong += at_a != want_a || at_b != want_b;
		free(b);
	}
	CHECK_INT(wrong, 0);
}

TEST(word_tricks_are_exact_for_every_pair_of_bytes)
{
	int wrong = 0;

	for (unsigned a = 0; a < 256; a++)
		for (unsigned b = 0; b < 256; b++) {
			unsigned char text[8] = { (unsigned char)a, (unsigned char)b, 'x', 'x', 'x', 'x', 'x', (unsigned char)a };
			uint64_t v = bytes_load((char *)text), equal = 0, control = 0;

			for (int i = 0; i < 8; i++) {
				unsigned char high[8] = { 0 };

				high[i] = 0x80;
				if (text[i] == b)
					equal |= bytes_load((char *)high);
				if (text[i] < 0x20)
					control |= bytes_load((char *)high);
			}
			wrong += bytes_equal(v, (unsigned char)b) != equal || bytes_control(v) != control;
			wrong += equal && bytes_first(equal) != (a == b ? 0 : 1);
		}
	CHECK_INT(wrong, 0);
}
