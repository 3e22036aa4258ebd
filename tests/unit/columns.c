/* SPDX-License-Identifier: MIT */
/* Records taken by columns, and the same ones by row_make and group_add: the same rows are ready, and the groups end up the same. */
#include "lib/view/columns.h"

#include "tests/unit/check.h"
#include "tests/unit/view_of.h"

#define ROWS 200
#define FIELDS 32

struct side {
	struct fold fold;
	struct row_maker maker;
	size_t ready, filtered, bad;
};

static struct pane *pane_of(struct fold *f, int64_t ms)
{
	struct interval at;
	bool in_window;
	struct pane *p = fold_find(f, ms, &at, &in_window);

	return p ? p : fold_new_pane(f, at);
}

static void take_one(struct side *s, const struct span *record, uint64_t position)
{
	enum row_verdict verdict = row_make(&s->maker, record, position);
	const struct row *row = &s->maker.row;

	s->ready += verdict == ROW_READY;
	s->filtered += verdict == ROW_FILTERED;
	s->bad += verdict == ROW_BAD;
	if (verdict == ROW_READY)
		group_add(s->fold.view, fold_group(&s->fold, pane_of(&s->fold, row->at.ms), row->key), row);
}

/* As a tool does it: runs of plain rows, the others one by one. */
static void take_columns(struct side *s, struct columns *c, const struct batch *b)
{
	size_t from = 0, pick = 0;

	columns_make(c, b);
	for (size_t r = 0; r < b->n; r++)
		c->position[r] = r;
	for (size_t r = 0; r < b->n; r++) {
		bool picked = pick < c->npicks && c->pick[pick] == r;

		if (c->row[r] == COLUMN_READY) {
			CHECK(picked);
			c->pane[pick] = pane_of(&s->fold, c->ms[r]);
			s->ready++;
		} else if (c->row[r] == COLUMN_FILTERED) {
			CHECK(!picked);
			s->filtered++;
		} else {
			columns_add(c, &s->fold, from, pick);
			from = pick + picked;
			take_one(s, b->field + r * b->width, r);
		}
		pick += picked;
	}
	columns_add(c, &s->fold, from, pick);
}

static void show(struct side *s, struct buf *out)
{
	struct fold_rows rows = { 0 };
	struct pane *p;

	for (size_t i = 0; (p = timemap_each(&s->fold.panes, &i));)
		fold_rows_pane(&rows, p->at, &p->groups);
	fold_rows_sort(&rows);
	for (size_t i = 0; i < rows.n; i++) {
		buf_printf(out, "%lld %lld ", (long long)rows.row[i].at.start, (long long)rows.row[i].group->weight);
		buf_span(out, rows.row[i].key);
		buf_byte(out, ' ');
		show_group(s->fold.view, rows.row[i].group, out);
		buf_byte(out, '\n');
	}
	fold_rows_free(&rows);
}

static struct span pick_text(unsigned long long *seed, const char *const *text, size_t n)
{
	return span_of(text[check_random(seed) % n]);
}

static void draw(unsigned long long *seed, const struct view *v, struct span *record)
{
	static const char *const times[] = { "1291190400000", "1291190460001", "2010-12-01T08:00:30Z", "1291190400", "soon", "", "9223372036854775807" };
	static const char *const keys[] = { "a", "b", "", "a long key of more than sixteen bytes", "c" };
	static const char *const numbers[] = { "1", "2.50", "-3.125", "", "12345678901234567890.5", "1e3", "x", "0", "99999999.99" };
	static const char *const statuses[] = { "paid", "paid", "new", "" };
	static const char *const ops[] = { "", "", "", "", "", "", "", "", "", "+I" };

	for (size_t i = 0; i < v->fields.n; i++) {
		struct span name = v->fields.ref[i].text;

		record[i] = (struct span){ NULL, 0 };
		if (span_eq(name, SPAN("t")))
			record[i] = check_random(seed) % 3 ? span_of(times[check_random(seed) % 3]) : pick_text(seed, times, 7);
		else if (name.p[0] == 'k')
			record[i] = pick_text(seed, keys, 5);
		else if (span_eq(name, SPAN("status")))
			record[i] = pick_text(seed, statuses, 4);
		else if (span_eq(name, SPAN("_op")))
			record[i] = pick_text(seed, ops, 10);
		else if (name.p[0] != '_')
			record[i] = check_random(seed) % 3 ? pick_text(seed, numbers, 5) : pick_text(seed, numbers, 9);
	}
}

static void compare(const char *definition)
{
	struct view *v = view_of(definition);
	struct side one = { 0 }, many = { 0 };
	struct buf a = { 0 }, b = { 0 };
	struct columns c;
	unsigned long long seed = 7;

	CHECK(v->fields.n <= FIELDS && columns_fit(v));
	columns_init(&c, v);
	fold_init(&one.fold, v);
	fold_init(&many.fold, v);
	row_maker_init(&one.maker, v);
	row_maker_init(&many.maker, v);
	for (int round = 0; round < 20; round++) {
		static struct span field[ROWS * FIELDS];
		struct batch batch = { .n = check_random(&seed) % ROWS, .width = v->fields.n, .field = field };

		for (size_t r = 0; r < batch.n; r++) {
			draw(&seed, v, field + r * batch.width);
			take_one(&one, field + r * batch.width, r);
		}
		take_columns(&many, &c, &batch);
	}
	show(&one, &a);
	show(&many, &b);
	CHECK(a.n > 0 && span_eq(buf_view(&a), buf_view(&b)));
	CHECK_INT(many.ready, one.ready);
	CHECK_INT(many.filtered, one.filtered);
	CHECK_INT(many.bad, one.bad);
	CHECK_INT(many.fold.groups, one.fold.groups);
	buf_free(&a);
	buf_free(&b);
	row_maker_free(&one.maker);
	row_maker_free(&many.maker);
	fold_free(&one.fold);
	fold_free(&many.fold);
	columns_free(&c);
	view_free(v);
}

TEST(one_key_and_plain_numbers)
{
	compare("time t\nwindow 1m\ngroup-by k\nmeasure n = count(), s = sum(x), a = avg(y)\non-bad skip\n");
}

TEST(conditions_expressions_and_all_kinds)
{
	compare("time t\nwindow 1m\ngroup-by k, l = upper(k2)\nwhere status == \"paid\"\nmeasure n = count() where y > 1, m = count(x), s = sum(x * y), "
	        "r = sum(x) where y > 1, f = first(z), l2 = last(x), d = count_distinct(z), p = min(x), q = max(concat(z, k)), v = var_pop(x), "
	        "u = approx_count_distinct(z), w = approx_quantile(x, 0.5), e = avg(x) where status == \"paid\"\non-bad skip\n");
}

TEST(no_keys)
{
	compare("time t\nwindow 1m\nmeasure n = count(), s = sum(x)\non-bad skip\n");
}

TEST(no_time)
{
	compare("window none\ngroup-by k\nwhere x is not null\nmeasure s = sum(x), c = count(z)\non-bad skip\n");
}

TEST(views_that_take_changes_go_one_by_one)
{
	struct view *v = view_of("time t\nwindow 1m\nretract\nmeasure n = count()\n");

	CHECK(!columns_fit(v));
	view_free(v);
}

TEST(columns_that_no_batch_has_need_not_be_looked_at)
{
	struct view *v = view_of("window none\nmeasure n = count()\n");
	bool absent[FIELDS] = { false };
	struct span field[FIELDS] = { { NULL, 0 } };
	struct batch b = { .n = 1, .width = v->fields.n, .field = field, .absent = absent };
	struct columns c;

	columns_init(&c, v);
	field[v->op_field] = SPAN("-D");
	columns_make(&c, &b);
	CHECK_INT(c.row[0], COLUMN_OTHER);
	absent[v->op_field] = absent[v->change_field] = true;
	columns_make(&c, &b);
	CHECK_INT(c.row[0], COLUMN_READY);
	columns_free(&c);
	view_free(v);
}
