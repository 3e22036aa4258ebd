/* SPDX-License-Identifier: MIT */
#include "speed/window/watermark.h"

#include "lib/agg/window.h"
#include "lib/base/mem.h"

void watermark_init(struct watermark *w, size_t inputs, int64_t delay, int64_t max_ahead)
{
	*w = (struct watermark){ .delay = delay, .max_ahead = max_ahead, .n = inputs, .at = WATERMARK_NONE };
	w->input = mem_zalloc(inputs * sizeof *w->input);
	for (size_t i = 0; i < inputs; i++)
		w->input[i].max_ms = w->input[i].at = WATERMARK_NONE;
}

void watermark_free(struct watermark *w)
{
	free(w->input);
	w->input = NULL;
}

bool watermark_is_far(const struct watermark *w, size_t input, int64_t ms)
{
	int64_t max_ms = w->input[input].max_ms;

	return w->max_ahead && max_ms != WATERMARK_NONE && ms > time_add(max_ms, w->max_ahead);
}

/* Is a record too far ahead to be believed? */
static bool is_ahead(const struct watermark *w, struct watermark_input *in, int64_t ms)
{
	if (!watermark_is_far(w, (size_t)(in - w->input), ms)) {
		in->ahead = 0;
		return false;
	}
	if (in->ahead++ == 0 || ms < in->ahead_ms)
		in->ahead_ms = ms;
	in->held_back += in->ahead < AHEAD_RUN;
	return in->ahead < AHEAD_RUN;
}

bool watermark_observe(struct watermark *w, size_t input, int64_t ms)
{
	struct watermark_input *in = &w->input[input];

	in->idle = false;
	if (ms <= in->max_ms) {
		in->ahead = 0;
		return false;
	}
	if (is_ahead(w, in, ms))
		return false;
	if (in->ahead)          /* a run is believed as far as all of it reached */
		ms = in->ahead_ms;
	in->ahead = 0;
	in->max_ms = ms;
	if (w->delay < 0)
		return false;
	in->at = time_add(time_add(ms, -w->delay), -1);
	return true;
}

bool watermark_line(struct watermark *w, size_t input, int64_t ms)
{
	struct watermark_input *in = &w->input[input];

	in->idle = false;
	if (ms <= in->at)
		return false;
	in->at = ms;
	return true;
}

void watermark_end(struct watermark *w, size_t input)
{
	w->input[input].ended = true;
}

bool watermark_combine(struct watermark *w)
{
	int64_t low = INT64_MAX, high = WATERMARK_NONE;
	bool counted = false;

	for (size_t i = 0; i < w->n; i++) {
		const struct watermark_input *in = &w->input[i];

		if (in->at > high)
			high = in->at;
		if (in->idle || in->ended)
			continue;
		counted = true;
		if (in->at < low)
			low = in->at;
	}
	if (!counted)           /* all step aside: as far as the furthest got */
		low = high;
	if (low <= w->at)
		return false;
	w->at = low;
	return true;
}

size_t watermark_slowest(const struct watermark *w)
{
	size_t slowest = w->n;

	for (size_t i = 0; i < w->n; i++)
		if (!w->input[i].idle && !w->input[i].ended && (slowest == w->n || w->input[i].at < w->input[slowest].at))
			slowest = i;
	return slowest;
}
