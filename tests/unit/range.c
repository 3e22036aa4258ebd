/* SPDX-License-Identifier: MIT */
#include "lib/view/range.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/unit/check.h"
#include "tests/unit/view_dir.h"

#define DEFINITION "time t\ntime-unit ms\nwindow 10ms\ngroup-by k\nmeasure n = count()\n"

static const struct range_head head = {
	.from = { 1200000, 0x5f3a91c2 }, .to = { 1210000, 0x0b2c44aa }, .log = "0123456789abcdef", .epoch = 17, .run = "00aa11bb22cc33d",
	.cfg = "015e66de", .has_time = true, .time = -5, .level = 2, .edge = true,
};

static struct range_name name_of(const char *source, const struct view *v)
{
	struct range_name n = { .from = head.from.at, .to = head.to.at, .kind = RANGE_SPEED };

	snprintf(n.source, sizeof n.source, "%s", source);
	view_hash(v, n.hash);
	return n;
}

static struct buf printed(const struct range_name *n)
{
	struct buf out = { 0 };

	range_name_print(n, &out);
	return out;
}

/* One row for each key. */
static int write_rows(struct range_writer *w, const struct view *v, int rows)
{
	int rc = 0;

	for (int i = 0; i < rows && rc == 0; i++) {
		struct group *g = group_new(v);
		char key[16];

		snprintf(key, sizeof key, "key%07d", i);
		group_add_amount(v, g, 3, 1);
		rc = partial_row(&w->partial, (struct interval){ 0, 10 }, span_of(key), g);
		group_free(v, g);
	}
	return rc;
}

static int write_range(int dir, const struct view *v, const struct range_name *n, int rows, bool durable, struct failure *f)
{
	struct range_writer w;

	if (range_begin(&w, dir, v, n, &head, f) < 0)
		return -1;
	write_rows(&w, v, rows);
	return range_end(&w, 3, durable, f);
}

TEST(names_say_all_and_come_back)
{
	static const struct {
		struct range_name n;
		const char *file;
	} some[] = {
		{ { "orders", 1200000, 1210000, RANGE_SPEED, 0, "5f3a91c2" }, "orders.00000000000001200000-00000000000001210000.speed.5f3a91c2.tsv" },
		{ { "orders", 0, 1, RANGE_BATCH, 7, "00000000" }, "orders.00000000000000000000-00000000000000000001.batch-7.00000000.tsv" },
		{ { "a", 0, UINT64_MAX, RANGE_FROZEN, UINT64_MAX, "ffffffff" }, "a.00000000000000000000-18446744073709551615.frozen-18446744073709551615.ffffffff.tsv" },
		{ { "db.t/3 %x", 1, 2, RANGE_SPEED, 0, "0123abcd" }, "db%2Et%2F3%20%25x.00000000000000000001-00000000000000000002.speed.0123abcd.tsv" },
		{ { "\xc3\xa9", 1, 2, RANGE_SPEED, 0, "0123abcd" }, "\xc3\xa9.00000000000000000001-00000000000000000002.speed.0123abcd.tsv" },
	};

	for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
		struct buf out = printed(&some[i].n);
		struct range_name n;

		CHECK_BUF(out, some[i].file);
		CHECK_INT(range_name_parse(some[i].file, &n), 0);
		CHECK_TEXT(n.source, some[i].n.source);
		CHECK(n.from == some[i].n.from && n.to == some[i].n.to && n.kind == some[i].n.kind && n.generation == some[i].n.generation);
		CHECK_TEXT(n.hash, some[i].n.hash);
		buf_free(&out);
	}
}

TEST(what_looks_nearly_like_a_name_is_none)
{
	static const char *const none[] = {
		"", ".", "..", "lost", ".tsv", "a.tsv", "a.b.c.d.tsv",
		"a.00000000000000000000-00000000000000000001.speed.5f3a91c2",
		"a.00000000000000000000-00000000000000000001.speed.5f3a91c2.tsv.tmp",
		".a.00000000000000000000-00000000000000000001.speed.5f3a91c2.tsv.tmp",
		"a.00000000000000000000-00000000000000000001.speed.5F3A91C2.tsv",
		"a.00000000000000000000-00000000000000000001.speed.5f3a91c.tsv",
		"a.00000000000000000000-00000000000000000001.speed.5f3a91c22.tsv",
		"a.00000000000000000000-00000000000000000001.speed-1.5f3a91c2.tsv",
		"a.00000000000000000000-00000000000000000001.batch.5f3a91c2.tsv",
		"a.00000000000000000000-00000000000000000001.batch-.5f3a91c2.tsv",
		"a.00000000000000000000-00000000000000000001.batch-0.5f3a91c2.tsv",
		"a.00000000000000000000-00000000000000000001.batch-07.5f3a91c2.tsv",
		"a.00000000000000000000-00000000000000000001.batch-18446744073709551616.5f3a91c2.tsv",
		"a.00000000000000000000-00000000000000000001.frozen.5f3a91c2.tsv",
		"a.0000000000000000000-00000000000000000001.speed.5f3a91c2.tsv",
		"a.000000000000000000000-00000000000000000001.speed.5f3a91c2.tsv",
		"a.00000000000000000000-00000000000000000000.speed.5f3a91c2.tsv",
		"a.00000000000000000002-00000000000000000001.speed.5f3a91c2.tsv",
		"a.00000000000000000000-18446744073709551616.speed.5f3a91c2.tsv",
		"a.0000000000000000000x-00000000000000000001.speed.5f3a91c2.tsv",
		".00000000000000000000-00000000000000000001.speed.5f3a91c2.tsv",
		"a.b.00000000000000000000-00000000000000000001.speed.5f3a91c2.tsv",
		"a%62.00000000000000000000-00000000000000000001.speed.5f3a91c2.tsv",
		"a%2e.00000000000000000000-00000000000000000001.speed.5f3a91c2.tsv",
		"a%.00000000000000000000-00000000000000000001.speed.5f3a91c2.tsv",
		"a%00.00000000000000000000-00000000000000000001.speed.5f3a91c2.tsv",
		"a b.00000000000000000000-00000000000000000001.speed.5f3a91c2.tsv",
	};
	struct range_name n;

	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		if (range_name_parse(none[i], &n) == 0)
			CHECK_TEXT(none[i], "no name");
}

TEST(what_is_written_is_read)
{
	struct view *v = view_of(DEFINITION);
	int dir = view_dir_new();

	for (int durable = 0; durable < 2; durable++) {
		struct range_name n = name_of(durable ? "db.t/3 %x" : "orders", v);
		struct buf file = printed(&n);
		struct range_head h;
		struct failure f = { 0 };

		CHECK_INT(write_range(dir, v, &n, 100, durable, &f), 0);
		CHECK_INT(range_head_read(dir, file.p, &n, &h, &f), 0);
		CHECK(position_eq(h.from, head.from) && position_eq(h.to, head.to));
		CHECK_TEXT(h.log, head.log);
		CHECK_TEXT(h.run, head.run);
		CHECK_TEXT(h.cfg, head.cfg);
		CHECK(h.epoch == 17 && h.has_time && h.time == -5 && h.level == 2 && h.edge);
		CHECK_INT(range_verify(dir, file.p, &f), 0);
		CHECK_INT(f.status, 0);
		buf_free(&file);
	}
	CHECK_INT(view_dir_count(), 2);         /* and nothing temporary */
	view_dir_remove();
	view_free(v);
}

/* A range file is a partial like any. */
TEST(any_reader_of_partials_reads_it)
{
	struct view *v = view_of(DEFINITION);
	int dir = view_dir_new(), rows = 0;
	struct range_name n = name_of("orders", v);
	struct buf file = printed(&n), path = { 0 };
	struct failure f = { 0 };
	struct partial_reader *r;
	struct partial_row row;
	enum partial_event e;

	CHECK_INT(write_range(dir, v, &n, 100000, false, &f), 0);
	buf_printf(&path, "%s/%s", view_dir, file.p);
	buf_byte(&path, '\0');
	r = partial_open(path.p, 1 << 20);
	while ((e = partial_next(r, &row)) == PARTIAL_ROW || e == PARTIAL_VIEW)
		rows += e == PARTIAL_ROW;
	CHECK_INT(e, PARTIAL_END);
	CHECK_INT(rows, 100000);
	CHECK_INT(partial_rejected(r), 3);
	CHECK_TEXT(partial_hash(r), n.hash);
	partial_close(r);
	buf_free(&file);
	buf_free(&path);
	view_dir_remove();
	view_free(v);
}

TEST(cut_off_anywhere_it_is_torn)
{
	struct view *v = view_of(DEFINITION);
	int dir = view_dir_new();
	struct range_name n = name_of("orders", v);
	struct buf file = printed(&n), bytes = { 0 };
	struct range_head h;
	struct failure f = { 0 };

	CHECK_INT(write_range(dir, v, &n, 3, false, &f), 0);
	CHECK_INT(disk_read_file(dir, file.p, &bytes, &f), 0);
	for (size_t cut = 0; cut < bytes.n; cut++) {
		struct failure why = { 0 };

		view_dir_file(file.p, (struct span){ bytes.p, cut });
		CHECK_INT(range_head_read(dir, file.p, &n, &h, &why), 1);
		CHECK_INT(why.status, EXIT_DATA);
		CHECK_INT(range_verify(dir, file.p, &(struct failure){ 0 }), 1);
	}
	view_dir_file(file.p, buf_view(&bytes));
	CHECK_INT(range_head_read(dir, file.p, &n, &h, &f), 0);
	CHECK_INT(range_verify(dir, file.p, &f), 0);
	buf_free(&file);
	buf_free(&bytes);
	view_dir_remove();
	view_free(v);
}

TEST(any_byte_changed_is_noticed)
{
	struct view *v = view_of(DEFINITION);
	int dir = view_dir_new();
	struct range_name n = name_of("orders", v);
	struct buf file = printed(&n), bytes = { 0 };
	struct failure f = { 0 };

	CHECK_INT(write_range(dir, v, &n, 3, false, &f), 0);
	CHECK_INT(disk_read_file(dir, file.p, &bytes, &f), 0);
	for (size_t i = 0; i < bytes.n; i++) {
		bytes.p[i] ^= 1;
		view_dir_file(file.p, buf_view(&bytes));
		CHECK_INT(range_verify(dir, file.p, &(struct failure){ 0 }), 1);
		bytes.p[i] ^= 1;
	}
	buf_free(&file);
	buf_free(&bytes);
	view_dir_remove();
	view_free(v);
}

TEST(under_another_name_it_is_damaged_and_what_is_gone_is_gone)
{
	struct view *v = view_of(DEFINITION);
	int dir = view_dir_new();
	struct range_name n = name_of("orders", v), other;
	struct buf file = printed(&n);
	struct range_head h;
	struct failure f = { 0 };

	CHECK_INT(write_range(dir, v, &n, 1, false, &f), 0);
	CHECK_INT(range_head_read(dir, "nothing", &n, &h, &f), 2);
	CHECK_INT(range_verify(dir, "nothing", &f), 2);
	CHECK_INT(f.status, 0);
	other = n, other.to++;
	CHECK_INT(range_head_read(dir, file.p, &other, &h, &(struct failure){ 0 }), 1);
	other = n, other.from--;
	CHECK_INT(range_head_read(dir, file.p, &other, &h, &(struct failure){ 0 }), 1);
	other = n, other.source[0] = 'O';
	CHECK_INT(range_head_read(dir, file.p, &other, &h, &(struct failure){ 0 }), 1);
	other = n, other.hash[0] ^= 1;
	CHECK_INT(range_head_read(dir, file.p, &other, &h, &(struct failure){ 0 }), 1);
	CHECK_INT(range_head_read(dir, file.p, &n, &h, &f), 0);
	buf_free(&file);
	view_dir_remove();
	view_free(v);
}

/* Definitions may be long: their lists of measures are. */
TEST(a_long_view_line)
{
	struct buf text = { 0 };
	struct view *v;
	int dir = view_dir_new();
	struct range_name n;
	struct range_head h;
	struct failure f = { 0 };
	struct buf file;

	buf_text(&text, DEFINITION);
	for (int i = 0; i < 2000; i++)
		buf_printf(&text, "measure a_rather_long_name_of_a_measure_%d = sum(x)\n", i);
	buf_byte(&text, '\0');
	v = view_of(text.p);
	n = name_of("orders", v);
	file = printed(&n);
	CHECK_INT(write_range(dir, v, &n, 0, false, &f), 0);
	CHECK_INT(range_head_read(dir, file.p, &n, &h, &f), 0);
	CHECK(h.epoch == 17 && position_eq(h.to, head.to));
	buf_free(&file);
	buf_free(&text);
	view_dir_remove();
	view_free(v);
}

TEST(abandoned_or_failed_nothing_is_left)
{
	struct view *v = view_of(DEFINITION);
	int dir = view_dir_new();
	struct range_name n = name_of("orders", v);
	struct range_writer w;
	struct rlimit limit, small;
	struct failure f = { 0 };

	CHECK_INT(range_begin(&w, dir, v, &n, &head, &f), 0);
	write_rows(&w, v, 10);
	CHECK_INT(view_dir_count(), 1);
	range_abandon(&w);
	CHECK_INT(view_dir_count(), 0);
	getrlimit(RLIMIT_FSIZE, &limit);
	small = (struct rlimit){ 10000, limit.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	CHECK_INT(write_range(dir, v, &n, 100000, false, &f), -1);
	setrlimit(RLIMIT_FSIZE, &limit);
	CHECK_INT(f.status, EXIT_IO);
	CHECK_INT(view_dir_count(), 0);
	f = (struct failure){ 0 };
	CHECK_INT(write_range(-1, v, &n, 1, false, &f), -1);
	CHECK_INT(f.status, EXIT_CREATE);
	view_dir_remove();
	view_free(v);
}

/* What a killed process left is no hindrance. */
TEST(a_temporary_of_before_is_overwritten)
{
	struct view *v = view_of(DEFINITION);
	int dir = view_dir_new();
	struct range_name n = name_of("orders", v);
	struct buf file = printed(&n), temporary = { 0 };
	struct range_head h;
	struct failure f = { 0 };

	buf_printf(&temporary, ".%s.tmp", file.p);
	buf_byte(&temporary, '\0');
	view_dir_file(temporary.p, SPAN("half a li"));
	CHECK_INT(write_range(dir, v, &n, 1, false, &f), 0);
	CHECK_INT(range_head_read(dir, file.p, &n, &h, &f), 0);
	CHECK_INT(view_dir_count(), 1);
	buf_free(&file);
	buf_free(&temporary);
	view_dir_remove();
	view_free(v);
}
