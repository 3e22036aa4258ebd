/* SPDX-License-Identifier: MIT */
/* journal -- the state of a stage, durable at each barrier, at the cost of what changed.
 *
 *   DIR/<stage>.<first epoch, 20 digits>-<run>     one file per run, and a new one for each base
 *
 *   #!weir state v=1 stage=dedupe cfg=1a2b3c4d epoch=12 run=R base=1          or after=11-R0: go on from that state
 *   entries: lines of the stage's own, none begins with #
 *   #!weir epoch epoch=12 run=R n=<lines> committed=c crc=<crc32c>     one for each epoch: its state is now that of (12, R)
 *   ...
 *
 * The state of (epoch, run) is all entries of the file that holds that epoch line up to it, behind those of the state it goes on from. Entries
 * are applied in order: a later one about the same thing replaces the earlier. crc is over all bytes of the file before it.
 * What follows the epoch line that is asked for is never looked at: it may be torn.
 *
 * A run never writes to the files of another one, so a run that should be dead harms nothing. When the changes since the base
 * outgrow it, or many runs have gone on from it, the next epoch is a base of its own in a new file. Once the sink has committed two
 * epochs more, files before it go, and those of runs that came to nothing. Nothing goes by loading. */
#ifndef LIB_STREAM_JOURNAL_H
#define LIB_STREAM_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/failure.h"
#include "lib/base/span.h"

struct journal;

/* DIR is made when it is not there. cfg: what the state depends on, 8 hex digits: state of another cfg is refused (EXIT_CONFIG)
 * with both named. NULL: failure. */
struct journal *journal_open(const char *dir, const char *stage, const char *cfg, struct failure *f);
void journal_close(struct journal *j);          /* NULL is fine; nothing is written */

/* Hands out the entries of (epoch, run) in order, all of them known to be whole; take may fail (-1, it has set the failure). Epoch 0: there are none.
 * A state that is not there is EXIT_RETRY when the sink is known to have gone further (the resume was stale), else EXIT_DATA;
 * damage is EXIT_DATA: never an empty state in place of a lost one. Called once, before any put. run: this run, for what is
 * written from now on. */
int journal_load(struct journal *j, uint64_t epoch, const char *erun, const char *run,
                 int (*take)(void *context, struct span entry), void *context, struct failure *f);

/* Before the entries of an epoch: true: put the whole state, it becomes a base; false: put what changed since the last commit.
 * Called once per epoch, also for one without entries. */
bool journal_begin(struct journal *j);
void journal_put(struct journal *j, struct span entry);         /* without newline; holds none. Errors show at the commit */
/* The epoch's entries are durable when this returns. epoch: one more than the last. committed: of the barrier; files needed
 * only by what came before may go. After a failure the journal is dead. */
int journal_commit(struct journal *j, uint64_t epoch, uint64_t committed, struct failure *f);

#endif
