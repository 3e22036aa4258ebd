/* SPDX-License-Identifier: MIT */
/* gzip -- inflates a descriptor in a thread of its own, into two buffers in turn.
 * Members follow each other in any number, also empty ones; zeros may follow the last one, as gzip(1) has it; anything
 * else behind a member is damage. What was decoded before the damage is delivered first. */
#ifndef LIB_TEXT_GZIP_H
#define LIB_TEXT_GZIP_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/base/span.h"

struct gzip;

#define GZIP_BEGIN (64 * 1024)

/* fd is borrowed. begin: bytes read from it already, at most GZIP_BEGIN. count: grows by the bytes read from fd. NULL: errno. */
struct gzip *gzip_open(int fd, struct span begin, _Atomic uint64_t *count);

ssize_t gzip_read(struct gzip *g, char *p, size_t n);           /* > 0, 0 at the end, -1 on damage or error */
bool gzip_waits(struct gzip *g);                                /* nothing decoded, and fd has nothing either */
const char *gzip_error(const struct gzip *g);                   /* after -1 */
int gzip_status(const struct gzip *g);                          /* exit status for it */
void gzip_close(struct gzip *g);                                /* NULL is fine */

#endif
