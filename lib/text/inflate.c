/* SPDX-License-Identifier: MIT */
#include "lib/text/inflate.h"

#include <stdlib.h>
#include <string.h>

#include "lib/text/inflate_kinds.h"

static const struct inflate_kind *const kinds[] = {     /* best first */
#ifdef WITH_libisal
	&inflate_libisal,
#endif
	&inflate_zlib,
};

static struct inflate *make(const char *name)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!name || strcmp(kinds[i]->name, name) == 0)
			return kinds[i]->new();
	return NULL;
}

struct inflate *inflate_new(const char *name)
{
	const char *wanted = name ? name : getenv("WEIR_INFLATE");
	struct inflate *z = make(wanted);

	return z || name ? z : make(NULL);
}

void inflate_free(struct inflate *z)
{
	if (z)
		z->kind->free(z);
}

enum inflate_result inflate_step(struct inflate *z, struct inflate_io *io, const char **reason)
{
	return z->kind->step(z, io, reason);
}
