/* SPDX-License-Identifier: MIT */
#include "lib/view/fold.h"

#include "tests/unit/check.h"
#include "tests/unit/view_of.h"

#define MEASURES "group-by k\nmeasure n = count(), s = sum(x), d = count_distinct(x)\n"

static void fold_add(struct fold *f, int64_t ms, const char *key, int64_t amount)
{
	struct interval at;
	bool in_window;
	struct pane *p = fold_find(f, ms, &at, &in_window);

	if (!in_window)
		return;
	if (!p)
		p = fold_new_pane(f, at);
	group_add_amount(f->view, fold_group(f, p, span_of(key)), ms, amount);
}

/* All rows in order, pane by pane: start-end key measures. */
static struct buf show_fold(struct fold *f)
{
	struct fold_rows rows = { 0 };
	struct buf out = { 0 };
	struct pane *p;

	for (size_t i = 0; (p = timemap_each(&f->panes, &i));)
		fold_rows_pane(&rows, p->at, &p->groups);
	fold_rows_sort(&rows);
	for (size_t i = 0; i < rows.n; i++) {
		buf_printf(&out, "%lld-%lld %.*s ", (long long)rows.row[i].at.start, (long long)rows.row[i].at.end, (int)rows.row[i].key.n,
			rows.row[i].key.p);
		show_group(f->view, rows.row[i].group, &out);
		buf_byte(&out, '\n');
	}
	fold_rows_free(&rows);
	return out;
}

TEST(records_gather_by_pane_and_key)
{
	struct view *v = view_of("time t\nwindow 10ms\n" MEASURES);
	struct fold f;
	struct buf b;

	fold_init(&f, v);
	fold_add(&f, 9, "b", 5);
	fold_add(&f, 10, "a", 1);
	fold_add(&f, 0, "b", 5);
	fold_add(&f, -1, "a", 7);
	fold_add(&f, 3, "a", 2);
	b = show_fold(&f);
	CHECK_BUF(b, "-10-0 a 1 7 1\n0-10 a 1 2 1\n0-10 b 2 10 1\n10-20 a 1 1 1\n");
	CHECK_INT(f.groups, 4);
	CHECK_INT(f.panes.n, 3);
	buf_free(&b);
	fold_free(&f);
	view_free(v);
}

TEST(gaps_between_windows_take_nothing)
{
	struct view *v = view_of("time t\nwindow 3ms\nslide 10ms\n" MEASURES);
	struct fold f;
	struct buf b;

	fold_init(&f, v);
	for (int64_t ms = -10; ms < 20; ms++)
		fold_add(&f, ms, "a", 1);
	b = show_fold(&f);
	CHECK_BUF(b, "-10--7 a 3 3 1\n0-3 a 3 3 1\n10-13 a 3 3 1\n");
	buf_free(&b);
	fold_free(&f);
	view_free(v);
}

TEST(a_pane_knows_the_end_of_the_first_window_that_holds_it)
{
	struct view *v = view_of("time t\nwindow 60ms\nslide 25ms\n" MEASURES);
	struct fold f;

	fold_init(&f, v);
	fold_add(&f, 55, "a", 1);       /* windows 0-60, 25-85, 50-110 */
	fold_add(&f, 62, "a", 1);       /* 25-85, 50-110 */
	CHECK_INT(f.panes.n, 2);
	for (size_t i = 0, k = 0; k < 2; k++) {
		struct pane *p = timemap_each(&f.panes, &i);

		CHECK_INT(p->first_end, p->at.start < 60 ? 60 : 85);
	}
	fold_free(&f);
	view_free(v);
}

/* The law, in small: any split of the records, merged in any order, is the whole. */
TEST(parts_merge_to_the_whole)
{
	static const char *const windows[] = { "window none\n", "window 10ms\n", "window 30ms\nslide 7ms\n", "window 4ms\nslide 10ms\n" };
	static const char *const keys[] = { "", "a", "ab", "abcdefgh", "abcdefghi", "abcdefgh\x01", "\xff" };
	unsigned long long seed = 12;

	for (int round = 0; round < 200; round++) {
		char definition[200];
		struct view *v;
		struct fold whole, part[4];
		struct buf want, got;

		snprintf(definition, sizeof definition, "time t\n%s" MEASURES, windows[round % 4]);
		v = view_of(definition);
		fold_init(&whole, v);
		for (size_t i = 0; i < 4; i++)
			fold_init(&part[i], v);
		for (int i = 0; i < 300; i++) {
			int64_t ms = (int64_t)(check_random(&seed) % 200) - 100, amount = (int64_t)(check_random(&seed) % 9);
			const char *key = keys[check_random(&seed) % 7];

			fold_add(&whole, ms, key, amount);
			fold_add(&part[check_random(&seed) % 4], ms, key, amount);
		}
		fold_merge(&part[2], &part[0]);
		fold_merge(&part[1], &part[2]);
		fold_merge(&part[1], &part[3]);
		CHECK_INT(part[0].groups + part[2].groups + part[3].groups, 0);
		CHECK_INT(part[1].groups, whole.groups);
		want = show_fold(&whole), got = show_fold(&part[1]);
		CHECK(span_eq(buf_view(&want), buf_view(&got)));
		buf_free(&want);
		buf_free(&got);
		fold_free(&whole);
		fold_free(&part[1]);
		view_free(v);
	}
}

TEST(a_dropped_pane_takes_its_groups_along)
{
	struct view *v = view_of("time t\nwindow 10ms\n" MEASURES);
	struct interval at;
	struct fold f;
	bool in_window;

	fold_init(&f, v);
	fold_add(&f, 1, "a", 1), fold_add(&f, 1, "b", 1), fold_add(&f, 11, "a", 1);
	fold_drop_pane(&f, fold_find(&f, 5, &at, &in_window));
	CHECK_INT(f.groups, 1);
	CHECK(!fold_find(&f, 5, &at, &in_window));
	CHECK(in_window);
	CHECK_INT(at.start, 0);
	CHECK(fold_find(&f, 15, &at, &in_window) != NULL);
	fold_free(&f);
	view_free(v);
}

TEST(rows_are_sorted_by_end_start_and_the_bytes_of_the_key)
{
	static const struct fold_row want[] = {
		{ .at = { 0, 5 }, .key = { "z", 1 } }, { .at = { -5, 10 }, .key = { "z", 1 } }, { .at = { 0, 10 }, .key = { NULL, 0 } },
		{ .at = { 0, 10 }, .key = { "\0", 1 } }, { .at = { 0, 10 }, .key = { "\0\0", 2 } }, { .at = { 0, 10 }, .key = { "a", 1 } },
		{ .at = { 0, 10 }, .key = { "abcdefgh", 8 } }, { .at = { 0, 10 }, .key = { "abcdefgh\0", 9 } },
		{ .at = { 0, 10 }, .key = { "abcdefgha", 9 } }, { .at = { 0, 10 }, .key = { "abcdefghb", 9 } },
		{ .at = { 0, 10 }, .key = { "b", 1 } }, { .at = { 0, 10 }, .key = { "\xff", 1 } },
		{ .at = { INT64_MIN, INT64_MAX }, .key = { "a", 1 } },
	};
	enum { N = sizeof want / sizeof *want };
	unsigned long long seed = 13;

	for (int round = 0; round < 100; round++) {
		struct fold_rows rows = { 0 };
		bool put[N] = { false };

		for (size_t n = 0; n < N;) {
			size_t i = check_random(&seed) % N;

			if (!put[i])
				fold_rows_add(&rows, want[i].at, want[i].key, NULL), put[i] = true, n++;
		}
		fold_rows_sort(&rows);
		for (size_t i = 0; i < N; i++)
			CHECK(rows.row[i].key.p == want[i].key.p && rows.row[i].at.start == want[i].at.start && rows.row[i].at.end == want[i].at.end);
		fold_rows_free(&rows);
	}
}

/* Many rows, of one window or of several, whose keys have bytes in common or none. */
static void check_many(size_t n, bool windows, size_t shared, unsigned long long *seed)
{
	struct fold_rows rows = { 0 };
	char (*text)[24] = calloc(n, sizeof *text);
	uint64_t sum = 0, found = 0;

	for (size_t i = 0; i < n; i++) {
		size_t length = shared + check_random(seed) % (24 - shared);

		memset(text[i], 'k', shared);
		for (size_t k = shared; k < length; k++)
			text[i][k] = "\0\xff\x80" "01"[check_random(seed) % 5];
		fold_rows_add(&rows, (struct interval){ 0, windows ? (int64_t)(check_random(seed) % 3) : 7 }, (struct span){ text[i], length }, NULL);
		sum += (uintptr_t)text[i] * 31 + length;
	}
	fold_rows_sort(&rows);
	CHECK_INT(rows.n, n);
	for (size_t i = 0; i < n; i++) {
		const struct fold_row *r = &rows.row[i], *before = i ? r - 1 : r;

		found += (uintptr_t)r->key.p * 31 + r->key.n;
		CHECK(before->at.end < r->at.end || (before->at.end == r->at.end && span_cmp(before->key, r->key) <= 0));
	}
	CHECK(sum == found);
	fold_rows_free(&rows);
	free(text);
}

TEST(many_rows_are_sorted_whatever_their_keys_have_in_common)
{
	unsigned long long seed = 17;

	for (size_t n = 0; n < 600; n += 1 + n / 4)
		for (size_t shared = 0; shared < 24; shared += 3) {
			check_many(n, false, shared, &seed);
			check_many(n, true, shared, &seed);
		}
}

TEST(a_group_that_was_taken_back_whole_is_nothing)
{
	struct view *v = view_of("window none\n" MEASURES "retract\n");
	struct group *g = group_new(v), *h = group_new(v);
	struct value arg[3] = { { .kind = VALUE_BOOL }, { .kind = VALUE_NUMBER, .number = { .m = 5 } }, { .kind = VALUE_NUMBER, .number = { .m = 5 } } };
	struct row row = { .at = { .weight = 1 }, .arg = arg };

	CHECK(group_is_identity(v, g));
	group_add(v, g, &row);
	CHECK(!group_is_identity(v, g));
	row.at.weight = -1;
	group_add(v, h, &row);
	CHECK_INT(h->weight, -1);
	CHECK(!group_is_identity(v, h));
	group_merge(v, g, h);
	CHECK(group_is_identity(v, g));
	group_free(v, g);
	group_free(v, h);
	view_free(v);
}
