/* SPDX-License-Identifier: MIT */
#include "lib/stream/side_opts.h"

#include "lib/base/diag.h"

struct side *side_option(const char *path)
{
	struct side *s = path ? side_open(path) : NULL;

	if (path && !s)
		die(EXIT_CREATE, "%s:", path);
	return s;
}

int side_finish(struct side *s, int status)
{
	char error[300];

	if (side_close(s, error, sizeof error) == 0)
		return status;
	warn("%s", error);
	return status ? status : EXIT_IO;
}
