/* SPDX-License-Identifier: MIT */
/* file -- the text of one segment, whether its file is plain or gzip. Plain text may be read anywhere and again; of a compressed
 * one only what follows, or from the beginning of a member on. */
#ifndef LIB_LOG_FILE_H
#define LIB_LOG_FILE_H

#include <sys/types.h>

#include "lib/base/failure.h"
#include "lib/log/segment.h"
#include "lib/text/inflate.h"

struct segment_file {
	int fd;                         /* -1: none is open */
	char name[SEGMENT_NAME];        /* in its directory */
	bool compressed;
	uint64_t offset;                /* in the text, of the byte read next */
	uint64_t bytes;                 /* read from the file */

	/* compressed */
	struct inflate *inflate;
	struct inflate_io io;
	unsigned char *in;
	uint64_t taken;                 /* bytes of the file up to the end of io.in */
	bool in_member, in_padding;
	bool full;                      /* there may be more text of what was taken */
};

#define SEGMENT_NO_FILE ((struct segment_file){ .fd = -1 })

/* The segment that begins at first: the plain file where both are. 0; 1: there is neither; -1: EXIT_IO. Closes what was open. */
int segment_file_open(struct segment_file *s, int dir, uint64_t first, struct failure *f);
/* The same of a file that is open; fd is taken. */
void segment_file_take(struct segment_file *s, int fd, const char *name, bool compressed);
void segment_file_close(struct segment_file *s);

/* Up to n bytes of text, fewer are normal; 0: the file ends here, for now. -1: EXIT_IO, or EXIT_DATA where gzip is damaged; the
 * failure names the file. */
ssize_t segment_file_read(struct segment_file *s, char *p, size_t n, struct failure *f);

/* Goes on elsewhere: in plain text at any offset, in a compressed file at `place` in the file, where a member begins whose first byte is the one at
 * offset in the text. */
void segment_file_seek(struct segment_file *s, uint64_t offset, uint64_t place);

/* Bytes of the file; 0 when even that cannot be asked. */
uint64_t segment_file_size(const struct segment_file *s);

/* Reads head and columns from the beginning. 0; 1: they are not whole yet; -1: EXIT_DATA, they are damaged or not those of a segment that
 * begins at first. The file's offset is behind them. */
int segment_file_head(struct segment_file *s, uint64_t first, struct segment_head *h, struct failure *f);

#endif
