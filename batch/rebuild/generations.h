/* SPDX-License-Identifier: MIT */
/* generations -- the range files of one source in the directory of a view, as whoever holds its batch lock sees them: which is the
 * newest, what may go, what stays for ever. */
#ifndef BATCH_REBUILD_GENERATIONS_H
#define BATCH_REBUILD_GENERATIONS_H

#include "lib/view/tiling.h"

struct generations {
	int dir;
	const char *path;
	const char *source;
	struct range_list files;        /* of all sources */
};

/* Takes the lock, made with the directory; fd of the lock, or -1. Removes what builders that died have left behind. dir, path, source: borrowed. */
int generations_lock(int dir, int64_t wait_ms, struct failure *f);
void generations_sweep(int dir);

int generations_read(struct generations *g, struct failure *f);
void generations_free(struct generations *g);

/* Indices into files; files.n: there is none. hash NULL: of any definition. */
size_t generations_newest(const struct generations *g, const char *hash);
/* Of any source: numbers of generations mean one order in all of a view. */
uint64_t generations_highest(const struct generations *g);

/* How far the frozen files of that definition reach from position 0 on, as a tiling chooses among them. */
int generations_frozen(const struct generations *g, const char *hash, struct position *end, struct failure *f);

/* Removes what the newest `keep` generations do not need, hash being the definition that is built. */
void generations_drop(const struct generations *g, const char *hash, uint64_t keep);
/* Keeps file i for ever. */
int generations_freeze(const struct generations *g, size_t i, struct failure *f);

#endif
