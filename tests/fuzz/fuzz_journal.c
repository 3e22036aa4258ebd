/* SPDX-License-Identifier: MIT */
/* A file of a journal, as it is and with its checksums made right: loading it fails and says why, or hands out entries of it, and then a run can go
 * on from there. As the first file of a state, and as one behind a good one. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/hash.h"
#include "lib/stream/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FIRST "s.00000000000000000001-aaa"
#define SECOND "s.00000000000000000002-bbb"
#define NEXT "s.%020d-next"

static const char good[] = "#!weir state v=1 stage=s cfg=00000000 epoch=1 run=aaa base=1\nk 1\n#!weir epoch epoch=1 run=aaa n=1 committed=0 crc=00000000\n";

static char dir[64];

static void expect(bool ok)
{
	if (!ok)
		abort();
}

static void remove_file(const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	unlink(path);
}

static void remove_dir(void)
{
	remove_file(FIRST);
	remove_file(SECOND);
	rmdir(dir);
}

static void make_dir(void)
{
	snprintf(dir, sizeof dir, "%s/weir-fuzz-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	expect(mkdtemp(dir));
	atexit(remove_dir);
}

static void write_file(const char *name, struct span text)
{
	char path[128];
	int fd;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	expect(fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n);
	close(fd);
}

/* Puts the right crc into each line that ends in one. */
static void repair(struct buf *text)
{
	char hex[16], *p = text->p, *end = text->p + text->n, *newline;

	for (; p < end && (newline = memchr(p, '\n', (size_t)(end - p))); p = newline + 1)
		if (newline - p > 13 && memcmp(newline - 13, " crc=", 5) == 0) {
			snprintf(hex, sizeof hex, "%08" PRIx32, hash_crc32c(0, text->p, (size_t)(newline - 13 - text->p)));
			memcpy(newline - 8, hex, 8);
		}
}

static int take(void *context, struct span entry)
{
	uint64_t *n = context;

	expect(!entry.n || entry.p[0] != '#');
	expect(!memchr(entry.p, '\n', entry.n));
	++*n;
	return 0;
}

static void load(uint64_t epoch, const char *run)
{
	struct failure f = { 0 };
	struct journal *j = journal_open(dir, "s", "00000000", &f);
	uint64_t n = 0;
	char next[64];
	int rc;

	expect(j);
	rc = journal_load(j, epoch, run, "next", take, &n, &f);
	expect((rc < 0) == (f.status != 0) && (rc < 0) == (f.text[0] != '\0'));
	if (rc == 0) {
		journal_begin(j);
		journal_put(j, SPAN("k 2"));
		expect(journal_commit(j, epoch + 1, 0, &f) == 0);
		snprintf(next, sizeof next, NEXT, (int)epoch + 1);
		remove_file(next);
	}
	journal_close(j);
}

static void try(struct span text)
{
	struct buf first = { 0 };

	write_file(FIRST, text);
	for (uint64_t e = 1; e <= 3; e++)
		load(e, "aaa");
	buf_text(&first, good);
	repair(&first);
	write_file(FIRST, buf_view(&first));
	write_file(SECOND, text);
	load(1, "aaa");
	load(2, "bbb");
	remove_file(SECOND);
	buf_free(&first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = { 0 };

	if (!*dir)
		make_dir();
	buf_add(&text, data, size);
	buf_room(&text, 1);
	try(buf_view(&text));
	repair(&text);
	try(buf_view(&text));
	buf_free(&text);
	return 0;
}
