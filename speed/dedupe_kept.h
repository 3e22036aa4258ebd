/* SPDX-License-Identifier: MIT */
/* kept -- the keys that were passed on, for ever or for a span of event time. Exact: no fingerprints.
 *
 * They lie in buckets of time, one span long, so that a bucket holds a key at most once, a time has three buckets to look into,
 * and forgetting is dropping a bucket. Without a span there is one bucket. */
#ifndef SPEED_DEDUPE_KEPT_H
#define SPEED_DEDUPE_KEPT_H

#include "lib/base/heap.h"
#include "lib/base/span.h"
#include "lib/base/timemap.h"

struct bucket;

struct kept {
	int64_t within, lateness;       /* ms; within 0: for ever */
	struct timemap buckets;
	struct heap oldest;
	struct bucket *near[3];         /* those that a time in bucket near_number looks into, NULL where there is none */
	int64_t near_number;
	bool near_known;
	size_t n;                       /* keys in all buckets */

	bool journaled;                 /* kept_journal was called */
	int64_t *changed;               /* numbers of the buckets that got new keys */
	size_t nchanged, changed_cap;
};

void kept_init(struct kept *k, int64_t within, int64_t lateness);
void kept_free(struct kept *k);

/* True: it was not there, and is now. False: a repeat, less than the span away from one that was kept. hash: hash_bytes of the key. */
bool kept_add(struct kept *k, struct span key, uint64_t hash, int64_t ms);
/* For many, so that their cache misses overlap: fetches where a key is looked for; once that is there, what is found. */
void kept_prefetch(struct kept *k, uint64_t hash, int64_t ms);
void kept_prefetch_entry(struct kept *k, uint64_t hash, int64_t ms);

/* Lets go what no record that is not behind the watermark can repeat. */
void kept_forget(struct kept *k, int64_t watermark);

/* From now on keys that are new are known; those that are there are not. */
void kept_journal(struct kept *k);
/* All keys, or those that are new since the last time, in no order. */
void kept_each(struct kept *k, bool all, void (*take)(void *context, struct span key, int64_t ms), void *context);

#endif
