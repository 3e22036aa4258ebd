/* SPDX-License-Identifier: MIT */
#include "batch/rebuild/base.h"

#include "lib/base/diag.h"

struct base {
	struct partial_reader *reader;
	const struct view *view;
	const char *hash;
	size_t *state_of;
	struct failure *failure;
};

static void open_base(struct base *b, const char *path, const char *hash, const struct view *v, struct failure *f)
{
	*b = (struct base){ .reader = partial_open(path, PARTIAL_LINE_MAX), .view = v, .hash = hash, .failure = f };
	b->state_of = mem_zalloc(v->nmeasures * sizeof *b->state_of);
}

static void close_base(struct base *b)
{
	partial_close(b->reader);
	free(b->state_of);
}

/* 1 and a row, 0 at the end, -1. */
static int next_row(struct base *b, struct partial_row *row)
{
	for (;;)
		switch (partial_next(b->reader, row)) {
		case PARTIAL_VIEW:
			if (strcmp(partial_hash(b->reader), b->hash) != 0)
				return failure_set(b->failure, EXIT_CONFIG, "%s: another definition than its name says", partial_name(b->reader));
			intake_states(b->view, partial_view(b->reader), b->state_of);
			break;
		case PARTIAL_ROW:
			return 1;
		case PARTIAL_END:
			return 0;
		case PARTIAL_ERROR:
			return failure_set(b->failure, partial_status(b->reader), "%s", partial_error(b->reader));
		}
}

static int damaged(struct base *b, const struct measure *m)
{
	return failure_set(b->failure, EXIT_DATA, "%s: measure %s: a row holds a damaged state", partial_name(b->reader), m->name);
}

int base_take(const char *path, const char *hash, struct intake *t, uint64_t *rejected, struct failure *f)
{
	const struct measure *bad;
	struct partial_row row;
	struct base b;
	int got;

	open_base(&b, path, hash, t->view, f);
	while ((got = next_row(&b, &row)) > 0)
		if (intake_partial(t, &row, b.state_of, &bad) < 0) {
			got = damaged(&b, bad);
			break;
		}
	*rejected += partial_rejected(b.reader);
	close_base(&b);
	return got;
}

/* ---- row by row ---- */

struct merging {
	struct base base;
	struct partial_writer *out;
	struct fold_rows rows;          /* of the new states, sorted */
	size_t at;                      /* those before it are written */
	bool has_old;                   /* a row of the file is being gathered that no new state belongs to */
	struct interval old_at;
	struct buf old_key;
	struct group *old;
};

static int order(struct interval a, struct span x, struct interval b, struct span y)
{
	if (a.end != b.end)
		return a.end < b.end ? -1 : 1;
	if (a.start != b.start)
		return a.start < b.start ? -1 : 1;
	return span_cmp(x, y);
}

static int write_old(struct merging *m)
{
	const struct view *v = m->base.view;
	int rc = m->has_old ? partial_row(m->out, m->old_at, buf_view(&m->old_key), m->old) : 0;

	group_drop(v, m->old);
	memset(m->old, 0, v->group_size);
	m->has_old = false;
	return rc;
}

/* New states before a place of the file. */
static int write_before(struct merging *m, const struct partial_row *row)
{
	for (; m->at < m->rows.n; m->at++) {
		const struct fold_row *r = &m->rows.row[m->at];

		if (row && order(r->at, r->key, row->at, row->key) >= 0)
			break;
		if (partial_row(m->out, r->at, r->key, r->group) < 0)
			return -1;
	}
	return 0;
}

/* The group a row of the file is merged into: the new one of that place, or one that has the file's rows alone. A place may span
 * several rows. */
static struct group *group_of(struct merging *m, const struct partial_row *row)
{
	const struct fold_row *r = &m->rows.row[m->at];

	if (m->at < m->rows.n && order(r->at, r->key, row->at, row->key) == 0)
		return r->group;
	if (!m->has_old) {
		m->has_old = true;
		m->old_at = row->at;
		buf_clear(&m->old_key);
		buf_span(&m->old_key, row->key);
	}
	return m->old;
}

static int merge_row(struct merging *m, const struct partial_row *row)
{
	const struct measure *bad;

	if (m->has_old && order(m->old_at, buf_view(&m->old_key), row->at, row->key) != 0 && write_old(m) < 0)
		return -1;
	if (!m->has_old && write_before(m, row) < 0)
		return -1;
	return partial_merge(m->base.view, m->base.state_of, group_of(m, row), row, &bad) < 0 ? damaged(&m->base, bad) : 0;
}

static int merge_rows(struct merging *m)
{
	struct partial_row row;
	int got;

	while ((got = next_row(&m->base, &row)) > 0)
		if (merge_row(m, &row) < 0)
			return -1;
	if (got < 0 || write_old(m) < 0)
		return -1;
	return write_before(m, NULL);
}

int base_merge(const char *path, const char *hash, struct intake *t, struct partial_writer *w, uint64_t *rejected, struct failure *f)
{
	struct merging m = { .out = w };
	struct pane *p;
	int rc;

	/* What joins two sessions may come last: they are put together in memory. */
	if (t->view->window.kind == WINDOW_SESSION)
		return base_take(path, hash, t, rejected, f) < 0 ? -1 : partial_fold(w, &t->fold, &t->sessions);
	open_base(&m.base, path, hash, t->view, f);
	m.old = mem_zalloc(t->view->group_size);
	for (size_t i = 0; (p = timemap_each(&t->fold.panes, &i));)
		fold_rows_pane(&m.rows, p->at, &p->groups);
	fold_rows_sort(&m.rows);
	rc = merge_rows(&m);
	*rejected += partial_rejected(m.base.reader);
	group_drop(t->view, m.old);
	free(m.old);
	buf_free(&m.old_key);
	fold_rows_free(&m.rows);
	close_base(&m.base);
	return rc;
}
