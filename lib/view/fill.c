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

static bool make_row(struct fill *f, struct interval at, struct span key, struct fold_rows *rows)
{
	if (f->made == f->view->fill_max)
		return false;
	f->made++;
	fold_rows_add(rows, at, key, f->nothing);
	return true;
}

bool fill_quiet(struct fill *f, struct interval closing, struct interval *at, struct fold_rows *rows, bool *full)
{
	struct table_walk walk = { 0 };
	void *entry;

	if (!f->begun || f->next >= closing.start || *full)
		return false;
	*at = window_from(&f->view->window, f->next);
	f->next = window_next(&f->view->window, f->next).start;
	rows->n = 0;
	while ((entry = table_next(&f->known, &walk)))
		if (!make_row(f, *at, table_key(&f->known, entry), rows))
			*full = true;
	fold_rows_sort(rows);
	return true;
}

void fill_window(struct fill *f, struct interval at, struct fold_rows *rows, bool *full)
{
	struct table here = { 0 };
	struct table_walk walk = { 0 };
	size_t present = rows->n;
	void *entry;
	bool is_new;

	table_init(&here, 0);
	for (size_t i = 0; i < present; i++)
		table_put(&here, rows->row[i].key, hash_bytes(rows->row[i].key.p, rows->row[i].key.n), &is_new);
	while ((entry = table_next(&f->known, &walk))) {
		struct span key = table_key(&f->known, entry);

		if (!table_get(&here, key, hash_bytes(key.p, key.n)) && !make_row(f, at, key, rows))
			*full = true;
	}
	for (size_t i = 0; i < present; i++)
		table_put(&f->known, rows->row[i].key, hash_bytes(rows->row[i].key.p, rows->row[i].key.n), &is_new);
	table_free(&here);
	fold_rows_sort(rows);
	f->begun = true;
	f->next = window_next(&f->view->window, at.start).start;
}
