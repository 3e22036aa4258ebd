/* SPDX-License-Identifier: MIT */
/* The last committed block of a log says how far its source was. */
#include <string.h>

#include "lib/log/tail.h"
#include "lib/sink/sink_impl.h"

int sink_read_log(int dir, const char *path, struct sink_state *s, struct failure *f)
{
	struct block_trailer t = { 0 };
	bool found;
	int rc = log_tail_commit(dir, path, &t, &found, f);

	if (rc == 0 && found && t.has_source) {
		s->epoch = t.epoch;
		memcpy(s->run, t.run, sizeof s->run);
		buf_span(&s->pos, buf_view(&t.source));
	}
	block_trailer_free(&t);
	return rc;
}
