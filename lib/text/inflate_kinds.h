/* SPDX-License-Identifier: MIT */
/* inflate_kinds -- what each library has to be for inflate.c. */
#ifndef LIB_TEXT_INFLATE_KINDS_H
#define LIB_TEXT_INFLATE_KINDS_H

#include "lib/text/inflate.h"

struct inflate_kind {
	const char *name;
	struct inflate *(*new)(void);
	void (*free)(struct inflate *z);
	enum inflate_result (*step)(struct inflate *z, struct inflate_io *io, const char **reason);
};

/* The first member of each. */
struct inflate {
	const struct inflate_kind *kind;
};

#define INFLATE_BAD_DATA "invalid compressed data"

extern const struct inflate_kind inflate_zlib, inflate_libisal;

#endif
