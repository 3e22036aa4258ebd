/* SPDX-License-Identifier: MIT */
#include "lib/stream/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct entry {
	const char *name;
	size_t offset;
} entries[] = {
	{ "in", offsetof(struct ledger, in) },
	{ "out", offsetof(struct ledger, out) },
	{ "late", offsetof(struct ledger, late) },
	{ "duplicate", offsetof(struct ledger, duplicate) },
	{ "rejected", offsetof(struct ledger, rejected) },
	{ "filtered", offsetof(struct ledger, filtered) },
	{ "late_windows", offsetof(struct ledger, late_windows) },
	{ "rows", offsetof(struct ledger, rows) },
	{ "bytes", offsetof(struct ledger, bytes) },
};
#define ENTRIES (sizeof entries / sizeof *entries)
#define RECORD_ENTRIES 6        /* the first ones count records */

static uint64_t *entry_of(const struct ledger *l, size_t i)
{
	return (uint64_t *)((char *)(uintptr_t)l + entries[i].offset);
}

void ledger_add(struct ledger *into, const struct ledger *from)
{
	for (size_t i = 0; i < ENTRIES; i++)
		*entry_of(into, i) += *entry_of(from, i);
}

/* Texts are made in the caller's room, without allocation, so that a signal handler may report too. */
static size_t add(char *text, size_t n, const char *format, ...) __attribute__((format(printf, 3, 4)));

static size_t add(char *text, size_t n, const char *format, ...)
{
	va_list args;
	int more;

	va_start(args, format);
	more = vsnprintf(text + n, LEDGER_TEXT - n, format, args);
	va_end(args);
	return more < 0 || (size_t)more >= LEDGER_TEXT - n ? n : n + (size_t)more;
}

size_t ledger_print(const struct ledger *l, const char *tool, char text[LEDGER_TEXT])
{
	size_t n = add(text, 0, "{\"tool\":\"%s\"", tool);

	for (size_t i = 0; i < ENTRIES; i++)
		n = add(text, n, ",\"%s\":%llu", entries[i].name, (unsigned long long)*entry_of(l, i));
	return add(text, n, "}\n");
}

static size_t print_metrics(const struct ledger *l, const char *tool, char text[LEDGER_TEXT])
{
	size_t n = add(text, 0, "# HELP weir_records_total Records by what became of them.\n# TYPE weir_records_total counter\n");

	for (size_t i = 0; i < RECORD_ENTRIES; i++)
		n = add(text, n, "weir_records_total{tool=\"%s\",kind=\"%s\"} %llu\n", tool, entries[i].name,
		        (unsigned long long)*entry_of(l, i));
	for (size_t i = RECORD_ENTRIES; i < ENTRIES; i++)
		n = add(text, n, "# TYPE weir_%s_total counter\nweir_%s_total{tool=\"%s\"} %llu\n", entries[i].name,
		        entries[i].name, tool, (unsigned long long)*entry_of(l, i));
	return n;
}

static int write_file(const char *path, int flags, const char *text, size_t size)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0644);
	size_t done = 0;
	int saved;

	if (fd < 0)
		return -1;
	while (done < size) {
		ssize_t n = write(fd, text + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			saved = errno;
			close(fd);
			errno = saved;
			return -1;
		}
		done += (size_t)n;
	}
	return close(fd);
}

/* What is there and no plain file (a device, a pipe, a link) is written to as it is: a rename would replace it. */
static bool is_special(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

static int replace_file(const char *path, const char *text, size_t size)
{
	char temporary[PATH_MAX];
	int saved;

	if (snprintf(temporary, sizeof temporary, "%s.%ld.tmp", path, (long)getpid()) >= (int)sizeof temporary) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (write_file(temporary, O_CREAT | O_TRUNC | O_NOFOLLOW, text, size) == 0 && rename(temporary, path) == 0)
		return 0;
	saved = errno;
	unlink(temporary);
	errno = saved;
	return -1;
}

int metrics_write_file(const char *path, const char *text, size_t size)
{
	return is_special(path) ? write_file(path, O_CREAT | O_TRUNC, text, size) : replace_file(path, text, size);
}

int ledger_write_file(const struct ledger *l, const char *tool, const char *path)
{
	char text[LEDGER_TEXT];

	return metrics_write_file(path, text, print_metrics(l, tool, text));
}
