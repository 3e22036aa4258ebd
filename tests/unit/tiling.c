/* SPDX-License-Identifier: MIT */
#include "lib/view/tiling.h"

#include <pthread.h>
#include <stdatomic.h>

#include "tests/unit/check.h"
#include "tests/unit/view_dir.h"

#define HASH "11111111"
#define OTHER "22222222"
#define LOG "0123456789abcdef"

/* A file by what the tests care for. */
struct made {
	const char *source, *hash, *log, *cfg;
	enum range_kind kind;
	uint64_t generation, from, to;
	uint32_t from_chain, to_chain;
	bool torn;
};

/* The chain of a log in which nothing is wrong. */
static uint32_t chain(uint64_t at)
{
	return at ? (uint32_t)(at * 2654435761u) : 0;
}

static struct made speed(uint64_t from, uint64_t to)
{
	return (struct made){ "orders", HASH, LOG, "cfg", RANGE_SPEED, 0, from, to, chain(from), chain(to), false };
}

static struct made batch(uint64_t generation, uint64_t from, uint64_t to)
{
	struct made m = speed(from, to);

	m.kind = RANGE_BATCH;
	m.generation = generation;
	return m;
}

static struct made of_hash(struct made m, const char *hash)
{
	m.hash = hash;
	return m;
}

static struct made of_source(struct made m, const char *source)
{
	m.source = source;
	return m;
}

static struct made torn(struct made m)
{
	m.torn = true;
	return m;
}

static struct made chained(struct made m, uint32_t from, uint32_t to)
{
	m.from_chain = from;
	m.to_chain = to;
	return m;
}

static struct buf file_name(const struct made *m)
{
	struct range_name n = { .from = m->from, .to = m->to, .kind = m->kind, .generation = m->generation };
	struct buf out = { 0 };

	snprintf(n.source, sizeof n.source, "%s", m->source);
	snprintf(n.hash, sizeof n.hash, "%s", m->hash);
	range_name_print(&n, &out);
	return out;
}

/* Written aside and renamed, as range files are. */
static void put(struct made m)
{
	struct buf name = file_name(&m), text = { 0 };

	buf_printf(&text, "#!weir view hash=%s definition=x source=%s log=%s from=%" PRIu64 "@%08x to=%" PRIu64 "@%08x epoch=1 run=r cfg=%s level=0\n"
	           "window_end\twindow_start\n", m.hash, m.source, m.log, m.from, m.from_chain, m.to, m.to_chain, m.cfg);
	buf_printf(&text, "#!weir end rows=0 rejected=0");
	buf_printf(&text, " crc=%08x\n", (unsigned)hash_crc32c(0, text.p, text.n));
	if (m.torn)
		text.n -= 1;
	view_dir_file(".new", buf_view(&text));
	CHECK_INT(renameat(view_dir_fd, ".new", view_dir_fd, name.p), 0);
	buf_free(&name);
	buf_free(&text);
}

static void take(struct made m)
{
	struct buf name = file_name(&m);

	CHECK_INT(unlinkat(view_dir_fd, name.p, 0), 0);
	buf_free(&name);
}

static void put_all(const struct made *m, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put(m[i]);
}

/* `0-10 batch-1, 10-12 speed; gap at 14` */
static void show(const struct tiling *t, struct buf *out)
{
	static const char *const kind[] = { "", "batch-", "frozen-" };

	for (size_t i = 0; i < t->n; i++) {
		const struct range_name *n = &t->tile[i].name;

		buf_printf(out, "%s%" PRIu64 "-%" PRIu64, i ? " " : "", n->from, n->to);
		if (n->kind != RANGE_SPEED)
			buf_printf(out, ":%s%" PRIu64, kind[n->kind], n->generation);
	}
	if (t->gap)
		buf_printf(out, "%s| %" PRIu64, t->n ? " " : "", t->beyond);
}

/* The tiling of `orders` as text, or `status: text` of the failure. */
static struct buf tiling_of(const char *prefer)
{
	struct tilings t = { 0 };
	struct failure f = { 0 };
	struct buf out = { 0 };

	if (tiling_read(view_dir_fd, view_dir, "orders", prefer, &t, &f) < 0) {
		buf_printf(&out, "%d: %s", f.status, f.text);
	} else {
		CHECK_INT(t.n, 1);
		show(&t.of[0], &out);
	}
	tilings_free(&t);
	return out;
}

static void expect_(int line, const char *prefer, const char *want)
{
	struct buf got = tiling_of(prefer);

	check_span(__FILE__, line, "the tiling", buf_view(&got), want);
	buf_free(&got);
}
#define EXPECT(want) expect_(__LINE__, NULL, want)
#define EXPECT_OF(prefer, want) expect_(__LINE__, prefer, want)

TEST(nothing_is_a_tiling)
{
	view_dir_new();
	EXPECT("");
	view_dir_file("README", SPAN("not ours"));
	view_dir_file(".orders.00000000000000000000-00000000000000000010.speed.11111111.tsv.tmp", SPAN("half"));
	EXPECT("");
	view_dir_remove();
}

TEST(speed_files_join_and_the_longest_is_taken)
{
	view_dir_new();
	put_all((struct made[]){ speed(0, 10), speed(10, 20), speed(20, 30) }, 3);
	EXPECT("0-10 10-20 20-30");
	put(speed(0, 20));
	EXPECT("0-20 20-30");
	put(speed(10, 30));             /* overlaps what is taken: not needed, no harm */
	EXPECT("0-20 20-30");
	take(speed(0, 20));
	EXPECT("0-10 10-30");
	view_dir_remove();
}

TEST(a_gap_ends_it_and_is_told)
{
	view_dir_new();
	put_all((struct made[]){ speed(0, 10), speed(12, 20), speed(20, 30) }, 3);
	EXPECT("0-10 | 12");
	take(speed(0, 10));
	EXPECT("| 12");
	put(speed(0, 11));
	EXPECT("0-11 | 12");
	put(speed(11, 12));
	EXPECT("0-11 11-12 12-20 20-30");
	put(speed(29, 31));             /* reaches beyond, and does not join */
	EXPECT("0-11 11-12 12-20 20-30 | 29");
	view_dir_remove();
}

TEST(chains_must_agree)
{
	view_dir_new();
	put_all((struct made[]){ speed(0, 10), chained(speed(10, 20), 7, chain(20)), speed(20, 30) }, 3);
	EXPECT("0-10 | 10");
	put(speed(10, 15));             /* shorter, but it joins */
	EXPECT("0-10 10-15 | 10");
	view_dir_remove();
	view_dir_new();
	put(chained(speed(0, 10), 1, chain(10)));
	EXPECT("| 0");
	view_dir_remove();
}

TEST(the_newest_generation_is_taken_before_any_speed)
{
	view_dir_new();
	put_all((struct made[]){ speed(0, 100), batch(1, 0, 40), speed(40, 100), speed(100, 110) }, 4);
	EXPECT("0-40:batch-1 40-100 100-110");
	put(batch(2, 0, 100));
	EXPECT("0-100:batch-2 100-110");
	put(batch(10, 0, 110));
	EXPECT("0-110:batch-10");
	take(batch(10, 0, 110));        /* rolled back, one by one */
	EXPECT("0-100:batch-2 100-110");
	take(batch(2, 0, 100));
	EXPECT("0-40:batch-1 40-100 100-110");
	take(batch(1, 0, 40));
	EXPECT("0-100 100-110");
	view_dir_remove();
}

TEST(what_was_pruned_is_served_from_the_frozen_file)
{
	struct made frozen = batch(3, 0, 50);
	struct tilings t = { 0 };
	struct failure f = { 0 };

	view_dir_new();
	frozen.kind = RANGE_FROZEN;
	put_all((struct made[]){ frozen, batch(4, 50, 90), batch(5, 50, 120), speed(90, 120), speed(120, 130) }, 5);
	EXPECT("0-50:frozen-3 50-120:batch-5 120-130");
	CHECK_INT(tiling_read(view_dir_fd, view_dir, "orders", NULL, &t, &f), 0);
	CHECK(t.of[0].cut == 120 && t.of[0].generation == 5 && t.of[0].end.at == 130 && t.of[0].end.chain == chain(130));
	CHECK_TEXT(t.of[0].hash, HASH);
	CHECK_TEXT(t.of[0].log, LOG);
	CHECK_TEXT(t.of[0].cfg, "cfg");
	tilings_free(&t);
	take(batch(5, 50, 120));
	EXPECT("0-50:frozen-3 50-90:batch-4 90-120 120-130");
	view_dir_remove();
}

TEST(one_definition_is_served_that_of_the_newest_batch)
{
	view_dir_new();
	put_all((struct made[]){ speed(0, 10), of_hash(speed(0, 30), OTHER), speed(10, 20) }, 3);
	EXPECT("0-30");                 /* no batch: the file that covers most from the beginning */
	EXPECT_OF(HASH, "0-10 10-20");
	put(batch(1, 0, 20));
	EXPECT("0-20:batch-1");
	put(speed(20, 30));
	EXPECT("0-20:batch-1 20-30");
	put(of_hash(batch(2, 0, 15), OTHER));
	EXPECT("0-15:batch-2 | 0");     /* what reaches further is of the other's speed layer */
	put(of_hash(speed(15, 18), OTHER));
	EXPECT("0-15:batch-2 15-18 | 0");
	take(of_hash(speed(0, 30), OTHER));
	EXPECT("0-15:batch-2 15-18");
	EXPECT_OF(HASH, "0-20:batch-1 20-30");
	EXPECT_OF(OTHER, "0-15:batch-2 15-18");
	EXPECT_OF("33333333", "");
	take(of_hash(batch(2, 0, 15), OTHER));
	EXPECT("0-20:batch-1 20-30");
	view_dir_remove();
}

TEST(another_lineage_or_log_does_not_join)
{
	struct made other_log = speed(20, 30), other_cfg = speed(20, 40);

	other_log.log = "fedcba9876543210";
	other_cfg.cfg = "else";
	view_dir_new();
	put_all((struct made[]){ batch(1, 0, 20), other_log, other_cfg }, 3);
	EXPECT("0-20:batch-1");
	put(speed(20, 25));
	EXPECT("0-20:batch-1 20-25");
	view_dir_remove();
}

TEST(a_torn_speed_file_is_not_there)
{
	view_dir_new();
	put_all((struct made[]){ speed(0, 10), torn(speed(10, 30)), speed(10, 20), torn(speed(20, 30)) }, 4);
	EXPECT("0-10 10-20");
	put(speed(20, 30));
	EXPECT("0-10 10-20 20-30");
	put(torn(speed(0, 10)));
	EXPECT("| 10");
	view_dir_remove();
	view_dir_new();
	put_all((struct made[]){ torn(speed(0, 10)), torn(of_hash(speed(0, 9), OTHER)), of_hash(speed(0, 8), OTHER) }, 3);
	EXPECT("0-8");
	view_dir_remove();
}

TEST(a_torn_batch_file_is_damage)
{
	struct buf got;

	view_dir_new();
	put_all((struct made[]){ batch(1, 0, 10), torn(batch(2, 0, 20)), speed(10, 20), speed(20, 30) }, 4);
	got = tiling_of(NULL);
	CHECK(span_starts(buf_view(&got), SPAN("65: ")) && memmem(got.p, got.n, "batch-2", 7) && memmem(got.p, got.n, "remove it", 9));
	buf_free(&got);
	take(batch(2, 0, 20));
	EXPECT("0-10:batch-1 10-20 20-30");
	put(torn(of_hash(batch(2, 0, 20), OTHER)));
	EXPECT_OF(HASH, "0-10:batch-1 10-20 20-30");    /* nobody asked for that one */
	view_dir_remove();
}

TEST(sources_have_tilings_of_their_own)
{
	struct tilings t = { 0 };
	struct failure f = { 0 };
	struct buf out = { 0 };

	view_dir_new();
	put_all((struct made[]){ of_source(speed(0, 10), "b"), of_source(batch(1, 0, 5), "b"), of_source(speed(5, 10), "b"), of_source(speed(3, 9), "a"),
	                         of_source(speed(0, 7), "orders-2"), of_source(speed(0, 8), "orders") }, 6);
	CHECK_INT(tiling_read(view_dir_fd, view_dir, NULL, NULL, &t, &f), 0);
	CHECK_INT(t.n, 4);
	for (size_t i = 0; i < t.n; i++) {
		buf_printf(&out, "%s(", t.of[i].source);
		show(&t.of[i], &out);
		buf_text(&out, ")");
	}
	CHECK_BUF(out, "a(| 3)b(0-5:batch-1 5-10)orders-2(0-7)orders(0-8)");
	EXPECT("0-8");
	CHECK_INT(tiling_read(view_dir_fd, view_dir, "none", NULL, &t, &f), 0);
	CHECK(t.n == 1 && t.of[0].n == 0 && t.of[0].end.at == 0 && !*t.of[0].hash);
	CHECK_TEXT(t.of[0].source, "none");
	tilings_free(&t);
	buf_free(&out);
	view_dir_remove();
}

TEST(a_directory_that_cannot_be_read)
{
	struct tilings t = { 0 };
	struct failure f = { 0 };

	CHECK_INT(tiling_read(-1, "views/x", NULL, NULL, &t, &f), -1);
	CHECK_INT(f.status, EXIT_IO);
	CHECK(strstr(f.text, "views/x"));
	tilings_free(&t);
}

TEST(the_lineage_depends_on_the_definition)
{
	char a[LINEAGE_TEXT], b[LINEAGE_TEXT], c[LINEAGE_TEXT] = "";

	view_lineage(HASH, a);
	view_lineage(OTHER, b);
	CHECK(strcmp(a, b) != 0);
	lineage_fold(c, "event-log", (struct span){ NULL, 0 });
	lineage_fold(c, "window-agg", SPAN(HASH));
	CHECK_TEXT(a, c);
}

/* ---- against a tiler that looks at everything, again and again ---- */

static bool same(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static bool beats(const struct made *a, const struct made *b)
{
	bool x = a->kind != RANGE_SPEED, y = b->kind != RANGE_SPEED;

	if (x && y)
		return a->generation > b->generation || (a->generation == b->generation && a->to > b->to);
	return x || (!y && a->to > b->to);
}

static const struct made *naive_next(const struct made *m, size_t n, const char *hash, struct position end)
{
	const struct made *best = NULL;

	for (size_t i = 0; i < n; i++)
		if (!m[i].torn && same(m[i].hash, hash) && m[i].from == end.at && m[i].from_chain == end.chain && (!best || beats(&m[i], best)))
			best = &m[i];
	return best;
}

static void naive(const struct made *m, size_t n, struct buf *out)
{
	const struct made *decides = NULL;
	struct position end = { 0, 0 };
	uint64_t beyond = UINT64_MAX;
	struct tiling t = { 0 };

	for (size_t i = 0; i < n; i++)
		if (!m[i].torn && (!decides || (m[i].generation != decides->generation ? m[i].generation > decides->generation :
		    m[i].from != decides->from ? m[i].from < decides->from : m[i].to > decides->to)))
			decides = &m[i];
	for (const struct made *x; decides && (x = naive_next(m, n, decides->hash, end)); end = (struct position){ x->to, x->to_chain }) {
		t.tile = mem_grow(t.tile, t.n, &t.cap, sizeof *t.tile);
		t.tile[t.n++] = (struct tile){ .name = { .from = x->from, .to = x->to, .kind = x->kind, .generation = x->generation } };
	}
	for (size_t i = 0; i < n; i++)
		if (decides && !m[i].torn && same(m[i].hash, decides->hash) && m[i].to > end.at && m[i].from < beyond)
			beyond = m[i].from;
	t.gap = beyond != UINT64_MAX;
	t.beyond = beyond;
	show(&t, out);
	free(t.tile);
}

/* Names are unique: a later one replaces an earlier. Equal extents of two definitions leave open which is older, so they are not made. */
static bool clashes(const struct made *m, size_t n, const struct made *x)
{
	for (size_t i = 0; i < n; i++)
		if (m[i].from == x->from && m[i].to == x->to && m[i].kind == x->kind && m[i].generation == x->generation)
			return true;
	return false;
}

TEST(random_directories)
{
	unsigned long long seed = getenv("CHECK_SEED") ? strtoull(getenv("CHECK_SEED"), NULL, 0) : 5;

	for (int trial = 0; trial < 500; trial++) {
		struct made m[24];
		size_t n = 0, want = check_random(&seed) % 24;
		struct buf expected = { 0 }, got;

		view_dir_new();
		for (size_t i = 0; i < want; i++) {
			uint64_t from = check_random(&seed) % 3 ? check_random(&seed) % 8 : 0;
			struct made x = speed(from, from + 1 + check_random(&seed) % 4);

			if (check_random(&seed) % 4 == 0)
				x = batch(1 + check_random(&seed) % 3, from, x.to);
			else if (check_random(&seed) % 6 == 0)
				x.torn = true;
			if (check_random(&seed) % 8 == 0)
				x.from_chain ^= 1;
			if (check_random(&seed) % 6 == 0)
				x.hash = OTHER;
			if (!clashes(m, n, &x))
				put(m[n++] = x);
		}
		naive(m, n, &expected);
		got = tiling_of(NULL);
		if (!span_eq(buf_view(&got), buf_view(&expected))) {
			buf_byte(&expected, '\0');
			CHECK_BUF(got, expected.p);
		}
		buf_free(&got);
		buf_free(&expected);
		view_dir_remove();
	}
}

/* ---- while it changes ---- */

#define RANGES 1000

static atomic_bool writing;

/* Files come one by one; every eight become one, and what they replace goes at once. */
static void *change(void *context)
{
	(void)context;
	for (uint64_t i = 0; i < RANGES; i++) {
		put(speed(i, i + 1));
		if (i % 8 == 7) {
			put(speed(i - 7, i + 1));
			for (uint64_t j = i - 7; j <= i; j++)
				take(speed(j, j + 1));
		}
	}
	atomic_store(&writing, false);
	return NULL;
}

/* A reader sees a prefix of the log, at least as far as it was seen before, and nothing is ever missing in it. */
TEST(listed_while_files_come_and_go)
{
	pthread_t writer;
	uint64_t seen = 0, readings = 0;
	struct buf all = { 0 };

	view_dir_new();
	atomic_store(&writing, true);
	pthread_create(&writer, NULL, change, NULL);
	while (atomic_load(&writing)) {
		struct tilings t = { 0 };
		struct failure f = { 0 };

		if (tiling_read(view_dir_fd, view_dir, "orders", NULL, &t, &f) < 0) {
			CHECK_TEXT(f.text, "no failure");
		} else {
			CHECK(!t.of[0].gap && t.of[0].end.at >= seen);
			seen = t.of[0].end.at;
		}
		tilings_free(&t);
		readings++;
	}
	pthread_join(writer, NULL);
	CHECK(readings > 10);
	for (uint64_t i = 0; i < RANGES; i += 8)
		buf_printf(&all, "%s%" PRIu64 "-%" PRIu64, i ? " " : "", i, i + 8);
	buf_byte(&all, '\0');
	EXPECT(all.p);
	buf_free(&all);
	view_dir_remove();
}
