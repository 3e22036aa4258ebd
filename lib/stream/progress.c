/* SPDX-License-Identifier: MIT */
#include "lib/stream/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/buf.h"
#include "lib/base/diag.h"

void progress_begin(struct progress *p, uint64_t total)
{
	p->shown = false;
	p->wanted = isatty(STDERR_FILENO) == 1;
	p->total = total;
	p->done = 0;
	p->begun_ms = clock_ms(CLOCK_MONOTONIC);
}

/* 1234567 as 1.2M. */
static void print_count(struct buf *out, uint64_t n)
{
	static const struct {
		uint64_t unit;
		const char *name;
	} units[] = { { 1000000000, "G" }, { 1000000, "M" }, { 1000, "k" } };

	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (n >= units[i].unit) {
			buf_printf(out, "%llu.%llu%s", (unsigned long long)(n / units[i].unit), (unsigned long long)(n % units[i].unit / (units[i].unit / 10)), units[i].name);
			return;
		}
	buf_u64(out, n);
}

void progress_show(struct progress *p)
{
	uint64_t done = p->done, ms = (uint64_t)(clock_ms(CLOCK_MONOTONIC) - p->begun_ms), rate = ms ? done * 1000 / ms : 0;
	struct buf line = { 0 };

	if (!p->wanted)
		return;
	buf_printf(&line, "\r%s: ", diag_tool());
	print_count(&line, done);
	if (p->total != PROGRESS_UNKNOWN) {
		buf_text(&line, " of ");
		print_count(&line, p->total);
		buf_printf(&line, " records (%llu %%), ", (unsigned long long)(p->total ? done * 100 / p->total : 100));
	} else {
		buf_text(&line, " records, ");
	}
	print_count(&line, rate);
	buf_text(&line, "/s");
	if (rate && done < p->total && p->total != PROGRESS_UNKNOWN)
		buf_printf(&line, ", %llu s left", (unsigned long long)((p->total - done + rate - 1) / rate));
	buf_text(&line, "\x1b[K");
	p->shown = write(STDERR_FILENO, line.p, line.n) > 0;
	buf_free(&line);
}

void progress_end(struct progress *p)
{
	if (p->shown)
		(void)!write(STDERR_FILENO, "\r\x1b[K", 4);
	p->shown = false;
}
