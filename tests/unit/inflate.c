/* SPDX-License-Identifier: MIT */
/* Every library that is built in gives the same bytes, ends members at the same place, and finds the same damage. */
#include "lib/text/inflate.h"

#include <zlib.h>

#include "lib/base/mem.h"
#include "tests/unit/check.h"

static const char *const names[] = { "zlib", "libisal" };

/* Text that compresses well, or noise. */
static void fill(unsigned char *p, size_t n, unsigned long long *seed, bool noise)
{
	for (size_t i = 0; i < n; i++)
		p[i] = noise ? (unsigned char)check_random(seed) : (unsigned char)("0123456789,\n"[check_random(seed) % 12]);
}

static size_t compress_member(const unsigned char *p, size_t n, int level, unsigned char *out, size_t room)
{
	z_stream z = { 0 };
	size_t made;

	CHECK(deflateInit2(&z, level, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	z.next_in = (unsigned char *)p;
	z.avail_in = (uInt)n;
	z.next_out = out;
	z.avail_out = (uInt)room;
	CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END);
	made = room - z.avail_out;
	deflateEnd(&z);
	return made;
}

/* What comes of members that arrive in pieces, with little room for output. */
struct outcome {
	struct buf text;
	unsigned members;
	const char *reason;             /* NULL: no damage */
	size_t used;                    /* input up to the last member's end */
};

static void run(const char *name, const unsigned char *in, size_t n, size_t piece, size_t room, struct outcome *o)
{
	struct inflate *z = inflate_new(name);
	struct inflate_io io = { .in = in };
	size_t given = 0;
	bool full = false;

	*o = (struct outcome){ 0 };
	while (!o->reason && (io.nin || given < n || full)) {
		size_t more = n - given < piece ? n - given : piece;
		unsigned char *to = (unsigned char *)buf_room(&o->text, room);

		if (!io.nin) {
			io.nin = more;
			given += more;
		}
		io.out = to;
		io.nout = room;
		switch (inflate_step(z, &io, &o->reason)) {
		case INFLATE_MEMBER_END:
			o->members++;
			o->used = (size_t)(io.in - in);
			break;
		default:
			break;
		}
		o->text.n += (size_t)(io.out - to);
		full = io.nout == 0;
	}
	inflate_free(z);
}

static void compare(const unsigned char *in, size_t n, size_t piece, size_t room)
{
	struct outcome want, got;

	run("zlib", in, n, piece, room, &want);
	for (size_t i = 1; i < 2; i++) {
		struct inflate *there = inflate_new(names[i]);

		inflate_free(there);
		if (!there)
			continue;
		run(names[i], in, n, piece, room, &got);
		CHECK_INT(got.members, want.members);
		CHECK_INT(got.used, want.used);
		CHECK(!got.reason == !want.reason && (!got.reason || strcmp(got.reason, want.reason) == 0));
		/* how far a damaged member was decoded is the library's */
		CHECK(want.reason || span_eq(buf_view(&got.text), buf_view(&want.text)));
		buf_free(&got.text);
	}
	buf_free(&want.text);
}

TEST(whole_members_in_any_pieces)
{
	unsigned long long seed = 9;
	unsigned char text[5000], *out = mem_alloc(40000);

	for (int round = 0; round < 200; round++) {
		size_t n = 0;

		for (size_t member = check_random(&seed) % 4; member-- > 0;) {
			size_t length = check_random(&seed) % (round % 5 ? sizeof text : 3);

			fill(text, length, &seed, check_random(&seed) % 3 == 0);
			n += compress_member(text, length, (int)(check_random(&seed) % 10), out + n, 40000 - n);
		}
		compare(out, n, 1 + check_random(&seed) % (round % 3 ? 4000 : 7), 1 + check_random(&seed) % 3000);
	}
	free(out);
}

TEST(damage_anywhere)
{
	unsigned long long seed = 10;
	unsigned char text[300], out[1000];
	size_t n;

	fill(text, sizeof text, &seed, false);
	n = compress_member(text, sizeof text, 6, out, sizeof out);
	for (size_t at = 0; at < n; at++)
		for (int bit = 0; bit < 8; bit++) {
			out[at] ^= (unsigned char)(1 << bit);
			compare(out, n, n, 4096);
			out[at] ^= (unsigned char)(1 << bit);
		}
	for (size_t length = 0; length < n; length++)
		compare(out, length, 16, 4096);
}

TEST(names)
{
	struct inflate *z = inflate_new("zlib");

	CHECK(z != NULL);
	inflate_free(z);
	CHECK(inflate_new("none") == NULL);
	setenv("WEIR_INFLATE", "none", 1);
	z = inflate_new(NULL);
	CHECK(z != NULL);
	inflate_free(z);
	unsetenv("WEIR_INFLATE");
}
