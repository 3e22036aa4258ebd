/* SPDX-License-Identifier: MIT */
/* diag -- what a tool says on stderr and how it ends.
 * Messages have one form, `tool: subject: reason`, and one line: control bytes and invalid UTF-8 in
 * them come out as \xNN. A format that ends in ':' gets strerror(errno) appended. */
#ifndef LIB_BASE_DIAG_H
#define LIB_BASE_DIAG_H

#include <stdarg.h>
#include <stddef.h>

/* Exit statuses, the same in every tool (the numbers are those of sysexits.h where it has one). */
enum {
	EXIT_DONE = 0,
	EXIT_NO = 1,            /* the answer is no: verify found a difference, data older than asked for */
	EXIT_USAGE = 64,
	EXIT_DATA = 65,         /* bad data or damage */
	EXIT_SERVICE = 69,      /* a service is not there */
	EXIT_BUG = 70,          /* ours */
	EXIT_MEMORY = 71,       /* memory, or a stated bound, reached */
	EXIT_CREATE = 73,       /* cannot create an output */
	EXIT_IO = 74,
	EXIT_RETRY = 75,        /* try again: lock held, upstream died, stale resume */
	EXIT_CONFIG = 78,       /* configuration or state do not fit each other */
};

/* Names the tool in all messages. First thing in main: descriptors 0 to 2 that came closed are taken
 * here, so that no file opened later is mistaken for stdout; using them still fails with EBADF. */
void diag_init(const char *tool);
const char *diag_tool(void);

void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void die(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Printable form of bytes for a message: at most 256 bytes of them, control bytes escaped.
 * Borrowed: one of eight buffers in turn. Not for threads. */
const char *diag_show(const char *bytes, size_t n);

#endif
