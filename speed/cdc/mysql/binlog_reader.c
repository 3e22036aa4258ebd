/* SPDX-License-Identifier: MIT */
#include "speed/cdc/mysql/binlog_reader.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/base/diag.h"
#include "lib/base/mem.h"
#include "speed/cdc/mysql/binlog_statement.h"

struct known {
	struct buf map;
	struct binlog_table *table;
};

struct announced {
	uint64_t number;
	struct binlog_table *table;     /* NULL: of no concern */
};

/* ---- tables ---- */

int binlog_want(struct binlog_reader *r, const char *database, struct failure *f)
{
	const struct cdc_request *q = r->request;

	r->wanted = mem_zalloc(q->ntables * sizeof *r->wanted);
	for (size_t i = 0; i < q->ntables; i++) {
		const char *point = strchr(q->table[i], '.');
		struct span before = { q->table[i], point ? (size_t)(point - q->table[i]) : 0 };

		if (!point && !*database)
			return failure_set(f, EXIT_USAGE, "--table: of which database is %s? say database.%s", q->table[i], q->table[i]);
		r->wanted[i] = (struct binlog_name){ point ? mem_text(before) : mem_text(span_of(database)), mem_text(span_of(point ? point + 1 : q->table[i])) };
		r->nwanted++;
	}
	return 0;
}

static bool is_wanted(const struct binlog_reader *r, struct span database, struct span table)
{
	for (size_t i = 0; i < r->nwanted; i++)
		if (span_eq(span_of(r->wanted[i].database), database) && (!table.p || span_eq(span_of(r->wanted[i].table), table)))
			return true;
	return false;
}

static struct binlog_table *known_table(struct binlog_reader *r, struct span map, struct failure *f)
{
	struct known *k;
	struct binlog_table *t;

	for (size_t i = r->nknown; i-- > 0;)
		if (span_eq(buf_view(&r->known[i].map), map))
			return r->known[i].table;
	t = binlog_table_read(map, f);
	if (!t || (r->look && r->look(r->context, t, f) < 0)) {
		binlog_table_free(t);
		return NULL;
	}
	r->known = mem_array(r->known, r->nknown + 1, sizeof *r->known);
	k = &r->known[r->nknown++];
	*k = (struct known){ .table = t };
	buf_span(&k->map, map);
	if (t->table.n > r->room) {
		r->room = t->table.n;
		r->before = mem_array(r->before, r->room, sizeof *r->before);
		r->after = mem_array(r->after, r->room, sizeof *r->after);
	}
	return t;
}

static int take_table(struct binlog_reader *r, const struct binlog_event *e, struct failure *f)
{
	struct span database, name;
	struct binlog_table *t = NULL;

	if (binlog_table_name(e->map, &database, &name) < 0)
		return failure_set(f, EXIT_DATA, "%s: the description of a table is damaged", r->source);
	if (is_wanted(r, database, name)) {
		t = known_table(r, e->map, f);
		if (!t)
			return -1;
	}
	r->announced = mem_grow(r->announced, r->nannounced, &r->announced_cap, sizeof *r->announced);
	r->announced[r->nannounced++] = (struct announced){ e->table, t };
	return 1;
}

/* What was announced last with that number. */
static const struct announced *announced_table(const struct binlog_reader *r, uint64_t number)
{
	for (size_t i = r->nannounced; i-- > 0;)
		if (r->announced[i].number == number)
			return &r->announced[i];
	return NULL;
}

/* ---- what is not there as rows ---- */

/* 1: it is passed over, as was asked for; -1. */
static int gap(const struct binlog_reader *r, struct failure *f, const char *what)
{
	if (!r->request->continue_at_gap)
		return failure_set(f, EXIT_CONFIG, "%s: %s (--on-gap continue goes on without)", r->source, what);
	warn("%s: %s", r->source, what);
	return 1;
}

static int emptied(const struct binlog_reader *r, const struct binlog_event *e, const struct statement *s, struct failure *f)
{
	struct span rest = s->rest, database, name;
	char what[300];

	while (statement_table(&rest, &database, &name)) {
		bool hit = s->is_database ? is_wanted(r, name, (struct span){ NULL, 0 }) : is_wanted(r, database.n ? database : e->database, name);

		if (!hit)
			continue;
		snprintf(what, sizeof what, "the rows of table %s went without a word on each, in %s: \"%s\"", diag_show(name.p, name.n), r->tx,
		         diag_show(e->text.p, e->text.n < 100 ? e->text.n : 100));
		if (gap(r, f, what) < 0)
			return -1;
	}
	return 1;
}

static int as_statement(const struct binlog_reader *r, const struct binlog_event *e, struct failure *f)
{
	char what[300];

	snprintf(what, sizeof what, "transaction %s changes rows by a statement, and does not say which: \"%s\": binlog_format must be ROW in every session", r->tx,
	         diag_show(e->text.p, e->text.n < 100 ? e->text.n : 100));
	return gap(r, f, what);
}

static int taken_back(const struct binlog_reader *r, struct failure *f)
{
	return failure_set(f, EXIT_DATA, "%s: transaction %s takes back a part of itself, of which rows have gone out", r->source, r->tx);
}

/* ---- groups ---- */

void binlog_seek(struct binlog_reader *r)
{
	for (size_t i = 0; i < r->place.n; i++)
		binlog_place_set(&r->seek, r->place.gtid[i]);
}

void binlog_found(struct binlog_reader *r, struct binlog_gtid g)
{
	const struct binlog_gtid *sought = binlog_place_gtid(&r->seek, g.domain);

	if (sought && sought->seq == g.seq && sought->server == g.server)
		binlog_place_drop(&r->seek, g.domain);
}

static bool is_past(struct binlog_reader *r, const struct binlog_event *e)
{
	bool past = !r->replaying && binlog_place_gtid(&r->seek, e->domain);

	if (past)
		binlog_found(r, (struct binlog_gtid){ e->domain, e->server, e->seq });
	return past;
}

static void name_group(struct binlog_reader *r, const struct binlog_event *e)
{
	char *to = r->at.xid;

	for (size_t i = 0; i < e->xid.n; i++, to += 2)
		snprintf(to, 3, "%02x", (unsigned char)e->xid.p[i]);
	*to = '\0';
	if (r->replaying)
		return;
	r->has_emitted = false;
	r->nth = 0;
	snprintf(r->tx, sizeof r->tx, "%" PRIu32 "-%" PRIu32 "-%" PRIu64, e->domain, e->server, e->seq);
}

static int begin_group(struct binlog_reader *r, const struct binlog_event *e, struct failure *f)
{
	if (r->at.in_group && r->has_emitted)
		return failure_set(f, EXIT_DATA, "%s: transaction %s has no end, and rows of it have gone out", r->source, r->tx);
	r->at.in_group = true;
	r->at.is_ours = false;
	r->at.skipped = is_past(r, e);
	r->at.gtid = *e;
	r->at.group_at = r->at.high + r->at.end - e->size;
	r->nannounced = 0;
	name_group(r, e);
	return 1;
}

static int end_group(struct binlog_reader *r)
{
	struct binlog_stream *s = &r->at;

	if (!s->skipped && !r->replaying) {
		if (s->in_group)
			binlog_place_set(&r->place, (struct binlog_gtid){ s->gtid.domain, s->gtid.server, s->gtid.seq });
		memcpy(r->place.file, s->file, sizeof r->place.file);
		r->place.at = s->high + s->end;
		r->place.created = s->created;
		r->has_emitted = false;
	}
	s->in_group = s->skipped = false;
	r->nannounced = 0;
	return 1;
}

/* ---- two phases ---- */

static int prepared(struct binlog_reader *r)
{
	if (!r->at.skipped && !r->replaying)
		binlog_place_prepare(&r->place, r->at.xid, r->at.is_ours ? r->at.file : "", r->at.is_ours ? r->at.group_at : 0);
	return end_group(r);
}

/* Its rows come from where they were prepared, and the reader is back here afterwards. 1; 0; -1. */
static int replay(struct binlog_reader *r, const struct binlog_prepared *x, struct emit *out, struct failure *f)
{
	const struct binlog_stream here = r->at;
	int rc;

	if (!r->replay)                 /* who reads ahead wants no rows */
		return 1;
	binlog_reader_reset(r);
	r->replaying = true;
	rc = r->replay(r->context, x->file, x->at, out, f);
	r->replaying = false;
	r->at = here;
	r->nannounced = 0;
	return rc;
}

static int decided(struct binlog_reader *r, bool committed, struct emit *out, struct failure *f)
{
	const struct binlog_prepared *x = binlog_place_prepared(&r->place, r->at.xid);
	int rc = 1;

	if (r->at.skipped)
		return end_group(r);
	if (!x && committed && r->nwanted)
		rc = gap(r, f, "a transaction in two phases (XA) is committed that was prepared before capture began, and may have rows of ours");
	else if (x && committed && x->at)
		rc = replay(r, x, out, f);
	if (rc <= 0)
		return rc;
	binlog_place_decide(&r->place, r->at.xid);
	return end_group(r);
}

/* A file ends, or the server stopped in the middle of writing one. */
static int between_files(const struct binlog_reader *r, struct failure *f)
{
	if (r->at.in_group && r->has_emitted)
		return failure_set(f, EXIT_DATA, "%s: the server stopped in the middle of writing transaction %s, and rows of it have gone out", r->source, r->tx);
	return 1;
}

static int rolled_back(struct binlog_reader *r, struct failure *f)
{
	return r->has_emitted ? taken_back(r, f) : end_group(r);
}

static int take_statement(struct binlog_reader *r, const struct binlog_event *e, struct emit *out, struct failure *f)
{
	struct statement s = statement_of(e->text);
	int rc = 1;

	switch (s.kind) {
	case STATEMENT_BEGIN:
	case STATEMENT_PASSES:
		break;
	case STATEMENT_XA_COMMIT:
	case STATEMENT_XA_ROLLBACK:
		return decided(r, s.kind == STATEMENT_XA_COMMIT, out, f);
	case STATEMENT_COMMIT:
		return end_group(r);
	case STATEMENT_ROLLBACK:
		return rolled_back(r, f);
	case STATEMENT_ROLLBACK_TO:
		return r->has_emitted ? taken_back(r, f) : 1;
	case STATEMENT_EMPTIES:
		rc = r->at.skipped || !r->has_rows ? 1 : emptied(r, e, &s, f);
		break;
	case STATEMENT_ROWS:
		rc = r->at.skipped ? 1 : as_statement(r, e, f);
	}
	return rc > 0 && r->at.in_group && r->at.gtid.flags & BINLOG_GTID_STANDALONE ? end_group(r) : rc;
}

/* ---- rows ---- */

static int emit_row(struct binlog_reader *r, const struct binlog_event *e, const struct binlog_table *t, struct wire *rows, struct emit *out, struct failure *f)
{
	struct change c = { .table = &t->table, .ts = (int64_t)e->time * 1000, .tx = span_of(r->tx) };

	arena_clear(&r->arena);
	snprintf(r->pos, sizeof r->pos, "%s:%" PRIu64, r->tx, r->nth++);
	c.pos = span_of(r->pos);
	c.op = e->kind == BINLOG_INSERT ? CHANGE_INSERT : e->kind == BINLOG_UPDATE ? CHANGE_UPDATE : CHANGE_DELETE;
	c.before = c.op == CHANGE_INSERT ? NULL : r->before;
	c.after = c.op == CHANGE_DELETE ? NULL : r->after;
	if (c.before && binlog_row(t, rows, r->before, &r->arena, f) < 0)
		return -1;
	if (c.after && binlog_row(t, rows, r->after, &r->arena, f) < 0)
		return -1;
	r->has_emitted = r->has_rows = true;
	return emit_change(out, &c, f);
}

static int check_rows(const struct binlog_reader *r, const struct binlog_event *e, const struct binlog_table *t, struct failure *f)
{
	if (e->width != t->table.n)
		return failure_set(f, EXIT_DATA, "%s: table %s: rows of %zu columns, not %zu", r->source, t->table.name, e->width, t->table.n);
	if (!e->whole)
		return failure_set(f, EXIT_CONFIG, "%s: table %s: rows did not come whole: say SET GLOBAL binlog_row_image = FULL, and see that no session sets it otherwise",
		                   r->source, t->table.name);
	return 0;
}

static int take_rows(struct binlog_reader *r, const struct binlog_event *e, struct emit *out, struct failure *f)
{
	const struct announced *a = announced_table(r, e->table);
	struct wire rows = wire_of(e->rows);
	int rc;

	if (!r->at.in_group)
		return failure_set(f, EXIT_DATA, "%s: rows outside a transaction: only the binlog of MariaDB is read", r->source);
	if (!a)
		return failure_set(f, EXIT_DATA, "%s: rows of a table that was not described: does the position lie within a transaction?", r->source);
	if (a->table)
		r->at.is_ours = true;
	if (a->table && !r->at.skipped && (r->replaying || !(r->at.gtid.flags & BINLOG_GTID_PREPARED))) {
		if (check_rows(r, e, a->table, f) < 0)
			return -1;
		rc = emit_table(out, &a->table->table, f);
		if (rc == 0 && r->has_emitted)
			return failure_set(f, EXIT_CONFIG, "%s: table %s: its columns change within a transaction: only -o ndjson can say so", r->source, a->table->table.name);
		if (rc <= 0)
			return rc;
		while (wire_left(&rows))
			if (emit_row(r, e, a->table, &rows, out, f) < 0)
				return -1;
	}
	if (e->last)
		r->nannounced = 0;
	return 1;
}

/* ---- events ---- */

static int take_format(struct binlog_reader *r, const struct binlog_event *e, struct failure *f)
{
	r->at.created = e->time;
	r->nannounced = 0;
	return between_files(r, f);
}

static int take_rotate(struct binlog_reader *r, const struct binlog_event *e, struct failure *f)
{
	struct binlog_place name = { 0 };

	if (binlog_place_file(&name, e->file) < 0)
		return failure_set(f, EXIT_DATA, "%s: the name of a binlog is damaged", r->source);
	if (strcmp(name.file, r->at.file) != 0) {
		memcpy(r->at.file, name.file, sizeof r->at.file);
		r->at.high = r->at.end = r->at.created = 0;
	}
	return between_files(r, f);
}

static void follow_offset(struct binlog_reader *r, const struct binlog_event *e)
{
	if (!e->end || e->kind == BINLOG_ROTATE)
		return;
	if (e->end < r->at.end)
		r->at.high += UINT64_C(1) << 32;
	r->at.end = e->end;
}

static int take(struct binlog_reader *r, const struct binlog_event *e, struct emit *out, struct failure *f)
{
	switch (e->kind) {
	case BINLOG_FORMAT: return take_format(r, e, f);
	case BINLOG_ROTATE: return take_rotate(r, e, f);
	case BINLOG_GTID: return begin_group(r, e, f);
	case BINLOG_STATEMENT: return take_statement(r, e, out, f);
	case BINLOG_TABLE: return take_table(r, e, f);
	case BINLOG_INSERT:
	case BINLOG_UPDATE:
	case BINLOG_DELETE: return take_rows(r, e, out, f);
	case BINLOG_COMMIT: return end_group(r);
	case BINLOG_PREPARE: return prepared(r);
	case BINLOG_INCIDENT: return gap(r, f, "the server says that its binlog lacks changes (an incident event)");
	case BINLOG_UNREADABLE: return failure_set(f, EXIT_CONFIG, "%s: changes in a form of MySQL's own (partial JSON, compressed transactions) are not read", r->source);
	default: return 1;
	}
}

int binlog_take(struct binlog_reader *r, struct span bytes, struct emit *out, struct failure *f)
{
	struct binlog_event e;
	const char *why;

	if (binlog_event(&r->at.format, bytes, &e, &r->inflated, &why) < 0)
		return failure_set(f, EXIT_DATA, "%s: %s: the event behind offset %" PRIu64 " is not read: %s", r->source, r->at.file, r->at.high + r->at.end, why);
	follow_offset(r, &e);
	return take(r, &e, out, f);
}

void binlog_position(const struct binlog_reader *r, struct buf *out)
{
	binlog_place_print(&r->place, out);
}

/* ---- beginning and end ---- */

void binlog_reader_reset(struct binlog_reader *r)
{
	r->at = (struct binlog_stream){ 0 };
	r->nannounced = 0;
}

void binlog_reader_free(struct binlog_reader *r)
{
	for (size_t i = 0; i < r->nwanted; i++) {
		free(r->wanted[i].database);
		free(r->wanted[i].table);
	}
	for (size_t i = 0; i < r->nknown; i++) {
		buf_free(&r->known[i].map);
		binlog_table_free(r->known[i].table);
	}
	free(r->wanted);
	free(r->known);
	free(r->announced);
	free(r->before);
	free(r->after);
	buf_free(&r->inflated);
	arena_free(&r->arena);
	binlog_place_free(&r->place);
	binlog_place_free(&r->seek);
}
