/* SPDX-License-Identifier: MIT */
/* side -- a side output: the records that did not go the main way, each with its reason.
 * Always NDJSON, one object per record, whatever the main format is:
 *   {"file":"orders.csv","line":17,"reason":"...",MORE...,"raw":"..."}
 * with "raw_b64" in place of "raw" when the bytes are not valid UTF-8, so that raw always gives back the exact bytes.
 * The first error sticks: what comes after it is dropped, and closing tells.
 *
 * In a checked stream snapshots hold the length, and a resume cuts the file back to it:
 *   side_hold() before the stream's first line; side_resume() with it; at each barrier side_sync(), then side_length(). */
#ifndef LIB_STREAM_SIDE_H
#define LIB_STREAM_SIDE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/failure.h"
#include "lib/base/span.h"
#include "lib/text/writer.h"

struct side;

struct side_pair {
	const char *name;               /* an extra member: "late_by_ms" */
	struct cell value;
};

/* Made when it is not there (mode 0640 less umask); emptied by the first put, or by closing. NULL: errno; "-" is EINVAL, for
 * stdout is data only. */
struct side *side_open(const char *path);

/* What is in the file stays until side_resume says where to go on: nothing is lost when there is nothing to go on from. */
void side_hold(struct side *s);
/* Goes on behind the first length bytes, and keeps others who would do the same away until it is closed. -1: EXIT_DATA it is
 * shorter than that, so someone has touched it; EXIT_RETRY the run before still writes it. A device or a pipe just goes on. */
int side_resume(struct side *s, uint64_t length, struct failure *f);
/* All that was put is on disk. -1: EXIT_IO. */
int side_sync(struct side *s, struct failure *f);

/* Buffered. -1 after an error. */
int side_put(struct side *s, const char *file, uint64_t line, struct span reason, struct span raw, const struct side_pair *more, size_t n);

int side_flush(struct side *s);                         /* hands the buffer to the kernel; does not sync */
uint64_t side_length(const struct side *s);             /* of the file, with what is in the buffer */
const char *side_path(const struct side *s);
const char *side_error(const struct side *s);           /* `late.ndjson: No space left on device`, NULL: none yet */

/* Flushes, closes, releases. -1: something was not written; the text is in error (if given), cut to its size. NULL is fine. */
int side_close(struct side *s, char *error, size_t size);

#endif
