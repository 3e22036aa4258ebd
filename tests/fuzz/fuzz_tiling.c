/* SPDX-License-Identifier: MIT */
/* A file in the directory of a view: its name is the first line of the input, what it holds the rest. Names that are taken print as they
 * stood; a file is a tile, or torn, or damage, and nothing else. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/view/tiling.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static char path[] = "/tmp/weir-fuzz-tiling-XXXXXX";
static int dir = -1;

static void expect(bool ok)
{
	if (!ok)
		abort();
}

static void remove_dir(void)
{
	rmdir(path);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	expect(mkdtemp(path) != NULL);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	expect(dir >= 0);
	atexit(remove_dir);
	return 0;
}

static void put(const char *name, struct span bytes)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	expect(fd >= 0 && (bytes.n == 0 || write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n));
	close(fd);
}

static void check_head(const char *name, const struct range_name *n)
{
	struct range_head h;
	struct failure f = { 0 };
	int rc = range_head_read(dir, name, n, &h, &f);

	expect(rc == 0 || (rc == 1 && f.status == EXIT_DATA));
	expect(rc != 0 || (h.from.at == n->from && h.to.at == n->to && h.level <= 64));
	f = (struct failure){ 0 };
	rc = range_verify(dir, name, &f);
	expect(rc == 0 || (rc == 1 && f.status == EXIT_DATA));
}

static void check_tiling(const struct range_name *n)
{
	struct tilings t = { 0 };
	struct failure f = { 0 };

	if (tiling_read(dir, path, NULL, NULL, &t, &f) < 0) {
		expect(n->kind != RANGE_SPEED && f.status == EXIT_DATA);
	} else {
		expect(t.n == 1 && strcmp(t.of[0].source, n->source) == 0);
		expect(t.of[0].n == 0 || (t.of[0].n == 1 && n->from == 0 && t.of[0].end.at == n->to));
	}
	tilings_free(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span all = { (const char *)data, size };
	const char *newline = size ? memchr(data, '\n', size) : NULL;
	size_t n = newline ? (size_t)(newline - all.p) : size;
	char *name = mem_text((struct span){ all.p, n });
	struct span content = { all.p + n, newline ? size - n - 1 : 0 };
	struct range_name range;
	struct buf again = { 0 };

	content.p += newline != NULL;
	if (strlen(name) == n && range_name_parse(name, &range) == 0) {
		range_name_print(&range, &again);
		expect(span_eq(buf_view(&again), span_of(name)) && range.from < range.to && name[0] != '.' && !strchr(name, '/'));
		if (n < 256) {
			put(name, content);
			check_head(name, &range);
			check_tiling(&range);
			unlinkat(dir, name, 0);
		}
	}
	buf_free(&again);
	free(name);
	return 0;
}
