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
#include "speed/cdc/sqlite_literal.h"
#include "speed/cdc/sqlite_schema.h"

#define STEP 1000               /* changes of one call */
#define LOOK_MS 10              /* between looks at whether anybody has committed */
#define PRUNE_STEP 5000         /* changes removed in one transaction: it keeps writers waiting */
#define PRUNE_STEPS 20
#define PRUNE_BUSY_MS 50

enum state { SNAPSHOT, BETWEEN, LOOKING };

struct sqlite_source {
	const struct cdc_request *request;
	const char *path;
	sqlite3 *db;
	char id[32];
	int64_t seq;                    /* the last change that was seen */
	enum state state;

	struct sqlite_shape **shape;    /* that came so far; what is described must not move */
	size_t nshapes;
	size_t table;                   /* snapshot: of those asked for, the one at hand */
	int64_t *table_shape;           /* and their shapes */

	sqlite3_stmt *look;             /* at changes, or at the rows of a table */
	bool held;                      /* the row of look has not been emitted yet */
	int64_t data_version, schema_version;
	bool is_told;                   /* that changes cannot be removed */

	struct datum *before, *after;
	size_t room;                    /* of both */
	struct arena arena;
	char pos[64];
};

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
	return sqlite_exec(s->db, s->path, "COMMIT", f) < 0 ? CDC_ERROR : CDC_MORE;
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
		return s->request->snapshot == SNAPSHOT_ONLY ? CDC_END : end_snapshot(s, f);
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

	buf_printf(out, "sqlite:%s:%" PRId64, s->id, s->seq);
}

static int wait(void *driver, struct pollfd fds[2], size_t *n)
{
	(void)driver, (void)fds;
	*n = 0;
	return LOOK_MS;
}

/* ---- positions ---- */

static int parse_position(struct sqlite_source *s, struct span text, int64_t *seq, struct failure *f)
{
	size_t id = strlen(s->id);
	struct span rest = { text.p + 7, text.n - 7 };
	char number[24] = "";
	int end = 0;

	if (!span_starts(text, SPAN("sqlite:")))
		return failure_set(f, EXIT_CONFIG, "%s: \"%s\" is no position in a SQLite database: is the sink fed by another source?", s->path, diag_show(text.p, text.n));
	if (rest.n <= id || memcmp(rest.p, s->id, id) != 0 || rest.p[id] != ':')
		return failure_set(f, EXIT_CONFIG, "%s: the position %s is one of another database: this one is %s", s->path, diag_show(text.p, text.n), s->id);
	if (rest.n - id - 1 < sizeof number)
		memcpy(number, rest.p + id + 1, rest.n - id - 1);
	if (sscanf(number, "%" SCNd64 "%n", seq, &end) != 1 || number[end])
		return failure_set(f, EXIT_CONFIG, "%s: \"%s\" is no position", s->path, diag_show(text.p, text.n));
	return 0;
}

static int check_position(struct sqlite_source *s, struct failure *f)
{
	int64_t made, pruned;

	if (sqlite_int(s->db, s->path, "SELECT seq FROM sqlite_sequence WHERE name = '_weir_changes'", &made, f) < 0 ||
	    sqlite_int(s->db, s->path, "SELECT pruned FROM _weir_about", &pruned, f) < 0)
		return -1;
	if (s->seq > made)
		return failure_set(f, EXIT_CONFIG, "%s: the position is behind change %" PRId64 ", but only %" PRId64 " were ever made: is this an older copy of the database?",
		                   s->path, s->seq, made);
	if (s->seq >= pruned)
		return 0;
	if (!s->request->continue_at_gap)
		return failure_set(f, EXIT_CONFIG, "%s: changes %" PRId64 " to %" PRId64 " were removed: they are lost (--on-gap continue goes on without them)", s->path,
		                   s->seq + 1, pruned);
	warn("%s: changes %" PRId64 " to %" PRId64 " were removed: they are lost", s->path, s->seq + 1, pruned);
	return 0;
}

/* ---- readers ---- */

/* One transaction. 1: done; 0: somebody else writes just now, or nobody may; -1. */
static int write_once(struct sqlite_source *s, const char *sql, struct failure *f)
{
	int rc;

	sqlite3_busy_timeout(s->db, PRUNE_BUSY_MS);
	rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
	if (rc == SQLITE_READONLY && !s->is_told)
		warn("%s: it is read-only: changes that the sink has stay in it", s->path);
	s->is_told |= rc == SQLITE_READONLY;
	if (rc != SQLITE_OK && rc != SQLITE_BUSY && rc != SQLITE_LOCKED && rc != SQLITE_READONLY)
		sqlite_failed(s->db, s->path, f);
	if (rc != SQLITE_OK && !sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_busy_timeout(s->db, SQLITE_BUSY_MS);
	return f->status ? -1 : rc == SQLITE_OK;
}

static int write_reader(struct sqlite_source *s, int64_t seq, struct failure *f)
{
	char *sql = sqlite3_mprintf("INSERT INTO _weir_readers(reader, seq) VALUES(%Q, %lld) ON CONFLICT(reader) DO UPDATE SET seq = excluded.seq", s->request->reader,
	                            (long long)seq);
	int rc = write_once(s, sql, f);

	sqlite3_free(sql);
	return rc;
}

/* Removes the oldest of the changes that all readers have. As write_once; *left: there were some. */
static int prune_some(struct sqlite_source *s, bool *left, struct failure *f)
{
	int64_t oldest, upto;
	char sql[200];
	int rc = sqlite_int(s->db, s->path, "SELECT min(seq) FROM _weir_changes HAVING count(*)", &oldest, f);

	*left = false;
	if (rc <= 0 || sqlite_int(s->db, s->path, "SELECT min(seq) FROM _weir_readers", &upto, f) < 0)
		return f->status ? -1 : 1;
	*left = upto >= oldest;
	if (!*left)
		return 1;
	if (upto > oldest + PRUNE_STEP)
		upto = oldest + PRUNE_STEP;
	snprintf(sql, sizeof sql, "BEGIN IMMEDIATE; UPDATE _weir_about SET pruned = %" PRId64 "; DELETE FROM _weir_changes WHERE seq <= %" PRId64 "; COMMIT", upto, upto);
	return write_once(s, sql, f);
}

static int confirm(void *driver, struct span pos, struct failure *f)
{
	struct sqlite_source *s = driver;
	bool left = true;
	int64_t seq;
	int rc;

	if (!s->request->reader)
		return 0;
	if (s->state != BETWEEN)
		return 1;
	if (parse_position(s, pos, &seq, f) < 0)
		return -1;
	rc = write_reader(s, seq, f);
	for (int i = 0; rc > 0 && left && i < PRUNE_STEPS; i++)
		rc = prune_some(s, &left, f);
	return rc < 0 ? -1 : (rc == 0 || left) && !s->is_told;
}

/* ---- beginning ---- */

/* Nothing is to be removed before we have seen it: a new reader is written down before its snapshot is taken. */
static int register_reader(struct sqlite_source *s, struct failure *f)
{
	int64_t made;

	if (!s->request->reader || s->request->from.n)
		return 0;
	if (sqlite_int(s->db, s->path, "SELECT seq FROM sqlite_sequence WHERE name = '_weir_changes'", &made, f) < 0)
		return -1;
	return write_reader(s, made, f) < 0 ? -1 : 0;
}

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
		return parse_position(s, r->from, &s->seq, f) < 0 ? -1 : check_position(s, f);
	if (r->snapshot == SNAPSHOT_NEVER)
		return sqlite_int(s->db, s->path, "SELECT pruned FROM _weir_about", &s->seq, f) < 0 ? -1 : 0;
	return register_reader(s, f) < 0 ? -1 : begin_snapshot(s, f);
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

const struct cdc_driver cdc_sqlite = {
	.scheme = "sqlite", .connector = "sqlite", .open = open_source, .close = close_source, .next = next, .position = position, .wait = wait, .confirm = confirm,
	.status = sqlite_status, .install = sqlite_install, .remove = sqlite_remove,
};
