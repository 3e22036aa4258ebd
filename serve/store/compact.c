/* SPDX-License-Identifier: MIT */
/* Equal rows of the files come one after the other from the cursor and are merged; those of sessions that overlap are left to
 * whoever reads, for they need not be neighbours. */
#include "serve/store/compact.h"

#include <unistd.h>

#include "lib/base/diag.h"
#include "serve/merge/cursor.h"

#define MAX_LINE ((size_t)64 << 20)
#define LOOK_UP 1024            /* rows between two looks at quit */

/* The row that is being merged. */
struct merging {
	const struct view *view;
	struct partial_writer *to;
	struct group *group;
	struct interval at;
	struct buf key;
	bool any;
	struct failure *failure;
};

static int flush(struct merging *m)
{
	int rc = m->any ? partial_row(m->to, m->at, buf_view(&m->key), m->group) : 0;

	group_drop(m->view, m->group);
	memset(m->group, 0, m->view->group_size);
	m->any = false;
	return rc;
}

static int take(struct merging *m, const struct partial_row *row, const size_t *state_of)
{
	const struct measure *bad;

	if (m->any && (row->at.end != m->at.end || row->at.start != m->at.start || !span_eq(row->key, buf_view(&m->key))) && flush(m) < 0)
		return -1;
	if (!m->any) {
		m->any = true;
		m->at = row->at;
		buf_clear(&m->key);
		buf_span(&m->key, row->key);
	}
	if (partial_merge(m->view, state_of, m->group, row, &bad) == 0)
		return 0;
	return failure_set(m->failure, EXIT_DATA, "measure %s: a row of a range file holds a damaged state", bad->name);
}

/* 0, 1: told to quit, -1. */
static int merge_rows(struct cursor *c, struct merging *m, const atomic_bool *quit)
{
	struct partial_row row;
	const size_t *state_of;
	int got;

	for (unsigned n = 0; (got = cursor_next(c, &row, &state_of)) > 0; n++) {
		if (n % LOOK_UP == 0 && atomic_load(quit))
			return 1;
		if (take(m, &row, state_of) < 0)
			return -1;
	}
	if (got < 0)
		return failure_set(m->failure, cursor_status(c), "%s", cursor_error(c));
	return flush(m);
}

static int write_file(struct cursor *c, int dir, const struct tile *made, const atomic_bool *quit, struct failure *f)
{
	struct range_writer w;
	struct merging m = { .view = cursor_view(c), .to = &w.partial, .failure = f };
	int rc = range_begin(&w, dir, m.view, &made->name, &made->head, f);

	if (rc < 0)
		return -1;
	m.group = mem_zalloc(m.view->group_size);
	rc = merge_rows(c, &m, quit);
	group_drop(m.view, m.group);
	free(m.group);
	buf_free(&m.key);
	if (rc == 0 || w.out.error)
		return range_end(&w, cursor_rejected(c), true, f);
	range_abandon(&w);
	return rc;
}

static void describe(const struct tile *tile, size_t n, struct tile *made)
{
	*made = (struct tile){ tile[n - 1].name, tile[n - 1].head, NULL };
	made->name.from = tile[0].name.from;
	made->head.from = tile[0].head.from;
	made->head.start = tile[0].head.start;
	for (size_t i = 0; i < n; i++) {
		const struct range_head *h = &tile[i].head;

		if (h->level > made->head.level)
			made->head.level = h->level;
		if (h->has_time && (!made->head.has_time || h->time > made->head.time)) {
			made->head.has_time = true;
			made->head.time = h->time;
		}
	}
	made->head.level++;
}

static bool all_there(int dir, const struct tile *tile, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (faccessat(dir, tile[i].file, F_OK, 0) < 0)
			return false;
	return true;
}

int compact(int dir, const char *path, const struct tile *tile, size_t n, const atomic_bool *quit, struct tile *made, struct failure *f)
{
	char **name = mem_zalloc(n * sizeof *name);
	struct failure why = { 0 };
	struct buf file = { 0 };
	struct cursor *c;
	int rc;

	for (size_t i = 0; i < n; i++) {
		buf_clear(&file);
		buf_printf(&file, "%s/%s", path, tile[i].file);
		name[i] = mem_text(buf_view(&file));
	}
	buf_clear(&file);
	describe(tile, n, made);
	c = cursor_open((const char *const *)name, n, MAX_LINE);
	rc = cursor_begin(c);
	if (rc < 0)
		failure_set(&why, cursor_status(c), "%s", cursor_error(c));
	else
		rc = write_file(c, dir, made, quit, &why);
	range_name_print(&made->name, &file);
	if (rc == 0)
		made->file = file.p;
	else
		buf_free(&file);
	if (rc < 0)
		rc = all_there(dir, tile, n) ? failure_set(f, why.status, "%s", why.text) : 1;
	cursor_close(c);
	for (size_t i = 0; i < n; i++)
		free(name[i]);
	free(name);
	return rc;
}
