/* SPDX-License-Identifier: MIT */
#include <mysqld_error.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/diag.h"
#include "lib/base/mem.h"
#include "speed/cdc/mysql/mysql_source.h"

/* ---- the server ---- */

static int check_setting(MYSQL *c, struct needs *n, const char *name, const char *wanted, struct failure *f)
{
	char sql[120], why[200], statement[120];
	char *value;

	snprintf(sql, sizeof sql, "SELECT @@global.%s", name);
	value = mysql_ask_one(c, sql, f);
	if (f->status)
		return -1;
	if (!value || strcmp(value, wanted) != 0) {
		snprintf(why, sizeof why, "%s is %.60s", name, value ? value : "unknown");
		snprintf(statement, sizeof statement, "SET GLOBAL %s = %s;", name, wanted);
		needs_add(n, why, statement);
	}
	free(value);
	return 0;
}

/* 1: it writes a binlog that is read here; 0: something is needed; -1. */
static int check_server(MYSQL *c, struct needs *n, struct failure *f)
{
	char *log = NULL;
	bool writes;

	if (!strstr(mysql_get_server_info(c), "MariaDB"))
		return failure_set(f, EXIT_CONFIG, "mysql: this is MySQL %s: only the binlog of MariaDB is read", mysql_get_server_info(c));
	log = mysql_ask_one(c, "SELECT @@global.log_bin", f);
	if (f->status)
		return -1;
	writes = log && strcmp(log, "1") == 0;
	free(log);
	if (!writes) {
		needs_add(n, "the server writes no binlog", "-- write log_bin, and a server_id of its own, into the server's my.cnf, and start it again");
		return 0;
	}
	return check_setting(c, n, "binlog_format", "ROW", f) < 0 || check_setting(c, n, "binlog_row_image", "FULL", f) < 0 ||
	       check_setting(c, n, "binlog_row_metadata", "FULL", f) < 0 ? -1 : 1;
}

static void need_right(struct mysql_source *s, struct needs *n, const char *right, const struct binlog_name *on)
{
	struct failure ignored = { 0 };
	char *user = mysql_ask_one(s->plain, "SELECT CONCAT('\\'', REPLACE(CURRENT_USER(), '@', '\\'@\\''), '\\'')", &ignored);
	struct buf statement = { 0 };

	buf_printf(&statement, "GRANT %s ON ", right);
	if (on) {
		mysql_put_name(&statement, on->database);
		buf_byte(&statement, '.');
		mysql_put_name(&statement, on->table);
	} else {
		buf_text(&statement, "*.*");
	}
	buf_printf(&statement, " TO %s;", user ? user : "the user");
	needs_add(n, on ? "its rows may not be read" : "the binlog may not be read", statement.p);
	buf_free(&statement);
	free(user);
}

/* Whether the binlog may be read only reading it tells. */
static int check_dump(struct mysql_source *s, struct needs *n, struct failure *f)
{
	struct failure why = { 0 };
	struct span event;
	MYSQL *dump = NULL;

	if (mysql_view(s, f) == 0 && mysql_run(s->plain, "ROLLBACK", f) == 0)
		dump = mysql_dump(s, &s->reader.place, false, f);
	if (!dump)
		return -1;
	if (mysql_dump_next(dump, &event, &why) < 0 && mysql_errno(dump) == ER_SPECIFIC_ACCESS_DENIED_ERROR)
		need_right(s, n, "REPLICATION SLAVE", NULL);
	else if (why.status)
		failure_set(f, why.status, "%s", why.text);
	mysql_close(dump);
	return f->status ? -1 : 0;
}

/* ---- tables ---- */

static void put_where(struct mysql_source *s, struct buf *sql, const char *database, const char *table, const struct binlog_name *w)
{
	buf_printf(sql, " WHERE %s = ", database);
	mysql_put_text(s->plain, sql, w->database);
	buf_printf(sql, " AND %s = ", table);
	mysql_put_text(s->plain, sql, w->table);
}

static MYSQL_RES *ask_of(struct mysql_source *s, const char *select, const char *database, const char *table, const struct binlog_name *w, const char *and, struct failure *f)
{
	struct buf sql = { 0 };
	MYSQL_RES *rows;

	buf_text(&sql, select);
	put_where(s, &sql, database, table, w);
	buf_text(&sql, and);
	buf_byte(&sql, '\0');
	rows = mysql_ask(s->plain, sql.p, f);
	buf_free(&sql);
	return rows;
}

static int check_kind(struct mysql_source *s, const struct binlog_name *w, struct failure *f)
{
	MYSQL_RES *rows = ask_of(s, "SELECT table_type, engine FROM information_schema.tables", "table_schema", "table_name", w, "", f);
	MYSQL_ROW row = rows ? mysql_fetch_row(rows) : NULL;

	if (row && strcmp(row[0], "BASE TABLE") != 0)
		failure_set(f, EXIT_CONFIG, "mysql: %s.%s is a %s: only plain tables are captured", w->database, w->table, row[0]);
	else if (row && row[1] && strcasecmp(row[1], "InnoDB") != 0 && s->request->snapshot != SNAPSHOT_NEVER && !s->request->from.n)
		failure_set(f, EXIT_CONFIG, "mysql: table %s is of engine %s, whose rows cannot be read as they were at a place in the binlog: say --snapshot never",
		            w->table, row[1]);
	mysql_free_result(rows);
	return f->status ? -1 : 0;
}

/* 1: it may be read; 0: that is needed; -1: there is none. */
static int check_right(struct mysql_source *s, const struct binlog_name *w, struct needs *n, struct failure *f)
{
	struct buf sql = { 0 };
	unsigned error;

	buf_text(&sql, "SELECT 1 FROM ");
	mysql_put_name(&sql, w->database);
	buf_byte(&sql, '.');
	mysql_put_name(&sql, w->table);
	buf_text(&sql, " LIMIT 0");
	error = mysql_real_query(s->plain, sql.p, sql.n) ? mysql_errno(s->plain) : 0;
	buf_free(&sql);
	if (error == ER_TABLEACCESS_DENIED_ERROR)
		need_right(s, n, "SELECT", w);
	else if (error == ER_NO_SUCH_TABLE)
		return failure_set(f, EXIT_CONFIG, "mysql: there is no table %s.%s", w->database, w->table);
	else if (error)
		return mysql_failed(s->plain, EXIT_CONFIG, f);
	else
		mysql_free_result(mysql_store_result(s->plain));
	return !error;
}

static bool acts(const char *line, size_t n)
{
	static const char *const action[] = { "ON DELETE CASCADE", "ON DELETE SET ", "ON UPDATE CASCADE", "ON UPDATE SET " };

	for (size_t i = 0; i < sizeof action / sizeof *action; i++)
		if (memmem(line, n, action[i], strlen(action[i])))
			return true;
	return false;
}

/* The name of a foreign key that changes rows by itself, in what SHOW CREATE TABLE says, each on a line of its own; *n 0: there is none. */
static const char *acting_key(const char *text, size_t *n)
{
	static const char begin[] = "\n  CONSTRAINT `";

	for (const char *at = text; (at = strstr(at, begin));) {
		const char *name = at + sizeof begin - 1, *end = strchrnul(name, '\n');

		*n = strcspn(name, "`");
		if (memmem(name, (size_t)(end - name), "FOREIGN KEY", 11) && acts(name, (size_t)(end - name)))
			return name;
		at = end;
	}
	*n = 0;
	return "";
}

/* Rows that InnoDB changes to keep a foreign key are not in the binlog. information_schema hides keys from those who may only read. */
static int check_cascades(struct mysql_source *s, const struct binlog_name *w, struct failure *f)
{
	struct buf sql = { 0 };
	MYSQL_RES *rows;
	MYSQL_ROW row;
	const char *key = "";
	size_t n = 0;

	buf_text(&sql, "SHOW CREATE TABLE ");
	mysql_put_name(&sql, w->database);
	buf_byte(&sql, '.');
	mysql_put_name(&sql, w->table);
	buf_byte(&sql, '\0');
	rows = mysql_ask(s->plain, sql.p, f);
	row = rows ? mysql_fetch_row(rows) : NULL;
	if (row && row[1])
		key = acting_key(row[1], &n);
	if (n && s->request->continue_at_gap)
		warn("mysql: table %s: what its foreign key %.*s changes by itself is not captured", w->table, (int)n, key);
	else if (n)
		failure_set(f, EXIT_CONFIG, "mysql: table %s: its foreign key %.*s changes rows by itself, and the binlog does not have them (--on-gap continue goes on without)",
		            w->table, (int)n, key);
	mysql_free_result(rows);
	buf_free(&sql);
	return f->status ? -1 : 0;
}

int mysql_check(struct mysql_source *s, struct needs *n, struct failure *f)
{
	int rc = check_server(s->plain, n, f);

	if (rc <= 0)
		return rc;
	for (size_t i = 0; i < s->reader.nwanted; i++) {
		const struct binlog_name *w = &s->reader.wanted[i];

		rc = check_right(s, w, n, f);
		if (rc < 0 || (rc > 0 && (check_kind(s, w, f) < 0 || check_cascades(s, w, f) < 0)))
			return -1;
	}
	return check_dump(s, n, f);
}

/* ---- looks ---- */

static bool may_look_else(const struct binlog_column *c)
{
	return c->type == TYPE_BLOB_COMPRESSED || c->type == TYPE_VARCHAR_COMPRESSED || (c->type == TYPE_STRING && c->collation == 63 && (c->meta == 16 || c->meta == 4));
}

/* collation: any one of its character set; NULL: none */
static int set_look(struct binlog_column *c, const char *type, const char *collation)
{
	if (c->type == TYPE_STRING) {
		c->look = strcmp(type, "uuid") == 0 ? LOOK_UUID : strcmp(type, "inet6") == 0 ? LOOK_INET6 : strcmp(type, "inet4") == 0 ? LOOK_INET4 : LOOK_PLAIN;
		return 0;
	}
	if (!collation)
		return 0;
	c->collation = (unsigned)strtoul(collation, NULL, 10);
	return binlog_charset(c->collation, &c->charset);
}

static int look_all(struct mysql_source *s, struct binlog_table *t, struct failure *f)
{
	const struct binlog_name w = { (char *)t->table.database, (char *)t->table.name };
	MYSQL_RES *rows = ask_of(s, "SELECT column_name, data_type, (SELECT MIN(c.id) FROM information_schema.collations c WHERE c.character_set_name = t.character_set_name) "
	                         "FROM information_schema.columns t", "table_schema", "table_name", &w, "", f);
	MYSQL_ROW row;

	while (rows && (row = mysql_fetch_row(rows)))
		for (size_t i = 0; i < t->table.n; i++)
			if (may_look_else(&t->column[i]) && strcmp(t->table.column[i], row[0]) == 0 && set_look(&t->column[i], row[1], row[2]) < 0)
				failure_set(f, EXIT_CONFIG, "mysql: table %s: column %s is of a character set that is not known here", t->table.name, row[0]);
	mysql_free_result(rows);
	return f->status ? -1 : 0;
}

int mysql_look(void *source, struct binlog_table *t, struct failure *f)
{
	struct mysql_source *s = source;
	bool needed = false;
	int rc;

	for (size_t i = 0; i < t->table.n; i++)
		needed |= may_look_else(&t->column[i]);
	if (!needed)
		return 0;
	mysql_close(s->plain);          /* after hours without a word the server may have ended it */
	s->plain = mysql_session(&s->address, s->request->timeout_ms, f);
	rc = s->plain ? look_all(s, t, f) : -1;
	mysql_close(s->plain);
	s->plain = NULL;
	return rc;
}
