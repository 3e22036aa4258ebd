/* SPDX-License-Identifier: MIT */
#include "lib/stream/ledger.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/check.h"

static char directory[64];

static const char *file_in(const char *name)
{
	static char path[400];

	snprintf(path, sizeof path, "%s/%s", directory, name);
	return path;
}

static void enter(void)
{
	strcpy(directory, "/tmp/weir-ledger-XXXXXX");
	if (!mkdtemp(directory))
		abort();
}

/* Files in the directory, which is removed with them. */
static size_t leave(void)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	size_t n = 0;

	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.') {
			n++;
			if (unlink(file_in(entry->d_name)) < 0)
				rmdir(file_in(entry->d_name));
		}
	closedir(dir);
	rmdir(directory);
	return n;
}

static struct buf read_fd(int fd)
{
	struct buf b = { 0 };
	ssize_t n;

	while ((n = read(fd, buf_room(&b, 4096), 4096)) > 0)
		b.n += (size_t)n;
	close(fd);
	buf_byte(&b, '\0');
	return b;
}

static const struct ledger some = { .in = 100, .out = 80, .late = 7, .duplicate = 6, .rejected = 5, .filtered = 2,
	.late_windows = 9, .rows = 11, .bytes = UINT64_MAX };

TEST(one_json_object_on_one_line)
{
	char text[LEDGER_TEXT];

	CHECK_SPAN(((struct span){ text, ledger_print(&some, "window-agg", text) }), "{\"tool\":\"window-agg\",\"in\":100,\"out\":80,\"late\":7,\"duplicate\":6,\"rejected\":5,\"filtered\":2,"
		"\"late_windows\":9,\"rows\":11,\"bytes\":18446744073709551615}\n");
}

TEST(adding_adds_every_entry)
{
	struct ledger sum = { 0 };
	const uint64_t *one = (const uint64_t *)&some, *two = (const uint64_t *)&sum;

	ledger_add(&sum, &some);
	ledger_add(&sum, &some);
	for (size_t i = 0; i < sizeof sum / sizeof *two; i++)
		CHECK(two[i] == one[i] * 2);
}

TEST(the_file_is_what_a_collector_reads)
{
	struct buf b;

	enter();
	CHECK_INT(ledger_write_file(&some, "dedupe", file_in("weir.prom")), 0);
	b = read_fd(open(file_in("weir.prom"), O_RDONLY));
	CHECK(strstr(b.p, "# TYPE weir_records_total counter\n"));
	CHECK(strstr(b.p, "\nweir_records_total{tool=\"dedupe\",kind=\"in\"} 100\n"));
	CHECK(strstr(b.p, "\nweir_records_total{tool=\"dedupe\",kind=\"filtered\"} 2\n"));
	CHECK(strstr(b.p, "\nweir_rows_total{tool=\"dedupe\"} 11\n"));
	CHECK_INT(b.p[b.n - 2], '\n');
	buf_free(&b);
	CHECK_INT(leave(), 1);
}

/* Whoever has the old file open goes on reading the old one, whole: the new one is renamed over it. */
TEST(a_reader_never_sees_half_a_file)
{
	struct ledger later = some;
	struct buf old, now;
	int fd;

	enter();
	CHECK_INT(ledger_write_file(&some, "dedupe", file_in("weir.prom")), 0);
	fd = open(file_in("weir.prom"), O_RDONLY);
	later.in = 777;
	CHECK_INT(ledger_write_file(&later, "dedupe", file_in("weir.prom")), 0);
	old = read_fd(fd);
	now = read_fd(open(file_in("weir.prom"), O_RDONLY));
	CHECK(strstr(old.p, "kind=\"in\"} 100\n"));
	CHECK(strstr(now.p, "kind=\"in\"} 777\n"));
	buf_free(&old);
	buf_free(&now);
	CHECK_INT(leave(), 1);
}

TEST(what_cannot_be_written_says_why_and_leaves_nothing)
{
	enter();
	errno = 0;
	CHECK_INT(ledger_write_file(&some, "dedupe", file_in("no/such")), -1);
	CHECK_INT(errno, ENOENT);
	mkdir(file_in("taken"), 0755);
	mkdir(file_in("taken/by"), 0755);
	CHECK_INT(ledger_write_file(&some, "dedupe", file_in("taken")), -1);
	CHECK(errno == EISDIR || errno == ENOTEMPTY || errno == EEXIST);
	rmdir(file_in("taken/by"));
	CHECK_INT(leave(), 1);
}
