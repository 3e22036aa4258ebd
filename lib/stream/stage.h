/* SPDX-License-Identifier: MIT */
/* stage -- a filter's part in a checked stream. Zeroed: the stream is not checked.
 *
 *	on READ_CONTROL with word `resume`:  stage_begin(), load the state of (resume.epoch, resume.erun), stage_forward()
 *	on READ_CONTROL, stage_barrier() == 1:  finish the epoch's output, make the state durable, stage_pass()
 *
 * The reader (lib/text/blocks.c) has verified n, crc and run of each barrier by then, and turns an end without stop or end into
 * READ_ERROR with EXIT_RETRY. */
#ifndef LIB_STREAM_STAGE_H
#define LIB_STREAM_STAGE_H

#include "lib/stream/checked.h"
#include "lib/stream/out.h"

struct stage {
	const char *name;               /* the tool's, in the lineage and in the names of snapshots */
	struct out *out;
	const char *format;             /* of what goes out: csv, tsv, ndjson */
	bool checked;
	struct resume resume;           /* with the lineage behind this stage */
	struct barrier barrier;         /* the one in hand */
};

/* Takes a `resume` line. options: text of all options that decide what the stage does, folded into the lineage. From now on out
 * sums what is written. -1: failure. */
int stage_begin(struct stage *s, const char *name, struct out *out, const char *format, const struct control *c, struct span options, struct failure *f);
/* Writes the resume line, for the stages behind. */
void stage_forward(struct stage *s);
/* 1: c is a barrier, now in s->barrier; 0: another word; -1. */
int stage_barrier(struct stage *s, const struct control *c, struct failure *f);
/* Sends it on, with n and crc of the data that went out since the last one, and flushes. -1: out->error. */
int stage_pass(struct stage *s);
void stage_free(struct stage *s);

#endif
