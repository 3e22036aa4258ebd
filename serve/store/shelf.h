/* SPDX-License-Identifier: MIT */
/* shelf -- the speed files of one source in the directory of a view. One process at a time may add to them: it holds the lock
 * of (view, source). What is there is always a tiling; each file that comes takes it from position to position in one rename. */
#ifndef SERVE_STORE_SHELF_H
#define SERVE_STORE_SHELF_H

#include "lib/stream/checked.h"
#include "lib/view/tiling.h"
#include "serve/store/epochs.h"

struct shelf {
	const char *path;               /* of the directory, for messages */
	int dir, lock;
	char source[256], log[20], hash[9], cfg[LINEAGE_TEXT];
	const struct view *view;
	struct position at;             /* where the tiling ends */
	bool start;                     /* a segment of the log begins there */
	bool durable;                   /* each file is synced before it counts */
	uint64_t removed;               /* files that shelf_begin found torn, lost or replaced */
};

/* The lock on (view, source), to be closed. -1: EXIT_RETRY somebody else has it, EXIT_CREATE. */
int shelf_lock(int dir, const char *path, const char *source, struct failure *f);

/* Makes the directory when it is not there, and takes the lock. path is borrowed. */
int shelf_open(struct shelf *s, const char *path, struct span source, struct failure *f);
void shelf_close(struct shelf *s);

/* Cleans up what an earlier run left, and reads where the tiling ends. v is borrowed. *tiles: the tiling of the source, to be freed
 * with tilings_free. -1: EXIT_CONFIG it is of another definition or log; EXIT_DATA a batch file is damaged. */
int shelf_begin(struct shelf *s, const struct view *v, const struct resume *r, struct tilings *tiles, struct failure *f);

/* Adds what e holds as the range from the end of the tiling to `to`, and describes the file in *t (t->file is the caller's). -1:
 * EXIT_RETRY when the tiling ends elsewhere by now: a batch was published or rolled back. */
struct shelf_commit {
	struct position to;
	uint64_t epoch;
	const char *run;
	bool edge;
};
int shelf_publish(struct shelf *s, struct epochs *e, const struct shelf_commit *c, struct tile *t, struct failure *f);

#endif
