/* SPDX-License-Identifier: MIT */
/* fold -- the state of a view: groups of records by key, in panes of time. Panes are disjoint; a window is a run of
 * panes (just one, but for sliding windows). Two folds of one view merge, whatever records made each. */
#ifndef LIB_VIEW_FOLD_H
#define LIB_VIEW_FOLD_H

#include "lib/base/table.h"
#include "lib/base/timemap.h"
#include "lib/view/definition.h"
#include "lib/view/row.h"

/* The records of one key in one pane (or session); the measures' states stand behind it at their offsets. */
struct group {
	int64_t weight;         /* records added less records retracted */
	uint64_t mark : 63;     /* free for whoever emits: when it was last noted as changed */
	uint64_t unsaved : 1;   /* free for whoever keeps states: noted as changed since they were made durable */
};

static inline void *group_state(struct group *g, const struct measure *m)
{
	return (char *)g + m->offset;
}

/* Adds a row to a group; merges groups; releases what the states own (not the group itself). */
void group_add(const struct view *v, struct group *g, const struct row *row);
void group_merge(const struct view *v, struct group *into, struct group *from);
void group_drop(const struct view *v, struct group *g);
bool group_is_identity(const struct view *v, struct group *g);

struct pane {
	struct interval at;
	int64_t first_end;              /* of the first window that holds it */
	struct table groups;            /* key -> group */
};

struct fold {
	const struct view *view;
	struct timemap panes;           /* by start */
	struct pane *recent;            /* where the last record went */
	size_t groups;                  /* in all panes */
};

void fold_init(struct fold *f, const struct view *v);
void fold_free(struct fold *f);

/* The pane of an instant; NULL when there is none yet. *at is set either way; *in_window tells whether any window holds it. */
struct pane *fold_find(struct fold *f, int64_t ms, struct interval *at, bool *in_window);
struct pane *fold_new_pane(struct fold *f, struct interval at);
void fold_drop_pane(struct fold *f, struct pane *p);

/* The group of a key, made when it is new. */
struct group *fold_group(struct fold *f, struct pane *p, struct span key);

/* The groups of many keys, each in its pane, with the hashes of the keys: look-ups in large tables overlap. */
void fold_groups(struct fold *f, struct pane *const *p, const struct span *key, const uint64_t *hash, size_t n, struct group **g);

/* Moves all of from into into. */
void fold_merge(struct fold *into, struct fold *from);

/* Rows in the order they are printed: by end, start, key. */
struct fold_row {
	struct interval at;
	struct span key;
	struct group *group;
	uint64_t prefix;                /* the key's first 8 bytes, big-endian: most comparisons end here */
};

struct fold_rows {
	struct fold_row *row;
	size_t n, cap;
};

void fold_rows_add(struct fold_rows *rows, struct interval at, struct span key, struct group *g);
void fold_rows_pane(struct fold_rows *rows, struct interval at, struct table *groups);
void fold_rows_sort(struct fold_rows *rows);
void fold_rows_free(struct fold_rows *rows);

#endif
