/* SPDX-License-Identifier: MIT */
/* side -- a side output: the records that did not go the main way, each with its reason.
 * Always NDJSON, one object per record, whatever the main format is:
 *   {"file":"orders.csv","line":17,"reason":"...",MORE...,"raw":"..."}
 * with "raw_b64" in place of "raw" when the bytes are not valid UTF-8, so that raw always gives back the exact bytes.
 * The first error sticks: what comes after it is dropped, and closing tells. */
#ifndef LIB_STREAM_SIDE_H
#define LIB_STREAM_SIDE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/span.h"
#include "lib/text/writer.h"

struct side;

struct side_pair {
	const char *name;               /* an extra member: "late_by_ms" */
	struct cell value;
};

/* Made new or emptied (mode 0640 less umask). NULL: errno; "-" is EINVAL, for stdout is data only. */
struct side *side_open(const char *path);

/* Buffered. -1 after an error. */
int side_put(struct side *s, const char *file, uint64_t line, struct span reason, struct span raw, const struct side_pair *more, size_t n);

int side_flush(struct side *s);                         /* hands the buffer to the kernel; does not sync */
uint64_t side_length(const struct side *s);             /* bytes put since it was opened, in the buffer too */
const char *side_error(const struct side *s);           /* `late.ndjson: No space left on device`, NULL: none yet */

/* Flushes, closes, releases. -1: something was not written; the text is in error (if given), cut to its size. NULL is fine. */
int side_close(struct side *s, char *error, size_t size);

#endif
