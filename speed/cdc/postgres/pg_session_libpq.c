/* SPDX-License-Identifier: MIT */
#include "speed/cdc/postgres/pg_session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/diag.h"
#include "lib/base/hash.h"
#include "lib/base/mem.h"
#include "speed/cdc/database.h"

#define SETTINGS "-c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=iso_8601 -c extra_float_digits=3 -c bytea_output=hex -c statement_timeout=0 " \
	"-c idle_in_transaction_session_timeout=0"

/* ---- the library ---- */

static void one_line(const char *said, char line[300])
{
	size_t n = 0;

	for (; *said && n < 299; said++)
		if (*said != '\n')
			line[n++] = *said;
		else if (said[1])
			line[n++] = ' ';
	line[n] = '\0';
}

int pg_failed(PGconn *c, int status, const char *what, struct failure *f)
{
	char line[300];

	one_line(PQerrorMessage(c), line);
	return failure_set(f, PQstatus(c) == CONNECTION_BAD ? EXIT_SERVICE : status, "%s: %s", what, *line ? line : "the connection has ended");
}

static bool is_remote(const PQconninfoOption *o)
{
	const char *host = NULL, *mode = getenv("PGSSLMODE");

	for (; o->keyword; o++) {
		if (strcmp(o->keyword, "host") == 0 && o->val)
			host = o->val;
		if (strcmp(o->keyword, "sslmode") == 0 && o->val)
			mode = o->val;
	}
	return database_is_remote(host) && !mode;
}

/* 1, 0, or -1: it cannot be read. */
static int must_verify(const char *uri, struct failure *f)
{
	char *error = NULL, line[300];
	PQconninfoOption *o = PQconninfoParse(uri, &error);
	bool remote;

	if (!o) {
		one_line(error ? error : "out of memory", line);
		PQfreemem(error);
		return failure_set(f, EXIT_USAGE, "%s", line);
	}
	remote = is_remote(o);
	PQconninfoFree(o);
	return remote;
}

PGconn *pg_connect(const char *place, bool replication, struct failure *f)
{
	struct buf uri = { 0 };
	PGconn *c = NULL;
	int verify;

	buf_printf(&uri, "postgres:%s", place);
	verify = must_verify(uri.p, f);
	if (verify >= 0) {
		const char *const key[] = { "dbname", "options", "client_encoding", "fallback_application_name", replication ? "replication" : "connect_timeout",
			                    verify ? "sslmode" : NULL, NULL };
		const char *const value[] = { uri.p, SETTINGS, "UTF8", "weir cdc-tail", replication ? "database" : "30", "verify-full", NULL };

		c = PQconnectdbParams(key, value, 1);
	}
	if (c && PQstatus(c) != CONNECTION_OK) {
		pg_failed(c, EXIT_SERVICE, "postgres", f);
		PQfinish(c);
		c = NULL;
	}
	buf_free(&uri);
	return c;
}

PGresult *pg_query(PGconn *c, const char *sql, const char *const *param, int n, struct failure *f)
{
	/* replication connections know the simple protocol alone */
	PGresult *r = n ? PQexecParams(c, sql, n, NULL, param, NULL, NULL, 0) : PQexec(c, sql);
	ExecStatusType status = PQresultStatus(r);

	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return r;
	pg_failed(c, EXIT_CONFIG, "postgres", f);
	PQclear(r);
	return NULL;
}

int pg_command(PGconn *c, const char *sql, struct failure *f)
{
	PGresult *r = pg_query(c, sql, NULL, 0, f);

	PQclear(r);
	return r ? 0 : -1;
}

/* ---- names ---- */

void pg_name_of(const char *reader, char name[PG_NAME])
{
	size_t n = strlen(reader);

	if (n < 50 && strspn(reader, "abcdefghijklmnopqrstuvwxyz0123456789_") == n)
		snprintf(name, PG_NAME, "weir_%s", reader);
	else
		snprintf(name, PG_NAME, "weir_%016" PRIx64, hash_xxh64(reader, n));
}

int pg_find_table(PGconn *c, const char *table, uint32_t *oid, struct failure *f)
{
	PGresult *r = pg_query(c, "SELECT to_regclass($1)::oid", (const char *const[]){ table }, 1, f);

	if (!r)
		return -1;
	*oid = (uint32_t)strtoul(PQgetvalue(r, 0, 0), NULL, 10);
	PQclear(r);
	return *oid ? 0 : failure_set(f, EXIT_CONFIG, "postgres: there is no table %s", table);
}

int pg_load_types(PGconn *c, struct pg_types *types, struct failure *f)
{
	PGresult *r = pg_query(c, "SELECT oid, CASE WHEN typcategory = 'A' THEN typelem ELSE 0 END, typbasetype, "
	                       "coalesce((SELECT e.typdelim FROM pg_type e WHERE e.oid = t.typelem), ',') FROM pg_type t "
	                       "WHERE typcategory = 'A' OR typtype = 'd' ORDER BY oid", NULL, 0, f);

	if (!r)
		return -1;
	types->n = (size_t)PQntuples(r);
	types->of = mem_array(types->of, types->n + 1, sizeof *types->of);
	for (int i = 0; i < PQntuples(r); i++)
		types->of[i] = (struct pg_type){ (uint32_t)strtoul(PQgetvalue(r, i, 0), NULL, 10), (uint32_t)strtoul(PQgetvalue(r, i, 1), NULL, 10),
			                         (uint32_t)strtoul(PQgetvalue(r, i, 2), NULL, 10), *PQgetvalue(r, i, 3) };
	PQclear(r);
	return 0;
}

/* ---- checking ---- */

static int check_setting(PGconn *c, struct needs *n, struct failure *f)
{
	PGresult *r = pg_query(c, "SHOW wal_level", NULL, 0, f);
	char why[140];

	if (!r)
		return -1;
	snprintf(why, sizeof why, "wal_level is %.60s (the server is to be started again then)", PQgetvalue(r, 0, 0));
	if (strcmp(PQgetvalue(r, 0, 0), "logical") != 0)
		needs_add(n, why, "ALTER SYSTEM SET wal_level = logical;");
	PQclear(r);
	return 0;
}

static int check_role(PGconn *c, struct needs *n, struct failure *f)
{
	PGresult *r = pg_query(c, "SELECT rolreplication OR rolsuper, quote_ident(rolname) FROM pg_roles WHERE rolname = current_user", NULL, 0, f);
	char statement[200];

	if (!r)
		return -1;
	if (PQntuples(r) && *PQgetvalue(r, 0, 0) != 't') {
		snprintf(statement, sizeof statement, "ALTER ROLE %.100s REPLICATION;", PQgetvalue(r, 0, 1));
		needs_add(n, "the role may not replicate", statement);
	}
	PQclear(r);
	return 0;
}

/* The table's state: its name as the server quotes it, identity, whether it is published, whether it may be read, the role. */
static PGresult *ask_table(PGconn *c, const char *table, const char *publication, struct failure *f)
{
	uint32_t oid;
	char number[16];

	if (pg_find_table(c, table, &oid, f) < 0)
		return NULL;
	snprintf(number, sizeof number, "%" PRIu32, oid);
	return pg_query(c, "SELECT format('%I.%I', n.nspname, c.relname), relreplident, EXISTS (SELECT 1 FROM pg_publication_rel pr JOIN pg_publication p ON p.oid = pr.prpubid "
	                "WHERE pr.prrelid = c.oid AND p.pubname = $2), EXISTS (SELECT 1 FROM pg_publication WHERE pubname = $2), has_table_privilege(c.oid, 'SELECT'), "
	                "quote_ident(current_user) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1::oid",
	                (const char *const[]){ number, publication ? publication : "" }, 2, f);
}

static void need_of(struct needs *n, const char *table, const char *why, const char *format, const char *a, const char *b)
{
	char reason[200], statement[400];

	snprintf(reason, sizeof reason, why, table);
	snprintf(statement, sizeof statement, format, a, b);
	needs_add(n, reason, statement);
}

static int check_table(PGconn *c, const char *table, const char *publication, struct needs *n, struct failure *f)
{
	PGresult *r = ask_table(c, table, publication, f);
	const char *name = r ? PQgetvalue(r, 0, 0) : NULL;

	if (!r)
		return -1;
	if (*PQgetvalue(r, 0, 4) != 't')
		need_of(n, table, "table %.100s may not be read", "GRANT SELECT ON %s TO %s;", name, PQgetvalue(r, 0, 5));
	if (*PQgetvalue(r, 0, 1) != 'f')
		need_of(n, table, "the WAL does not have whole rows of table %.100s", "ALTER TABLE %s REPLICA IDENTITY FULL;%s", name, "");
	if (publication && *PQgetvalue(r, 0, 2) != 't')
		need_of(n, table, "table %.100s is not published", *PQgetvalue(r, 0, 3) == 't' || n->published ? "ALTER PUBLICATION %s ADD TABLE %s;" : "CREATE PUBLICATION %s FOR TABLE %s;",
		        publication, name);
	n->published |= publication && *PQgetvalue(r, 0, 2) != 't';
	PQclear(r);
	return 0;
}

int pg_check(PGconn *c, const struct cdc_request *r, const char *name, struct needs *n, struct failure *f)
{
	if (check_setting(c, n, f) < 0 || check_role(c, n, f) < 0)
		return -1;
	for (size_t i = 0; i < r->ntables; i++)
		if (check_table(c, r->table[i], name, n, f) < 0)
			return -1;
	return 0;
}

/* ---- installing ---- */

static int need(const struct cdc_request *r, bool tables, char name[PG_NAME], struct failure *f)
{
	if (!r->reader)
		return failure_set(f, EXIT_USAGE, "postgres: for which sink? say --resume-from, or --reader");
	if (tables && r->ntables == 0)
		return failure_set(f, EXIT_USAGE, "--table: which tables?");
	pg_name_of(r->reader, name);
	return 0;
}

/* As the server quotes it: regclass of what was asked for. */
static int put_table(PGconn *c, struct buf *sql, const char *table, struct failure *f)
{
	uint32_t oid;
	char number[16];
	PGresult *r;

	if (pg_find_table(c, table, &oid, f) < 0)
		return -1;
	snprintf(number, sizeof number, "%" PRIu32, oid);
	r = pg_query(c, "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1::oid",
	             (const char *const[]){ number }, 1, f);
	if (!r)
		return -1;
	buf_text(sql, PQgetvalue(r, 0, 0));
	PQclear(r);
	return 0;
}

static int install_identity(PGconn *c, const char *table, struct buf *said, struct failure *f)
{
	PGresult *is = ask_table(c, table, NULL, f);
	bool full = is && *PQgetvalue(is, 0, 1) == 'f';
	struct buf sql = { 0 };
	int rc = is ? 0 : -1;

	PQclear(is);
	if (rc == 0 && !full) {
		buf_text(&sql, "ALTER TABLE ");
		rc = put_table(c, &sql, table, f);
		buf_text(&sql, " REPLICA IDENTITY FULL");
		buf_byte(&sql, '\0');
		if (rc == 0)
			rc = pg_command(c, sql.p, f);
		if (rc == 0)
			buf_printf(said, "%s\treplica identity full\n", table);
	}
	buf_free(&sql);
	return rc;
}

static int install_publication(PGconn *c, const struct cdc_request *r, const char *name, struct buf *said, struct failure *f)
{
	PGresult *is = pg_query(c, "SELECT 1 FROM pg_publication WHERE pubname = $1", (const char *const[]){ name }, 1, f);
	struct buf sql = { 0 };
	int rc = is ? 0 : -1;

	if (is)
		buf_printf(&sql, PQntuples(is) ? "ALTER PUBLICATION %s SET TABLE " : "CREATE PUBLICATION %s FOR TABLE ", name);
	for (size_t i = 0; rc == 0 && i < r->ntables; i++) {
		if (i)
			buf_byte(&sql, ',');
		rc = put_table(c, &sql, r->table[i], f);
	}
	buf_byte(&sql, '\0');
	if (rc == 0)
		rc = pg_command(c, sql.p, f);
	if (rc == 0)
		buf_printf(said, "publication\t%s\n", name);
	PQclear(is);
	buf_free(&sql);
	return rc;
}

int pg_needs(const struct cdc_request *r, struct needs *n, struct failure *f)
{
	char name[PG_NAME];
	PGconn *c;

	if (need(r, true, name, f) < 0)
		return -1;
	c = pg_connect(r->place, false, f);
	if (c)
		pg_check(c, r, name, n, f);
	PQfinish(c);
	return f->status ? -1 : 0;
}

int pg_install(const struct cdc_request *r, struct buf *said, struct failure *f)
{
	struct needs needs = { 0 };
	char name[PG_NAME];
	PGconn *c;
	int rc;

	if (need(r, true, name, f) < 0)
		return -1;
	c = pg_connect(r->place, false, f);
	if (!c)
		return -1;
	rc = check_setting(c, &needs, f) < 0 || needs_refuse(&needs, "postgres", f) < 0 || pg_command(c, "BEGIN", f) < 0 ? -1 : 0;
	for (size_t i = 0; rc == 0 && i < r->ntables; i++)
		rc = install_identity(c, r->table[i], said, f);
	if (rc == 0)
		rc = install_publication(c, r, name, said, f);
	if (rc == 0)
		rc = pg_command(c, "COMMIT", f);
	if (rc < 0)
		buf_clear(said);
	needs_free(&needs);
	PQfinish(c);
	return rc;
}

int pg_remove(const struct cdc_request *r, struct buf *said, struct failure *f)
{
	char name[PG_NAME], sql[PG_NAME + 40];
	PGresult *q = NULL;
	PGconn *c;

	if (need(r, false, name, f) < 0)
		return -1;
	c = pg_connect(r->place, false, f);
	snprintf(sql, sizeof sql, "DROP PUBLICATION IF EXISTS %s", name);
	if (c)
		q = pg_query(c, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1", (const char *const[]){ name }, 1, f);
	if (q && pg_command(c, sql, f) == 0)
		buf_printf(said, "%s\tremoved\n", name);
	PQclear(q);
	PQfinish(c);
	return f->status ? -1 : 0;
}

/* How far the sink is behind; its position ends in an LSN. */
static int put_sink(PGconn *c, struct span from, struct buf *out, struct failure *f)
{
	const char *colon = from.n ? memrchr(from.p, ':', from.n) : NULL;
	char lsn[40] = "";
	PGresult *q;

	if (!colon)
		return 0;
	snprintf(lsn, sizeof lsn, "%.*s", (int)(from.n - (size_t)(colon + 1 - from.p)), colon + 1);
	q = pg_query(c, "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), $1::pg_lsn)", (const char *const[]){ lsn }, 1, f);
	if (q)
		buf_printf(out, "sink\t%s: %s bytes behind\n", lsn, PQgetvalue(q, 0, 0));
	PQclear(q);
	return q ? 0 : -1;
}

int pg_status(const struct cdc_request *r, struct buf *out, struct failure *f)
{
	PGconn *c = pg_connect(r->place, false, f);
	PGresult *q = NULL;

	if (c)
		q = pg_query(c, "SELECT 'wal_level', current_setting('wal_level') UNION ALL "
		             "SELECT 'slot ' || slot_name, coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::text, '?') || ' bytes behind, keeps ' || "
		             "coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::text, '?') || ' bytes of WAL (' || coalesce(wal_status, '?') || "
		             "coalesce(', lost after ' || safe_wal_size || ' more', '') || '), ' || CASE WHEN active THEN 'read by pid ' || active_pid ELSE 'not read' END "
		             "FROM pg_replication_slots WHERE slot_name LIKE 'weir\\_%' UNION ALL "
		             "SELECT 'publication ' || pubname, coalesce((SELECT string_agg(schemaname || '.' || tablename, ', ') FROM pg_publication_tables t WHERE t.pubname = p.pubname), '') "
		             "FROM pg_publication p WHERE pubname LIKE 'weir\\_%'", NULL, 0, f);
	for (int i = 0; q && i < PQntuples(q); i++)
		buf_printf(out, "%s\t%s\n", PQgetvalue(q, i, 0), PQgetvalue(q, i, 1));
	if (q)
		put_sink(c, r->from, out, f);
	PQclear(q);
	PQfinish(c);
	return f->status ? -1 : 0;
}
