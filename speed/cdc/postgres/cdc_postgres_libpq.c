/* SPDX-License-Identifier: MIT */
/* postgres://... -- the WAL of PostgreSQL by its built-in pgoutput. A replication slot keeps what the sink does not have yet; it is created with the
 * snapshot, so that rows read and changes that follow are all, each once. A slot without a position in the sink is that of a snapshot that was
 * interrupted: it is dropped, and made anew.
 *
 * Position: `postgres:SYSTEM:TIMELINE:LSN`, behind a transaction. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/diag.h"
#include "lib/base/mem.h"
#include "speed/cdc/postgres/pg_source.h"

#define STEP 1000               /* messages of one call */
#define STATUS_MS 10000         /* between reports to the server, which gives up after 60 s (wal_sender_timeout); it answers them */
#define INSIDE_MS 1000          /* how long a look waits for the rest of a transaction */
#define ASK_MS 50               /* between asking the server how far it has come */

/* ---- the stream ---- */

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
		s->target = pg_lsn(PQgetvalue(q, 0, 0));
	PQclear(q);
	return f->status ? -1 : 0;
}

int pg_stream_begin(struct pg_source *s, struct failure *f)
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

static int not_whole(const struct pg_table *r, struct failure *f)
{
	return failure_set(f, EXIT_CONFIG, "postgres: table %s: a row that was changed did not come whole: say ALTER TABLE %s REPLICA IDENTITY FULL", r->table.name,
	                   r->table.name);
}

static int truncated(const struct pg_source *s, const struct pg_message *m, struct failure *f)
{
	for (size_t i = 0; i < m->nrelations; i++) {
		const struct pg_table *r = pg_table_of(s, m->relations[i]);

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
	struct pg_table *r = pg_table_of(s, m->id);
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
	if (m->old && pg_table_tuple(s, r, m->old, m->nold, NULL, s->before, f) < 0)
		return -1;
	if (m->new && pg_table_tuple(s, r, m->new, m->nnew, m->old ? s->before : NULL, s->after, f) < 0)
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
		pg_table_take(s, &m.relation);
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
		return pg_snapshot_next(s, out, f);
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

	if (s->in_snapshot)                     /* half of one is nothing */
		return;
	buf_printf(out, "postgres:%s:%" PRIu32 ":%X/%X", s->system, s->timeline, (unsigned)(s->lsn >> 32), (unsigned)s->lsn);
}

static int wait(void *driver, struct pollfd fds[2], size_t *n)
{
	struct pg_source *s = driver;

	fds[0] = (struct pollfd){ .fd = PQsocket(s->stream), .events = POLLIN };
	*n = 1;
	return status_ms(s);
}

static int confirm(void *driver, struct span pos, struct failure *f)
{
	struct pg_source *s = driver;
	uint32_t timeline;
	uint64_t lsn;

	if (s->in_snapshot)
		return 1;
	if (pg_parse_position(s, pos, &timeline, &lsn, f) < 0)
		return -1;
	if (lsn <= s->confirmed)
		return 0;
	s->confirmed = lsn;
	return tell(s, f);
}

/* ---- beginning and end ---- */

void pg_source_free(void *source)
{
	struct pg_source *s = source;

	let_go(s);
	PQfinish(s->stream);
	PQfinish(s->plain);
	for (size_t i = 0; i < s->nrelations; i++)
		pg_table_free(s->relation[i]);
	free(s->relation);
	PQclear(s->keys);
	free(s->types.of);
	free(s->wanted);
	free(s->before);
	free(s->after);
	arena_free(&s->arena);
	free(s);
}

struct pg_source *pg_source_new(const struct cdc_request *r)
{
	struct pg_source *s = mem_zalloc(sizeof *s);

	*s = (struct pg_source){ .request = r, .ts = -1 };
	s->wanted = mem_zalloc(r->ntables * sizeof *s->wanted);
	return s;
}

static void *open_source(const struct cdc_request *r, struct failure *f)
{
	struct pg_source *s = pg_source_new(r);

	if (!r->reader)
		failure_set(f, EXIT_USAGE, "postgres: whom shall the server keep changes for? say --resume-from, or --reader");
	else
		pg_name_of(r->reader, s->name);
	if (!f->status)
		s->plain = pg_connect(r->place, false, f);
	if (s->plain)
		s->stream = pg_connect(r->place, true, f);
	if (s->stream && pg_slot_begin(s, f) == 0)
		return s;
	pg_source_free(s);
	return NULL;
}

const struct cdc_driver cdc_postgres = {
	.scheme = "postgres", .connector = "postgresql", .has_tx = true, .open = open_source, .close = pg_source_free, .next = next, .position = position, .wait = wait,
	.confirm = confirm, .query = pg_query_table, .quote = '"', .needs = pg_needs, .status = pg_status, .install = pg_install, .remove = pg_remove,
};
