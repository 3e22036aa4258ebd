/* SPDX-License-Identifier: MIT */
#include "speed/cdc/needs.h"

#include "lib/base/diag.h"

void needs_add(struct needs *n, const char *why, const char *statement)
{
	buf_printf(&n->lines, "%s  -- %s\n", statement, why);
	if (n->n++ == 0)
		buf_printf(&n->first, "%s: say %s", why, statement);
}

int needs_refuse(const struct needs *n, const char *source, struct failure *f)
{
	return n->n ? failure_set(f, EXIT_CONFIG, "%s: %.*s%s", source, (int)n->first.n, n->first.p, n->n > 1 ? " (and more: --dry-run says all)" : "") : 0;
}

void needs_free(struct needs *n)
{
	buf_free(&n->lines);
	buf_free(&n->first);
}
