/* SPDX-License-Identifier: MIT */
/* tiling -- the range files that make up a view: from position 0 of each source, without gap or overlap. The directory listing is
 * the manifest. At each point the batch (or frozen) file of the highest generation is taken, else the longest speed file; files join only where position
 * and chain agree. Only one definition and lineage is served: that of the newest batch generation, else of the oldest file. */
#ifndef LIB_VIEW_TILING_H
#define LIB_VIEW_TILING_H

#include "lib/base/disk.h"
#include "lib/view/range.h"

struct tile {
	struct range_name name;
	struct range_head head;
	char *file;                     /* name in the directory */
};

struct tiling {                         /* of one source */
	char source[256];
	struct tile *tile;
	size_t n, cap;
	struct position end;            /* how far it covers; 0@0 when there is nothing */
	uint64_t cut;                   /* behind its last batch file: the border between batch and speed */
	uint64_t generation;            /* newest batch in it; 0: none */
	char hash[9], cfg[LINEAGE_TEXT], log[20];       /* of what is served; "": nothing */
	bool gap;                       /* a range file of what is served reaches beyond end, but does not join there */
	uint64_t beyond;                /* where the first of these begins */
};

struct tilings {
	struct tiling *of;
	size_t n, cap;
};

/* Lists dir (a second time when a file vanished or a gap shows: readdir is no snapshot). source: only that one, and t holds just its
 * tiling, be it empty; NULL: all that have files. Torn speed files count as
 * not there; a torn batch file is EXIT_DATA. prefer: the hash to serve, for whoever builds; NULL: by the rule above. */
int tiling_read(int dir, const char *path, const char *source, const char *prefer, struct tilings *t, struct failure *f);
/* The tiling of a source if a file were not there; looked at once. */
int tiling_without(int dir, const char *path, const char *source, const char *file, struct tilings *t, struct failure *f);
void tilings_free(struct tilings *t);
/* The same log under two names would count twice: -1 (EXIT_CONFIG) when another source than that one is made from the log of that id. */
int tilings_check_names(int dir, const char *path, const char *source, const char *log, struct failure *f);

/* All range files of the directory by name, also those no tiling uses. */
struct range_list {
	struct range_name *name;
	char **file;
	size_t n, cap;
};
int range_list_read(int dir, const char *path, struct range_list *l, struct failure *f);
void range_list_free(struct range_list *l);

/* The lineage that views are made with: `event-log cat` and `window-agg` of that definition hash, nothing between. */
void view_lineage(const char *hash, char cfg[LINEAGE_TEXT]);

#endif
