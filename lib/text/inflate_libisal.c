/* SPDX-License-Identifier: MIT */
/* ISA-L inflates the data, at nearly three times the speed of zlib. It is lenient with headers and knows one error for both checks
 * behind the data: the header is zlib's to read, and the checks are made here. */
#include <isa-l/igzip_lib.h>
#include <zlib.h>

#include "lib/base/mem.h"
#include "lib/text/inflate_kinds.h"

#define TRAILER 8               /* crc32 and length, 4 bytes each, least byte first */
#define MOST (1u << 30)         /* bytes at once: ISA-L counts in ints */

struct isal {
	struct inflate inflate;
	enum { IN_HEADER, IN_DATA, IN_TRAILER } place;
	z_stream header;
	struct inflate_state data;
	unsigned char trailer[TRAILER];
	unsigned trailed;       /* bytes of it */
	uint32_t length;        /* of the data, modulo 2^32 */
};

static void begin_member(struct isal *f)
{
	f->place = IN_HEADER;
	inflateReset(&f->header);
	isal_inflate_init(&f->data);
	f->data.crc_flag = ISAL_GZIP_NO_HDR;    /* sums, and leaves the trailer alone */
	f->trailed = 0;
	f->length = 0;
}

static struct inflate *new(void)
{
	struct isal *f = mem_zalloc(sizeof *f);

	f->inflate.kind = &inflate_libisal;
	if (inflateInit2(&f->header, MAX_WBITS + 16) != Z_OK)
		mem_fail();
	begin_member(f);
	return &f->inflate;
}

static void release(struct inflate *z)
{
	struct isal *f = (struct isal *)z;

	inflateEnd(&f->header);
	free(f);
}

static uint32_t clamp(size_t n)
{
	return n > MOST ? MOST : (uint32_t)n;
}

static enum inflate_result read_header(struct isal *f, struct inflate_io *io, const char **reason)
{
	z_stream *z = &f->header;
	unsigned char none;
	uint32_t nin = clamp(io->nin);
	int rc;

	z->next_in = (unsigned char *)io->in;
	z->avail_in = nin;
	z->next_out = &none;
	z->avail_out = 1;
	rc = inflate(z, Z_BLOCK);
	io->in = z->next_in;
	io->nin -= nin - z->avail_in;
	if (rc == Z_MEM_ERROR)
		mem_fail();
	if (rc != Z_OK && rc != Z_BUF_ERROR) {
		*reason = z->msg ? z->msg : "damaged";
		return INFLATE_DAMAGED;
	}
	if (rc == Z_OK && z->data_type & 128)   /* it stands before the first block */
		f->place = IN_DATA;
	return INFLATE_GOES_ON;
}

/* What was read ahead of the data's end is given back; what came with an earlier call cannot be, and is the beginning of the trailer. */
static void end_data(struct isal *f, struct inflate_io *io, size_t consumed)
{
	struct inflate_state *s = &f->data;
	size_t ahead = (size_t)s->read_in_length / 8, back = ahead < consumed ? ahead : consumed;

	io->in -= back;
	io->nin += back;
	s->read_in >>= s->read_in_length % 8;
	for (; ahead > back; ahead--, s->read_in >>= 8)
		f->trailer[f->trailed++] = (unsigned char)s->read_in;
	f->place = IN_TRAILER;
}

static enum inflate_result read_data(struct isal *f, struct inflate_io *io, const char **reason)
{
	struct inflate_state *s = &f->data;
	uint32_t nin = clamp(io->nin), nout = clamp(io->nout);
	int rc;

	s->next_in = (uint8_t *)io->in;
	s->avail_in = nin;
	s->next_out = io->out;
	s->avail_out = nout;
	rc = isal_inflate(s);
	io->in = s->next_in;
	io->nin -= nin - s->avail_in;
	io->out = s->next_out;
	io->nout -= nout - s->avail_out;
	f->length += nout - s->avail_out;
	if (rc < 0) {
		*reason = INFLATE_BAD_DATA;
		return INFLATE_DAMAGED;
	}
	if (s->block_state == ISAL_BLOCK_FINISH)
		end_data(f, io, nin - s->avail_in);
	return INFLATE_GOES_ON;
}

static uint32_t little(const unsigned char *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void gather(struct isal *f, struct inflate_io *io, unsigned upto)
{
	while (f->trailed < upto && io->nin) {
		f->trailer[f->trailed++] = *io->in++;
		io->nin--;
	}
}

/* The length is not looked at when the checksum is wrong. */
static enum inflate_result read_trailer(struct isal *f, struct inflate_io *io, const char **reason)
{
	gather(f, io, 4);
	if (f->trailed >= 4 && little(f->trailer) != f->data.crc) {
		*reason = "incorrect data check";
		return INFLATE_DAMAGED;
	}
	gather(f, io, TRAILER);
	if (f->trailed < TRAILER)
		return INFLATE_GOES_ON;
	if (little(f->trailer + 4) != f->length) {
		*reason = "incorrect length check";
		return INFLATE_DAMAGED;
	}
	begin_member(f);
	return INFLATE_MEMBER_END;
}

static enum inflate_result step(struct inflate *z, struct inflate_io *io, const char **reason)
{
	struct isal *f = (struct isal *)z;
	enum inflate_result result = INFLATE_GOES_ON;

	if (f->place == IN_HEADER)
		result = read_header(f, io, reason);
	if (result == INFLATE_GOES_ON && f->place == IN_DATA)
		result = read_data(f, io, reason);
	if (result == INFLATE_GOES_ON && f->place == IN_TRAILER)
		result = read_trailer(f, io, reason);
	return result;
}

const struct inflate_kind inflate_libisal = { "libisal", new, release, step };
