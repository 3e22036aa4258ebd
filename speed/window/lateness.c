/* SPDX-License-Identifier: MIT */
#include "speed/window/lateness.h"

#include "lib/text/duration.h"
#include "lib/text/timestamp.h"

void lateness_note(struct lateness *l, int64_t max_ms, int64_t ms)
{
	uint64_t lag = max_ms == WATERMARK_NONE || ms >= max_ms ? 0 : (uint64_t)max_ms - (uint64_t)ms;

	l->records++;
	l->bin[lag ? 64 - __builtin_clzll(lag) : 0]++;
	if (lag > (uint64_t)l->largest)
		l->largest = lag > INT64_MAX ? INT64_MAX : (int64_t)lag;
}

static void put_ms(struct buf *out, int64_t ms)
{
	duration_print(out, (struct duration){ .count = ms });
}

/* The upper edge of a bin: no record in it lags more. */
static int64_t bin_top(const struct lateness *l, unsigned i)
{
	uint64_t top = i == 0 ? 0 : i >= 64 ? INT64_MAX : ((uint64_t)1 << i) - 1;

	return top > (uint64_t)l->largest ? l->largest : (int64_t)top;
}

static void print_histogram(const struct lateness *l, struct buf *out)
{
	uint64_t sum = 0;

	buf_text(out, "lag behind the largest time so far: records, share\n");
	for (unsigned i = 0; i < LATENESS_BINS; i++) {
		if (!l->bin[i])
			continue;
		sum += l->bin[i];
		buf_text(out, i ? "  <= " : "  in order");
		if (i)
			put_ms(out, bin_top(l, i));
		buf_printf(out, ": %llu, %llu.%02llu %% so far\n", (unsigned long long)l->bin[i],
		           (unsigned long long)(sum * 100 / l->records), (unsigned long long)(sum * 10000 / l->records % 100));
	}
}

/* The smallest bin edge that covers per_mille of the records. */
static void suggest(const struct lateness *l, unsigned per_mille, const char *what, struct buf *out)
{
	uint64_t sum = 0;
	unsigned i = 0;

	while (i < LATENESS_BINS - 1 && (sum += l->bin[i]) * 1000 < l->records * per_mille)
		i++;
	buf_printf(out, "  --watermark-delay ");
	put_ms(out, per_mille == 1000 ? l->largest : bin_top(l, i));
	buf_printf(out, " for %s\n", what);
}

static void print_input(const struct watermark *w, size_t i, const char *name, struct buf *out)
{
	const struct watermark_input *in = &w->input[i];

	buf_printf(out, "input %s: largest time ", name);
	if (in->max_ms == WATERMARK_NONE)
		buf_text(out, "none");
	else
		time_print(out, in->max_ms, NULL, TIME_RFC3339);
	buf_text(out, ", watermark ");
	if (in->at == WATERMARK_NONE)
		buf_text(out, "minus infinity");
	else
		time_print(out, in->at, NULL, TIME_RFC3339);
	if (in->held_back)
		buf_printf(out, ", %llu records too far ahead to be believed", (unsigned long long)in->held_back);
	buf_text(out, in->ended ? ", ended\n" : in->idle ? ", idle\n" : "\n");
}

void lateness_explain(const struct lateness *l, const struct watermark *w, const char *const *names, struct buf *out)
{
	size_t slowest = watermark_slowest(w);

	for (size_t i = 0; i < w->n; i++)
		print_input(w, i, names[i], out);
	if (slowest < w->n)
		buf_printf(out, "the watermark is held back by %s\n", names[slowest]);
	if (w->delay < 0)
		buf_text(out, "no --watermark-delay is stated: W stays at minus infinity, windows fire at the end of input\n");
	if (!l->records)
		return;
	print_histogram(l, out);
	buf_text(out, "delays that would have been enough:\n");
	suggest(l, 990, "99 % of the records", out);
	suggest(l, 999, "99.9 %", out);
	suggest(l, 1000, "all of them", out);
}
