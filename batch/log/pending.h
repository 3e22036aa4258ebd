/* SPDX-License-Identifier: MIT */
/* pending -- records gathered for a block, as the log stores them. A block never ends directly behind a -U, whose +U must follow in the
 * same one. */
#ifndef BATCH_LOG_PENDING_H
#define BATCH_LOG_PENDING_H

#include "lib/base/buf.h"
#include "lib/text/reader.h"

struct pending_mark {
	size_t bytes;
	uint64_t records;
};

struct pending {
	struct buf data;
	struct pending_mark all, safe;  /* safe: up to where a block may end */
	bool changes;                   /* a record among them has _op */
};

/* Takes the records of a batch whose only field is _op, from row *at on, until there are limit bytes; *at is then the row to go on with.
 * escape: the input is plain, so what looks like a control line is escaped. */
void pending_take(struct pending *p, const struct batch *batch, size_t *at, size_t limit, bool escape, bool json);

/* The first safe.bytes of data are stored. */
void pending_drop(struct pending *p);
void pending_free(struct pending *p);

#endif
