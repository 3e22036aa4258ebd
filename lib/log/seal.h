/* SPDX-License-Identifier: MIT */
/* seal -- what becomes of sealed segments: proven, compressed into gzip members of whole blocks, proven again, renamed; then the plain file goes. In
 * a thread of its own, one segment after another. What fails leaves the plain file, which is as good. */
#ifndef LIB_LOG_SEAL_H
#define LIB_LOG_SEAL_H

#include "lib/log/segment.h"

/* One plain, sealed segment. compress: else only its index is made. 0; -1: the segment is as it was. */
int seal_segment(int dir, uint64_t first, bool compress, struct failure *f);

struct sealer;

/* dir is borrowed, path for messages. The thread begins with the first segment. */
struct sealer *sealer_new(int dir, const char *path, bool compress);
void sealer_add(struct sealer *s, uint64_t first);
/* Waits until all is done. What could not be compressed is told by warn(). NULL is fine. */
void sealer_free(struct sealer *s);

#endif
