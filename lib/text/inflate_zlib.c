/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <string.h>
#include <zlib.h>

#include "lib/base/mem.h"
#include "lib/text/inflate_kinds.h"

struct zlib {
	struct inflate inflate;
	z_stream z;
	gz_header head;                 /* done: it has been read */
};

#define GZIP_ONLY (MAX_WBITS + 16)

static void begin_member(struct zlib *f)
{
	f->head.done = 0;
	inflateGetHeader(&f->z, &f->head);
}

static struct inflate *new(void)
{
	struct zlib *f = mem_zalloc(sizeof *f);

	f->inflate.kind = &inflate_zlib;
	if (inflateInit2(&f->z, GZIP_ONLY) != Z_OK)
		mem_fail();
	begin_member(f);
	return &f->inflate;
}

static void release(struct inflate *z)
{
	struct zlib *f = (struct zlib *)z;

	inflateEnd(&f->z);
	free(f);
}

static uInt clamp(size_t n)
{
	return n > UINT_MAX ? UINT_MAX : (uInt)n;
}

/* zlib tells a dozen ways apart in which data can be damaged; others know fewer, and nobody acts on them. */
static const char *reason_of(const struct zlib *f)
{
	const char *msg = f->z.msg ? f->z.msg : "damaged";

	return f->head.done > 0 && strncmp(msg, "incorrect ", 10) != 0 ? INFLATE_BAD_DATA : msg;
}

static enum inflate_result step(struct inflate *i, struct inflate_io *io, const char **reason)
{
	struct zlib *f = (struct zlib *)i;
	z_stream *z = &f->z;
	uInt nin = clamp(io->nin), nout = clamp(io->nout);
	int rc;

	z->next_in = (unsigned char *)io->in;   /* zlib only reads it */
	z->avail_in = nin;
	z->next_out = io->out;
	z->avail_out = nout;
	rc = inflate(z, Z_NO_FLUSH);
	io->in = z->next_in;
	io->nin -= nin - z->avail_in;
	io->out = z->next_out;
	io->nout -= nout - z->avail_out;
	if (rc == Z_MEM_ERROR)
		mem_fail();
	if (rc == Z_STREAM_END) {
		inflateReset(z);
		begin_member(f);
		return INFLATE_MEMBER_END;
	}
	if (rc == Z_OK || rc == Z_BUF_ERROR)
		return INFLATE_GOES_ON;
	*reason = reason_of(f);
	return INFLATE_DAMAGED;
}

const struct inflate_kind inflate_zlib = { "zlib", new, release, step };
