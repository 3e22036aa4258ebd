/* SPDX-License-Identifier: MIT */
#include "batch/log/follow.h"

#include "lib/base/clock.h"
#include "lib/stream/halt.h"

void follow_begin(struct follow *w, const struct log_dir *dir, bool signals)
{
	*w = (struct follow){ log_wait_new(dir), signals };
	if (signals)
		halt_begin();
}

void follow_end(struct follow *w)
{
	log_wait_free(w->wait);
	if (w->signals)
		halt_end();
}

bool follow_stop(const struct follow *w)
{
	return w->signals && halt_asked();
}

int follow_wait(struct follow *w, struct out *out, int64_t ms)
{
	struct pollfd also[] = { { .fd = out->fd }, halt_poll() };

	log_wait(w->wait, also, 2, ms);
	return halt_reader_gone(out, also[0].revents);
}

int64_t follow_now(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}
