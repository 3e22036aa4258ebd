/* SPDX-License-Identifier: MIT */
/* checked -- the control lines by which source, stages and sink of a checked stream agree on what is done.
 *
 *   #!weir resume run=R epoch=E erun=RE pos=P source=NAME log=ID format=csv cfg=H
 *   ... data, `columns`, `watermark` ...
 *   #!weir barrier run=R epoch=e pos=p n=<lines> crc=<crc32c> committed=c [edge=1] [t=<ms>] [rejected=k]
 *   #!weir stop ...      the same; nothing follows: asked to stop, or the end of an input that may grow
 *   #!weir end ...       the same; nothing follows, ever: W is infinite
 *
 * All three of the latter end an epoch and are called barriers here. n and crc are over the physical lines of data since the barrier before
 * (control lines are not in it). A stage makes its state of (stage, e, R) durable before it sends barrier e on; the sink
 * commits output and (e, R, p) in one step; the source starts from what the sink committed. See weir-format(5). Columns change only directly behind a barrier or resume. */
#ifndef LIB_STREAM_CHECKED_H
#define LIB_STREAM_CHECKED_H

#include "lib/base/failure.h"
#include "lib/stream/control.h"

#define RUN_TEXT 20
#define LINEAGE_TEXT 9

struct resume {
	char run[RUN_TEXT];             /* this run: 15 hex digits, drawn anew by each source */
	uint64_t epoch;                 /* the last one the sink committed; 0: none */
	char erun[RUN_TEXT];            /* the run that did; "-" for none */
	char cfg[LINEAGE_TEXT];         /* lineage so far */
	struct buf pos;                 /* where the source goes on; opaque to all but source and sink */
	struct buf source, log;         /* name and id of what is read; may be empty */
	struct buf fallback;            /* position in the sink's log behind that epoch, when it is not the sink's last: what comes again must be the same */
	bool several;                   /* several=1: there are other sinks; one that is ahead of pos discards up to its own position */
};

enum barrier_kind { BARRIER, BARRIER_STOP, BARRIER_END };

struct barrier {
	enum barrier_kind kind;
	char run[RUN_TEXT];
	uint64_t epoch;                 /* one more than the one before; the first of a run is resume.epoch + 1 */
	uint64_t committed;             /* what the source knows to be committed by this run or before it */
	struct buf pos;                 /* of the source, behind the records of this epoch */
	uint64_t n;                     /* physical lines of data */
	uint32_t crc;
	bool edge;                      /* a segment of the log ends here */
	bool has_time;
	int64_t time;                   /* largest event time of the epoch, ms; streams of partials */
	uint64_t rejected;              /* records skipped as bad in it; streams of partials */
};

/* Parse: 0, or -1 with the reason. The structs are zeroed or used before; free them. */
int resume_parse(struct resume *r, const struct control *c, struct failure *f);
void resume_print(const struct resume *r, bool json, const char *format, struct buf *out);
void resume_free(struct resume *r);

/* 1: c is barrier, stop or end, and is in *b; 0: another word; -1. */
int barrier_parse(struct barrier *b, const struct control *c, struct failure *f);
void barrier_print(const struct barrier *b, bool json, struct buf *out);
void barrier_free(struct barrier *b);

void run_draw(char run[RUN_TEXT]);

/* Folds a stage and the options that decide what it does into the lineage; "" is that of nothing. */
void lineage_fold(char cfg[LINEAGE_TEXT], const char *stage, struct span options);

/* The lines of a checked stream as they pass: are n and crc what barriers say, is the run the same, is there an end? Used by
 * lib/text/blocks.c, so that whoever reads through it sees verified barriers only. */
struct stream_check {
	bool begun, on, done;           /* a control line was seen; the first was resume; stop or end was seen */
	char run[RUN_TEXT];
	uint64_t epoch, n;
	uint32_t crc;
};

void stream_check_data(struct stream_check *k, const char *p, size_t n);        /* pieces of data lines */
int stream_check_control(struct stream_check *k, struct span line, struct failure *f);
/* At the end of the input. -1: EXIT_RETRY, upstream has died. */
int stream_check_end(const struct stream_check *k, struct failure *f);

#endif
