/* SPDX-License-Identifier: MIT */
/* A view is as far as its tiling reaches; its last file says by which epoch it came there, when it is one of speed. */
#include <string.h>

#include "lib/base/diag.h"
#include "lib/sink/sink_impl.h"
#include "lib/view/tiling.h"

static void take(struct sink_state *s, const struct tiling *t)
{
	char text[POSITION_TEXT];

	if (t->n == 0)
		return;
	position_print(t->end, text);
	buf_text(&s->pos, text);
	if (t->tile[t->n - 1].name.kind != RANGE_SPEED)
		return;
	s->epoch = t->tile[t->n - 1].head.epoch;
	memcpy(s->run, t->tile[t->n - 1].head.run, sizeof s->run);
}

int sink_read_view(int dir, const char *path, const char *source, struct sink_state *s, struct failure *f)
{
	struct tilings all = { 0 };
	int rc = tiling_read(dir, path, source, NULL, &all, f);

	if (rc == 0 && all.n > 1)
		rc = failure_set(f, EXIT_CONFIG, "%s: the view has several sources", path);
	else if (rc == 0 && all.n == 1)
		take(s, &all.of[0]);
	tilings_free(&all);
	return rc;
}
