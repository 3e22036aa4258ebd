/* SPDX-License-Identifier: MIT */
/* write -- appending to a log: one writer, holding the lock; recovery first, then blocks, each one write and (by the policy) one sync. */
#ifndef LIB_LOG_WRITE_H
#define LIB_LOG_WRITE_H

#include "lib/log/segment.h"

enum log_sync {
	LOG_SYNC_BLOCK,         /* each block: what log_write_block returned from survives a power cut */
	LOG_SYNC_INTERVAL,      /* at most every sync_ms: a power cut may take that much */
	LOG_SYNC_NONE,          /* only when a segment closes; kill -9 alone loses nothing under any of them */
};                              /* A block that commits a source is synced in any case: stages forget what is behind it. */

struct log_write_options {
	enum log_sync sync;
	int64_t sync_ms;
	uint64_t segment_bytes;         /* a segment closes behind the commit that brings it to this; 0: 256 MiB */
	int64_t lock_wait_ms;
	bool compress;                  /* sealed segments become gzip, in a thread of their own */
};

/* Names in the directory that are the writer's. */
#define LOG_LOCK ".lock"
#define LOG_SEAL_REQUEST ".seal-request"        /* someone asks for a seal; gone when it is done */

struct log_writer;

/* Takes the lock, makes the directory when it is not there, recovers. What recovery cut is told by warn(). NULL: failure (EXIT_RETRY lock held,
 * EXIT_DATA damage, EXIT_CREATE ...). */
struct log_writer *log_writer_open(const char *path, const struct log_write_options *o, struct failure *f);

/* Before the first block, and when columns change (only where all is committed; then a segment begins). columns.p NULL: those that the log has,
 * none when it is empty. Another format than the log has: EXIT_CONFIG. */
int log_write_form(struct log_writer *w, enum record_format format, struct span columns, struct failure *f);

struct log_commit {                     /* what a block commits besides its records */
	bool more;                      /* nothing yet: the epoch goes on */
	bool has_source;                /* else what was committed before is repeated */
	bool final;                     /* the source is complete */
	uint64_t epoch;
	const char *run;
	struct span source, once;
	struct span rejects_to;         /* with has_source: side output and its length; empty: as before */
	uint64_t rejects;
};

/* Appends n records (whole lines, escaped) as one block. After a failed write or sync the block is not in the log, the writer is dead (EXIT_IO), and what it had begun is cut off when
 * that works, else by the next recovery. n == 0 with has_source commits a position alone. */
int log_write_block(struct log_writer *w, struct span data, uint64_t records, uint64_t lines, bool changes, const struct log_commit *c, struct failure *f);

struct position log_writer_end(const struct log_writer *w);             /* behind the last committed record */
/* What the last committed block says of its source; epoch 0, run "-" and nothing when no block does. Borrowed. */
const struct block_trailer *log_writer_source(const struct log_writer *w);
int log_writer_has_once(struct log_writer *w, struct span id, bool *has, struct failure *f);

/* Closes the segment when it holds anything, and begins another with the next block. */
int log_writer_seal(struct log_writer *w, struct failure *f);
/* Someone asks for that (batch-view --seal, event-log seal): look now and then. */
bool log_writer_seal_wanted(struct log_writer *w);
/* Between blocks, now and then while there is nothing to write: syncs what is due by LOG_SYNC_INTERVAL, and seals when someone asks and all is
 * committed. */
int log_writer_idle(struct log_writer *w, struct failure *f);

/* Syncs what is not synced, waits for the compressing thread, lets the lock go. */
int log_writer_close(struct log_writer *w, struct failure *f);

/* For others: asks the running writer to seal, or does it when there is none. Returns when it is done, or -1 with EXIT_RETRY after wait_ms. */
int log_seal(const char *path, int64_t wait_ms, bool compress, struct failure *f);

#endif
