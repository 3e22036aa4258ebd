/* SPDX-License-Identifier: MIT */
/* poll:DATABASE -- looks at a table every --interval; what a look finds is one transaction. */
#include "speed/cdc/poll/poll.h"

#include <string.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/base/diag.h"
#include "lib/base/mem.h"
#include "lib/text/fields.h"

#define PAUSE_MS 20             /* of one that ends when there is no more, until what it saw first is old enough */

/* ---- tables ---- */

static bool same_table(const struct change_table *a, const struct change_table *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->column[i], b->column[i]) != 0)
			return false;
	return true;
}

static struct change_table *copy_table(const struct change_table *t)
{
	struct change_table *c = change_table_new(t->database, t->schema, span_of(t->name), t->n);

	for (size_t i = 0; i < t->n; i++)
		c->column[i] = mem_text(span_of(t->column[i]));
	return c;
}

static int find_column(struct poll_source *s, const struct change_table *t, const char *name, size_t *column, struct failure *f)
{
	for (*column = 0; *column < t->n; ++*column)
		if (strcmp(t->column[*column], name) == 0)
			return 0;
	return failure_set(f, EXIT_CONFIG, "poll: table %s has no column \"%.100s\"", s->request->table[0], name);
}

static int find_columns(struct poll_source *s, struct change_table *t, struct failure *f)
{
	size_t n = 0;

	s->column = mem_array(s->column, s->nkeys + 1, sizeof *s->column);
	if (s->request->cursor && find_column(s, t, s->request->cursor, &s->column[n++], f) < 0)
		return -1;
	for (size_t i = 0; i < s->nkeys; i++, n++) {
		if (find_column(s, t, s->key[i], &s->column[n], f) < 0)
			return -1;
		t->is_key[s->column[n]] = true;
	}
	return 0;
}

int poll_take_table(struct poll_source *s, const struct change_table *t, struct failure *f)
{
	if (s->ntables && same_table(s->table[s->ntables - 1], t))
		return 0;
	s->table = mem_array(s->table, s->ntables + 1, sizeof *s->table);
	s->table[s->ntables++] = copy_table(t);
	s->before = mem_array(s->before, t->n, sizeof *s->before);
	s->kind = mem_array(s->kind, t->n, sizeof *s->kind);
	for (size_t i = 0; i < t->n; i++)
		s->kind[i] = DATUM_TEXT;
	s->is_told = false;
	return find_columns(s, s->table[s->ntables - 1], f);
}

/* ---- the driver ---- */

static int look(struct poll_source *s, struct failure *f)
{
	return s->request->cursor ? poll_cursor_look(s, f) : poll_diff_look(s, f);
}

static bool is_done(const struct poll_source *s)
{
	return s->request->cursor ? poll_cursor_is_done(s) : s->is_loaded;
}

/* Of one that does not follow: it looks until all is old enough that was there at first. */
static enum cdc_event pause_or_end(struct poll_source *s)
{
	if (is_done(s))
		return CDC_DRY;
	nanosleep(&(struct timespec){ .tv_nsec = PAUSE_MS * 1000000 }, NULL);
	return CDC_MORE;
}

static enum cdc_event next(void *driver, struct emit *out, struct failure *f)
{
	struct poll_source *s = driver;
	int64_t now = clock_ms(CLOCK_MONOTONIC);
	int rc;

	if (now < s->next_ms)
		return s->request->follow ? CDC_DRY : pause_or_end(s);
	s->out = out;
	s->needs_barrier = false;
	rc = look(s, f);
	if (s->needs_barrier)
		return CDC_BARRIER;
	if (rc < 0)
		return CDC_ERROR;
	s->next_ms = now + (s->request->follow ? s->request->interval_ms : PAUSE_MS);
	return CDC_MORE;
}

static void position(void *driver, struct buf *out)
{
	struct poll_source *s = driver;

	if (s->request->cursor)
		poll_cursor_position(s, out);
	else
		poll_diff_position(s, out);
}

static int wait(void *driver, struct pollfd fds[2], size_t *n)
{
	struct poll_source *s = driver;
	int64_t ms = s->next_ms - clock_ms(CLOCK_MONOTONIC);

	(void)fds;
	*n = 0;
	return ms > 0 ? (int)ms : 0;
}

/* ---- beginning and end ---- */

static void close_source(void *driver)
{
	struct poll_source *s = driver;

	poll_mark_free(&s->done);
	for (size_t i = 0; i < s->nhorizons; i++)
		poll_mark_free(&s->horizon[i].at);
	free(s->horizon);
	poll_diff_end(s);
	for (size_t i = 0; i < s->ntables; i++)
		change_table_free(s->table[i]);
	free(s->table);
	for (size_t i = 0; i < s->nkeys; i++)
		free(s->key[i]);
	free(s->key);
	free(s->column);
	free(s->before);
	free(s->kind);
	free(s);
}

static int find_database(struct poll_source *s, struct failure *f)
{
	const char *place = s->request->place, *colon = strchr(place, ':');
	bool known;

	s->db = colon ? cdc_driver_find((struct span){ place, (size_t)(colon - place) }, &known) : NULL;
	if (!s->db || !s->db->query)
		return failure_set(f, EXIT_USAGE, "poll: a table of what? say poll:postgres://..., poll:mysql://... or poll:sqlite:...%s", colon && !s->db && known ? " (this build has no part for it)" : "");
	s->query = *s->request;
	s->query.place = colon + 1;
	return 0;
}

static void take_keys(struct poll_source *s)
{
	struct span list = span_of(s->request->key);

	while (list.n) {
		size_t n = field_item_length(list);

		s->key = mem_array(s->key, s->nkeys + 1, sizeof *s->key);
		s->key[s->nkeys++] = field_name(span_trim((struct span){ list.p, n }));
		n += n < list.n;
		list.p += n, list.n -= n;
	}
}

static int check(const struct cdc_request *r, struct failure *f)
{
	if (r->ntables != 1)
		return failure_set(f, EXIT_USAGE, "poll: one --table at a time");
	if (!r->key || !*r->key)
		return failure_set(f, EXIT_USAGE, "poll: --key: which columns tell one row from another?");
	if ((r->cursor != NULL) == r->diff)
		return failure_set(f, EXIT_USAGE, "poll: either --cursor COLUMN, which grows with each change, or --diff");
	if (r->snapshot == SNAPSHOT_ONLY)
		return failure_set(f, EXIT_USAGE, "poll: --no-follow ends it when there is no more: no --snapshot only");
	if (r->diff && r->snapshot == SNAPSHOT_NEVER && !r->from.n)
		return failure_set(f, EXIT_USAGE, "poll: --diff compares with what the sink has: no --snapshot never");
	return 0;
}

static void *open_source(const struct cdc_request *r, struct failure *f)
{
	struct poll_source *s = mem_zalloc(sizeof *s);

	s->request = r;
	if (check(r, f) == 0 && find_database(s, f) == 0) {
		take_keys(s);
		if ((r->cursor ? poll_cursor_begin(s, f) : poll_diff_begin(s, f)) == 0)
			return s;
	}
	close_source(s);
	return NULL;
}

const struct cdc_driver cdc_poll = {
	.scheme = "poll", .connector = "poll", .open = open_source, .close = close_source, .next = next, .position = position, .wait = wait,
};
