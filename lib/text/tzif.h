/* SPDX-License-Identifier: MIT */
/* tzif -- the bytes of a TZif file (RFC 8536, version 2 and later) as offsets and the instants at which they change. */
#ifndef LIB_TEXT_TZIF_H
#define LIB_TEXT_TZIF_H

#include <stdint.h>

#include "lib/base/span.h"

struct tzif_change {
	int64_t at;             /* seconds since the epoch, UTC, strictly ascending */
	int32_t offset;         /* seconds east of UTC from then on */
};

struct tzif {
	int32_t first;          /* offset before the first change */
	struct tzif_change *change;
	size_t n, cap;
	struct span rule;       /* the footer: a POSIX TZ string, or empty. Borrowed from the bytes */
};

/* 0; -1 with *error set to a static text. All of it is checked: the bytes may be anything. */
int tzif_parse(struct span bytes, struct tzif *t, const char **error);
void tzif_free(struct tzif *t);

#endif
