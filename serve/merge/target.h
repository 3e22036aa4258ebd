/* SPDX-License-Identifier: MIT */
/* target -- the view that comes out of merging: that of the partials, or a coarser one (longer windows, fewer keys).
 * It is the definition that records would have been aggregated by directly, so its partials are those of that view. */
#ifndef SERVE_MERGE_TARGET_H
#define SERVE_MERGE_TARGET_H

#include "lib/view/definition.h"

/* What the options ask for; NULL: as it is. */
struct target_options {
	const char *window, *slide, *offset, *tz, *group_by;
	struct view *given;             /* -V: its derives, digits and formats are used; same hash demanded */
	const struct view *words;       /* --derive, --digits, --time-format ... as stated */
};

struct target {
	struct view *view;
	size_t *key_of;                 /* key i of the target is key key_of[i] of the partials */
	bool same_keys, same_windows;
};

/* 0, or -1 with error: the finer windows do not nest in the coarser, no such key ... */
int target_init(struct target *t, const struct view *from, const char *hash, const struct target_options *o, char error[400]);
void target_free(struct target *t);

#endif
