/* SPDX-License-Identifier: MIT */
#include "lib/stream/side_opts.h"

#include <string.h>
#include <sys/stat.h>

#include "lib/base/diag.h"

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;
	bool has_x = stat(a, &x) == 0, has_y = stat(b, &y) == 0;

	if (has_x && has_y)
		return S_ISREG(x.st_mode) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
	return !has_x && !has_y && strcmp(a, b) == 0;
}

void outputs_check(const char *const *output, size_t noutputs, const char *const *input, size_t ninputs)
{
	for (size_t i = 0; i < noutputs; i++) {
		for (size_t k = 0; output[i] && k < i; k++)
			if (output[k] && same_file(output[i], output[k]))
				die(EXIT_USAGE, "%s: two outputs cannot be one file", output[i]);
		for (size_t k = 0; output[i] && k < ninputs; k++)
			if (same_file(output[i], input[k]))
				die(EXIT_USAGE, "%s: it is an input, and would be overwritten", output[i]);
	}
}

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
	if (status != EXIT_IO)          /* else the run was stopped by it, and has told */
		warn("%s", error);
	return status ? status : EXIT_IO;
}
