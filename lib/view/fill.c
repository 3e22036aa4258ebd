/* SPDX-License-Identifier: MIT */
#include "lib/view/fill.h"

void fill_init(struct fill *f, const struct view *v)
{
	*f = (struct fill){ .view = v, .nothing = mem_zalloc(v->group_size) };
	f->nothing->weight = 1;         /* printed, though there is nothing in it */
	table_init(&f->known, 0);
}

void fill_free(struct fill *f)
{
	table_free(&f->known);
	free(f->nothing);
}

/* The window that begins at start: the last of those that hold its first pane. */
static struct interval window_from(const struct window_spec *w, int64_t start)
{
	return window_at(w, start, window_count(w, start) - 1);
}

static int make_row(struct fill *f, struct interval at, struct span key, struct fold_rows *rows)
{
	if (f->made == f->view->fill_max)
		return -1;
	f->made++;
	fold_rows_add(rows, at, key, f->nothing);
	return 0;
}

/* The known keys that are not among here (NULL: all of them). */
static int add_missing(struct fill *f, struct interval at, const struct table *here, struct fold_rows *rows)
{
	struct table_walk walk = { 0 };
	void *entry;
	int rc = 0;

	while (rc == 0 && (entry = table_next(&f->known, &walk))) {
		struct span key = table_key(&f->known, entry);

		if (!here || !table_get(here, key, hash_bytes(key.p, key.n)))
			rc = make_row(f, at, key, rows);
	}
	fold_rows_sort(rows);
	return rc;
}

/* The windows since the last closed one. */
static int fill_quiet(struct fill *f, struct interval closing, fill_rows *print, void *context)
{
	struct fold_rows rows = { 0 };
	int rc = 0;

	while (f->begun && f->next < closing.start && rc == 0) {
		rows.n = 0;
		rc = add_missing(f, window_from(&f->view->window, f->next), NULL, &rows);
		f->next = window_next(&f->view->window, f->next).start;
		print(context, &rows);
	}
	fold_rows_free(&rows);
	return rc;
}

static void put_keys(struct table *t, const struct fold_rows *rows, size_t n)
{
	bool is_new;

	for (size_t i = 0; i < n; i++)
		table_put(t, rows->row[i].key, hash_bytes(rows->row[i].key.p, rows->row[i].key.n), &is_new);
}

/* Rows that were taken back altogether are as good as none: a partial does not even keep them. */
static void drop_hidden(const struct fill *f, struct fold_rows *rows)
{
	size_t n = 0;

	for (size_t i = 0; i < rows->n; i++)
		if (!f->view->retract || rows->row[i].group->weight > 0)
			rows->row[n++] = rows->row[i];
	rows->n = n;
}

int fill_each(struct fill *f, struct interval closing, struct fold_rows *rows, fill_rows *print, void *context)
{
	struct table here;
	size_t present;
	int rc;

	drop_hidden(f, rows);
	if (rows->n == 0)
		return 0;
	present = rows->n;
	rc = fill_quiet(f, closing, print, context);
	table_init(&here, 0);
	put_keys(&here, rows, present);
	if (rc == 0)
		rc = add_missing(f, closing, &here, rows);
	print(context, rows);
	for (size_t i = 0; i < rows->n; i++)
		if (rows->row[i].group != f->nothing)
			put_keys(&f->known, &(struct fold_rows){ .row = &rows->row[i], .n = 1 }, 1);
	table_free(&here);
	f->begun = true;
	f->next = window_next(&f->view->window, closing.start).start;
	return rc;
}
