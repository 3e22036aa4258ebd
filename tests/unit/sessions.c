/* SPDX-License-Identifier: MIT */
/* Sessions against an oracle that keeps a list of them and tries every pair. */
#include "lib/view/sessions.h"

#include "tests/unit/check.h"
#include "tests/unit/view_of.h"

#define MOST 600

struct naive {
	struct interval at;
	char key[8];
	int64_t n, sum;
	bool fired;
};

struct trial {
	struct view *v;
	struct sessions s;
	int64_t gap, lateness;
	bool fires;
	struct naive naive[MOST];
	size_t n;
	struct interval changed[MOST];          /* by the last join, as the callback told */
	size_t nchanged;
};

static bool overlap(struct interval a, struct interval b)
{
	return a.start < b.end && b.start < a.end;
}

static void note(void *context, struct session *old)
{
	struct trial *t = context;

	t->changed[t->nchanged++] = old->at;
}

static bool was_told(const struct trial *t, struct interval at)
{
	for (size_t i = 0; i < t->nchanged; i++)
		if (t->changed[i].start == at.start && t->changed[i].end == at.end)
			return true;
	return false;
}

/* The session that the list then holds for a record, and what it must have told. */
static struct naive *naive_add(struct trial *t, int64_t ms, const char *key, int64_t amount, bool *late, int64_t watermark)
{
	struct interval one = { ms, time_add(ms, t->gap) };
	struct naive all = { .at = one, .n = 1, .sum = amount };
	size_t kept = 0, told = 0;
	bool inside = false;

	strcpy(all.key, key);
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->naive[i].key, key) == 0 && overlap(t->naive[i].at, one)) {
			all.at.start = t->naive[i].at.start < all.at.start ? t->naive[i].at.start : all.at.start;
			all.at.end = t->naive[i].at.end > all.at.end ? t->naive[i].at.end : all.at.end;
		}
	*late = time_add(all.at.end - 1, t->lateness) <= watermark;
	if (*late)
		return NULL;
	for (size_t i = 0; i < t->n; i++) {
		struct naive *x = &t->naive[i];

		if (strcmp(x->key, key) != 0 || !overlap(x->at, one)) {
			t->naive[kept++] = *x;
			continue;
		}
		inside = one.start >= x->at.start && one.end <= x->at.end;
		all.n += x->n, all.sum += x->sum;
		if (inside) {
			all.fired = x->fired;
			continue;
		}
		CHECK(was_told(t, x->at));
		told++;
	}
	CHECK_INT(t->nchanged, told);
	t->naive[kept++] = all;
	t->n = kept;
	return &t->naive[kept - 1];
}

static void add(struct trial *t, int64_t ms, const char *key, int64_t amount, int64_t watermark)
{
	struct interval hull = sessions_hull(&t->s, span_of(key), ms);
	struct session *x = NULL;
	struct naive *want;
	bool late, said_late = time_add(hull.end - 1, t->lateness) <= watermark;

	t->nchanged = 0;
	if (!said_late) {
		x = sessions_join(&t->s, span_of(key), (struct interval){ ms, time_add(ms, t->gap) }, note, t);
		group_add_amount(t->v, &x->group, ms, amount);
	}
	want = naive_add(t, ms, key, amount, &late, watermark);
	CHECK(late == said_late);
	if (!want || !x)
		return;
	CHECK_INT(x->at.start, want->at.start);
	CHECK_INT(x->at.end, want->at.end);
	CHECK_INT(hull.start, want->at.start);
	CHECK_INT(hull.end, want->at.end);
	CHECK_SPAN(x->key, key);
	CHECK(x->fired == want->fired);
}

static struct naive *find(struct trial *t, const struct session *x)
{
	for (size_t i = 0; i < t->n; i++)
		if (span_eq(x->key, span_of(t->naive[i].key)) && t->naive[i].at.start == x->at.start && t->naive[i].at.end == x->at.end)
			return &t->naive[i];
	return NULL;
}

static void check_group(const struct trial *t, struct group *g, const struct naive *want)
{
	struct buf got = { 0 };
	char text[60];

	snprintf(text, sizeof text, "%lld %lld", (long long)want->n, (long long)want->sum);
	show_group(t->v, g, &got);
	CHECK_BUF(got, text);
	buf_free(&got);
}

static void advance(struct trial *t, int64_t watermark)
{
	enum session_event event;
	struct session *x;

	while ((event = sessions_next(&t->s, watermark, &x)) != SESSION_QUIET) {
		struct naive *want = find(t, x);
		int64_t when = event == SESSION_FIRE ? x->at.end - 1 : time_add(x->at.end - 1, t->lateness);

		CHECK(want != NULL);
		CHECK(when <= watermark);
		if (want)
			check_group(t, &x->group, want);
		if (event == SESSION_FIRE) {
			CHECK(t->fires && want && !want->fired);
			if (want)
				want->fired = true;
		} else {
			CHECK(want && want->fired == t->fires);
			if (want)
				*want = t->naive[--t->n];
			sessions_drop(&t->s, x);
		}
	}
	for (size_t i = 0; i < t->n; i++) {
		CHECK(time_add(t->naive[i].at.end - 1, t->lateness) > watermark);
		CHECK(!t->fires || t->naive[i].fired == (t->naive[i].at.end - 1 <= watermark));
	}
	CHECK_INT(t->s.live, t->n);
}

static void check_rows(struct trial *t)
{
	struct fold_rows rows = { 0 };

	sessions_rows(&t->s, &rows);
	CHECK_INT(rows.n, t->n);
	for (size_t i = 0; i < rows.n; i++) {
		const struct fold_row *r = &rows.row[i];
		size_t k = 0;

		while (k < t->n && !(span_eq(r->key, span_of(t->naive[k].key)) && r->at.start == t->naive[k].at.start))
			k++;
		CHECK(k < t->n);
		if (k < t->n)
			check_group(t, r->group, &t->naive[k]);
		if (i)
			CHECK(r[-1].at.end < r->at.end || (r[-1].at.end == r->at.end && (r[-1].at.start < r->at.start ||
				(r[-1].at.start == r->at.start && span_cmp(r[-1].key, r->key) < 0))));
	}
	fold_rows_free(&rows);
}

static struct trial *trial_new(int64_t gap, int64_t lateness, bool fires)
{
	struct trial *t = mem_zalloc(sizeof *t);
	char text[200];

	snprintf(text, sizeof text, "time t\nsession %lldms\nallowed-lateness %lldms\ngroup-by k\nmeasure n = count(), s = sum(x)\n", (long long)gap,
		(long long)lateness);
	t->v = view_of(text);
	t->gap = gap, t->lateness = lateness, t->fires = fires;
	sessions_init(&t->s, t->v, fires);
	return t;
}

static void trial_free(struct trial *t)
{
	sessions_free(&t->s);
	view_free(t->v);
	free(t);
}

TEST(exactly_one_gap_apart_is_two_sessions)
{
	struct trial *t = trial_new(10, 0, false);

	add(t, 0, "a", 1, INT64_MIN);
	add(t, 10, "a", 1, INT64_MIN);
	CHECK_INT(t->s.live, 2);
	add(t, 30, "a", 1, INT64_MIN);
	add(t, 39, "a", 1, INT64_MIN);
	CHECK_INT(t->s.live, 3);
	trial_free(t);
}

TEST(a_late_record_joins_two_sessions)
{
	struct trial *t = trial_new(10, 0, false);
	struct session *x;

	add(t, 0, "a", 1, INT64_MIN);
	add(t, 15, "a", 2, INT64_MIN);
	add(t, 15, "b", 2, INT64_MIN);
	CHECK_INT(t->s.live, 3);
	add(t, 8, "a", 4, INT64_MIN);
	CHECK_INT(t->s.live, 2);
	x = sessions_join(&t->s, SPAN("a"), (struct interval){ 3, 13 }, NULL, NULL);
	CHECK_INT(x->at.start, 0);
	CHECK_INT(x->at.end, 25);
	check_rows(t);
	trial_free(t);
}

TEST(a_fired_session_that_grows_is_told_and_fires_anew)
{
	struct trial *t = trial_new(10, 100, true);
	struct session *x;

	add(t, 0, "a", 1, INT64_MIN);
	advance(t, 9);
	CHECK(t->naive[0].fired);
	add(t, 0, "a", 1, 9);                   /* inside it: the same session */
	CHECK_INT(t->nchanged, 0);
	add(t, 5, "a", 1, 9);
	CHECK_INT(t->nchanged, 1);
	CHECK_INT(t->changed[0].end, 10);
	CHECK_INT(sessions_next(&t->s, 13, &x), SESSION_QUIET);
	CHECK_INT(sessions_next(&t->s, 14, &x), SESSION_FIRE);
	t->naive[0].fired = true;
	advance(t, 114);
	CHECK_INT(t->s.live, 0);
	trial_free(t);
}

TEST(sessions_join_fire_and_go_as_the_oracle_says)
{
	static const char *const keys[] = { "", "a", "b", "cc" };
	unsigned long long seed = 17;

	for (int round = 0; round < 200; round++) {
		int64_t gap = 1 + (int64_t)(check_random(&seed) % 25), spread = 20 + (int64_t)(check_random(&seed) % 300);
		int64_t lateness = check_random(&seed) % 3 ? (int64_t)(check_random(&seed) % 60) : 0, delay = (int64_t)(check_random(&seed) % 40);
		int64_t watermark = INT64_MIN, most = INT64_MIN;
		struct trial *t = trial_new(gap, round % 10 == 9 ? INT64_MAX : lateness, round % 2);

		for (int i = 0; i < 300; i++) {
			int64_t ms = i - 150 + (int64_t)(check_random(&seed) % (unsigned long long)spread) - spread / 2;

			add(t, ms, keys[check_random(&seed) % 4], (int64_t)(check_random(&seed) % 100), watermark);
			most = ms > most ? ms : most;
			if (check_random(&seed) % 3 == 0 && most - delay > watermark)
				advance(t, watermark = most - delay);
			if (i % 60 == 0)
				check_rows(t);
		}
		check_rows(t);
		if (round % 4)          /* else what is left is freed with the rest */
			advance(t, INT64_MAX);
		trial_free(t);
	}
}

TEST(parts_merge_to_the_whole)
{
	static const char *const keys[] = { "a", "b", "c" };
	unsigned long long seed = 18;

	for (int round = 0; round < 100; round++) {
		int64_t gap = 1 + (int64_t)(check_random(&seed) % 20);
		struct trial *t = trial_new(gap, 0, false);
		struct sessions part[3];

		for (size_t i = 0; i < 3; i++)
			sessions_init(&part[i], t->v, false);
		for (int i = 0; i < 120; i++) {
			int64_t ms = (int64_t)(check_random(&seed) % 500) - 250, amount = (int64_t)(check_random(&seed) % 50);
			const char *key = keys[check_random(&seed) % 3];
			struct session *x = sessions_join(&part[check_random(&seed) % 3], span_of(key), (struct interval){ ms, ms + gap }, NULL, NULL);

			group_add_amount(t->v, &x->group, ms, amount);
			add(t, ms, key, amount, INT64_MIN);
		}
		sessions_merge(&part[1], &part[0]);
		sessions_merge(&part[1], &part[2]);
		sessions_free(&t->s);
		t->s = part[1];
		check_rows(t);
		advance(t, INT64_MAX);
		trial_free(t);
	}
}

/* Millions of users come and go: what is kept follows those who are there. */
TEST(keys_without_sessions_are_forgotten)
{
	struct view *v = view_of("time t\nsession 10ms\ngroup-by k\nmeasure n = count(), d = count_distinct(x)\n");
	struct sessions s;
	struct session *x;
	size_t dropped = 0, most = 0;

	sessions_init(&s, v, false);
	for (int64_t i = 0; i < 100000; i++) {
		char key[24];

		snprintf(key, sizeof key, "user %lld", (long long)(i % 1000 == 0 ? 0 : i));
		x = sessions_join(&s, span_of(key), (struct interval){ i, i + 10 }, NULL, NULL);
		group_add_amount(v, &x->group, i, i);
		while (sessions_next(&s, i - 5, &x) == SESSION_DROP) {
			CHECK(x->key.n >= 6 && memcmp(x->key.p, "user ", 5) == 0);
			sessions_drop(&s, x);
			dropped++;
		}
		most = table_count(&s.keys) > most ? table_count(&s.keys) : most;
	}
	CHECK_INT(dropped + s.live, 100000);
	CHECK(most <= 1100);
	CHECK(s.due.cap < 200);
	sessions_free(&s);
	view_free(v);
}

/* One key whose fired session grows again and again: what it was goes when its time has come. */
TEST(sessions_that_were_replaced_do_not_pile_up)
{
	struct trial *t = trial_new(10, 50, true);
	struct session *x;
	size_t most = 0;

	for (int64_t i = 0; i < 20000; i++) {
		t->nchanged = 0;
		x = sessions_join(&t->s, SPAN("a"), (struct interval){ i, i + 10 }, note, t);
		group_add_amount(t->v, &x->group, i, 1);
		x->printed = x->printed ? x->printed : mem_alloc(8);
		while (sessions_next(&t->s, i + 9, &x) != SESSION_QUIET)
			CHECK(x->fired);
		most = t->s.due.n > most ? t->s.due.n : most;
	}
	CHECK_INT(t->s.live, 1);
	CHECK(most < 100);
	trial_free(t);
}
