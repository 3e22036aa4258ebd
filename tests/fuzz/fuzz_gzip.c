/* SPDX-License-Identifier: MIT */
/* Any bytes behind the magic ones: read to the end or to an error, the same each time. And as text of their own: packed
 * in two members they come back. */
#include "lib/text/input.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "lib/base/buf.h"

#define MOST_OUTPUT ((size_t)1 << 18)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
	if (!ok)
		abort();
}

/* The last result of reading. */
static ssize_t read_back(struct span bytes, size_t step, struct buf *out)
{
	int fd = memfd_create("gzip", MFD_CLOEXEC);
	struct input *in;
	char path[40];
	ssize_t n;

	check(write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	in = input_open(path);
	while ((n = input_read(in, buf_room(out, step), step)) > 0 && out->n < MOST_OUTPUT)
		out->n += (size_t)n;
	check(n >= 0 || *input_error(in));
	input_free(in);
	close(fd);
	return n;
}

static void add_member(struct buf *out, struct span text)
{
	z_stream z = { .next_in = (unsigned char *)text.p, .avail_in = (uInt)text.n };
	size_t most;

	check(deflateInit2(&z, 1, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	most = deflateBound(&z, text.n);
	z.next_out = (unsigned char *)buf_room(out, most);
	z.avail_out = (uInt)most;
	check(deflate(&z, Z_FINISH) == Z_STREAM_END);
	out->n += most - z.avail_out;
	deflateEnd(&z);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = { (const char *)data, size };
	struct buf packed = { 0 }, a = { 0 }, b = { 0 };

	buf_add(&packed, "\x1f\x8b", 2);
	buf_span(&packed, text);
	check(read_back(buf_view(&packed), 99, &a) == read_back(buf_view(&packed), 65536, &b) || a.n >= MOST_OUTPUT || b.n >= MOST_OUTPUT);
	check(span_eq(buf_view(&a), buf_view(&b)) || a.n >= MOST_OUTPUT || b.n >= MOST_OUTPUT);
	buf_clear(&packed);
	buf_clear(&a);
	add_member(&packed, (struct span){ text.p, size / 2 });
	add_member(&packed, (struct span){ text.p + size / 2, size - size / 2 });
	check(read_back(buf_view(&packed), 1000, &a) == 0);
	check(span_eq(buf_view(&a), text));
	buf_free(&packed);
	buf_free(&a);
	buf_free(&b);
	return 0;
}
