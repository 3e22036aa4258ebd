/* SPDX-License-Identifier: MIT */
/* out -- buffered output that notices every write error. Errors stick: once a write has failed nothing more is written, and
 * out_flush and out_close say so. SIGPIPE ends a filter quietly, as `| head` expects. */
#ifndef LIB_STREAM_OUT_H
#define LIB_STREAM_OUT_H

#include "lib/base/buf.h"

struct out {
	int fd;
	const char *name;       /* for messages */
	struct buf buf;         /* append here, then call out_more() now and then */
	int error;              /* errno of the first failure, or 0 */
	uint64_t written;       /* bytes handed to the kernel */

	/* Checked streams: what barriers say of the data before them. Control lines are written between out_begin_control and
	 * out_end_control, and are not in it. */
	bool sums;
	size_t summed;          /* of buf */
	uint64_t lines;         /* physical lines of data since the last barrier */
	uint32_t crc;           /* crc32c of them */
};

/* Takes no ownership of fd. A pipe is widened to 1 MiB. */
void out_init(struct out *o, int fd, const char *name);

/* Writes when enough has gathered. 0, or -1 once anything failed. */
int out_more(struct out *o);
int out_flush(struct out *o);

/* Writes what is left unless failed and closes fd: closing can fail too. Frees the buffer. 0 or -1 with o->error. */
int out_close(struct out *o);

/* Writes bytes behind what is buffered, without copying long runs. */
int out_bytes(struct out *o, const void *p, size_t n);

/* From now on data is summed; what is in the buffer already is. */
void out_sums(struct out *o);
void out_begin_control(struct out *o);
void out_end_control(struct out *o);

/* The ends of a main: flushes and closes stdout; a failure is told and becomes status EXIT_IO. */
int out_finish(struct out *o, int status);

#endif
