/* SPDX-License-Identifier: MIT */
/* keeper -- a thread that looks after the speed files of one source, so that commits need not wait: it syncs them, makes larger ones
 * of them, and takes away what these replace once no reader can still be listing it.
 *
 * Eight files of one level that follow one another become one of the next; never across the edge of a segment of the log, for a batch
 * may end there. When a segment is complete all its files become one. So there are at most some 7 files per level and one per
 * segment, and a record is written anew once per level. */
#ifndef SERVE_STORE_KEEPER_H
#define SERVE_STORE_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/view/tiling.h"

struct keeper_options {
	int64_t linger;                 /* ms that replaced files stay */
	bool syncs;                     /* files come unsynced: sync them, at most once a second */
};

struct keeper;

/* dir and path are borrowed. */
struct keeper *keeper_start(int dir, const char *path, const struct keeper_options *o);
/* A file that is there now, behind those before it. Takes t->file. */
void keeper_add(struct keeper *k, struct tile *t);
/* The last one ends at the edge of a segment. */
void keeper_edge(struct keeper *k);
/* True: something has failed; *f says what. */
bool keeper_failed(struct keeper *k, struct failure *f);
/* Leaves off, syncs what is not synced, ends the thread. What lingers is left for the next start. 0 or -1; k is gone. */
int keeper_stop(struct keeper *k, struct failure *f);

#endif
