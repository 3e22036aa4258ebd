/* SPDX-License-Identifier: MIT */
/* dedupe_key -- the fields that dedupe reads, and what of a record is its key. */
#ifndef SPEED_DEDUPE_KEY_H
#define SPEED_DEDUPE_KEY_H

#include "lib/base/buf.h"
#include "lib/base/failure.h"
#include "lib/text/reader.h"

struct dedupe_key {
	struct fields fields;
	size_t *field;                  /* n of them, the parts of the key; none: the whole record */
	size_t n;
	int time, op;                   /* fields; time -1: none */
	int pos;                        /* `_pos` is in the key, by which no two changes are alike; else -1 */
	struct buf store;
};

/* columns: parted by commas; NULL: the whole record. time: a column or NULL. -1: EXIT_USAGE. */
int dedupe_key_bind(struct dedupe_key *k, const char *columns, const char *time, struct failure *f);
void dedupe_key_free(struct dedupe_key *k);

/* One key for each row. Valid until the next call, or as long as the batch. */
void dedupe_keys_of(struct dedupe_key *k, const struct batch *batch, struct span *key);

/* Nulls are not equal to one another: a record without any part of its key is not known to repeat, nor not to. */
bool dedupe_key_is_null(const struct dedupe_key *k, const struct span *field);

/* The columns in one spelling, for the lineage. */
void dedupe_key_print(const struct dedupe_key *k, struct buf *out);

#endif
