/* SPDX-License-Identifier: MIT */
#include "serve/merge/cursor.h"

#include "tests/unit/check.h"
#include "tests/unit/partial_of.h"

#define VIEW "time t\ntime-unit ms\nwindow 10ms\ngroup-by k\nmeasure n = count(), s = sum(x)\n"
#define TURNED "measure s = sum(x)\nmeasure n = count()\ngroup-by k\nwindow 10ms\ntime t\ntime-unit ms\n"

static char paths[4][64];

/* Files of partials, each of one definition and its records; several in one file when they have the same number. */
static const char *make(int n, const char *definition, const char *const *records, uint64_t rejected)
{
	struct view *v = view_of(definition);
	struct buf b = partial_of(v, records, rejected);

	strcpy(paths[n], partial_file_n(buf_view(&b), n + 1));
	buf_free(&b);
	view_free(v);
	return paths[n];
}

static void append(int n, const char *definition, const char *const *records)
{
	struct view *v = view_of(definition);
	struct buf b = partial_of(v, records, 0);
	FILE *f = fopen(paths[n], "a");

	fwrite(b.p, 1, b.n, f);
	fclose(f);
	buf_free(&b);
	view_free(v);
}

static void clean_up(int n)
{
	while (n--)
		unlink(paths[n]);
}

/* All rows, their measures in the order of the cursor's view; or the error. */
static struct buf read_all(int n, int *status)
{
	const char *const path[] = { paths[0], paths[1], paths[2], paths[3] };
	struct cursor *c = cursor_open(path, (size_t)n, 1 << 20);
	struct partial_row row;
	struct buf out = { 0 };
	const size_t *state_of;
	int got = cursor_begin(c);

	while (got == 0 && (got = cursor_next(c, &row, &state_of)) > 0) {
		const struct view *v = cursor_view(c);
		struct group *g = group_new(v);
		const struct measure *bad;

		CHECK_INT(partial_merge(v, state_of, g, &row, &bad), 0);
		buf_printf(&out, "%lld %.*s ", (long long)row.at.start, (int)row.key.n, row.key.n ? row.key.p : "");
		show_group(v, g, &out);
		buf_byte(&out, '\n');
		group_free(v, g);
		got = 0;
	}
	*status = cursor_status(c);
	if (got < 0) {
		buf_clear(&out);
		buf_text(&out, cursor_error(c));
		CHECK_INT(cursor_next(c, &row, &state_of), -1);         /* it stays an error */
	}
	cursor_close(c);
	return out;
}

static void check_rows(int n, const char *want)
{
	int status;
	struct buf b = read_all(n, &status);

	CHECK_BUF(b, want);
	CHECK_INT(status, 0);
	buf_free(&b);
	clean_up(n);
}

static void check_fails(int n, int want_status, const char *what)
{
	int status;
	struct buf b = read_all(n, &status);

	buf_byte(&b, '\0');
	CHECK_INT(status, want_status);
	if (!strstr(b.p, what))
		CHECK_TEXT(b.p, what);
	buf_free(&b);
	clean_up(n);
}

TEST(rows_of_all_inputs_come_in_one_order)
{
	make(0, VIEW, (const char *const[]){ "t=5 k=b x=1", "t=15 k=a x=2", NULL }, 0);
	make(1, VIEW, (const char *const[]){ NULL }, 0);
	make(2, VIEW, (const char *const[]){ "t=5 k=a x=3", "t=5 k=b x=4", "t=25 k=a x=5", NULL }, 0);
	check_rows(3, "0 a 1 3\n0 b 1 1\n0 b 1 4\n10 a 1 2\n20 a 1 5\n");
}

TEST(many_inputs_at_random)
{
	unsigned long long seed = 20;

	for (int round = 0; round < 30; round++) {
		struct buf b;
		int status, rows = 0;
		long long before = INT64_MIN;
		char key = 0;

		for (int n = 0; n < 4; n++) {
			static char text[40][24];
			const char *records[41];
			size_t count = check_random(&seed) % 40;

			for (size_t i = 0; i < count; i++) {
				snprintf(text[i], sizeof text[i], "t=%d k=%c x=1", (int)(check_random(&seed) % 100) - 50, (char)('a' + check_random(&seed) % 3));
				records[i] = text[i];
			}
			records[count] = NULL;
			make(n, VIEW, records, 0);
		}
		b = read_all(4, &status);
		buf_byte(&b, '\0');
		CHECK_INT(status, 0);
		for (char *p = b.p; *p; p = strchr(p, '\n') + 1, rows++) {
			char *end, now;
			long long start = strtoll(p, &end, 10);

			now = end[1];
			CHECK(start > before || (start == before && now >= key));
			before = start, key = now;
		}
		buf_free(&b);
		clean_up(4);
	}
}

TEST(measures_may_be_stated_in_another_order)
{
	make(0, VIEW, (const char *const[]){ "t=5 k=a x=7", NULL }, 0);
	make(1, TURNED, (const char *const[]){ "t=5 k=a x=9", NULL }, 0);
	check_rows(2, "0 a 1 7\n0 a 1 9\n");
}

TEST(another_definition_is_refused)
{
	make(0, VIEW, (const char *const[]){ "t=5 k=a x=7", NULL }, 0);
	make(1, "time t\ntime-unit ms\nwindow 20ms\ngroup-by k\nmeasure n = count(), s = sum(x)\n", (const char *const[]){ "t=5 k=a x=9", NULL }, 0);
	check_fails(2, EXIT_CONFIG, "another definition");
}

TEST(rejected_records_are_summed)
{
	const char *const path[] = { make(0, VIEW, (const char *const[]){ "t=5 k=a x=7", NULL }, 4), make(1, VIEW, (const char *const[]){ NULL }, 5) };
	struct cursor *c = cursor_open(path, 2, 1 << 20);
	struct partial_row row;
	const size_t *state_of;

	CHECK_INT(cursor_begin(c), 0);
	CHECK(cursor_is_sorted(c));
	while (cursor_next(c, &row, &state_of) > 0)
		;
	CHECK_INT(cursor_rejected(c), 9);
	cursor_close(c);
	clean_up(2);
}

TEST(stdin_promises_no_order)
{
	const char *const path[] = { "-" };
	struct cursor *c = cursor_open(path, 1, 1 << 20);

	CHECK(!cursor_is_sorted(c));
	cursor_close(c);
}

TEST(partials_one_after_the_other_may_go_on_but_not_back)
{
	make(0, VIEW, (const char *const[]){ "t=5 k=a x=7", NULL }, 0);
	append(0, TURNED, (const char *const[]){ "t=5 k=a x=8", "t=15 k=a x=9", NULL });
	check_rows(1, "0 a 1 7\n0 a 1 8\n10 a 1 9\n");
	make(0, VIEW, (const char *const[]){ "t=15 k=a x=7", NULL }, 0);
	append(0, VIEW, (const char *const[]){ "t=5 k=a x=8", NULL });
	check_fails(1, EXIT_DATA, "give it on stdin");
}

TEST(damage_in_any_input_is_the_error_of_all)
{
	make(0, VIEW, (const char *const[]){ "t=5 k=a x=7", "t=15 k=a x=7", NULL }, 0);
	make(1, VIEW, (const char *const[]){ "t=5 k=a x=7", NULL }, 0);
	CHECK_INT(truncate(paths[0], 200), 0);
	check_fails(2, EXIT_DATA, "cut off");
}

TEST(a_missing_input_names_itself)
{
	make(0, VIEW, (const char *const[]){ NULL }, 0);
	strcpy(paths[1], "/no/such/partial");
	check_fails(2, EXIT_IO, "/no/such/partial");
}
