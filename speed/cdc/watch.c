/* SPDX-License-Identifier: MIT */
#include "speed/cdc/watch.h"

#include <string.h>

#include "lib/base/diag.h"

#define OPEN_MOST 8                     /* epochs sent but not committed */
#define LOOK_MS 10                      /* between looks, as long as there is room */

int watch_open(struct watch *w, const char *path, struct failure *f)
{
	*w = (struct watch){ .path = path };
	if (!path)
		return 0;
	if (sink_read(path, NULL, &w->begin, f) < 0)
		return -1;
	w->sent = w->committed = w->begin.epoch;
	buf_span(&w->now.pos, buf_view(&w->begin.pos));
	w->news = w->begin.pos.n > 0;
	return 0;
}

void watch_close(struct watch *w)
{
	sink_state_free(&w->begin);
	sink_state_free(&w->now);
}

static bool same_record(const struct sink_state *a, const struct sink_state *b)
{
	return a->epoch == b->epoch && strcmp(a->run, b->run) == 0;
}

int watch_look(struct watch *w, int64_t now_ms, struct failure *f)
{
	struct sink_state now = { 0 };

	if (!w->path || now_ms - w->looked_ms < (watch_is_full(w) ? 1 : LOOK_MS))
		return 0;
	w->looked_ms = now_ms;
	if (sink_read(w->path, NULL, &now, f) < 0)
		return -1;
	if (strcmp(now.run, w->ours) == 0 && now.epoch != w->committed) {
		w->committed = now.epoch;
		w->news = true;
		sink_state_free(&w->now);
		w->now = now;
		return 0;
	}
	if (strcmp(now.run, w->ours) != 0 && !same_record(&now, &w->begin))
		failure_set(f, EXIT_RETRY, "%s: another run has taken over: %s", w->path, now.run);
	sink_state_free(&now);
	return f->status ? -1 : 0;
}

bool watch_is_full(const struct watch *w)
{
	return w->path && w->sent - w->committed >= OPEN_MOST;
}
