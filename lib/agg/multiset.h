/* SPDX-License-Identifier: MIT */
/* multiset -- keys with weights, in order of their bytes: what a retractable view keeps where it could not take a value
 * back otherwise. Weights may be negative for a while (a retraction may come before its insertion); what
 * weighs 0 is not there. A zeroed struct is an empty multiset. */
#ifndef LIB_AGG_MULTISET_H
#define LIB_AGG_MULTISET_H

#include "lib/agg/order_key.h"

struct multiset_node;

struct multiset {
	struct multiset_node *root;
	size_t positive;                /* keys of positive weight */
};

void multiset_add(struct multiset *s, const struct order_key *key, int64_t weight);
void multiset_merge(struct multiset *into, const struct multiset *from);
void multiset_free(struct multiset *s);

size_t multiset_size(const struct multiset *s);         /* keys of any weight */

/* The least or greatest key of positive weight; empty when there is none. Borrowed until the next add. */
struct span multiset_end(const struct multiset *s, enum order_end end);

/* Visits the keys in order from the index-th on, while visit returns true. Returns the index after the last visited. */
typedef bool multiset_visit(void *arg, struct span key, int64_t weight);
size_t multiset_walk(const struct multiset *s, size_t index, multiset_visit *visit, void *arg);

#endif
