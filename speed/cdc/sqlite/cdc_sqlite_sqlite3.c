/* SPDX-License-Identifier: MIT */
/* sqlite:PATH -- what triggers have written (sqlite_schema.h), in the order of commits. One look reads, in one read transaction, all that was
 * committed since the last one; it ends between two transactions of the application, so a barrier stands between looks. The snapshot is the
 * first look: rows and the number of the last change in one read transaction. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/base/diag.h"
#include "lib/base/mem.h"
#include "speed/cdc/sqlite/sqlite_literal.h"
#include "speed/cdc/sqlite/sqlite_source.h"

#define STEP 1000               /* changes of one call */
#define LOOK_MS 10              /* between looks at whether anybody has committed */

/* ---- shapes ---- */

static bool is_wanted(const struct sqlite_source *s, const struct sqlite_shape *shape)
{
	for (size_t i = 0; i < s->request->ntables; i++)
		if (strcasecmp(s->request->table[i], shape->table.name) == 0)
			return true;
	return false;
}

static struct sqlite_shape *shape_of(struct sqlite_source *s, int64_t id, struct failure *f)
{
	struct sqlite_shape *shape;

	for (size_t i = 0; i < s->nshapes; i++)
		if (s->shape[i]->id == id)
			return s->shape[i];
	shape = mem_zalloc(sizeof *shape);
	s->shape = mem_array(s->shape, s->nshapes + 1, sizeof *s->shape);
	s->shape[s->nshapes++] = shape;
	if (sqlite_read_shape(s->db, s->path, id, shape, f) < 0)
		return NULL;
	if (shape->table.n > s->room) {
		s->room = shape->table.n;
		s->before = mem_array(s->before, s->room, sizeof *s->before);
		s->after = mem_array(s->after, s->room, sizeof *s->after);
	}
	return shape;
}

static int check_tables(struct sqlite_source *s, struct failure *f)
{
	for (size_t i = 0; i < s->request->ntables; i++)
		if (sqlite_check(s->db, s->path, s->request->table[i], &s->table_shape[i], f) < 0)
			return -1;
	return 0;
}

/* ---- rows ---- */

static void name_place(struct sqlite_source *s, int64_t seq)
{
	snprintf(s->pos, sizeof s->pos, "%s:%" PRId64, s->id, seq);
}

static int read_image(struct sqlite_source *s, const struct sqlite_shape *shape, int column, struct datum *row, struct failure *f)
{
	struct span text = sqlite_column(s->look, column);

	if (sqlite_literals(text, row, shape->table.n, &s->arena) == 0)
		return 0;
	return failure_set(f, EXIT_DATA, "%s: change %" PRId64 " of table %s is damaged: %s", s->path, s->seq, shape->table.name, diag_show(text.p, text.n));
}

/* A row of look: 1; 0: behind a barrier; -1. */
static int emit_row(struct sqlite_source *s, struct sqlite_shape *shape, struct change *c, int old, int new, struct emit *out, struct failure *f)
{
	int rc = emit_table(out, &shape->table, f);

	if (rc <= 0)
		return rc;
	arena_clear(&s->arena);
	if (old >= 0 && read_image(s, shape, old, s->before, f) < 0)
		return -1;
	if (new >= 0 && read_image(s, shape, new, s->after, f) < 0)
		return -1;
	c->table = &shape->table;
	c->before = old >= 0 ? s->before : NULL;
	c->after = new >= 0 ? s->after : NULL;
	c->pos = span_of(s->pos);
	return emit_change(out, c, f) < 0 ? -1 : 1;
}

/* ---- the snapshot ---- */

static int begin_snapshot(struct sqlite_source *s, struct failure *f)
{
	if (sqlite_exec(s->db, s->path, "BEGIN", f) < 0)
		return -1;
	if (sqlite_int(s->db, s->path, "SELECT seq FROM sqlite_sequence WHERE name = '_weir_changes'", &s->seq, f) < 0)
		return -1;
	name_place(s, s->seq);
	s->state = SNAPSHOT;
	s->table = 0;
	return 0;
}

static int open_table(struct sqlite_source *s, const struct sqlite_shape *shape, struct failure *f)
{
	struct buf sql = { 0 };

	sqlite_print_select(&sql, &shape->table);
	s->look = sqlite_prepare(s->db, s->path, sql.p, f);
	buf_free(&sql);
	return s->look ? 0 : -1;
}

static void end_look(struct sqlite_source *s)
{
	sqlite3_finalize(s->look);
	s->look = NULL;
	s->held = false;
}

static enum cdc_event end_snapshot(struct sqlite_source *s, struct failure *f)
{
	s->state = BETWEEN;
	if (sqlite_exec(s->db, s->path, "COMMIT", f) < 0)
		return CDC_ERROR;
	return s->request->snapshot == SNAPSHOT_ONLY ? CDC_END : CDC_MORE;
}

/* The next row of what is looked at: 1, 0 behind the last, -1. */
static int step(struct sqlite_source *s, struct failure *f)
{
	int rc = s->held ? SQLITE_ROW : sqlite3_step(s->look);

	s->held = rc == SQLITE_ROW;
	return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : sqlite_failed(s->db, s->path, f);
}

static enum cdc_event snapshot(struct sqlite_source *s, struct emit *out, struct failure *f)
{
	struct sqlite_shape *shape;
	int rc;

	if (s->table == s->request->ntables)
		return end_snapshot(s, f);
	shape = shape_of(s, s->table_shape[s->table], f);
	if (!shape || (!s->look && open_table(s, shape, f) < 0))
		return CDC_ERROR;
	for (int i = 0; i < STEP; i++) {
		struct change c = { .op = CHANGE_READ, .ts = -1 };

		rc = step(s, f);
		if (rc > 0)
			rc = emit_row(s, shape, &c, -1, 0, out, f) <= 0 ? -1 : 1;
		if (rc < 0)
			return CDC_ERROR;
		if (rc == 0) {
			end_look(s);
			s->table++;
			break;
		}
		s->held = false;
	}
	return CDC_INSIDE;
}

/* ---- changes ---- */

static int begin_look(struct sqlite_source *s, struct failure *f)
{
	int64_t schema;

	if (sqlite_exec(s->db, s->path, "BEGIN", f) < 0 || sqlite_int(s->db, s->path, "PRAGMA schema_version", &schema, f) < 0)
		return -1;
	if (schema != s->schema_version && check_tables(s, f) < 0)
		return -1;
	s->schema_version = schema;
	s->look = sqlite_prepare(s->db, s->path, "SELECT seq, ts, shape, op, old, new FROM _weir_changes WHERE seq > ?1 ORDER BY seq", f);
	if (!s->look)
		return -1;
	sqlite3_bind_int64(s->look, 1, s->seq);
	s->state = LOOKING;
	return 0;
}

static bool same_image(sqlite3_stmt *look)
{
	struct span old = sqlite_column(look, 4), new = sqlite_column(look, 5);

	return span_eq(old, new);
}

/* As emit_row. */
static int take_change(struct sqlite_source *s, struct emit *out, struct failure *f)
{
	struct sqlite_shape *shape = shape_of(s, sqlite3_column_int64(s->look, 2), f);
	struct change c = { .ts = sqlite3_column_int64(s->look, 1) };
	struct span op = sqlite_column(s->look, 3);

	if (!shape)
		return -1;
	if (!is_wanted(s, shape))
		return 1;
	name_place(s, sqlite3_column_int64(s->look, 0));
	switch (op.n == 1 ? op.p[0] : 0) {
	case 'c':
		c.op = CHANGE_INSERT;
		return emit_row(s, shape, &c, -1, 5, out, f);
	case 'd':
		c.op = CHANGE_DELETE;
		return emit_row(s, shape, &c, 4, -1, out, f);
	case 'u':
		c.op = CHANGE_UPDATE;
		if (!same_image(s->look))
			return emit_row(s, shape, &c, 4, 5, out, f);
		out->ledger->in++;
		out->ledger->filtered++;
		return 1;
	}
	return failure_set(f, EXIT_DATA, "%s: change %lld is damaged", s->path, sqlite3_column_int64(s->look, 0));
}

static enum cdc_event changes(struct sqlite_source *s, struct emit *out, struct failure *f)
{
	for (int i = 0; i < STEP; i++) {
		int rc = step(s, f);

		if (rc < 0)
			return CDC_ERROR;
		if (rc == 0) {
			end_look(s);
			s->state = BETWEEN;
			return sqlite_exec(s->db, s->path, "COMMIT", f) < 0 ? CDC_ERROR : CDC_MORE;
		}
		rc = take_change(s, out, f);
		if (rc <= 0)                    /* where the shape of a table changes nobody's transaction goes on: ours did it, alone */
			return rc < 0 ? CDC_ERROR : CDC_BARRIER;
		s->seq = sqlite3_column_int64(s->look, 0);
		s->held = false;
	}
	return CDC_INSIDE;
}

/* 1: somebody has committed since the last look. */
static int has_news(struct sqlite_source *s, struct failure *f)
{
	int64_t version;

	if (sqlite_int(s->db, s->path, "PRAGMA data_version", &version, f) < 0)
		return -1;
	if (version == s->data_version)
		return 0;
	s->data_version = version;
	return 1;
}

static enum cdc_event next(void *driver, struct emit *out, struct failure *f)
{
	struct sqlite_source *s = driver;
	int rc;

	if (s->state == SNAPSHOT)
		return snapshot(s, out, f);
	if (s->state == LOOKING)
		return changes(s, out, f);
	rc = has_news(s, f);
	if (rc <= 0)
		return rc < 0 ? CDC_ERROR : CDC_DRY;
	return begin_look(s, f) < 0 ? CDC_ERROR : changes(s, out, f);
}

static void position(void *driver, struct buf *out)
{
	struct sqlite_source *s = driver;

	if (s->state != SNAPSHOT)               /* half of one is nothing */
		buf_printf(out, "sqlite:%s:%" PRId64, s->id, s->seq);
}

static int wait(void *driver, struct pollfd fds[2], size_t *n)
{
	(void)driver, (void)fds;
	*n = 0;
	return LOOK_MS;
}

/* ---- beginning ---- */

static int begin(struct sqlite_source *s, struct failure *f)
{
	const struct cdc_request *r = s->request;
	sqlite3_stmt *q;

	if (check_tables(s, f) < 0 || sqlite_int(s->db, s->path, "PRAGMA schema_version", &s->schema_version, f) < 0)
		return -1;
	q = sqlite_prepare(s->db, s->path, "SELECT id FROM _weir_about", f);
	if (q && sqlite3_step(q) == SQLITE_ROW)
		snprintf(s->id, sizeof s->id, "%s", (const char *)sqlite3_column_text(q, 0));
	sqlite3_finalize(q);
	if (!*s->id)
		return f->status ? -1 : failure_set(f, EXIT_DATA, "%s: _weir_about is empty: run --install again", s->path);
	if (r->from.n)
		return sqlite_parse_position(s, r->from, &s->seq, f) < 0 ? -1 : sqlite_check_position(s, f);
	if (r->snapshot == SNAPSHOT_NEVER)
		return sqlite_int(s->db, s->path, "SELECT pruned FROM _weir_about", &s->seq, f) < 0 ? -1 : 0;
	return sqlite_register(s, f) < 0 ? -1 : begin_snapshot(s, f);
}

static void close_source(void *driver)
{
	struct sqlite_source *s = driver;

	sqlite3_finalize(s->look);
	for (size_t i = 0; i < s->nshapes; i++) {
		sqlite_shape_free(s->shape[i]);
		free(s->shape[i]);
	}
	free(s->shape);
	free(s->table_shape);
	free(s->before);
	free(s->after);
	arena_free(&s->arena);
	sqlite3_close(s->db);
	free(s);
}

static void *open_source(const struct cdc_request *r, struct failure *f)
{
	struct sqlite_source *s = mem_zalloc(sizeof *s);

	*s = (struct sqlite_source){ .request = r, .path = r->place, .state = BETWEEN, .data_version = -1 };
	s->table_shape = mem_zalloc(r->ntables * sizeof *s->table_shape);
	s->db = sqlite_open(r->place, f);
	if (s->db && begin(s, f) == 0)
		return s;
	close_source(s);
	return NULL;
}

static int needs(const struct cdc_request *r, struct needs *n, struct failure *f)
{
	sqlite3 *db = sqlite_open(r->place, f);

	for (size_t i = 0; db && f->status == 0 && i < r->ntables; i++) {
		struct failure why = { 0 };
		struct buf command = { 0 };
		int64_t shape;

		buf_printf(&command, "-- cdc-tail sqlite:%s --table %s --install", r->place, r->table[i]);
		buf_byte(&command, '\0');
		if (sqlite_check(db, r->place, r->table[i], &shape, &why) < 0 && why.status == EXIT_CONFIG)
			needs_add(n, why.text, command.p);
		else if (why.status)
			*f = why;
		buf_free(&command);
	}
	sqlite3_close(db);
	return f->status ? -1 : 0;
}

/* ---- asked without capture ---- */

static int give_rows(struct sqlite_source *s, const struct sqlite_shape *shape, cdc_each *each, void *context, struct failure *f)
{
	struct datum *row = mem_array(NULL, shape->table.n, sizeof *row);
	int rc = 1, given = 0;

	while (rc > 0 && (rc = step(s, f)) > 0) {
		s->held = false;
		arena_clear(&s->arena);
		rc = read_image(s, shape, 0, row, f) < 0 || each(context, &shape->table, row, f) < 0 ? -1 : 1;
		given = 1;
	}
	if (rc == 0 && !given)
		rc = each(context, &shape->table, NULL, f);
	free(row);
	return rc;
}

static int query(const struct cdc_request *r, const char *tail, cdc_each *each, void *context, struct failure *f)
{
	struct sqlite_source s = { .request = r, .path = r->place };
	struct sqlite_shape shape = { 0 };
	struct buf sql = { 0 };
	int rc = -1;

	s.db = sqlite_open(r->place, f);
	if (s.db && sqlite_read_table(s.db, s.path, r->table[0], &shape, f) == 0) {
		sqlite_print_select(&sql, &shape.table);
		sql.n--;
		buf_text(&sql, tail);
		buf_byte(&sql, '\0');
		s.look = sqlite_prepare(s.db, s.path, sql.p, f);
		rc = s.look ? give_rows(&s, &shape, each, context, f) : -1;
	}
	sqlite3_finalize(s.look);
	sqlite_shape_free(&shape);
	buf_free(&sql);
	arena_free(&s.arena);
	sqlite3_close(s.db);
	return rc;
}

const struct cdc_driver cdc_sqlite = {
	.scheme = "sqlite", .connector = "sqlite", .open = open_source, .close = close_source, .next = next, .position = position, .wait = wait, .confirm = sqlite_confirm,
	.query = query, .quote = '"', .needs = needs, .status = sqlite_status, .install = sqlite_install, .remove = sqlite_remove,
};
