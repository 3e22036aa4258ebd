/* SPDX-License-Identifier: MIT */
#include "lib/stream/ledger.h"

#include <errno.h>
#include <fcntl.h>
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

void ledger_print(const struct ledger *l, const char *tool, struct buf *out)
{
	buf_printf(out, "{\"tool\":\"%s\"", tool);
	for (size_t i = 0; i < ENTRIES; i++)
		buf_printf(out, ",\"%s\":%llu", entries[i].name, (unsigned long long)*entry_of(l, i));
	buf_text(out, "}\n");
}

static void print_metrics(const struct ledger *l, const char *tool, struct buf *out)
{
	buf_text(out, "# HELP weir_records_total Records by what became of them.\n# TYPE weir_records_total counter\n");
	for (size_t i = 0; i < RECORD_ENTRIES; i++)
		buf_printf(out, "weir_records_total{tool=\"%s\",kind=\"%s\"} %llu\n", tool, entries[i].name,
		           (unsigned long long)*entry_of(l, i));
	for (size_t i = RECORD_ENTRIES; i < ENTRIES; i++)
		buf_printf(out, "# TYPE weir_%s_total counter\nweir_%s_total{tool=\"%s\"} %llu\n", entries[i].name,
		           entries[i].name, tool, (unsigned long long)*entry_of(l, i));
}

static int write_file(const char *path, int flags, const struct buf *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0644);
	size_t done = 0;
	int saved;

	if (fd < 0)
		return -1;
	while (done < text->n) {
		ssize_t n = write(fd, text->p + done, text->n - done);

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

/* What is there and no plain file (a device, a pipe, a link to one) is written to as it is: a rename would replace it. */
static bool is_special(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

static int replace_file(const char *path, const struct buf *text)
{
	struct buf temporary = { 0 };
	int rc;

	buf_printf(&temporary, "%s.%ld.tmp", path, (long)getpid());
	buf_byte(&temporary, '\0');
	rc = write_file(temporary.p, O_CREAT | O_TRUNC | O_NOFOLLOW, text);
	if (rc == 0)
		rc = rename(temporary.p, path);
	if (rc < 0) {
		int saved = errno;

		unlink(temporary.p);
		errno = saved;
	}
	buf_free(&temporary);
	return rc;
}

int ledger_write_file(const struct ledger *l, const char *tool, const char *path)
{
	struct buf text = { 0 };
	int rc;

	print_metrics(l, tool, &text);
	rc = is_special(path) ? write_file(path, 0, &text) : replace_file(path, &text);
	buf_free(&text);
	return rc;
}
