/* SPDX-License-Identifier: MIT */
/* Where sinks say they are. */
#include "lib/sink/sink.h"

#include <inttypes.h>

#include "batch/log/sinks.h"
#include "tests/unit/log_of.h"
#include "tests/unit/view_dir.h"

static struct position mark(uint64_t at)
{
	return (struct position){ at, at ? (uint32_t)at * 77 : 0 };
}

static void stands(const char *path, const char *source, uint64_t epoch, const char *run, const char *pos)
{
	struct sink_state s = { .pos = { 0 } };
	struct failure f = { 0 };

	CHECK_INT(sink_read(path, source, &s, &f), 0);
	CHECK_INT(s.epoch, epoch);
	CHECK_TEXT(s.run, run);
	CHECK_BUF(s.pos, pos);
	CHECK_TEXT(f.text, "");
	sink_state_free(&s);
}

static void refused(const char *path, const char *source, int status)
{
	struct sink_state s = { .pos = { 0 } };
	struct failure f = { 0 };

	CHECK_INT(sink_read(path, source, &s, &f), -1);
	CHECK_INT(f.status, status);
	CHECK(strstr(f.text, path) != NULL);
	sink_state_free(&s);
}

TEST(what_is_not_there_or_empty_is_fresh)
{
	struct log_of l;

	log_of_begin(&l, FORMAT_CSV, "a");
	stands(l.path, "orders", 0, "-", "");
	log_of_write(&l, ".lock", SPAN("1\n"));
	log_of_write(&l, "gmv.view", SPAN("window 1m\n"));
	stands(l.path, "orders", 0, "-", "");
	log_of_end(&l);
	stands(l.path, "orders", 0, "-", "");
	refused("/dev/null", "orders", EXIT_IO);
}

static const char *const one[] = { "1\n" };

/* A block that commits a source's position. */
static void commit(struct log_of *l, uint64_t epoch, const char *run, const char *pos, bool more)
{
	struct block_trailer t = log_of_trailer(l, SPAN("1\n"), 1);

	t.has_source = true;
	t.epoch = epoch;
	t.more = more;
	strcpy(t.run, run);
	buf_text(&t.source, pos);
	log_of_put(l, SPAN("1\n"), &t);
	l->at = t.end;
	log_of_save(l);
	block_trailer_free(&t);
}

TEST(a_log_says_it_in_its_last_committed_block)
{
	struct log_of l;

	log_of_begin(&l, FORMAT_CSV, "a");
	log_of_block(&l, one, 1, false);
	log_of_save(&l);
	stands(l.path, "orders", 0, "-", "");           /* appended by hand: it has no source */
	commit(&l, 3, "abc", "30@00000030", false);
	stands(l.path, "orders", 3, "abc", "30@00000030");
	commit(&l, 4, "def", "40@00000040", true);
	stands(l.path, "orders", 3, "abc", "30@00000030");
	commit(&l, 4, "def", "a b%@\n", false);
	stands(l.path, NULL, 4, "def", "a b%@\n");
	log_of_seal(&l);
	stands(l.path, "orders", 4, "def", "a b%@\n");
	log_of_compress(&l, 1, false, false);
	stands(l.path, "orders", 4, "def", "a b%@\n");
	log_of_open_segment(&l);
	log_of_save(&l);
	stands(l.path, "orders", 4, "def", "a b%@\n");
	log_of_end(&l);
}

/* A block of an epoch that goes on, with one record of so many bytes. */
static void go_on(struct log_of *l, size_t bytes)
{
	char *record = mem_alloc(bytes);
	struct span data = { record, bytes };
	struct block_trailer t;

	memset(record, '#', bytes);     /* looks like a line of ours, again and again */
	record[bytes - 1] = '\n';
	t = log_of_trailer(l, data, 1);
	t.more = true;
	log_of_put(l, data, &t);
	l->at = t.end;
	log_of_save(l);
	free(record);
}

/* The longer the epoch that nobody has committed, the further back the last commit; it is found in windows, and records are passed over. */
TEST(an_epoch_of_many_blocks_is_looked_through_from_behind)
{
	static const size_t bytes[] = { 10, 4000, 4096, 4097, 5000, 70000, 1 << 20, 3 << 20, 20 };
	struct log_of l;

	log_of_begin(&l, FORMAT_CSV, "a");
	commit(&l, 3, "abc", "30@00000030", false);
	for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
		go_on(&l, bytes[i]);
		stands(l.path, "orders", 3, "abc", "30@00000030");
	}
	for (size_t torn = 1; torn <= 3 << 20; torn *= 8) {             /* and behind them one that is being written */
		struct buf all = { 0 };

		buf_span(&all, buf_view(&l.text));
		memset(buf_room(&all, torn), 'x', torn);
		all.n += torn;
		all.p[all.n - 1] = torn % 3 ? '\n' : 'x';
		log_of_write(&l, "00000000000000000000.log", buf_view(&all));
		stands(l.path, "orders", 3, "abc", "30@00000030");
		buf_free(&all);
	}
	log_of_end(&l);
}

static void put(struct view *v, const char *source, enum range_kind kind, uint64_t from, uint64_t to, uint64_t epoch)
{
	struct range_name n = { .from = from, .to = to, .kind = kind, .generation = kind == RANGE_SPEED ? 0 : 1 };
	struct range_head h = { .from = mark(from), .to = mark(to), .log = LOG_OF_ID, .epoch = epoch, .run = "r1", .cfg = "00000001" };
	struct range_writer w;
	struct failure f = { 0 };

	strcpy(n.source, source);
	view_hash(v, n.hash);
	CHECK_INT(range_begin(&w, view_dir_fd, v, &n, &h, &f), 0);
	CHECK_INT(range_end(&w, 0, false, &f), 0);
	CHECK_TEXT(f.text, "");
}

TEST(a_view_is_as_far_as_its_tiling)
{
	struct view *v = view_of("window 1m\ntime t\nmeasure n = count()\n");
	char at[POSITION_TEXT];

	view_dir_new();
	put(v, "orders", RANGE_SPEED, 0, 10, 1);
	position_print(mark(10), at);
	stands(view_dir, "orders", 1, "r1", at);
	stands(view_dir, NULL, 1, "r1", at);
	put(v, "orders", RANGE_SPEED, 20, 30, 3);       /* behind a gap */
	stands(view_dir, "orders", 1, "r1", at);
	stands(view_dir, "clicks", 0, "-", "");
	put(v, "orders", RANGE_SPEED, 10, 20, 2);
	position_print(mark(30), at);
	stands(view_dir, "orders", 3, "r1", at);
	put(v, "orders", RANGE_BATCH, 0, 30, 0);        /* a batch has come as far, and no epoch did it */
	stands(view_dir, "orders", 0, "-", at);
	put(v, "clicks", RANGE_SPEED, 0, 5, 9);
	position_print(mark(5), at);
	stands(view_dir, "clicks", 9, "r1", at);
	refused(view_dir, NULL, EXIT_CONFIG);
	view_dir_remove();
	view_free(v);
}

/* Its last file is one of batch and names no run: the source would wait for ever for word of its epochs. */
TEST(a_view_whose_end_a_batch_has_reached_has_all_that_was_sent_up_to_there)
{
	struct view *v = view_of("window 1m\ntime t\nmeasure n = count()\n");
	struct failure f = { 0 };
	struct sinks s;

	view_dir_new();
	CHECK_INT(sinks_open(&s, (const char *const[]){ view_dir }, 1, "orders", &f), 0);
	strcpy(s.ours, "r1");
	put(v, "orders", RANGE_SPEED, 0, 10, 1);
	sinks_sent(&s, 9, mark(30));
	CHECK(sinks_look(&s, 1000, &f) == 0 && s.committed == 1 && sinks_are_full(&s));
	put(v, "orders", RANGE_BATCH, 0, 20, 0);
	CHECK(sinks_look(&s, 2000, &f) == 0 && sinks_are_full(&s));
	put(v, "orders", RANGE_SPEED, 20, 30, 9);
	put(v, "orders", RANGE_BATCH, 0, 30, 0);
	CHECK(sinks_look(&s, 3000, &f) == 0 && s.committed == 9 && !sinks_are_full(&s));
	CHECK_TEXT(f.text, "");
	sinks_close(&s);
	view_dir_remove();
	view_free(v);
}
