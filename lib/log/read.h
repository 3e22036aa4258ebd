/* SPDX-License-Identifier: MIT */
/* read -- the records of a log from one position to another, block by block, verified as they come: chains, lengths, crcs, in
 * plain and in sealed segments. Never beyond what is committed, never past a damaged block. */
#ifndef LIB_LOG_READ_H
#define LIB_LOG_READ_H

#include <poll.h>

#include "lib/log/dir.h"
#include "lib/text/input.h"

#define LOG_END UINT64_MAX              /* to: all that is committed, and what will be */

struct log_block {
	struct position first, end;
	struct span data;               /* records in stored form; borrowed until the next call */
	uint64_t lines;                 /* physical */
	bool changes;
	int64_t time;                   /* when it was written, ms */
	const struct segment_head *segment;     /* whose columns and format hold */
};

enum log_event {
	LOG_BLOCK,
	LOG_EDGE,               /* a segment ends here; records of another one follow, perhaps with other columns */
	LOG_DRY,                /* all that is committed by now was read: wait, then call again */
	LOG_DONE,               /* `to` is reached */
	LOG_ERROR,              /* failure is set */
};

struct log_reader;

/* Reads [from.at, to). from with a chain is checked against the log's: another is EXIT_CONFIG `...the log has other records before it`; without_chain: from.chain is
 * not known and not looked at. A from that was pruned is EXIT_CONFIG. d is borrowed and refreshed as needed. sealed_only: the segments that are not sealed are not
 * there. sync: the active segment is synced before what was added to it is delivered. NULL never: a from that will not do is in *f at once,
 * and log_next says LOG_ERROR. */
struct log_reader_options {
	bool without_chain, sealed_only, sync;
};
struct log_reader *log_reader_open(struct log_dir *d, struct position from, uint64_t to, const struct log_reader_options *o, struct failure *f);
enum log_event log_next(struct log_reader *r, struct log_block *b);
struct position log_reader_at(const struct log_reader *r);
const struct failure *log_reader_failure(const struct log_reader *r);   /* the f it was opened with */
uint64_t log_reader_bytes(const struct log_reader *r);          /* read from files, for progress */
void log_reader_free(struct log_reader *r);

/* Cuts the first n records (fewer when it has fewer) off block into *head; block is the rest. Both borrow from it. */
void log_block_cut(struct log_block *block, uint64_t n, struct log_block *head);

/* Waits until something in the log may have changed, one of the descriptors of also (as for poll) has an event, a signal was
 * caught, or ms have passed (-1: for ever). Uses inotify where there is, else looks every 100 ms. */
struct log_wait;
struct log_wait *log_wait_new(const struct log_dir *d);
void log_wait(struct log_wait *w, struct pollfd *also, size_t n, int64_t ms);
void log_wait_free(struct log_wait *w);

/* The same records as the bytes of a controlled stream (`stream`, `columns` where they change, data): what lib/text reads. Ends at to or when dry. reader
 * is borrowed. Errors show as an input's do. */
struct input *log_input(struct log_reader *r);

#endif
