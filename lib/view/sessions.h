/* SPDX-License-Identifier: MIT */
/* sessions -- windows that follow the records: of each key, runs in which neighbours are less than the gap apart (strict
 * overlap of [ts, ts + gap): exactly one gap apart is two sessions; the only rule by which batch and stream agree). The session
 * spans [first, last + gap). Merging distance, closing and forgetting all stand here. */
#ifndef LIB_VIEW_SESSIONS_H
#define LIB_VIEW_SESSIONS_H

#include "lib/base/heap.h"
#include "lib/view/fold.h"

struct session {
	struct interval at;             /* first, last + gap */
	struct session *prev, *next;    /* of the same key, earlier and later */
	struct span key;
	bool fired, dead;               /* dead: merged into another or forgotten; freed when its turn in the heap comes */
	void *printed;                  /* what stands downstream for it, malloc'ed, or NULL; used by emission */
	_Alignas(16) struct group group;        /* and the states behind it */
};

/* The sessions of a key, disjoint, in order. */
struct session_chain {
	struct session *first, *recent; /* recent: joined last; the next record is likely to be near */
};

struct sessions {
	const struct view *view;
	struct table keys;              /* key -> struct session_chain */
	struct heap due;
	size_t live;
	int64_t lateness;
	bool fires;
};

void sessions_init(struct sessions *s, const struct view *v, bool fires);
void sessions_free(struct sessions *s);

/* What a record at ms of that key would come to lie in: [ms, ms + gap) and the live sessions it overlaps, as one. */
struct interval sessions_hull(const struct sessions *s, struct span key, int64_t ms);

/* Called for each session that is merged away or grows, before that happens, so that what was printed can be withdrawn. */
typedef void sessions_changed(void *context, struct session *old);

/* The session of [at.start, at.end) of a key, joined with all it overlaps. Its group is ready to be added to. */
struct session *sessions_join(struct sessions *s, struct span key, struct interval at, sessions_changed *changed, void *context);

/* May anything be due at W? */
static inline bool sessions_due(const struct sessions *s, int64_t watermark)
{
	return s->due.n != 0 && heap_top(&s->due).at <= watermark;
}

/* The live session of a key that holds an instant, or NULL. */
struct session *sessions_at(const struct sessions *s, struct span key, int64_t ms);

/* A session as it was kept, in place of all of its key that it overlaps: sessions grow and merge, but never shrink. Its group is that of no records. */
struct session *sessions_restore(struct sessions *s, struct span key, struct interval at);

enum session_event { SESSION_QUIET, SESSION_FIRE, SESSION_DROP };
enum session_event sessions_next(struct sessions *s, int64_t watermark, struct session **what);
void sessions_drop(struct sessions *s, struct session *what);

/* As windows_settle(). */
void sessions_settle(struct sessions *s, int64_t watermark);

/* All live ones. */
void sessions_rows(const struct sessions *s, struct fold_rows *rows);

/* Moves all of from into into. */
void sessions_merge(struct sessions *into, struct sessions *from);

#endif
