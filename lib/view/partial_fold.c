/* SPDX-License-Identifier: MIT */
#include "lib/view/partial.h"

static int pane_order(const void *a, const void *b)
{
	const struct pane *x = *(struct pane *const *)a, *y = *(struct pane *const *)b;

	return (x->at.start > y->at.start) - (x->at.start < y->at.start);
}

static int write_rows(struct partial_writer *w, const struct fold_rows *rows)
{
	int rc = 0;

	for (size_t i = 0; i < rows->n && rc == 0; i++)
		rc = partial_row(w, rows->row[i].at, rows->row[i].key, rows->row[i].group);
	return rc;
}

static int write_sessions(struct partial_writer *w, const struct sessions *s)
{
	struct fold_rows rows = { 0 };
	int rc;

	sessions_rows(s, &rows);
	rc = write_rows(w, &rows);
	fold_rows_free(&rows);
	return rc;
}

/* Panes are disjoint, so by start is by end. */
int partial_fold(struct partial_writer *w, struct fold *f, const struct sessions *s)
{
	struct pane **pane, *p;
	struct fold_rows rows = { 0 };
	size_t n = 0;
	int rc = 0;

	if (w->view->window.kind == WINDOW_SESSION)
		return write_sessions(w, s);
	pane = mem_array(NULL, f->panes.n, sizeof *pane);
	for (size_t i = 0; (p = timemap_each(&f->panes, &i));)
		pane[n++] = p;
	if (n)
		qsort(pane, n, sizeof *pane, pane_order);
	for (size_t i = 0; i < n && rc == 0; i++) {
		rows.n = 0;
		fold_rows_pane(&rows, pane[i]->at, &pane[i]->groups);
		fold_rows_sort(&rows);
		rc = write_rows(w, &rows);
	}
	fold_rows_free(&rows);
	free(pane);
	return rc;
}
