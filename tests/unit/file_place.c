/* SPDX-License-Identifier: MIT */
#include "speed/cdc/file/file_place.h"

#include <stdlib.h>
#include <unistd.h>

#include "lib/base/mem.h"
#include "lib/text/input.h"
#include "tests/unit/check.h"

#define SIZE 20000

static char text[SIZE];

static const char *file_of(const char *bytes, size_t n)
{
	static char path[64];
	int fd;

	snprintf(path, sizeof path, "/tmp/weir-place.XXXXXX");
	fd = mkstemp(path);
	CHECK(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
	close(fd);
	return path;
}

static int reaches(const struct file_place *p, const char *bytes, size_t n)
{
	const char *path = file_of(bytes, n);
	struct input *in = input_open(path);
	struct file_trail t;
	int rc = place_reach(p, in, &t);

	input_free(in);
	unlink(path);
	if (rc == 1)
		CHECK_INT(t.offset, p->offset);
	return rc;
}

static struct file_place place_at(const char *bytes, size_t n, size_t step)
{
	struct file_trail t = { 0 };
	struct file_place p;

	for (size_t at = 0; at < n; at += step)
		trail_add(&t, bytes + at, n - at < step ? n - at : step);
	trail_place(&t, 7, 8, &p);
	return p;
}

static void fill(void)
{
	for (size_t i = 0; i < SIZE; i++)
		text[i] = (char)('a' + i * i % 26);
}

TEST(a_place_does_not_depend_on_how_it_was_read)
{
	static const size_t at[] = { 0, 1, 255, 256, 257, 4095, 4096, 4097, 5000, SIZE };

	fill();
	for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
		struct file_place whole = place_at(text, at[i], SIZE);

		for (size_t step = 1; step < 5000; step = step * 3 + 1) {
			struct file_place p = place_at(text, at[i], step);

			CHECK(p.head == whole.head && p.tail == whole.tail && p.offset == whole.offset);
		}
		CHECK_INT(reaches(&whole, text, SIZE), 1);
	}
}

TEST(another_file_is_no_match)
{
	struct file_place p;

	fill();
	p = place_at(text, 6000, SIZE);
	CHECK_INT(reaches(&p, text, 5999), 0);
	for (size_t i = 0; i < 6000; i++) {
		bool counts = i < 4096 || i >= 6000 - 256;      /* what stands between is not looked at */

		if (i % 97 && i != 4095 && i != 4096 && i != 5743 && i != 5744)
			continue;
		text[i] ^= 1;
		CHECK_INT(reaches(&p, text, SIZE), !counts);
		text[i] ^= 1;
	}
	text[6000] ^= 1;
	CHECK_INT(reaches(&p, text, SIZE), 1);
}

TEST(texts_of_places)
{
	static const char *const bad[] = { "", "file:", "file:1:2:3:4", "file:1:2:3:0000000000000004:0000000000000005x", "1210@5f3a91c2", "file:x:2:3:4:5" };
	struct file_place p, back;
	struct buf out = { 0 };

	fill();
	p = place_at(text, 300, SIZE);
	place_print(&p, &out);
	CHECK_INT(place_parse(buf_view(&out), &back), 0);
	CHECK(memcmp(&p, &back, sizeof p) == 0);
	buf_free(&out);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK_INT(place_parse(span_of(bad[i]), &back), -1);
}
