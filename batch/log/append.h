/* SPDX-License-Identifier: MIT */
/* append -- `event-log append`: records become part of a log, block by block; in a checked stream epoch by epoch, together with
 * the position of their source. */
#ifndef BATCH_LOG_APPEND_H
#define BATCH_LOG_APPEND_H

#include "lib/base/failure.h"
#include "lib/log/write.h"
#include "lib/stream/ledger.h"
#include "lib/stream/side.h"
#include "lib/text/reader.h"

struct append_options {
	const char *path;               /* of the log */
	const char *const *file;        /* inputs; none: stdin */
	size_t nfiles;
	struct reader_options reader;
	struct log_write_options write;
	size_t block_bytes;             /* 0: 1 MiB */
	int64_t block_ms;               /* a block waits no longer for more records */
	const char *once;               /* name of this input, or NULL */
	struct side *rejects;           /* NULL: a bad record ends the run */
};

/* The exit status; failure says why when it has a text. */
int append_run(const struct append_options *o, struct ledger *ledger, struct failure *f);

/* SIGINT or SIGTERM came in a plain stream: what had come whole is in the log; the caller is to die by it. 0: none. */
int append_signal(void);

#endif
