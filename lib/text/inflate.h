/* SPDX-License-Identifier: MIT */
/* inflate -- one gzip member after another, from memory to memory. What a decompression library has to offer to be used
 * for input; members, padding and garbage are the caller's. All libraries find the same damage and call it by the same name. */
#ifndef LIB_TEXT_INFLATE_H
#define LIB_TEXT_INFLATE_H

#include <stddef.h>

struct inflate;

enum inflate_result {
	INFLATE_GOES_ON,        /* input used up or output full */
	INFLATE_MEMBER_END,     /* header, data and checksum were right; behind it begins what the caller makes of it */
	INFLATE_DAMAGED,
};

struct inflate_io {
	const unsigned char *in;
	size_t nin;
	unsigned char *out;
	size_t nout;
};

/* By name, "libisal" or "zlib"; NULL when it is not built in. inflate_new(NULL) is the one to use, never NULL: the quickest, or what
 * WEIR_INFLATE names. */
struct inflate *inflate_new(const char *name);
void inflate_free(struct inflate *z);   /* NULL is fine */

/* Moves io forward. DAMAGED: *reason is a static text. After MEMBER_END the next call begins a new member. */
enum inflate_result inflate_step(struct inflate *z, struct inflate_io *io, const char **reason);

#endif
