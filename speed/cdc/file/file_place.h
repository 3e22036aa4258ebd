/* SPDX-License-Identifier: MIT */
/* file_place -- a place in a file that may be renamed, copied, compressed, truncated and made anew under the same name and inode: an inode is
 * given to the next file at once, and many files begin alike. So a place is known by what stands before it: the first bytes of the file and the
 * last ones before the place, beside device and inode, which only say where to look first. */
#ifndef SPEED_CDC_FILE_FILE_PLACE_H
#define SPEED_CDC_FILE_FILE_PLACE_H

#include <sys/types.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"

#define PLACE_HEAD 4096
#define PLACE_TAIL 256

struct file_place {
	dev_t dev;
	ino_t ino;
	uint64_t offset;                /* of the text: inflated where the file is gzip */
	size_t nhead, ntail;            /* min(offset, PLACE_HEAD), min(offset, PLACE_TAIL) */
	uint64_t head, tail;            /* their hashes */
	int64_t mtime_ns;               /* offset 0, which has no text that tells: when that file was written last, or was looked for; else 0 */
};

/* Grows with what is read. Zeroed: the beginning of a file. */
struct file_trail {
	uint64_t offset;
	char head[PLACE_HEAD], tail[PLACE_TAIL];        /* tail ends at offset */
};

void trail_add(struct file_trail *t, const char *p, size_t n);
void trail_place(const struct file_trail *t, dev_t dev, ino_t ino, struct file_place *place);

/* `file:DEV:INO:OFFSET:HEAD:TAIL[:MTIME]`; parse: 0, or -1: it is none. */
void place_print(const struct file_place *p, struct buf *out);
int place_parse(struct span text, struct file_place *p);

struct input;
/* Reads the input from its beginning up to the place: 1, and the trail is that of the place; 0: it is another file; -1: input_error. */
int place_reach(const struct file_place *p, struct input *in, struct file_trail *t);

#endif
