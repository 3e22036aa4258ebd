/* SPDX-License-Identifier: MIT */
/* The writer by itself: what counts, what a new writer finds, where segments begin. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/disk.h"
#include "lib/base/hash.h"
#include "lib/log/write.h"
#include "tests/unit/check.h"

static char root[64], path[80];

static void remove_all(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char name[400];

		snprintf(name, sizeof name, "%s/%s", dir, e->d_name);
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && unlink(name) < 0)
			remove_all(name);
	}
	if (d)
		closedir(d);
	rmdir(dir);
}

static void begin_log(void)
{
	snprintf(root, sizeof root, "/tmp/weir-log-XXXXXX");
	if (!mkdtemp(root)) {
		printf("Bail out! %s\n", root);
		exit(1);
	}
	snprintf(path, sizeof path, "%s/log", root);
}

static void end_log(void)
{
	remove_all(root);
}

static struct log_writer *open_log(uint64_t segment_bytes)
{
	const struct log_write_options o = { .segment_bytes = segment_bytes };
	struct failure f = { 0 };
	struct log_writer *w = log_writer_open(path, &o, &f);

	if (!w)
		printf("# %s\n", f.text);
	CHECK(w != NULL);
	return w;
}

static void close_log(struct log_writer *w)
{
	struct failure f = { 0 };

	CHECK_INT(log_writer_close(w, &f), 0);
}

static int form(struct log_writer *w, const char *columns)
{
	struct failure f = { 0 };

	return log_write_form(w, FORMAT_CSV, span_of(columns), &f) < 0 ? f.status : 0;
}

/* One block of lines. */
static void put(struct log_writer *w, const char *lines, const struct log_commit *c)
{
	struct failure f = { 0 };
	uint64_t n = 0;

	for (const char *p = lines; *p; p++)
		n += *p == '\n';
	CHECK_INT(log_write_block(w, span_of(lines), n, n, false, c, &f), 0);
	if (f.status)
		printf("# %s\n", f.text);
}

static const struct log_commit plain = { 0 }, more = { .more = true };

static size_t files(const char *suffix)
{
	struct disk_list list = { 0 };
	struct failure f = { 0 };
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t n = 0;
	uint64_t first;

	CHECK_INT(disk_read_dir(dir, path, &list, &f), 0);
	for (size_t i = 0; i < list.n; i++)
		n += segment_name_parse(list.name[i], suffix, &first) == 0;
	disk_list_free(&list);
	close(dir);
	return n;
}

static off_t size_of(const char *file)
{
	char name[200];
	struct stat st = { 0 };

	snprintf(name, sizeof name, "%s/%s", path, file);
	CHECK_INT(stat(name, &st), 0);
	return st.st_size;
}

TEST(positions_are_of_records_not_of_blocks)
{
	struct log_writer *w;
	struct position one;

	begin_log();
	w = open_log(0);
	CHECK_INT(form(w, "a"), 0);
	put(w, "1\n2\n3\n", &plain);
	one = log_writer_end(w);
	CHECK_INT(one.at, 3);
	CHECK_INT(one.chain, hash_crc32c(0, "1\n2\n3\n", 6));
	close_log(w);
	end_log();
	begin_log();
	w = open_log(1);
	CHECK_INT(form(w, "a"), 0);
	put(w, "1\n", &plain);
	close_log(w);
	w = open_log(1);
	put(w, "2\n3\n", &more);
	put(w, "", &plain);
	CHECK(position_eq(log_writer_end(w), one));
	close_log(w);
	end_log();
}

TEST(what_is_not_committed_is_cut_off)
{
	const struct log_commit epoch = { .has_source = true, .epoch = 4, .run = "abc", .source = SPAN("17@0") };
	struct log_writer *w;
	off_t committed;

	begin_log();
	w = open_log(0);
	CHECK_INT(log_writer_source(w)->epoch, 0);
	CHECK_TEXT(log_writer_source(w)->run, "-");
	CHECK(!log_writer_source(w)->has_source);
	form(w, "a");
	put(w, "1\n", &more);
	CHECK_INT(log_writer_end(w).at, 0);
	put(w, "2\n", &epoch);
	CHECK_INT(log_writer_end(w).at, 2);
	committed = size_of("00000000000000000000.log");
	put(w, "3\n", &more);
	put(w, "4\n", &more);
	close_log(w);
	CHECK(size_of("00000000000000000000.log") > committed);
	w = open_log(0);
	CHECK_INT(log_writer_end(w).at, 2);
	CHECK_INT(size_of("00000000000000000000.log"), committed);
	CHECK_INT(log_writer_source(w)->epoch, 4);
	CHECK_TEXT(log_writer_source(w)->run, "abc");
	CHECK_BUF(log_writer_source(w)->source, "17@0");
	put(w, "5\n", &plain);
	CHECK_INT(log_writer_source(w)->epoch, 4);
	close_log(w);
	/* nothing at all was */
	end_log();
	begin_log();
	w = open_log(0);
	form(w, "a");
	put(w, "1\n", &more);
	close_log(w);
	w = open_log(0);
	CHECK_INT(log_writer_end(w).at, 0);
	CHECK_INT(files(".log"), 0);
	close_log(w);
	end_log();
}

TEST(segments_begin_where_columns_change)
{
	struct failure f = { 0 };
	struct log_writer *w;

	begin_log();
	w = open_log(0);
	CHECK_INT(form(w, "a"), 0);
	CHECK_INT(form(w, "a,b"), 0);
	put(w, "1,2\n", &plain);
	CHECK_INT(form(w, "a,b"), 0);
	put(w, "3,4\n", &plain);
	CHECK_INT(files(".log"), 1);
	CHECK_INT(form(w, "b,a"), 0);
	put(w, "5,6\n", &plain);
	CHECK_INT(files(".log"), 2);
	CHECK_INT(log_write_form(w, FORMAT_TSV, SPAN("b,a"), &f), -1);
	CHECK_INT(f.status, EXIT_CONFIG);
	close_log(w);
	/* the next writer may leave it to the log */
	w = open_log(0);
	f.status = 0;
	CHECK_INT(log_write_form(w, FORMAT_CSV, (struct span){ 0 }, &f), 0);
	put(w, "7,8\n", &plain);
	CHECK_INT(files(".log"), 2);
	CHECK_INT(form(w, "b,a"), 0);
	CHECK_INT(files(".log"), 2);
	close_log(w);
	end_log();
}

/* Two segments cannot begin at one position. */
TEST(a_segment_without_records_is_made_anew)
{
	const struct log_commit at = { .has_source = true, .epoch = 1, .run = "r", .source = SPAN("5") };
	struct failure f = { 0 };
	struct log_writer *w;

	begin_log();
	w = open_log(0);
	form(w, "");
	put(w, "", &at);
	CHECK_INT(form(w, "a"), 0);
	put(w, "1\n", &plain);
	CHECK_INT(files(".log"), 1);
	CHECK_INT(log_writer_seal(w, &f), 0);
	put(w, "", &at);
	CHECK_INT(form(w, "b"), 0);
	CHECK_INT(log_writer_seal(w, &f), 0);
	put(w, "2\n", &plain);
	CHECK_INT(files(".log"), 2);
	close_log(w);
	w = open_log(0);
	CHECK_INT(log_writer_end(w).at, 2);
	CHECK_BUF(log_writer_source(w)->source, "5");
	close_log(w);
	end_log();
}

TEST(a_seal_that_is_asked_for)
{
	struct failure f = { 0 };
	struct log_writer *w;
	char name[100];
	int fd;

	begin_log();
	w = open_log(0);
	form(w, "a");
	snprintf(name, sizeof name, "%s/%s", path, LOG_SEAL_REQUEST);
	put(w, "1\n", &more);
	CHECK(!log_writer_seal_wanted(w));
	fd = open(name, O_WRONLY | O_CREAT, 0600);
	close(fd);
	CHECK(log_writer_seal_wanted(w));
	CHECK_INT(log_writer_idle(w, &f), 0);
	CHECK(log_writer_seal_wanted(w));       /* not within an epoch */
	put(w, "", &plain);
	CHECK_INT(log_writer_idle(w, &f), 0);
	CHECK(!log_writer_seal_wanted(w));
	put(w, "2\n", &plain);
	CHECK_INT(files(".log"), 2);
	CHECK_INT(log_seal(path, 0, false, &f), -1);
	CHECK_INT(f.status, EXIT_RETRY);
	f.status = 0;
	close_log(w);
	CHECK_INT(log_seal(path, 0, false, &f), 0);
	w = open_log(0);
	CHECK(!log_writer_seal_wanted(w));
	put(w, "3\n", &plain);
	CHECK_INT(files(".log"), 3);
	close_log(w);
	end_log();
}

TEST(ids_are_found_in_every_segment)
{
	struct failure f = { 0 };
	struct log_writer *w;
	bool has;

	begin_log();
	w = open_log(0);
	form(w, "a");
	for (int i = 0; i < 4; i++) {
		char id[8];

		snprintf(id, sizeof id, "id %d", i);
		put(w, "1\n", &(struct log_commit){ .once = span_of(id) });
		if (i < 3)
			CHECK_INT(log_writer_seal(w, &f), 0);
	}
	for (int again = 0; again < 2; again++) {
		CHECK_INT(log_writer_has_once(w, SPAN("id 0"), &has, &f), 0);
		CHECK(has);
		CHECK_INT(log_writer_has_once(w, SPAN("id 2"), &has, &f), 0);
		CHECK(has);
		CHECK_INT(log_writer_has_once(w, SPAN("id 3"), &has, &f), 0);
		CHECK(has);
		CHECK_INT(log_writer_has_once(w, SPAN("id"), &has, &f), 0);
		CHECK(!has);
		CHECK_INT(log_writer_has_once(w, SPAN("id 4"), &has, &f), 0);
		CHECK(!has);
		close_log(w);
		w = open_log(0);
	}
	close_log(w);
	end_log();
}

TEST(one_writer)
{
	const struct log_write_options o = { 0 };
	struct failure f = { 0 };
	struct log_writer *w;

	begin_log();
	w = open_log(0);
	CHECK(log_writer_open(path, &o, &f) == NULL);
	CHECK_INT(f.status, EXIT_RETRY);
	close_log(w);
	close_log(open_log(0));
	end_log();
}
