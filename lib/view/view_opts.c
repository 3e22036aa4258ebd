/* SPDX-License-Identifier: MIT */
#include "lib/view/view_opts.h"

#include "lib/base/diag.h"

struct view *view_option(const char *path)
{
	struct view *v = view_new();
	char error[256];

	if (view_load(v, path, error) < 0 || view_finish(v, error) < 0)
		die(EXIT_CONFIG, "%s", error);
	return v;
}
