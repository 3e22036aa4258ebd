/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/diag.h"
#include "speed/cdc/postgres/pg_source.h"

/* ---- positions ---- */

uint64_t pg_lsn(const char *text)
{
	unsigned high = 0, low = 0;

	sscanf(text, "%X/%X", &high, &low);
	return (uint64_t)high << 32 | low;
}

int pg_parse_position(const struct pg_source *s, struct span text, uint32_t *timeline, uint64_t *lsn, struct failure *f)
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
	s->lsn = s->confirmed = pg_lsn(PQgetvalue(q, 0, 1));
	snprintf(s->pos, sizeof s->pos, "%" PRIu64, s->lsn);
	snprintf(snapshot_name, 64, "%s", PQgetvalue(q, 0, 2));
	PQclear(q);
	return 0;
}

static int begin_fresh(struct pg_source *s, struct failure *f)
{
	char name[64];

	if (create_slot(s, name, f) < 0)
		return -1;
	if (s->request->snapshot == SNAPSHOT_NEVER)
		return pg_stream_begin(s, f);
	return pg_snapshot_begin(s, name, f);
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

	if (pg_parse_position(s, s->request->from, &timeline, &s->lsn, f) < 0)
		return -1;
	s->confirmed = s->lsn;
	if (timeline != s->timeline && gap(s, f, "the server is on another timeline than the sink was fed from (a failover, a restored backup)") < 0)
		return -1;
	if (PQntuples(slot) == 0) {
		snprintf(what, sizeof what, "the slot %s is not there any more", s->name);
		return gap(s, f, what) < 0 || create_slot(s, name, f) < 0 ? -1 : pg_stream_begin(s, f);
	}
	if (strcmp(PQgetvalue(slot, 0, 3), "lost") == 0) {
		snprintf(what, sizeof what, "the WAL of the slot %s was removed (max_slot_wal_keep_size)", s->name);
		return gap(s, f, what) < 0 || drop_unfinished(s, slot, f) < 0 || create_slot(s, name, f) < 0 ? -1 : pg_stream_begin(s, f);
	}
	if (pg_lsn(PQgetvalue(slot, 0, 2)) > s->lsn) {
		snprintf(what, sizeof what, "the slot %s begins behind what the sink has: was it made anew?", s->name);
		if (gap(s, f, what) < 0)
			return -1;
	}
	return pg_stream_begin(s, f);
}

static int check(struct pg_source *s, struct failure *f)
{
	struct needs n = { 0 };
	int rc = pg_check(s->plain, s->request, s->name, &n, f);

	if (rc == 0)
		rc = needs_refuse(&n, "postgres", f);
	needs_free(&n);
	return rc;
}

int pg_slot_begin(struct pg_source *s, struct failure *f)
{
	const struct cdc_request *r = s->request;
	PGresult *slot;
	int rc;

	for (size_t i = 0; i < r->ntables; i++)
		if (pg_find_table(s->plain, r->table[i], &s->wanted[i], f) < 0)
			return -1;
	if (check(s, f) < 0 || pg_load_types(s->plain, &s->types, f) < 0 || identify(s, f) < 0)
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
