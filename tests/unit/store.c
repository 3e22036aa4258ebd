/* SPDX-License-Identifier: MIT */
/* The parts of view-store, without its clock: as many publications as the disk takes. */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "serve/store/keeper.h"
#include "serve/store/shelf.h"
#include "tests/unit/check.h"
#include "tests/unit/view_dir.h"

#define DEFINITION "time t\ntime-unit ms\nwindow 10ms\ngroup-by k\nmeasure n = count()\nmeasure s = sum(x)\n"
#define SESSIONS "time t\ntime-unit ms\nsession 10ms\ngroup-by k\nmeasure n = count()\nmeasure s = sum(x)\n"
#define LOG "0123456789abcdef"
#define KEYS 5

static uint32_t chain(uint64_t at)
{
	return at ? (uint32_t)(at * 2654435761u) : 0;
}

static struct position position(uint64_t at)
{
	return (struct position){ at, chain(at) };
}

static struct resume resume_of(const struct view *v, const char *source)
{
	struct resume r = { .run = "aaa", .erun = "-" };
	char hash[9];

	view_hash(v, hash);
	view_lineage(hash, r.cfg);
	buf_text(&r.source, source);
	buf_text(&r.log, LOG);
	return r;
}

/* A shelf of `orders`, ready; its tiles are forgotten. */
static int open_shelf(struct shelf *s, const struct view *v, struct failure *f)
{
	struct resume r = resume_of(v, "orders");
	struct tilings t = { 0 };
	int rc = shelf_open(s, view_dir, buf_view(&r.source), f);

	if (rc == 0)
		rc = shelf_begin(s, v, &r, &t, f);
	tilings_free(&t);
	resume_free(&r);
	return rc;
}

/* Record number i of the log: each is 1 in a window, and its number. */
static void add_record(struct epochs *e, uint64_t i)
{
	char key[2] = { (char)('a' + i % KEYS), '\0' }, sum[24];
	int64_t start = (int64_t)(i / 7 % 50) * 10;
	struct partial_row row = { .key = { key, 1 }, .at = { start, start + 10 }, .weight = 1 };
	struct span state[2] = { SPAN("1"), { sum, 0 } };
	struct failure f = { 0 };

	if (e->view->window.kind == WINDOW_SESSION)     /* overlapping ones, so that they grow */
		row.at = (struct interval){ (int64_t)(i % 97) * 6, (int64_t)(i % 97) * 6 + 10 };
	state[1].n = (size_t)snprintf(sum, sizeof sum, "%" PRIu64, i);
	row.state = state;
	CHECK_INT(epochs_row(e, &row, &f), 0);
}

static int publish(struct shelf *s, struct epochs *e, uint64_t to, bool edge, struct tile *t, struct failure *f)
{
	struct shelf_commit c = { .to = position(to), .epoch = to, .run = "aaa", .edge = edge };

	for (uint64_t i = s->at.at; i < to; i++)
		add_record(e, i);
	return shelf_publish(s, e, &c, t, f);
}

/* ---- reading it ---- */

struct seen {
	uint64_t at;                    /* how far the tiling goes */
	uint64_t n, sum;                /* what its rows add up to */
	size_t files;
};

/* Sums print nothing for 0. */
static uint64_t number(struct span text)
{
	uint64_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n = n * 10 + (uint64_t)(text.p[i] - '0');
	return n;
}

/* Adds the rows of a file; all: where they are merged, or NULL. False: it has gone. */
static bool read_file(const char *file, struct epochs *all, struct seen *seen)
{
	char path[512];
	struct partial_reader *r;
	struct partial_row row;
	struct failure f = { 0 };
	enum partial_event e;
	bool gone;

	snprintf(path, sizeof path, "%s/%s", view_dir, file);
	r = partial_open(path, 1 << 20);
	while ((e = partial_next(r, &row)) == PARTIAL_ROW || e == PARTIAL_VIEW) {
		if (e != PARTIAL_ROW)
			continue;
		if (all)
			CHECK_INT(epochs_row(all, &row, &f), 0);
		seen->n += number(row.state[0]);
		seen->sum += number(row.state[1]);
	}
	gone = e == PARTIAL_ERROR && strstr(partial_error(r), "No such file");
	if (e == PARTIAL_ERROR && !gone)
		CHECK_TEXT(partial_error(r), "no failure");
	partial_close(r);
	return !gone;
}

static bool read_view(struct epochs *all, struct seen *seen)
{
	struct tilings t = { 0 };
	struct failure f = { 0 };
	bool whole = true;

	*seen = (struct seen){ 0 };
	if (tiling_read(view_dir_fd, view_dir, "orders", NULL, &t, &f) < 0)
		CHECK_TEXT(f.text, "no failure");
	CHECK(!t.of[0].gap);
	seen->at = t.of[0].end.at;
	seen->files = t.of[0].n;
	CHECK(t.of[0].end.chain == chain(seen->at));
	for (size_t i = 0; i < t.of[0].n && whole; i++)
		whole = read_file(t.of[0].tile[i].file, all, seen);
	tilings_free(&t);
	return whole;
}

static bool adds_up(const struct seen *s)
{
	return s->n == s->at && s->sum == (s->at ? s->at * (s->at - 1) / 2 : 0);
}

/* What is gathered as one partial, its bytes. */
static struct buf printed(struct epochs *e)
{
	char path[128];
	struct partial_writer w;
	struct buf bytes = { 0 };
	struct failure f = { 0 };
	struct out out;

	snprintf(path, sizeof path, "%s/.printed", view_dir);
	out_init(&out, open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600), path);
	partial_begin(&w, e->view, &out);
	CHECK_INT(partial_fold(&w, &e->fold, &e->sessions), 0);
	CHECK_INT(partial_end(&w), 0);
	out_close(&out);
	CHECK_INT(disk_read_file(view_dir_fd, ".printed", &bytes, &f), 0);
	return bytes;
}

/* The view on disk is what one pass over the log's first n records makes. */
static void expect_one_pass(const struct view *v, uint64_t n)
{
	struct epochs all, once;
	struct seen seen;
	struct buf got, want;

	epochs_init(&all, v);
	epochs_init(&once, v);
	for (uint64_t i = 0; i < n; i++)
		add_record(&once, i);
	CHECK(read_view(&all, &seen));
	CHECK_INT(seen.at, n);
	CHECK(adds_up(&seen));
	got = printed(&all);
	want = printed(&once);
	CHECK(span_eq(buf_view(&got), buf_view(&want)));
	buf_free(&got);
	buf_free(&want);
	epochs_free(&all);
	epochs_free(&once);
}

/* ---- tests ---- */

TEST(published_it_is_there_and_goes_on)
{
	struct view *v = view_of(DEFINITION);
	struct shelf s;
	struct epochs e;
	struct tile t;
	struct failure f = { 0 };

	view_dir_new();
	CHECK_INT(open_shelf(&s, v, &f), 0);
	epochs_init(&e, v);
	for (uint64_t to = 100; to <= 300; to += 100) {
		CHECK_INT(publish(&s, &e, to, false, &t, &f), 0);
		free(t.file);
		expect_one_pass(v, to);
	}
	shelf_close(&s);
	CHECK_INT(open_shelf(&s, v, &f), 0);
	CHECK(position_eq(s.at, position(300)));
	CHECK_INT(publish(&s, &e, 301, false, &t, &f), 0);
	free(t.file);
	expect_one_pass(v, 301);
	shelf_close(&s);
	epochs_free(&e);
	view_dir_remove();
	view_free(v);
}

TEST(two_of_a_source_do_not_write)
{
	struct view *v = view_of(DEFINITION);
	struct shelf s, other;
	struct failure f = { 0 };

	view_dir_new();
	CHECK_INT(open_shelf(&s, v, &f), 0);
	CHECK_INT(shelf_open(&other, view_dir, SPAN("orders"), &f), -1);
	CHECK_INT(f.status, EXIT_RETRY);
	shelf_close(&other);
	f = (struct failure){ 0 };
	CHECK_INT(shelf_open(&other, view_dir, SPAN("orders/2"), &f), 0);
	shelf_close(&other);
	shelf_close(&s);
	CHECK_INT(shelf_open(&other, view_dir, SPAN("orders"), &f), 0);
	shelf_close(&other);
	view_dir_remove();
	view_free(v);
}

/* Compare and set: whoever wrote behind our back, nothing of ours goes on top of it. */
TEST(another_end_than_ours_is_not_written_to)
{
	struct view *v = view_of(DEFINITION);
	struct shelf a, b;
	struct epochs e;
	struct tile t;
	struct failure f = { 0 };

	view_dir_new();
	CHECK_INT(open_shelf(&a, v, &f), 0);
	shelf_close(&a);
	a.dir = dup(view_dir_fd);       /* one that has lost its lock and does not know */
	CHECK_INT(open_shelf(&b, v, &f), 0);
	epochs_init(&e, v);
	CHECK_INT(publish(&b, &e, 10, false, &t, &f), 0);
	free(t.file);
	CHECK_INT(publish(&a, &e, 20, false, &t, &f), -1);
	CHECK_INT(f.status, EXIT_RETRY);
	expect_one_pass(v, 10);
	shelf_close(&a);
	shelf_close(&b);
	epochs_free(&e);
	view_dir_remove();
	view_free(v);
}

struct reading {
	atomic_bool stop;
	atomic_ulong readings, gone;
};

static void *read_on(void *context)
{
	struct reading *r = context;
	uint64_t before = 0;

	while (!atomic_load(&r->stop)) {
		struct seen seen;

		if (!read_view(NULL, &seen)) {
			atomic_fetch_add(&r->gone, 1);
			continue;
		}
		CHECK(adds_up(&seen) && seen.at >= before);
		before = seen.at;
		atomic_fetch_add(&r->readings, 1);
		nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);      /* the writer wants to get on too */
	}
	return NULL;
}

/* Until the view has n range files; what is wrong when it never has shows in what the test looks at next. */
static void wait_for_files(size_t n)
{
	for (size_t have = 0, tries = 0; have != n && tries < 3000; tries++) {
		struct range_list l = { 0 };
		struct failure f = { 0 };

		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
		if (range_list_read(view_dir_fd, view_dir, &l, &f) == 0)
			have = l.n;
		range_list_free(&l);
	}
}

/* Publishes n files of three records, with an edge every so many; ends when `rest` range files are left, or at once when that is 0.
 * The largest number of files in a tiling. */
static size_t publish_many(const struct view *v, size_t n, size_t edge_every, const struct keeper_options *o, size_t rest, bool *failed)
{
	struct shelf s;
	struct epochs e;
	struct failure f = { 0 };
	struct keeper *k;
	size_t most = 0;

	*failed = open_shelf(&s, v, &f) < 0;
	k = keeper_start(s.dir, view_dir, o);
	epochs_init(&e, v);
	for (size_t i = 1; i <= n && !*failed; i++) {
		struct tile t;
		struct seen seen;

		*failed = publish(&s, &e, s.at.at + 3, edge_every && i % edge_every == 0, &t, &f) < 0;
		if (!*failed)
			keeper_add(k, &t);
		if (i % 50 == 0 && read_view(NULL, &seen) && seen.files > most)
			most = seen.files;
	}
	if (rest)
		wait_for_files(rest);
	*failed |= keeper_stop(k, &f) < 0;
	if (*failed)
		CHECK_TEXT(f.text, "no failure");
	epochs_free(&e);
	shelf_close(&s);
	return most;
}

TEST(a_thousand_publications_and_four_readers)
{
	struct view *v = view_of(DEFINITION);
	const struct keeper_options o = { .linger = 60000, .syncs = true };
	struct reading r = { 0 };
	pthread_t reader[4];
	bool failed;

	view_dir_new();
	for (int i = 0; i < 4; i++)
		pthread_create(&reader[i], NULL, read_on, &r);
	publish_many(v, 1000, 300, &o, 0, &failed);
	atomic_store(&r.stop, true);
	for (int i = 0; i < 4; i++)
		pthread_join(reader[i], NULL);
	CHECK(!failed);
	CHECK(atomic_load(&r.readings) > 10);
	CHECK_INT(atomic_load(&r.gone), 0);             /* what is replaced lingers */
	expect_one_pass(v, 3000);
	view_dir_remove();
	view_free(v);
}

/* Waits until the keeper has nothing left to do: the number of files of the tiling no longer changes. */
static size_t settled(void)
{
	struct seen seen = { 0 };
	size_t before = 0;

	for (int same = 0, tries = 0; same < 10 && tries < 1000; tries++) {
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
		same = read_view(NULL, &seen) && seen.files == before ? same + 1 : 0;
		before = seen.files;
	}
	return before;
}

TEST(compaction_keeps_the_view_and_bounds_the_files)
{
	struct view *v = view_of(DEFINITION);
	const struct keeper_options o = { .linger = 0 };
	struct shelf s;
	struct epochs e;
	struct tile t;
	struct failure f = { 0 };
	struct keeper *k;

	view_dir_new();
	CHECK_INT(open_shelf(&s, v, &f), 0);
	k = keeper_start(s.dir, view_dir, &o);
	epochs_init(&e, v);
	for (uint64_t i = 1; i <= 600; i++) {
		CHECK_INT(publish(&s, &e, i * 2, i == 512, &t, &f), 0);
		keeper_add(k, &t);
	}
	CHECK(settled() <= 1 + 7 + 7 + 7);              /* a segment that is complete, and one that grows */
	expect_one_pass(v, 1200);
	keeper_edge(k);
	CHECK_INT(settled(), 2);
	expect_one_pass(v, 1200);
	CHECK_INT(keeper_stop(k, &f), 0);
	CHECK_INT(view_dir_count(), 2 + 2);             /* the lock, and what this test printed: what was replaced has gone */
	epochs_free(&e);
	shelf_close(&s);
	view_dir_remove();
	view_free(v);
}

TEST(no_file_reaches_over_an_edge)
{
	struct view *v = view_of(DEFINITION);
	const struct keeper_options o = { .linger = 60000 };
	struct range_list l = { 0 };
	struct failure f = { 0 };
	bool failed;

	view_dir_new();
	publish_many(v, 200, 50, &o, 64 + 4, &failed);
	CHECK_INT(range_list_read(view_dir_fd, view_dir, &l, &f), 0);
	CHECK_INT(l.n, 64 + 4);                         /* what is replaced lingers, but never more than so many files */
	for (size_t i = 0; i < l.n; i++)
		CHECK(l.name[i].from / 150 == (l.name[i].to - 1) / 150);
	range_list_free(&l);
	view_dir_remove();
	view_free(v);
}

/* Sessions of a key that overlap, in files of their own: whoever reads joins them. */
TEST(compaction_of_sessions)
{
	struct view *v = view_of(SESSIONS);
	const struct keeper_options o = { .linger = 0 };
	bool failed;

	view_dir_new();
	publish_many(v, 200, 70, &o, 0, &failed);
	CHECK(!failed);
	expect_one_pass(v, 600);
	view_dir_remove();
	view_free(v);
}

TEST(what_compaction_replaced_goes_at_the_next_start)
{
	struct view *v = view_of(DEFINITION);
	const struct keeper_options o = { .linger = 60000 };
	struct seen seen;
	struct shelf s;
	struct failure f = { 0 };
	bool failed;
	int before;

	view_dir_new();
	publish_many(v, 200, 20, &o, 0, &failed);
	before = view_dir_count();
	CHECK_INT(open_shelf(&s, v, &f), 0);
	CHECK(view_dir_count() < before && s.removed > 0);
	CHECK(read_view(NULL, &seen));
	CHECK_INT(view_dir_count(), (long long)seen.files + 1);
	expect_one_pass(v, 600);
	shelf_close(&s);
	view_dir_remove();
	view_free(v);
}

/* Batch drops what it covers, whatever the keeper thinks of it. */
TEST(files_that_vanish_are_forgotten)
{
	struct view *v = view_of(DEFINITION);
	const struct keeper_options o = { .linger = 0, .syncs = true };
	struct keeper *k;
	struct failure f = { 0 };

	view_dir_new();
	k = keeper_start(view_dir_fd, view_dir, &o);
	for (uint64_t i = 0; i < 20; i++) {
		struct tile t = { .name = { .source = "orders", .from = i, .to = i + 1, .hash = "11111111" }, .head = { .from = position(i), .to = position(i + 1) } };

		t.file = mem_text(SPAN("gone"));
		keeper_add(k, &t);
	}
	CHECK_INT(keeper_stop(k, &f), 0);
	CHECK_INT(f.status, 0);
	view_dir_remove();
	view_free(v);
}

/* A file that no reader could read: the keeper says which, and does not go on. */
TEST(damage_stops_the_keeper)
{
	struct view *v = view_of(DEFINITION);
	const struct keeper_options o = { .linger = 0 };
	struct shelf s;
	struct epochs e;
	struct tile t;
	struct failure f = { 0 };
	struct buf bytes = { 0 };
	struct keeper *k;

	view_dir_new();
	CHECK_INT(open_shelf(&s, v, &f), 0);
	epochs_init(&e, v);
	k = keeper_start(s.dir, view_dir, &o);
	for (uint64_t i = 1; i <= 8; i++) {
		CHECK_INT(publish(&s, &e, i, false, &t, &f), 0);
		if (i == 3) {
			CHECK_INT(disk_read_file(view_dir_fd, t.file, &bytes, &f), 0);
			bytes.p[bytes.n - 50] ^= 1;
			view_dir_file(t.file, buf_view(&bytes));
		}
		keeper_add(k, &t);
	}
	for (int tries = 0; tries < 1000 && !keeper_failed(k, &f); tries++)
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	CHECK_INT(f.status, EXIT_DATA);
	CHECK(strstr(f.text, "orders.00000000000000000002-00000000000000000003.speed") != NULL);
	CHECK_INT(keeper_stop(k, &f), -1);
	buf_free(&bytes);
	epochs_free(&e);
	shelf_close(&s);
	view_dir_remove();
	view_free(v);
}

/* ---- what a crash may leave ---- */

static struct view *three_files(void)
{
	struct view *v = view_of(DEFINITION);
	struct shelf s;
	struct epochs e;
	struct tile t;
	struct failure f = { 0 };

	view_dir_new();
	CHECK_INT(open_shelf(&s, v, &f), 0);
	epochs_init(&e, v);
	for (uint64_t to = 10; to <= 30; to += 10) {
		CHECK_INT(publish(&s, &e, to, false, &t, &f), 0);
		free(t.file);
	}
	shelf_close(&s);
	epochs_free(&e);
	return v;
}

static char *file_of(const struct view *v, uint64_t from, uint64_t to)
{
	struct range_name n = { .source = "orders", .from = from, .to = to };
	struct buf out = { 0 };

	view_hash(v, n.hash);
	range_name_print(&n, &out);
	return out.p;
}

/* Opens it anew: how far the view goes then. */
static uint64_t end_at_start(const struct view *v)
{
	struct shelf s;
	struct failure f = { 0 };

	if (open_shelf(&s, v, &f) < 0)
		CHECK_TEXT(f.text, "no failure");
	shelf_close(&s);
	expect_one_pass(v, s.at.at);
	return s.at.at;
}

TEST(a_file_cut_off_anywhere_goes_and_what_is_behind_it)
{
	struct view *v = three_files();
	char *middle = file_of(v, 10, 20), *last = file_of(v, 20, 30);
	struct buf bytes = { 0 }, behind = { 0 };
	struct failure f = { 0 };

	CHECK_INT(disk_read_file(view_dir_fd, middle, &bytes, &f), 0);
	CHECK_INT(disk_read_file(view_dir_fd, last, &behind, &f), 0);
	for (size_t cut = 0; cut < bytes.n; cut += 1 + bytes.n / 40) {
		view_dir_file(middle, (struct span){ bytes.p, cut });
		view_dir_file(last, buf_view(&behind));
		CHECK_INT(end_at_start(v), 10);
		CHECK_INT(view_dir_count(), 3);         /* the lock and .printed */
	}
	view_dir_file(middle, buf_view(&bytes));
	view_dir_file(last, buf_view(&behind));
	CHECK_INT(end_at_start(v), 30);
	buf_free(&bytes);
	buf_free(&behind);
	free(middle);
	free(last);
	view_dir_remove();
	view_free(v);
}

/* Pages that never reached the disk read as zeros, with the end of the file in place. */
TEST(a_hole_in_a_file_is_found)
{
	struct view *v = three_files();
	char *last = file_of(v, 20, 30);
	struct buf bytes = { 0 };
	struct failure f = { 0 };

	CHECK_INT(disk_read_file(view_dir_fd, last, &bytes, &f), 0);
	memset(bytes.p + bytes.n - 80, 0, 20);
	view_dir_file(last, buf_view(&bytes));
	CHECK_INT(end_at_start(v), 20);
	buf_free(&bytes);
	free(last);
	view_dir_remove();
	view_free(v);
}

TEST(half_files_of_this_source_go_and_no_others)
{
	struct view *v = three_files();
	char *file = file_of(v, 30, 40);
	struct buf name = { 0 };

	buf_printf(&name, ".%s.tmp", file);
	buf_byte(&name, '\0');
	view_dir_file(name.p, SPAN("half"));
	view_dir_file(".orders.00000000000000000000-00000000000000000010.batch-1.11111111.tsv.tmp", SPAN("a batch at work"));
	view_dir_file(".others.00000000000000000000-00000000000000000010.speed.11111111.tsv.tmp", SPAN("another's"));
	view_dir_file("README", SPAN("a user's"));
	CHECK_INT(end_at_start(v), 30);
	CHECK_INT(view_dir_count(), 3 + 2 + 3);         /* three ranges, lock and .printed, three that are none of ours */
	buf_free(&name);
	free(file);
	view_dir_remove();
	view_free(v);
}
