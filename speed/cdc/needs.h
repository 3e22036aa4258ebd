/* SPDX-License-Identifier: MIT */
/* needs -- what a source lacks for being captured, each with the statement that mends it: capture refuses with the first, --dry-run prints all. */
#ifndef SPEED_CDC_NEEDS_H
#define SPEED_CDC_NEEDS_H

#include <stdbool.h>

#include "lib/base/buf.h"
#include "lib/base/failure.h"

struct needs {
	struct buf lines;               /* `statement  -- why`, each */
	struct buf first;               /* `why: say statement` */
	size_t n;
	bool published;                 /* PostgreSQL: a statement before makes the publication */
};

/* statement: what the source's own shell takes; where nothing can be said, a comment. */
void needs_add(struct needs *n, const char *why, const char *statement);
/* 0: nothing is needed; -1: EXIT_CONFIG, the first, behind `source: `, and that --dry-run says all. */
int needs_refuse(const struct needs *n, const char *source, struct failure *f);
void needs_free(struct needs *n);

#endif
