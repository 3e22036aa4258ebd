/* SPDX-License-Identifier: MIT */
#include "lib/view/intake.h"

#include "tests/unit/partial_of.h"

#define MEASURES "time t\ntime-unit ms\ngroup-by k\nmeasure n = count(), s = sum(x), f = first(x), l = last(x), d = count_distinct(x)\n"

static int take(struct intake *t, const char *text, uint64_t position)
{
	struct span record[32];

	record_of(t->view, record, text);
	return intake_record(t, record, position);
}

/* What --emit partial would write. */
static struct buf text_of(struct intake *t)
{
	struct out o = partial_out();
	struct partial_writer w;
	struct buf bytes = { 0 };
	int fd;

	partial_begin(&w, t->view, &o);
	CHECK_INT(partial_fold(&w, &t->fold, &t->sessions), 0);
	w.rejected = t->ledger.rejected;
	CHECK_INT(partial_end(&w), 0);
	CHECK_INT(out_close(&o), 0);
	fd = open(partial_path, O_RDONLY);
	for (ssize_t n; (n = read(fd, buf_room(&bytes, 65536), 65536)) > 0;)
		bytes.n += (size_t)n;
	close(fd);
	partial_file_remove();
	return bytes;
}

TEST(records_of_the_view_are_counted_by_what_became_of_them)
{
	struct view *v = view_of("window 3ms\nslide 10ms\nwhere x != 9\non-bad skip\n" MEASURES);
	struct intake t;

	intake_init(&t, v);
	CHECK_INT(take(&t, "k=a x=1 t=1", 0), 0);
	CHECK_INT(take(&t, "k=a x=9 t=77", 1), 0);      /* where says no: its time counts all the same */
	CHECK_INT(take(&t, "k=a x=1 t=5", 2), 0);       /* between the windows */
	CHECK_INT(take(&t, "k=a x=1 t=never", 3), 1);
	CHECK_TEXT(t.rows.scratch.reason, "t: \"never\": not a time (RFC 3339, YYYY-MM-DD HH:MM:SS or epoch)");
	CHECK_INT(t.ledger.in, 3);
	CHECK_INT(intake_bad(&t), 0);
	CHECK_INT(t.ledger.in, 4);
	CHECK_INT(t.ledger.out, 1);
	CHECK_INT(t.ledger.filtered, 2);
	CHECK_INT(t.ledger.rejected, 1);
	CHECK(t.has_time);
	CHECK_INT(t.time, 77);
	CHECK_INT(intake_groups(&t), 1);
	intake_free(&t);
	view_free(v);
}

TEST(a_view_that_stops_at_bad_records_says_so)
{
	struct view *v = view_of("window 3ms\n" MEASURES);
	struct intake t;

	intake_init(&t, v);
	CHECK_INT(take(&t, "k=a x=y t=1", 0), 1);
	CHECK_INT(intake_bad(&t), -1);
	CHECK_INT(t.time, 1);                           /* of a bad record too, when it can be read */
	intake_free(&t);
	view_free(v);
}

TEST(first_and_last_go_by_time_then_by_position)
{
	struct view *v = view_of("window 10ms\n" MEASURES);
	struct intake a, b;
	struct group *g;

	intake_init(&a, v);
	intake_init(&b, v);
	take(&a, "k=a x=1 t=5", 7);
	take(&b, "k=a x=2 t=5", 3);
	take(&a, "k=a x=3 t=5", 5);
	intake_merge(&a, &b);
	g = fold_group(&a.fold, a.fold.recent, SPAN("a"));
	CHECK_INT(g->weight, 3);
	for (size_t i = 0; i < v->nmeasures; i++) {
		struct buf text = { 0 };

		v->measure[i].kind->finish(&v->measure[i], group_state(g, &v->measure[i]), v->digits, &text);
		CHECK_BUF(text, i == 0 ? "3" : i == 1 ? "6" : i == 2 ? "2" : i == 3 ? "1" : "3");
		buf_free(&text);
	}
	CHECK_INT(b.ledger.in, 0);
	intake_free(&a);
	intake_free(&b);
	view_free(v);
}

/* The law: however records are dealt out and in whatever order parts are merged, from memory or from text. */
TEST(parts_merge_to_the_whole)
{
	static const char *const windows[] = { "window none\n", "window 10ms\n", "window 30ms\nslide 7ms\n", "session 5ms\n" };
	unsigned long long seed = 31;

	for (int round = 0; round < 80; round++) {
		char definition[300], record[60];
		struct view *v;
		struct intake whole, part[3];
		struct buf want, got;

		snprintf(definition, sizeof definition, "%son-bad skip\n" MEASURES, windows[round % 4]);
		v = view_of(definition);
		intake_init(&whole, v);
		for (size_t i = 0; i < 3; i++)
			intake_init(&part[i], v);
		for (uint64_t i = 0; i < 300; i++) {
			struct intake *to = &part[check_random(&seed) % 3];

			snprintf(record, sizeof record, "k=%c x=%s%llu t=%llu", 'a' + (char)(check_random(&seed) % 3), check_random(&seed) % 50 ? "" : "y",
			         check_random(&seed) % 9, check_random(&seed) % 200);
			if (take(&whole, record, i) > 0)
				intake_bad(&whole);
			if (take(to, record, i) > 0)
				intake_bad(to);
		}
		intake_merge(&part[1], &part[0]);
		intake_merge(&part[2], &part[1]);
		want = text_of(&whole), got = text_of(&part[2]);
		CHECK(span_eq(buf_view(&want), buf_view(&got)));
		CHECK_INT(part[2].ledger.in, 300);
		CHECK_INT(part[2].ledger.rejected, whole.ledger.rejected);
		CHECK(part[2].has_time == whole.has_time && part[2].time == whole.time);
		buf_free(&want);
		buf_free(&got);
		intake_free(&whole);
		for (size_t i = 0; i < 3; i++)
			intake_free(&part[i]);
		view_free(v);
	}
}

TEST(rows_of_a_partial_come_in_as_they_went_out)
{
	static const char *const records[] = { "k=a x=1 t=1", "k=b x=2 t=1", "k=a x=5 t=11", "k=b x=1 t=13", "k=a x=1 t=40", NULL };
	static const char *const windows[] = { "window 10ms\n", "window 30ms\nslide 7ms\n", "session 5ms\n" };

	for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
		char definition[300];
		struct view *v;
		struct buf want, got;
		struct partial_reader *r;
		struct partial_row row;
		enum partial_event event;
		const struct measure *bad;
		size_t state_of[8];
		struct intake t;

		snprintf(definition, sizeof definition, "%s" MEASURES, windows[i]);
		v = view_of(definition);
		want = partial_of(v, records, 0);
		intake_init(&t, v);
		r = partial_open(partial_file(buf_view(&want)), 1 << 20);
		while ((event = partial_next(r, &row)) == PARTIAL_VIEW || event == PARTIAL_ROW)
			if (event == PARTIAL_VIEW)
				intake_states(v, partial_view(r), state_of);
			else
				CHECK_INT(intake_partial(&t, &row, state_of, &bad), 0);
		CHECK_INT(event, PARTIAL_END);
		partial_close(r);
		partial_file_remove();
		got = text_of(&t);
		CHECK(span_eq(buf_view(&want), buf_view(&got)));
		buf_free(&want);
		buf_free(&got);
		intake_free(&t);
		view_free(v);
	}
}

TEST(states_are_found_by_the_names_of_measures)
{
	struct view *a = view_of("window none\nmeasure n = count(), s = sum(x), d = count_distinct(x)\n");
	struct view *b = view_of("window none\nmeasure d = count_distinct(x), n = count(), s = sum(x)\n");
	size_t state_of[3];

	intake_states(a, b, state_of);
	CHECK_INT(state_of[0], 1);
	CHECK_INT(state_of[1], 2);
	CHECK_INT(state_of[2], 0);
	view_free(a);
	view_free(b);
}
