/* SPDX-License-Identifier: MIT */
#include "speed/pipeline/report.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/diag.h"
#include "lib/stream/ledger.h"
#include "lib/text/timestamp.h"

#define LINE 1024

/* ---- the log ---- */

/* Opened for each line, so that it may be rotated. */
static int open_log(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
}

int report_open(const struct report *r, struct failure *f)
{
	char room[128];
	int fd;

	if (!r->log)
		return 0;
	fd = open_log(r->log);
	if (fd < 0)
		return failure_set(f, EXIT_CREATE, "%s: %s", r->log, strerror_r(errno, room, sizeof room));
	close(fd);
	return 0;
}

static int64_t wall_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void append(struct report *r, const char *text)
{
	struct buf line = { 0 };
	int fd = open_log(r->log);
	bool ok;

	time_print(&line, wall_ms(), NULL, TIME_RFC3339);
	buf_printf(&line, " %s\n", diag_show(text, strlen(text)));
	ok = fd >= 0 && write(fd, line.p, line.n) == (ssize_t)line.n;
	if (!ok && !r->log_failed)
		warn("%s:", r->log);
	r->log_failed = !ok;
	if (fd >= 0)
		close(fd);
	buf_free(&line);
}

void report_say(struct report *r, const char *format, ...)
{
	char text[LINE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	warn("%s", text);
	if (r->log)
		append(r, text);
}

/* ---- words for it ---- */

const char *report_span(int64_t ms)
{
	static char text[2][32];
	static unsigned turn;
	char *to = text[turn++ % 2];

	if (ms < 1000)
		snprintf(to, sizeof *text, "%" PRId64 " ms", ms);
	else
		snprintf(to, sizeof *text, "%" PRId64 ".%" PRId64 " s", ms / 1000, ms % 1000 / 100);
	return to;
}

size_t report_place(const struct report *r, const struct member *one)
{
	return (size_t)(one - r->members->of) + 1;
}

void report_end(struct report *r, const struct member *one, int64_t ms)
{
	const char *after = report_span(ms);

	if (WIFSIGNALED(one->status))
		report_say(r, "%s (%zu): killed by signal %d after %s", one->name, report_place(r, one), WTERMSIG(one->status), after);
	else
		report_say(r, "%s (%zu): exit status %d after %s", one->name, report_place(r, one), WEXITSTATUS(one->status), after);
}

/* ---- metrics ---- */

/* The pipeline's name: those of its members. What a label does not take becomes a blank. */
static void print_name(const struct report *r, struct buf *out)
{
	for (size_t i = 0; i < r->members->n; i++) {
		if (i)
			buf_text(out, " | ");
		for (const char *p = r->members->of[i].name; *p; p++)
			buf_byte(out, *p == '"' || *p == '\\' || (unsigned char)*p < ' ' ? ' ' : *p);
	}
	buf_byte(out, '\0');
}

static void print_metric(struct buf *out, const char *name, const char *type, const char *help, const char *pipeline, int64_t value)
{
	buf_printf(out, "# HELP weir_pipeline_%s %s\n# TYPE weir_pipeline_%s %s\n", name, help, name, type);
	buf_printf(out, "weir_pipeline_%s{pipeline=\"%s\"} ", name, pipeline);
	buf_i64(out, value);
	buf_byte(out, '\n');
}

void report_metrics(struct report *r, bool up)
{
	struct buf name = { 0 }, text = { 0 };

	if (up)
		r->since = wall_ms();
	if (!r->metrics)
		return;
	print_name(r, &name);
	print_metric(&text, "up", "gauge", "Whether it runs.", name.p, up);
	print_metric(&text, "restarts_total", "counter", "Times it was started again.", name.p, (int64_t)r->restarts);
	print_metric(&text, "start_time_seconds", "gauge", "When it was last started.", name.p, r->since / 1000);
	if (metrics_write_file(r->metrics, text.p, text.n) < 0)
		warn("%s:", r->metrics);
	buf_free(&name);
	buf_free(&text);
}
