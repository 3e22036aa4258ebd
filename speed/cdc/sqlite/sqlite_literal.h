/* SPDX-License-Identifier: MIT */
/* sqlite_literal -- rows as our triggers write them: what quote() makes of each column, with commas between. That is the one form of SQLite from which
 * every value comes back as it was: real numbers with all their digits, blobs, infinities. Text with NUL in it, which quote() would cut, is written
 * as its bytes with a T before them. */
#ifndef SPEED_CDC_SQLITE_SQLITE_LITERAL_H
#define SPEED_CDC_SQLITE_SQLITE_LITERAL_H

#include "lib/base/arena.h"
#include "speed/cdc/change.h"

/*	NULL            null
 *	12, -3.5        number; a real number in as few digits as give it back
 *	'it''s'         text
 *	X'00ff'         base64 of the bytes, as text
 *	T'..', TX'..'   text
 *	Inf, -Inf       the text Infinity, -Infinity
 * Exactly n values: 0; else -1. They point into text, or memory is the arena's. */
int sqlite_literals(struct span text, struct datum *d, size_t n, struct arena *arena);

#endif
