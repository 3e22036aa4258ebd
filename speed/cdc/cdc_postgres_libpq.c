/* SPDX-License-Identifier: MIT */
/* postgres://... -- the WAL of PostgreSQL by its built-in pgoutput. A replication slot keeps what the sink does not have yet; it is created with the
 * snapshot, so that rows read and changes that follow are all, each once. A slot without a position in the sink is that of a snapshot that was
 * interrupted: it is dropped, and made anew.
 *
 * Position: `postgres:SYSTEM:TIMELINE:LSN`, behind a transaction. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/diag.h"
#include "lib/base/mem.h"
#include "speed/cdc/pg_session.h"
#include "speed/cdc/pgoutput.h"

#define STEP 1000               /* messages of one call */
#define STATUS_MS 10000         /* between reports to the server, which gives up after 60 s (wal_sender_timeout); it answers them */
#define INSIDE_MS 1000          /* how long a look waits for the rest of a transaction */
#define ASK_MS 50               /* between asking the server how far it has come */

/* The columns of a table as they were at some time. */
struct relation {
	uint32_t oid;
	struct change_table table;
	uint32_t *type;
	bool wanted;
};

struct pg_source {
	const struct cdc_request *request;
	PGconn *stream, *plain;         /* plain: for the snapshot */
	char name[PG_NAME];             /* slot and publication */
	char system[40];
	uint32_t timeline;
	struct pg_types types;
	uint32_t *wanted;               /* OIDs of the tables asked for */
	PGresult *keys;                 /* rows of OID and column, of primary keys */

	struct relation **relation;     /* all that came; the last one of an OID is in force */
	size_t nrelations;

	size_t table;                   /* snapshot: the one at hand; request->ntables: it is over */
	bool in_snapshot, reading;      /* reading: its rows are on their way */
	struct relation *at;            /* of the snapshot */

	uint64_t lsn, confirmed;
	uint64_t target;                /* --no-follow: what had been written when the stream began; else 0 */
	bool in_transaction, has_emitted;       /* something of the transaction at hand */
	int64_t ts;
	char tx[16], pos[48];           /* of the change at hand */
	uint64_t commit;                /* where the transaction at hand will end */
	unsigned long nth;              /* its changes so far */
	char *held;                     /* a message that waits for a barrier */
	int nheld;
	int64_t told_ms;                /* when the server was told how far we are */
	int64_t heard_ms;               /* and when it last said something */

	struct datum *before, *after;
	size_t room;
	struct arena arena;
};

/* ---- relations ---- */

static bool same_columns(const struct relation *a, const struct relation *b)
{
	if (a->table.n != b->table.n || strcmp(a->table.name, b->table.name) != 0)
		return false;
	for (size_t i = 0; i < a->table.n; i++)
		if (strcmp(a->table.column[i], b->table.column[i]) != 0 || a->type[i] != b->type[i])
			return false;
	return true;
}

static void relation_free(struct relation *r)
{
	for (size_t i = 0; i < r->table.n; i++)
		free(r->table.column[i]);
	free(r->table.column);
	free(r->table.is_key);
	free(r->type);
	free((char *)r->table.name);
	free((char *)r->table.schema);
	free(r);
}

static struct relation *relation_of(const struct pg_source *s, uint32_t oid)
{
	for (size_t i = s->nrelations; i-- > 0;)
		if (s->relation[i]->oid == oid)
			return s->relation[i];
	return NULL;
}

static void mark_keys(const struct pg_source *s, struct relation *r)
{
	for (int k = 0; k < PQntuples(s->keys); k++)
		for (size_t i = 0; i < r->table.n; i++)
			r->table.is_key[i] |= strtoul(PQgetvalue(s->keys, k, 0), NULL, 10) == r->oid && strcmp(PQgetvalue(s->keys, k, 1), r->table.column[i]) == 0;
}

/* Equal ones are one. */
static struct relation *keep_relation(struct pg_source *s, struct relation *r)
{
	struct relation *is = relation_of(s, r->oid);

	if (is && same_columns(is, r)) {
		relation_free(r);
		return is;
	}
	for (size_t i = 0; i < s->request->ntables; i++)
		r->wanted |= s->wanted[i] == r->oid;
	mark_keys(s, r);
	s->relation = mem_array(s->relation, s->nrelations + 1, sizeof *s->relation);
	s->relation[s->nrelations++] = r;
	if (r->table.n > s->room) {
		s->room = r->table.n;
		s->before = mem_array(s->before, s->room, sizeof *s->before);
		s->after = mem_array(s->after, s->room, sizeof *s->after);
	}
	return r;
}

static struct relation *relation_new(const struct pg_source *s, uint32_t oid, const char *schema, const char *name, size_t n)
{
	struct relation *r = mem_zalloc(sizeof *r);

	*r = (struct relation){ .oid = oid, .table = { .database = PQdb(s->stream), .schema = mem_text(span_of(schema)), .name = mem_text(span_of(name)), .n = n } };
	r->table.column = mem_zalloc(n * sizeof *r->table.column);
	r->table.is_key = mem_zalloc(n * sizeof *r->table.is_key);
	r->type = mem_zalloc(n * sizeof *r->type);
	return r;
}

static void take_relation(struct pg_source *s, const struct pg_relation *m)
{
	struct relation *r = relation_new(s, m->id, m->schema, m->name, m->n);

	for (size_t i = 0; i < m->n; i++) {
		r->table.column[i] = mem_text(span_of(m->column[i].name));
		r->type[i] = m->column[i].type;
	}
	keep_relation(s, r);
}

/* Of the columns that pgoutput sends: generated ones are not among them. */
static struct relation *read_relation(struct pg_source *s, uint32_t oid, struct failure *f)
{
	char number[16];
	struct relation *r = NULL;
	PGresult *q;

	snprintf(number, sizeof number, "%" PRIu32, oid);
	q = pg_query(s->plain, "SELECT n.nspname, c.relname, a.attname, a.atttypid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
	             "JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.oid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum",
	             (const char *const[]){ number }, 1, f);
	if (q && PQntuples(q))
		r = relation_new(s, oid, PQgetvalue(q, 0, 0), PQgetvalue(q, 0, 1), (size_t)PQntuples(q));
	else if (q)
		failure_set(f, EXIT_CONFIG, "postgres: a table of the snapshot has gone");
	for (size_t i = 0; r && i < r->table.n; i++) {
		r->table.column[i] = mem_text(span_of(PQgetvalue(q, (int)i, 2)));
		r->type[i] = (uint32_t)strtoul(PQgetvalue(q, (int)i, 3), NULL, 10);
	}
	PQclear(q);
	return r ? keep_relation(s, r) : NULL;
}

/* ---- values ---- */

static int bad_value(const struct relation *r, size_t i, struct span text, struct failure *f)
{
	return failure_set(f, EXIT_DATA, "postgres: table %s: column %s: \"%s\" is not what its type looks like", r->table.name, r->table.column[i],
	                   diag_show(text.p, text.n));
}

static int read_value(struct pg_source *s, const struct relation *r, size_t i, struct span text, struct datum *d, struct failure *f)
{
	return pg_value(&s->types, r->type[i], text, d, &s->arena) < 0 ? bad_value(r, i, text, f) : 0;
}

/* unchanged: where values that the update left alone are. */
static int read_tuple(struct pg_source *s, const struct relation *r, const struct pg_datum *from, size_t n, const struct datum *unchanged, struct datum *to,
		      struct failure *f)
{
	if (n != r->table.n)
		return failure_set(f, EXIT_DATA, "postgres: table %s: a row has %zu columns, not %zu", r->table.name, n, r->table.n);
	for (size_t i = 0; i < n; i++) {
		to[i] = (struct datum){ DATUM_NULL, { "", 0 } };
		if (from[i].kind == PG_TEXT && read_value(s, r, i, from[i].text, &to[i], f) < 0)
			return -1;
		if (from[i].kind == PG_UNCHANGED && !unchanged)
			return failure_set(f, EXIT_CONFIG, "postgres: table %s: column %s: a large value did not come whole", r->table.name, r->table.column[i]);
		if (from[i].kind == PG_UNCHANGED)
			to[i] = unchanged[i];
	}
	return 0;
}

/* ---- the snapshot ---- */

static void put_identifier(PGconn *c, struct buf *sql, const char *name)
{
	char *quoted = PQescapeIdentifier(c, name, strlen(name));

	if (!quoted)
		mem_fail();
	buf_text(sql, quoted);
	PQfreemem(quoted);
}

/* Its rows come one by one from now on. */
static int begin_table(struct pg_source *s, struct failure *f)
{
	struct buf sql = { 0 };
	int rc = 0;

	s->at = read_relation(s, s->wanted[s->table], f);
	if (!s->at)
		return -1;
	for (size_t i = 0; i < s->at->table.n; i++) {
		buf_text(&sql, i ? "," : "SELECT ");
		put_identifier(s->plain, &sql, s->at->table.column[i]);
	}
	buf_text(&sql, " FROM ");
	put_identifier(s->plain, &sql, s->at->table.schema);
	buf_byte(&sql, '.');
	put_identifier(s->plain, &sql, s->at->table.name);
	buf_byte(&sql, '\0');
	if (!PQsendQuery(s->plain, sql.p) || !PQsetSingleRowMode(s->plain))
		rc = pg_failed(s->plain, EXIT_IO, "postgres", f);
	s->reading = rc == 0;
	buf_free(&sql);
	return rc;
}

static int emit_row(struct pg_source *s, PGresult *q, struct emit *out, struct failure *f)
{
	struct change c = { .op = CHANGE_READ, .table = &s->at->table, .after = s->after, .ts = -1, .pos = span_of(s->pos) };

	arena_clear(&s->arena);
	for (size_t i = 0; i < s->at->table.n; i++) {
		struct span text = { PQgetvalue(q, 0, (int)i), (size_t)PQgetlength(q, 0, (int)i) };

		s->after[i] = (struct datum){ DATUM_NULL, { "", 0 } };
		if (!PQgetisnull(q, 0, (int)i) && read_value(s, s->at, i, text, &s->after[i], f) < 0)
			return -1;
	}
	return emit_change(out, &c, f);
}

/* 1: a row; 0: the table is over; -1. */
static int step_table(struct pg_source *s, struct emit *out, struct failure *f)
{
	PGresult *q = PQgetResult(s->plain);
	ExecStatusType status = PQresultStatus(q);
	int rc = 1;

	if (!q) {
		s->reading = false;
		s->table++;
		return 0;
	}
	if (status == PGRES_SINGLE_TUPLE)
		rc = emit_row(s, q, out, f) < 0 ? -1 : 1;
	else if (status != PGRES_TUPLES_OK)
		rc = pg_failed(s->plain, EXIT_IO, "postgres", f);
	PQclear(q);
	return rc;
}

static int begin_stream(struct pg_source *s, struct failure *f);

static enum cdc_event end_snapshot(struct pg_source *s, struct failure *f)
{
	s->in_snapshot = false;
	if (s->request->snapshot == SNAPSHOT_ONLY)
		return CDC_END;
	return begin_stream(s, f) < 0 ? CDC_ERROR : CDC_MORE;
}

static enum cdc_event snapshot(struct pg_source *s, struct emit *out, struct failure *f)
{
	int rc = 1;

	if (s->table == s->request->ntables)
		return end_snapshot(s, f);
	if (!s->reading && begin_table(s, f) < 0)
		return CDC_ERROR;
	if (emit_table(out, &s->at->table, f) <= 0)
		return CDC_ERROR;
	for (int i = 0; rc > 0 && i < STEP; i++)
		rc = step_table(s, out, f);
	return rc < 0 ? CDC_ERROR : CDC_INSIDE;
}

/* ---- the stream ---- */

static uint64_t parse_lsn(const char *text)
{
	unsigned high = 0, low = 0;

	sscanf(text, "%X/%X", &high, &low);
	return (uint64_t)high << 32 | low;
}

static void put64(char *to, uint64_t v)
{
	for (int i = 8; i-- > 0; v >>= 8)
		to[i] = (char)v;
}

/* Written and applied: what we have; flushed: what the sink has, which is what the server may forget. */
static int tell_and(struct pg_source *s, bool ask, struct failure *f)
{
	char message[34] = "r";

	put64(message + 1, s->lsn);
	put64(message + 9, s->confirmed);
	put64(message + 17, s->lsn);
	put64(message + 25, 0);
	message[33] = ask;
	s->told_ms = clock_ms(CLOCK_MONOTONIC);
	if (PQputCopyData(s->stream, message, sizeof message) <= 0 || PQflush(s->stream) < 0)
		return pg_failed(s->stream, EXIT_SERVICE, "postgres", f);
	return 0;
}

static int tell(struct pg_source *s, struct failure *f)
{
	return tell_and(s, false, f);
}

/* Often enough for several answers before silence means something. */
static int status_ms(const struct pg_source *s)
{
	return s->request->timeout_ms / 4 < STATUS_MS ? (int)(s->request->timeout_ms / 4) : STATUS_MS;
}

static int tell_in_time(struct pg_source *s, struct failure *f)
{
	return clock_ms(CLOCK_MONOTONIC) - s->told_ms < status_ms(s) ? 0 : tell_and(s, true, f);
}

static int find_target(struct pg_source *s, struct failure *f)
{
	PGresult *q = s->request->follow ? NULL : pg_query(s->plain, "SELECT pg_current_wal_lsn()", NULL, 0, f);

	if (q)
		s->target = parse_lsn(PQgetvalue(q, 0, 0));
	PQclear(q);
	return f->status ? -1 : 0;
}

static int begin_stream(struct pg_source *s, struct failure *f)
{
	char sql[3 * PG_NAME + 120];
	PGresult *q;

	if (find_target(s, f) < 0)
		return -1;
	PQfinish(s->plain);
	s->plain = NULL;
	snprintf(sql, sizeof sql, "START_REPLICATION SLOT \"%s\" LOGICAL %X/%X (proto_version '1', publication_names '\"%s\"')", s->name, (unsigned)(s->lsn >> 32),
	         (unsigned)s->lsn, s->name);
	q = PQexec(s->stream, sql);
	if (PQresultStatus(q) != PGRES_COPY_BOTH)
		pg_failed(s->stream, EXIT_RETRY, "postgres", f);
	PQclear(q);
	s->heard_ms = clock_ms(CLOCK_MONOTONIC);
	return f->status ? -1 : tell(s, f);
}

static int ended(struct pg_source *s, struct failure *f)
{
	PGresult *q = PQgetResult(s->stream);

	PQclear(q);
	return pg_failed(s->stream, EXIT_SERVICE, "postgres", f);
}

/* The next message: 1, 0: none for now, -1. */
static int receive(struct pg_source *s, struct failure *f)
{
	int n = PQgetCopyData(s->stream, &s->held, 1);

	if (n == 0 && !PQconsumeInput(s->stream))
		return pg_failed(s->stream, EXIT_SERVICE, "postgres", f);
	if (n == 0)
		n = PQgetCopyData(s->stream, &s->held, 1);
	if (n < 0)
		return ended(s, f);
	s->nheld = n;
	if (n > 0)
		s->heard_ms = clock_ms(CLOCK_MONOTONIC);
	else if (clock_ms(CLOCK_MONOTONIC) - s->heard_ms > s->request->timeout_ms)
		return failure_set(f, EXIT_SERVICE, "postgres: the server has said nothing for %" PRId64 " s", s->request->timeout_ms / 1000);
	return n > 0;
}

static void let_go(struct pg_source *s)
{
	PQfreemem(s->held);
	s->held = NULL;
}

static int not_whole(const struct relation *r, struct failure *f)
{
	return failure_set(f, EXIT_CONFIG, "postgres: table %s: a row that was changed did not come whole: say ALTER TABLE %s REPLICA IDENTITY FULL", r->table.name,
	                   r->table.name);
}

static int truncated(const struct pg_source *s, const struct pg_message *m, struct failure *f)
{
	for (size_t i = 0; i < m->nrelations; i++) {
		const struct relation *r = relation_of(s, m->relations[i]);

		if (!r || !r->wanted)
			continue;
		if (!s->request->continue_at_gap)
			return failure_set(f, EXIT_CONFIG, "postgres: table %s was truncated, and the WAL does not say which rows it had (--on-gap continue goes on as if they were still there)",
			                   r->table.name);
		warn("postgres: table %s was truncated: the rows it had are not taken back", r->table.name);
	}
	return 1;
}

/* 1: done; 0: behind a barrier; -1. */
static int take_change(struct pg_source *s, const struct pg_message *m, struct emit *out, struct failure *f)
{
	struct relation *r = relation_of(s, m->id);
	struct change c = { .ts = s->ts, .tx = span_of(s->tx), .table = r ? &r->table : NULL };
	int rc;

	if (!r)
		return failure_set(f, EXIT_DATA, "postgres: a change of a table that was not described");
	if (!r->wanted)
		return 1;
	snprintf(s->pos, sizeof s->pos, "%" PRIu64 ":%lu", s->commit, s->nth);
	if (m->kind != PG_INSERT && m->old_kind != 'O')
		return not_whole(r, f);
	rc = emit_table(out, &r->table, f);
	if (rc == 0 && s->has_emitted)
		return failure_set(f, EXIT_CONFIG, "postgres: table %s: its columns change within a transaction: only -o ndjson can say so", r->table.name);
	if (rc <= 0)
		return rc;
	if (m->old && read_tuple(s, r, m->old, m->nold, NULL, s->before, f) < 0)
		return -1;
	if (m->new && read_tuple(s, r, m->new, m->nnew, m->old ? s->before : NULL, s->after, f) < 0)
		return -1;
	c.op = m->kind == PG_INSERT ? CHANGE_INSERT : m->kind == PG_UPDATE ? CHANGE_UPDATE : CHANGE_DELETE;
	c.pos = span_of(s->pos);
	c.before = m->old ? s->before : NULL;
	c.after = m->new ? s->after : NULL;
	s->has_emitted = true;
	s->nth++;
	return emit_change(out, &c, f) < 0 ? -1 : 1;
}

static uint64_t get64(const char *p)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

static int take_message(struct pg_source *s, struct span text, struct emit *out, struct failure *f)
{
	struct pg_message m;

	arena_clear(&s->arena);
	if (pg_message_parse(&m, text, &s->arena) < 0)
		return failure_set(f, EXIT_DATA, "postgres: a message of the stream is damaged");
	switch (m.kind) {
	case PG_BEGIN:
		s->in_transaction = true;
		s->has_emitted = false;
		s->ts = m.ts;
		snprintf(s->tx, sizeof s->tx, "%" PRIu32, m.xid);
		s->commit = m.lsn;
		s->nth = 0;
		return 1;
	case PG_COMMIT:
		s->in_transaction = false;
		s->lsn = m.lsn;
		return 1;
	case PG_RELATION:
		take_relation(s, &m.relation);
		return 1;
	case PG_INSERT:
	case PG_UPDATE:
	case PG_DELETE:
		return take_change(s, &m, out, f);
	case PG_TRUNCATE:
		return truncated(s, &m, f);
	default:
		return 1;
	}
}

/* `w` start, end, clock, message; `k` end, clock, reply at once. */
static int take_held(struct pg_source *s, struct emit *out, struct failure *f)
{
	const char *p = s->held;

	if (s->nheld >= 25 && *p == 'w')
		return take_message(s, (struct span){ p + 25, (size_t)s->nheld - 25 }, out, f);
	if (s->nheld < 18 || *p != 'k')
		return failure_set(f, EXIT_DATA, "postgres: a message of the stream is damaged");
	if (!s->in_transaction && get64(p + 1) > s->lsn)
		s->lsn = get64(p + 1);          /* all before it has come: nothing of it is ours */
	return p[17] && tell(s, f) < 0 ? -1 : 1;
}

static void wait_for_more(struct pg_source *s, int ms)
{
	struct pollfd p = { .fd = PQsocket(s->stream), .events = POLLIN };

	poll(&p, 1, ms);
}

/* Nothing has come just now. Within a transaction its rest is on its way, or the server is gone; that there is no more for now only the server
 * knows, and says when it is asked. */
static enum cdc_event no_message(struct pg_source *s, bool any, struct failure *f)
{
	if (s->in_transaction) {
		wait_for_more(s, INSIDE_MS);
		return CDC_INSIDE;
	}
	if (s->lsn >= s->target)
		return any ? CDC_MORE : CDC_DRY;
	if (tell_and(s, true, f) < 0)
		return CDC_ERROR;
	wait_for_more(s, ASK_MS);
	return CDC_MORE;
}

static enum cdc_event next(void *driver, struct emit *out, struct failure *f)
{
	struct pg_source *s = driver;
	bool any = false;

	if (s->in_snapshot)
		return snapshot(s, out, f);
	if (tell_in_time(s, f) < 0)
		return CDC_ERROR;
	for (int i = 0; i < STEP; i++) {
		bool was_inside = s->in_transaction;
		int rc = s->held ? 1 : receive(s, f);

		if (rc <= 0)
			return rc < 0 ? CDC_ERROR : no_message(s, any, f);
		rc = take_held(s, out, f);
		if (rc <= 0)
			return rc < 0 ? CDC_ERROR : CDC_BARRIER;
		let_go(s);
		any = true;
		if (was_inside && !s->in_transaction && s->has_emitted)
			return CDC_MORE;
	}
	return s->in_transaction ? CDC_INSIDE : CDC_MORE;
}

static void position(void *driver, struct buf *out)
{
	struct pg_source *s = driver;

	buf_printf(out, "postgres:%s:%" PRIu32 ":%X/%X", s->system, s->timeline, (unsigned)(s->lsn >> 32), (unsigned)s->lsn);
}

static int wait(void *driver, struct pollfd fds[2], size_t *n)
{
	struct pg_source *s = driver;

	fds[0] = (struct pollfd){ .fd = PQsocket(s->stream), .events = POLLIN };
	*n = 1;
	return status_ms(s);
}

/* ---- positions ---- */

static int parse_position(const struct pg_source *s, struct span text, uint32_t *timeline, uint64_t *lsn, struct failure *f)
{
	char room[120], system[40];
	unsigned high, low;
	int end = 0;

	if (text.n >= sizeof room || !span_starts(text, SPAN("postgres:")))
		return failure_set(f, EXIT_CONFIG, "postgres: \"%s\" is no position in a WAL: is the sink fed by another source?", diag_show(text.p, text.n));
	memcpy(room, text.p, text.n);
	room[text.n] = '\0';
	if (sscanf(room, "postgres:%39[0-9]:%" SCNu32 ":%X/%X%n", system, timeline, &high, &low, &end) != 4 || (size_t)end != text.n)
		return failure_set(f, EXIT_CONFIG, "postgres: \"%s\" is no position", diag_show(text.p, text.n));
	if (strcmp(system, s->system) != 0)
		return failure_set(f, EXIT_CONFIG, "postgres: the sink was fed by database system %s, this one is %s", system, s->system);
	*lsn = (uint64_t)high << 32 | low;
	return 0;
}

static int confirm(void *driver, struct span pos, struct failure *f)
{
	struct pg_source *s = driver;
	uint32_t timeline;
	uint64_t lsn;

	if (s->in_snapshot)
		return 1;
	if (parse_position(s, pos, &timeline, &lsn, f) < 0)
		return -1;
	if (lsn <= s->confirmed)
		return 0;
	s->confirmed = lsn;
	return tell(s, f);
}

/* ---- slots ---- */

static int identify(struct pg_source *s, struct failure *f)
{
	PGresult *q = pg_query(s->stream, "IDENTIFY_SYSTEM", NULL, 0, f);

	if (!q)
		return -1;
	snprintf(s->system, sizeof s->system, "%s", PQgetvalue(q, 0, 0));
	s->timeline = (uint32_t)strtoul(PQgetvalue(q, 0, 1), NULL, 10);
	PQclear(q);
	return 0;
}

/* snapshot: its name is written there, for as long as the connection does nothing else. */
static int create_slot(struct pg_source *s, char snapshot_name[64], struct failure *f)
{
	char sql[PG_NAME + 100];
	PGresult *q;

	snprintf(sql, sizeof sql, "CREATE_REPLICATION_SLOT \"%s\" LOGICAL pgoutput %s", s->name,
	         s->request->snapshot == SNAPSHOT_NEVER ? "NOEXPORT_SNAPSHOT" : "EXPORT_SNAPSHOT");
	q = pg_query(s->stream, sql, NULL, 0, f);
	if (!q)
		return -1;
	s->lsn = s->confirmed = parse_lsn(PQgetvalue(q, 0, 1));
	snprintf(s->pos, sizeof s->pos, "%" PRIu64, s->lsn);
	snprintf(snapshot_name, 64, "%s", PQgetvalue(q, 0, 2));
	PQclear(q);
	return 0;
}

static int begin_snapshot(struct pg_source *s, const char *name, struct failure *f)
{
	char sql[200];

	snprintf(sql, sizeof sql, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '%s'", name);
	s->in_snapshot = true;
	return pg_command(s->plain, sql, f);
}

static int begin_fresh(struct pg_source *s, struct failure *f)
{
	char name[64];

	if (create_slot(s, name, f) < 0)
		return -1;
	if (s->request->snapshot == SNAPSHOT_NEVER)
		return begin_stream(s, f);
	return begin_snapshot(s, name, f);
}

/* What became of the slot of a sink that has nothing yet: a snapshot that was interrupted. */
static int drop_unfinished(struct pg_source *s, PGresult *slot, struct failure *f)
{
	PGresult *q;

	if (*PQgetvalue(slot, 0, 0) == 't')
		return failure_set(f, EXIT_RETRY, "postgres: the slot %s is read by pid %s", s->name, PQgetvalue(slot, 0, 1));
	q = pg_query(s->plain, "SELECT pg_drop_replication_slot($1)", (const char *const[]){ s->name }, 1, f);
	PQclear(q);
	return q ? 0 : -1;
}

static int gap(const struct pg_source *s, struct failure *f, const char *what)
{
	if (!s->request->continue_at_gap)
		return failure_set(f, EXIT_CONFIG, "postgres: %s: changes are lost; feed a fresh sink, or say --on-gap continue", what);
	warn("postgres: %s: changes are lost", what);
	return 0;
}

/* Goes on where the sink is, if the slot has kept that. */
static int begin_again(struct pg_source *s, PGresult *slot, struct failure *f)
{
	char name[64], what[PG_NAME + 100];
	uint32_t timeline;

	if (parse_position(s, s->request->from, &timeline, &s->lsn, f) < 0)
		return -1;
	s->confirmed = s->lsn;
	if (timeline != s->timeline && gap(s, f, "the server is on another timeline than the sink was fed from (a failover, a restored backup)") < 0)
		return -1;
	if (PQntuples(slot) == 0) {
		snprintf(what, sizeof what, "the slot %s is not there any more", s->name);
		return gap(s, f, what) < 0 || create_slot(s, name, f) < 0 ? -1 : begin_stream(s, f);
	}
	if (strcmp(PQgetvalue(slot, 0, 3), "lost") == 0) {
		snprintf(what, sizeof what, "the WAL of the slot %s was removed (max_slot_wal_keep_size)", s->name);
		return gap(s, f, what) < 0 || drop_unfinished(s, slot, f) < 0 || create_slot(s, name, f) < 0 ? -1 : begin_stream(s, f);
	}
	if (parse_lsn(PQgetvalue(slot, 0, 2)) > s->lsn) {
		snprintf(what, sizeof what, "the slot %s begins behind what the sink has: was it made anew?", s->name);
		if (gap(s, f, what) < 0)
			return -1;
	}
	return begin_stream(s, f);
}

static int begin(struct pg_source *s, struct failure *f)
{
	const struct cdc_request *r = s->request;
	PGresult *slot;
	int rc;

	for (size_t i = 0; i < r->ntables; i++)
		if (pg_find_table(s->plain, r->table[i], &s->wanted[i], f) < 0)
			return -1;
	if (pg_check(s->plain, r, s->name, f) < 0 || pg_load_types(s->plain, &s->types, f) < 0 || identify(s, f) < 0)
		return -1;
	s->keys = pg_query(s->plain, "SELECT i.indrelid, a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) WHERE i.indisprimary",
	                   NULL, 0, f);
	if (!s->keys)
		return -1;
	slot = pg_query(s->plain, "SELECT active, active_pid, confirmed_flush_lsn, wal_status FROM pg_replication_slots WHERE slot_name = $1",
	                (const char *const[]){ s->name }, 1, f);
	if (!slot)
		return -1;
	if (r->from.n)
		rc = begin_again(s, slot, f);
	else
		rc = PQntuples(slot) && drop_unfinished(s, slot, f) < 0 ? -1 : begin_fresh(s, f);
	PQclear(slot);
	return rc;
}

static void close_source(void *driver)
{
	struct pg_source *s = driver;

	let_go(s);
	PQfinish(s->stream);
	PQfinish(s->plain);
	for (size_t i = 0; i < s->nrelations; i++)
		relation_free(s->relation[i]);
	free(s->relation);
	PQclear(s->keys);
	free(s->types.of);
	free(s->wanted);
	free(s->before);
	free(s->after);
	arena_free(&s->arena);
	free(s);
}

static void *open_source(const struct cdc_request *r, struct failure *f)
{
	struct pg_source *s = mem_zalloc(sizeof *s);

	*s = (struct pg_source){ .request = r, .ts = -1 };
	s->wanted = mem_zalloc(r->ntables * sizeof *s->wanted);
	if (!r->reader)
		failure_set(f, EXIT_USAGE, "postgres: whom shall the server keep changes for? say --resume-from, or --reader");
	else
		pg_name_of(r->reader, s->name);
	if (!f->status)
		s->plain = pg_connect(r->place, false, f);
	if (s->plain)
		s->stream = pg_connect(r->place, true, f);
	if (s->stream && begin(s, f) == 0)
		return s;
	close_source(s);
	return NULL;
}

const struct cdc_driver cdc_postgres = {
	.scheme = "postgres", .connector = "postgresql", .has_tx = true, .open = open_source, .close = close_source, .next = next, .position = position, .wait = wait,
	.confirm = confirm, .status = pg_status, .install = pg_install, .remove = pg_remove,
};
