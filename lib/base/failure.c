/* SPDX-License-Identifier: MIT */
#include "lib/base/failure.h"

#include <stdarg.h>
#include <stdio.h>

int failure_set(struct failure *f, int status, const char *format, ...)
{
	va_list args;

	if (f->status)
		return -1;
	f->status = status;
	va_start(args, format);
	vsnprintf(f->text, sizeof f->text, format, args);
	va_end(args);
	return -1;
}
