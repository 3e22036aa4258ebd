/* SPDX-License-Identifier: MIT */
#include "serve/merge/upserts.h"

#include "lib/base/diag.h"

#define FORGET_ABOVE 1024               /* rows */

struct shown {
	struct blob *row;               /* NULL: it was deleted */
};

/* ---- places: a window or session, and a key ---- */

static struct span place_of(struct upserts *c, struct interval at, struct span key)
{
	buf_clear(&c->place);
	buf_add(&c->place, &at, sizeof at);
	buf_span(&c->place, key);
	return buf_view(&c->place);
}

static struct interval place_at(struct span place)
{
	struct interval at;

	memcpy(&at, place.p, sizeof at);
	return at;
}

static struct span place_key(struct span place)
{
	return (struct span){ place.p + sizeof(struct interval), place.n - sizeof(struct interval) };
}

static void *slot(struct table *t, struct span place)
{
	bool is_new;

	return table_put(t, place, hash_bytes(place.p, place.n), &is_new);
}

void upserts_touch(struct upserts *c, struct interval at, struct span key, struct group *g)
{
	if (selection_window(&c->selection, at))
		*(struct group **)slot(&c->touched, place_of(c, at, key)) = g;
}

void upserts_touch_pane(struct upserts *c, const struct pane *p, struct span key)
{
	const struct window_spec *spec = &c->view->window;
	int64_t n = window_count(spec, p->at.start);

	for (int64_t i = 0; i < n; i++)
		upserts_touch(c, window_at(spec, p->at.start, i), key, NULL);
}

void upserts_touch_all(struct upserts *c)
{
	struct table_walk walk = { 0 };
	struct shown *s;

	while ((s = table_next(&c->shown, &walk))) {
		struct span place = table_key(&c->shown, s);

		if (s->row)
			upserts_touch(c, place_at(place), place_key(place), NULL);
	}
}

/* ---- rows ---- */

static int print(struct upserts *c, const char *change)
{
	row_out_write(&c->rows, change, &c->out->buf);
	c->ledger->rows++;
	return out_more(c->out) < 0 ? failure_set(c->failure, EXIT_IO, "%s", "") : 0;         /* closing the output tells */
}

/* The group of a place as it is now, or NULL. */
static struct group *group_at(struct upserts *c, struct interval at, struct span key, struct group *session)
{
	const struct window window = { .at = at };

	if (c->view->window.kind == WINDOW_SESSION)
		return session;
	return windows_row(&c->gather->windows, &window, key, c->scratch) ? c->scratch : NULL;
}

/* Renders it when it is to be shown: 1, 0, -1. */
static int render(struct upserts *c, struct interval at, struct span key, struct group *g)
{
	char error[256];
	int pass;

	if (!g || (c->view->retract && g->weight <= 0))
		return 0;
	row_out_render(&c->rows, at, key, g);
	pass = selection_row(&c->selection, error);
	return pass < 0 ? failure_set(c->failure, EXIT_DATA, "%s", error) : pass;
}

static int withdraw(struct upserts *c, struct shown *s)
{
	int rc;

	if (!s->row)
		return 0;
	row_out_recall(&c->rows, s->row);
	rc = print(c, "delete");
	free(s->row);
	s->row = NULL;
	c->nshown--;
	return rc;
}

static int show(struct upserts *c, struct shown *s)
{
	if (s->row && row_out_same(&c->rows, s->row))
		return 0;
	c->nshown += s->row == NULL;
	free(s->row);
	s->row = row_out_keep(&c->rows);
	return print(c, "upsert");
}

static int look_at(struct upserts *c, const struct fold_row *row)
{
	struct group *g = group_at(c, row->at, row->key, row->group);
	int wanted = render(c, row->at, row->key, g), rc = wanted;
	struct span place = place_of(c, row->at, row->key);
	struct shown *s;

	if (wanted > 0) {
		rc = show(c, slot(&c->shown, place));
	} else if (wanted == 0) {
		s = table_get(&c->shown, place, hash_bytes(place.p, place.n));
		rc = s ? withdraw(c, s) : 0;
	}
	group_drop(c->view, c->scratch);
	memset(c->scratch, 0, c->view->group_size);
	return rc;
}

/* The table itself does not delete: rows that are gone go when they are most. */
static void forget_deleted(struct upserts *c)
{
	struct table old = c->shown;
	struct table_walk walk = { 0 };
	struct shown *s;

	if (table_count(&old) < FORGET_ABOVE || c->nshown > table_count(&old) / 2)
		return;
	table_init(&c->shown, sizeof *s);
	while ((s = table_next(&old, &walk)))
		if (s->row)
			*(struct shown *)slot(&c->shown, table_key(&old, s)) = *s;
	table_free(&old);
}

/* In the order in which rows are printed. */
int upserts_print(struct upserts *c)
{
	struct fold_rows rows = { 0 };
	struct table_walk walk = { 0 };
	struct group **g;
	int rc = 0;

	while ((g = table_next(&c->touched, &walk))) {
		struct span place = table_key(&c->touched, g);

		fold_rows_add(&rows, place_at(place), place_key(place), *g);
	}
	fold_rows_sort(&rows);
	for (size_t i = 0; i < rows.n && rc == 0; i++)
		rc = look_at(c, &rows.row[i]);
	fold_rows_free(&rows);
	table_clear(&c->touched);
	forget_deleted(c);
	return rc;
}

/* ---- the whole ---- */

int upserts_init(struct upserts *c, const struct gather *gather, const struct view *v, enum record_format format,
                 const struct answer_options *o, struct out *out, struct ledger *ledger, struct failure *failure)
{
	char why[400];

	*c = (struct upserts){ .view = v, .gather = gather, .out = out, .ledger = ledger, .failure = failure };
	row_out_init(&c->rows, v, format, "_change");
	table_init(&c->shown, sizeof(struct shown));
	table_init(&c->touched, sizeof(struct group *));
	c->scratch = mem_zalloc(v->group_size);
	if (selection_init(&c->selection, &c->rows, o->since, o->until, o->where, why) < 0)
		return failure_set(failure, EXIT_USAGE, "%s", why);
	return 0;
}

void upserts_header(struct upserts *c)
{
	row_out_header(&c->rows, &c->out->buf);
}

void upserts_free(struct upserts *c)
{
	struct table_walk walk = { 0 };
	struct shown *s;

	if (!c->view)
		return;
	while ((s = table_next(&c->shown, &walk)))
		free(s->row);
	table_free(&c->shown);
	table_free(&c->touched);
	selection_free(&c->selection);
	row_out_free(&c->rows);
	free(c->scratch);
	buf_free(&c->place);
}
