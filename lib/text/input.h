/* SPDX-License-Identifier: MIT */
/* input -- bytes of a file, a pipe or stdin, inflated when they begin as gzip does (1f 8b). */
#ifndef LIB_TEXT_INPUT_H
#define LIB_TEXT_INPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/base/failure.h"

struct input;

/* What an input may be made of instead of a file: read as input_read, with the reason in *f; close may be NULL. */
struct input_maker {
	ssize_t (*read)(void *context, char *p, size_t n, struct failure *f);
	void (*close)(void *context);
	void *context;
};

/* path "-" is stdin, which is not closed. Pipes are widened to 1 MiB. Never NULL: an open that failed shows when
 * reading. */
struct input *input_open(const char *path);
void input_free(struct input *in);              /* NULL is fine */

/* Its bytes are taken as they are; it never waits, and input_fd is -1. */
struct input *input_of(const struct input_maker *maker);

/* Up to n bytes, n >= 2; fewer are normal. > 0, 0 at the end, -1 on error; both last. */
ssize_t input_read(struct input *in, char *p, size_t n);

/* A read would have to wait now. Never true of a regular file. */
bool input_waits(struct input *in);

bool input_is_regular(const struct input *in);
const char *input_error(const struct input *in);        /* after -1: the reason, without the name */
int input_status(const struct input *in);               /* exit status for it */
uint64_t input_bytes(const struct input *in);           /* read from the descriptor so far */
int input_fd(const struct input *in);                   /* -1 when it is not open */

#endif
