/* SPDX-License-Identifier: MIT */
#include "lib/text/inflate.h"

#include <limits.h>
#include <zlib.h>

#include "lib/base/mem.h"

struct inflate {
	z_stream z;
};

#define GZIP_ONLY (MAX_WBITS + 16)

struct inflate *inflate_new(void)
{
	struct inflate *f = mem_zalloc(sizeof *f);

	if (inflateInit2(&f->z, GZIP_ONLY) != Z_OK)
		mem_fail();
	return f;
}

void inflate_free(struct inflate *f)
{
	if (f)
		inflateEnd(&f->z);
	free(f);
}

static uInt clamp(size_t n)
{
	return n > UINT_MAX ? UINT_MAX : (uInt)n;
}

enum inflate_result inflate_step(struct inflate *f, struct inflate_io *io, const char **reason)
{
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
		return INFLATE_MEMBER_END;
	}
	if (rc == Z_OK || rc == Z_BUF_ERROR)
		return INFLATE_GOES_ON;
	*reason = rc == Z_NEED_DICT ? "needs a dictionary" : z->msg ? z->msg : "damaged";
	return INFLATE_DAMAGED;
}
