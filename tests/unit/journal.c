/* SPDX-License-Identifier: MIT */
/* States are small maps from a key, 0 .. KEYS - 1, to a number; entries are `key number`. */
#include "lib/stream/journal.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/check.h"

#define KEYS 40
#define CFG "0a1b2c3d"

struct state {
	int value[KEYS];
};

static char dir[64];

static void new_dir(void)
{
	char command[128];

	if (*dir) {
		snprintf(command, sizeof command, "rm -rf %s", dir);
		if (system(command) != 0)
			abort();
	}
	snprintf(dir, sizeof dir, "%s/weir-journal-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(dir))
		abort();
}

__attribute__((destructor)) static void remove_dir(void)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf %s", dir);
	if (*dir && system(command) != 0)
		printf("# %s is left\n", dir);
}

static int take(void *context, struct span entry)
{
	struct state *s = context;
	int key, value;
	char text[64];

	snprintf(text, sizeof text, "%.*s", (int)entry.n, entry.p);
	if (sscanf(text, "%d %d", &key, &value) != 2 || key < 0 || key >= KEYS)
		return -1;
	s->value[key] = value;
	return 0;
}

static void put_one(struct journal *j, int key, int value)
{
	char text[64];
	int n = snprintf(text, sizeof text, "%d %d", key, value);

	journal_put(j, (struct span){ text, (size_t)n });
}

static void put_all(struct journal *j, const struct state *s)
{
	for (int i = 0; i < KEYS; i++)
		if (s->value[i])
			put_one(j, i, s->value[i]);
}

/* Sets one key and commits. */
static int step(struct journal *j, struct state *s, int key, int value, uint64_t epoch, uint64_t committed, struct failure *f)
{
	s->value[key] = value;
	if (journal_begin(j))
		put_all(j, s);
	else
		put_one(j, key, value);
	return journal_commit(j, epoch, committed, f);
}

static struct journal *opened(void)
{
	struct failure f = { 0 };
	struct journal *j = journal_open(dir, "stage", CFG, &f);

	CHECK(j);
	return j;
}

/* Loads a state; the status, 0: well. */
static int load(uint64_t epoch, const char *erun, struct state *s, struct failure *f)
{
	struct journal *j = opened();
	int rc;

	*f = (struct failure){ 0 };
	*s = (struct state){ { 0 } };
	rc = journal_load(j, epoch, erun, "reader", take, s, f);
	journal_close(j);
	CHECK((rc < 0) == (f->status != 0));
	return f->status;
}

static size_t count_files(void)
{
	DIR *d = opendir(dir);
	size_t n = 0;

	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static char *file_path(const char *name)
{
	static char path[400];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	return path;
}

static struct buf read_file(const char *name)
{
	struct buf b = { 0 };
	int fd = open(file_path(name), O_RDONLY);
	ssize_t n;

	while (fd >= 0 && (n = read(fd, buf_room(&b, 65536), 65536)) > 0)
		b.n += (size_t)n;
	close(fd);
	return b;
}

static void write_file(const char *name, const char *p, size_t n)
{
	int fd = open(file_path(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK_INT(write(fd, p, n), n);
	close(fd);
}

/* Three runs, of two epochs each, one after the other: aaa 1 2, bbb 3 4, ccc 5 6. after[e]: the state of epoch e. */
static const char *const run_of[] = { "-", "aaa", "aaa", "bbb", "bbb", "ccc", "ccc" };
#define FILE_A "stage.00000000000000000001-aaa"
#define FILE_B "stage.00000000000000000003-bbb"
#define FILE_C "stage.00000000000000000005-ccc"

static void three_runs(struct state after[7])
{
	struct state s = { { 0 } };
	struct failure f = { 0 };

	new_dir();
	after[0] = s;
	for (uint64_t e = 1; e <= 5; e += 2) {
		struct journal *j = opened();
		struct state got = { { 0 } };

		CHECK_INT(journal_load(j, e - 1, run_of[e - 1], run_of[e], take, &got, &f), 0);
		CHECK(memcmp(&got, &s, sizeof s) == 0);
		for (uint64_t k = e; k < e + 2; k++) {
			CHECK_INT(step(j, &s, (int)k % 4, (int)k * 10, k, 0, &f), 0);
			after[k] = s;
		}
		journal_close(j);
	}
	CHECK_TEXT(f.text, "");
}

TEST(what_was_put_is_what_is_loaded_over_several_runs)
{
	struct state after[7], got;
	struct failure f;

	three_runs(after);
	CHECK_INT(count_files(), 3);
	for (uint64_t e = 0; e <= 6; e++) {
		CHECK_INT(load(e, run_of[e], &got, &f), 0);
		CHECK(memcmp(&got, &after[e], sizeof got) == 0);
	}
	CHECK_INT(load(3, "aaa", &got, &f), EXIT_DATA);
	CHECK_INT(load(1, "bbb", &got, &f), EXIT_DATA);
	CHECK_INT(load(7, "ccc", &got, &f), EXIT_DATA);
	CHECK_INT(load(0, "-", &got, &f), 0);
}

TEST(the_files_read_as_they_are_described)
{
	struct state after[7];
	struct buf b;

	three_runs(after);
	b = read_file(FILE_A);
	CHECK_BUF(b,
		"#!weir state v=1 stage=stage cfg=0a1b2c3d epoch=1 run=aaa base=1\n"
		"1 10\n"
		"#!weir epoch epoch=1 run=aaa n=1 committed=0 crc=e0820bb1\n"
		"2 20\n"
		"#!weir epoch epoch=2 run=aaa n=1 committed=0 crc=76535d29\n");
	buf_free(&b);
	b = read_file(FILE_C);
	buf_byte(&b, '\0');
	CHECK(strncmp(b.p, "#!weir state v=1 stage=stage cfg=0a1b2c3d epoch=5 run=ccc after=4-bbb\n", 69) == 0);
	buf_free(&b);
}

/* Up to where the epoch line of an epoch goes in a file. */
static size_t end_of(struct buf file, uint64_t epoch)
{
	char mark[64], *at;

	buf_byte(&file, '\0');
	snprintf(mark, sizeof mark, "#!weir epoch epoch=%d ", (int)epoch);
	at = strstr(file.p, mark);
	CHECK(at);
	return at ? (size_t)(strchr(at, '\n') - file.p) + 1 : 0;
}

TEST(a_torn_file_gives_the_states_it_holds_whole_and_no_other)
{
	static const char *const name[] = { FILE_A, FILE_B, FILE_C };
	struct state after[7], got;
	struct failure f;

	three_runs(after);
	for (int k = 0; k < 3; k++) {
		struct buf whole = read_file(name[k]);
		uint64_t first = 2 * (uint64_t)k + 1;

		buf_room(&whole, 1);
		for (size_t n = 0; n <= whole.n; n++) {
			write_file(name[k], whole.p, n);
			for (uint64_t e = first; e <= 6; e++) {
				bool there = n >= end_of(whole, e > first ? first + 1 : e);
				int status = load(e, run_of[e], &got, &f);

				CHECK_INT(status, there ? 0 : EXIT_DATA);
				CHECK(!there || memcmp(&got, &after[e], sizeof got) == 0);
			}
		}
		buf_free(&whole);
	}
}

TEST(one_bit_is_seen_wherever_it_is)
{
	struct state after[7], got;
	struct buf whole;
	struct failure f;

	three_runs(after);
	whole = read_file(FILE_B);
	buf_room(&whole, 1);
	for (size_t n = 0; n < whole.n; n++)
		for (int bit = 0; bit < 8; bit += 3) {
			bool behind = n >= end_of(whole, 3);

			whole.p[n] ^= (char)(1 << bit);
			write_file(FILE_B, whole.p, whole.n);
			whole.p[n] ^= (char)(1 << bit);
			CHECK_INT(load(3, "bbb", &got, &f), behind ? 0 : EXIT_DATA);
			CHECK(!behind || memcmp(&got, &after[3], sizeof got) == 0);
			CHECK_INT(load(6, "ccc", &got, &f), EXIT_DATA);
			CHECK_INT(load(2, "aaa", &got, &f), 0);
		}
	write_file(FILE_B, whole.p, whole.n);
	CHECK_INT(load(6, "ccc", &got, &f), 0);
	buf_free(&whole);
}

TEST(lines_that_are_moved_removed_or_put_in_are_seen)
{
	struct state after[7], got;
	struct buf whole, other = { 0 };
	struct failure f;
	size_t first;

	three_runs(after);
	whole = read_file(FILE_A);
	buf_room(&whole, 1);
	first = end_of(whole, 1);
	buf_add(&other, whole.p, first);
	buf_add(&other, whole.p + first, whole.n - first);
	buf_add(&other, whole.p + first, whole.n - first);
	write_file(FILE_A, other.p, other.n);
	CHECK_INT(load(2, "aaa", &got, &f), 0);         /* behind it nothing counts */
	buf_clear(&other);
	buf_add(&other, whole.p, first);
	buf_text(&other, "7 7\n");
	buf_add(&other, whole.p + first, whole.n - first);
	write_file(FILE_A, other.p, other.n);
	CHECK_INT(load(1, "aaa", &got, &f), 0);
	CHECK_INT(load(2, "aaa", &got, &f), EXIT_DATA);
	CHECK(strstr(f.text, FILE_A ": damaged at offset ") && strstr(f.text, ": the checksum differs"));
	/* another file of the right form under that name */
	buf_free(&other);
	other = read_file(FILE_B);
	write_file(FILE_A, other.p, other.n);
	CHECK_INT(load(2, "aaa", &got, &f), EXIT_DATA);
	CHECK(strstr(f.text, "its first line is not that of this state"));
	buf_free(&whole);
	buf_free(&other);
}

TEST(a_file_between_that_is_gone_is_a_lost_state)
{
	struct state after[7], got;
	struct failure f;

	three_runs(after);
	unlink(file_path(FILE_B));
	CHECK_INT(load(2, "aaa", &got, &f), 0);
	CHECK_INT(load(6, "ccc", &got, &f), EXIT_DATA);
	CHECK(strstr(f.text, "there is no state of stage for epoch 6 (run ccc)"));
}

TEST(another_cfg_is_refused_with_both_named)
{
	struct state after[7], got = { { 0 } };
	struct failure f = { 0 };
	struct journal *j;

	three_runs(after);
	j = journal_open(dir, "stage", "ffffffff", &f);
	CHECK_INT(journal_load(j, 6, "ccc", "ddd", take, &got, &f), -1);
	CHECK_INT(f.status, EXIT_CONFIG);
	CHECK(strstr(f.text, "cfg 0a1b2c3d, now ffffffff"));
	CHECK(memcmp(&got, &(struct state){ { 0 } }, sizeof got) == 0);         /* nothing was handed out */
	journal_close(j);
	/* stages that share a directory do not see each other */
	f = (struct failure){ 0 };
	j = journal_open(dir, "stage-2", CFG, &f);
	CHECK_INT(journal_load(j, 6, "ccc", "ddd", take, &got, &f), -1);
	CHECK_INT(f.status, EXIT_DATA);
	journal_close(j);
}

TEST(two_of_one_stage_in_one_directory_are_refused)
{
	struct failure f = { 0 };
	struct state s = { { 0 } };
	struct journal *a, *b;

	new_dir();
	a = opened();
	b = opened();
	CHECK_INT(journal_load(a, 0, "-", "run", take, &s, &f), 0);
	CHECK_INT(journal_load(b, 0, "-", "run", take, &s, &f), 0);
	CHECK_INT(step(a, &s, 1, 1, 1, 0, &f), 0);
	CHECK_INT(step(b, &s, 1, 1, 1, 0, &f), -1);
	CHECK_INT(f.status, EXIT_CONFIG);
	journal_close(a);
	journal_close(b);
}

TEST(an_entry_that_is_not_taken_stops_the_load)
{
	struct journal *j;
	struct failure f = { 0 };
	struct state s = { { 0 } };

	new_dir();
	j = opened();
	CHECK_INT(journal_load(j, 0, "-", "run", take, &s, &f), 0);
	journal_begin(j);
	journal_put(j, SPAN("nonsense"));
	CHECK_INT(journal_commit(j, 1, 0, &f), 0);
	journal_close(j);
	j = opened();
	CHECK_INT(journal_load(j, 1, "run", "next", take, &s, &f), -1);
	journal_close(j);
}

TEST(files_are_not_for_others)
{
	struct state after[7];
	struct stat st;

	three_runs(after);
	CHECK_INT(stat(file_path(FILE_A), &st), 0);
	CHECK_INT(st.st_mode & 0137, 0);
	CHECK_INT(st.st_mode & 0600, 0600);
}

/* ---- size ---- */

static uint64_t bytes_of_all(void)
{
	DIR *d = opendir(dir);
	uint64_t n = 0;
	struct stat st;

	for (struct dirent *e; (e = readdir(d));)
		if (e->d_name[0] != '.' && stat(file_path(e->d_name), &st) == 0)
			n += (uint64_t)st.st_size;
	closedir(d);
	return n;
}

TEST(bases_bound_the_disk_in_a_long_run)
{
	struct failure f = { 0 };
	struct state s = { { 0 } }, got;
	struct journal *j;
	uint64_t most = 0;
	size_t files = 0;

	new_dir();
	j = opened();
	CHECK_INT(journal_load(j, 0, "-", "run", take, &s, &f), 0);
	for (uint64_t e = 1; e <= 20000; e++) {
		CHECK_INT(step(j, &s, (int)(e % KEYS), (int)e, e, e > 3 ? e - 3 : 0, &f), 0);
		if (e % 100 == 0) {
			most = bytes_of_all() > most ? bytes_of_all() : most;
			files = count_files() > files ? count_files() : files;
		}
	}
	journal_close(j);
	CHECK(most < 2 * 256 * 1024);
	CHECK_INT(files, 1 + (files > 1));
	CHECK_INT(load(20000, "run", &got, &f), 0);
	CHECK(memcmp(&got, &s, sizeof s) == 0);
	CHECK_INT(load(19997, "run", &got, &f), 0);
	CHECK_INT(load(3, "run", &got, &f), EXIT_RETRY);
}

TEST(nothing_goes_while_the_sink_commits_nothing)
{
	struct failure f = { 0 };
	struct state s = { { 0 } }, got;
	struct journal *j;
	size_t files;

	new_dir();
	j = opened();
	CHECK_INT(journal_load(j, 0, "-", "run", take, &s, &f), 0);
	for (uint64_t e = 1; e <= 6000; e++)
		CHECK_INT(step(j, &s, 1, (int)e, e, 0, &f), 0);
	journal_close(j);
	files = count_files();
	CHECK(files > 1);
	for (uint64_t e = 1; e <= 6000; e += 999) {
		CHECK_INT(load(e, "run", &got, &f), 0);
		CHECK_INT(got.value[1], e);
	}
	CHECK_INT(count_files(), files);
}

TEST(a_base_is_as_large_as_the_state_and_an_entry_may_be_long)
{
	struct failure f = { 0 };
	struct state s = { { 0 } };
	struct buf entry = { 0 };
	struct journal *j;

	new_dir();
	j = opened();
	CHECK_INT(journal_load(j, 0, "-", "run", take, &s, &f), 0);
	CHECK(journal_begin(j));
	for (int i = 0; i < 300000; i++)
		put_one(j, i % KEYS, i);
	buf_text(&entry, "1 77 ");
	memset(buf_room(&entry, 3000000), 'x', 3000000);
	entry.n += 3000000;
	journal_put(j, buf_view(&entry));
	CHECK_INT(journal_commit(j, 1, 0, &f), 0);
	CHECK(!journal_begin(j));               /* changes as large as the base are borne */
	journal_put(j, buf_view(&entry));
	CHECK_INT(journal_commit(j, 2, 0, &f), 0);
	CHECK(!journal_begin(j));
	for (int i = 0; i < 300000; i++)
		put_one(j, i % KEYS, i);
	CHECK_INT(journal_commit(j, 3, 0, &f), 0);
	CHECK(!journal_begin(j));
	journal_put(j, buf_view(&entry));
	CHECK_INT(journal_commit(j, 4, 0, &f), 0);
	CHECK(journal_begin(j));                /* more are not */
	journal_close(j);
	CHECK_INT(load(2, "run", &s, &f), 0);
	CHECK_INT(s.value[1], 77);
	buf_free(&entry);
}

/* ---- runs that are killed, and some that do not know yet that they are ---- */

#define RUNS 3                  /* at a time */
#define EPOCHS 200

struct run {
	struct journal *journal;        /* NULL: none */
	char name[16], given[16];       /* the run it goes on from */
	uint64_t from, epoch, committed;
	struct state state, at[EPOCHS];         /* at[e - from - 1]: of each epoch */
};

struct world {
	unsigned long long random;
	struct run run[RUNS];
	unsigned drawn;
	uint64_t epoch;                 /* the sink's record */
	char erun[16];
	struct state state;             /* of it */
};

static unsigned draw(struct world *w, unsigned n)
{
	return (unsigned)(check_random(&w->random) % n);
}

static void begin_run(struct world *w, struct run *r)
{
	struct failure f = { 0 };
	struct state got = { { 0 } };

	if (r->journal)
		return;
	r->journal = opened();
	snprintf(r->name, sizeof r->name, "r%x", (w->drawn++ * 7919) & 0xffff);
	snprintf(r->given, sizeof r->given, "%s", w->erun);
	r->from = r->epoch = r->committed = w->epoch;
	CHECK_INT(journal_load(r->journal, w->epoch, w->erun, r->name, take, &got, &f), 0);
	CHECK_TEXT(f.text, "");
	CHECK(memcmp(&got, &w->state, sizeof got) == 0);
	r->state = got;
}

/* An epoch; or it is killed before the commit, perhaps in the middle of a write. */
static void do_epoch(struct world *w, struct run *r)
{
	struct failure f = { 0 };
	unsigned changes = draw(w, 5);
	struct state before = r->state;
	bool all;

	if (!r->journal || r->epoch - r->from >= EPOCHS)
		return;
	for (unsigned i = 0; i < changes; i++)
		r->state.value[draw(w, KEYS)] = 1 + (int)draw(w, 1000000);
	all = journal_begin(r->journal);
	for (int i = 0; i < KEYS; i++)
		if (all ? r->state.value[i] != 0 : r->state.value[i] != before.value[i])
			put_one(r->journal, i, r->state.value[i]);
	if (draw(w, 10) == 0) {
		journal_close(r->journal);
		r->journal = NULL;
		return;
	}
	CHECK_INT(journal_commit(r->journal, r->epoch + 1, r->committed, &f), 0);
	r->at[r->epoch++ - r->from] = r->state;
}

/* The sink takes the next epoch of a run, if it is what this run believes it to be. */
static void commit(struct world *w, struct run *r)
{
	uint64_t next = r->committed + 1;

	if (!r->journal || next > r->epoch || w->epoch != r->committed || strcmp(w->erun, r->committed == r->from ? r->given : r->name) != 0)
		return;
	w->epoch = r->committed = next;
	snprintf(w->erun, sizeof w->erun, "%s", r->name);
	w->state = r->at[next - r->from - 1];
}

static void kill_run(struct run *r)
{
	journal_close(r->journal);
	r->journal = NULL;
}

TEST(killed_anywhere_and_overlapping_it_goes_on_from_what_the_sink_has)
{
	struct world w = { .random = 4711, .erun = "-" };

	new_dir();
	for (int i = 0; i < 12000; i++) {
		struct run *r = &w.run[draw(&w, RUNS)];

		switch (draw(&w, 12)) {
		case 0:
			begin_run(&w, r);
			break;
		case 1:
			kill_run(r);
			break;
		case 2: case 3: case 4: case 5:
			commit(&w, r);
			break;
		default:
			if (r->epoch < r->committed + 8)
				do_epoch(&w, r);
		}
	}
	CHECK(w.epoch > 300);
	CHECK(w.drawn > 200);
	CHECK(count_files() < 60);
	for (unsigned k = 0; k < RUNS; k++)
		kill_run(&w.run[k]);
}
