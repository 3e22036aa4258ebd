/* SPDX-License-Identifier: MIT */
/* A message is made in two buffers on the stack, so that one can be written when memory has run out,
 * and leaves in one write(2): lines of several processes on one terminal or log do not mix. */
#include "lib/base/diag.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	MESSAGE_MAX = 4096,     /* what a pipe takes in one piece (PIPE_BUF) */
	SHOW_MAX = 256,
};

static const char *tool = "weir";

/* A descriptor below 3 that is closed would be given to the next file opened, and data meant for
 * stdout would end in it. Closed ones are taken, opened the wrong way round: using one still fails. */
static void keep_standard_descriptors(void)
{
	static const int mode[] = { O_WRONLY, O_RDONLY, O_RDWR };
	int fd;

	for (fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", mode[fd]) != fd)
			_exit(EXIT_IO);
}

void diag_init(const char *name)
{
	tool = name;
	keep_standard_descriptors();
}

const char *diag_tool(void)
{
	return tool;
}

static int is_tail(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* Length of the printable character at p, 0 for bytes to escape: controls, C1 controls, whatever is
 * not UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF). */
static size_t printable(const unsigned char *p, size_t n)
{
	unsigned char c = p[0];

	if (c < 0x80)
		return c >= 0x20 && c != 0x7f;
	if (n < 2 || c < 0xc2 || c > 0xf4 || !is_tail(p[1]))
		return 0;
	if (c < 0xe0)
		return c == 0xc2 && p[1] < 0xa0 ? 0 : 2;
	if ((c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f) ||
	    (c == 0xf0 && p[1] < 0x90) || (c == 0xf4 && p[1] > 0x8f))
		return 0;
	if (n < 3 || !is_tail(p[2]))
		return 0;
	if (c < 0xf0)
		return 3;
	return n >= 4 && is_tail(p[3]) ? 4 : 0;
}

/* Appends bytes to out[0..at) as text; what does not fit below max becomes "...". Returns the new
 * length, at most max. */
static size_t escape(char *out, size_t at, size_t max, const char *bytes, size_t n)
{
	static const char hex[] = "0123456789ABCDEF";
	const unsigned char *p = (const unsigned char *)bytes, *end = p + n;

	while (p < end) {
		size_t len = printable(p, (size_t)(end - p));

		if (at + (len ? len : 4) > max - 3) {
			memcpy(out + at, "...", 3);
			return at + 3;
		}
		if (len) {
			memcpy(out + at, p, len);
			at += len;
		} else {
			memcpy(out + at, (char[]){ '\\', 'x', hex[*p >> 4], hex[*p & 15] }, 4);
			at += 4;
		}
		p += len ? len : 1;
	}
	return at;
}

/* vsnprintf's result as the number of bytes that are there. */
static size_t kept(int n, size_t size)
{
	return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

static void say(const char *format, va_list args)
{
	char text[MESSAGE_MAX], out[MESSAGE_MAX];
	size_t n, at, len = strlen(format);
	int error = errno;

	n = kept(vsnprintf(text, sizeof text, format, args), sizeof text);
	at = escape(out, 0, 256, tool, strlen(tool));
	memcpy(out + at, ": ", 2);
	at = escape(out, at + 2, sizeof out - 128, text, n);
	if (len && format[len - 1] == ':') {
		char reason[100];
		const char *s = strerror_r(error, reason, sizeof reason);

		out[at++] = ' ';
		at = escape(out, at, sizeof out - 1, s, strlen(s));
	}
	out[at++] = '\n';
	while (write(STDERR_FILENO, out, at) < 0 && errno == EINTR)
		;
	errno = error;
}

void warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
}

/* _exit, not exit: other threads may still run, and must not meet torn-down handlers or locks. */
_Noreturn void die(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
	_exit(status);
}

const char *diag_show(const char *bytes, size_t n)
{
	static char shown[8][SHOW_MAX * 4 + 8];
	static unsigned turn;
	char *out = shown[turn++ % 8];
	size_t len = n, at;

	if (len > SHOW_MAX)
		for (len = SHOW_MAX; len > SHOW_MAX - 3 && is_tail((unsigned char)bytes[len]); len--)
			;
	at = escape(out, 0, sizeof shown[0] - 4, bytes, len);
	if (len < n)
		memcpy(out + at, "...", 3), at += 3;
	out[at] = '\0';
	return out;
}
