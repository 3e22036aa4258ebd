/* SPDX-License-Identifier: MIT */
#include <errmsg.h>
#include <mysqld_error.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/diag.h"
#include "lib/base/mem.h"
#include "lib/text/percent.h"
#include "speed/cdc/database.h"
#include "speed/cdc/mysql/mysql_source.h"

/* ---- addresses ---- */

/* What stands before the first of `until`, decoded; *text stands on that then, or at the end. NULL: it is empty, or badly encoded. */
static char *take_part(const char **text, const char *until, struct failure *f)
{
	size_t n = strcspn(*text, until);
	struct buf out = { 0 };
	char *part = NULL;

	if (percent_decode(&out, (struct span){ *text, n }) < 0)
		failure_set(f, EXIT_USAGE, "mysql: \"%s\": two digits come behind %%", diag_show(*text, n));
	else if (n)
		part = mem_text(buf_view(&out));
	*text += n;
	buf_free(&out);
	return part;
}

static int take_option(struct mysql_address *a, const char *name, char *value, struct failure *f)
{
	bool has = value && *value;

	if (has && strcmp(name, "socket") == 0)
		a->socket = value;
	else if (has && strcmp(name, "sslrootcert") == 0)
		a->ca = value;
	else if (has && strcmp(name, "sslmode") == 0 && (strcmp(value, "disable") == 0 || strcmp(value, "verify-full") == 0)) {
		a->verify = *value == 'v';
		free(value);
	} else {
		free(value);
		return failure_set(f, EXIT_USAGE, "mysql: options of the address are socket=PATH, sslmode=disable|verify-full and sslrootcert=FILE, not \"%s\"", name);
	}
	return 0;
}

static int take_options(struct mysql_address *a, const char *text, struct failure *f)
{
	while (*text && f->status == 0) {
		char *name = take_part(&text, "=&", f), *value = NULL;

		if (*text == '=') {
			text++;
			value = take_part(&text, "&", f);
		}
		text += *text == '&';
		if (f->status == 0)
			take_option(a, name ? name : "", value, f);
		free(name);
	}
	return f->status ? -1 : 0;
}

static int take_host(struct mysql_address *a, const char **text, struct failure *f)
{
	const char *at = strpbrk(*text, "@/?");

	if (at && *at == '@') {
		a->user = take_part(text, ":@", f);
		if (**text == ':')
			return failure_set(f, EXIT_USAGE, "mysql: a password in the address can be seen by everybody: write it into ~/.my.cnf, under [client]");
		++*text;
	}
	if (**text == '[') {
		++*text;
		a->host = take_part(text, "]", f);
		*text += **text == ']';
	} else {
		a->host = take_part(text, ":/?", f);
	}
	if (**text == ':')
		a->port = (unsigned)strtoul(*text + 1, (char **)text, 10);
	return f->status ? -1 : 0;
}

int mysql_address_parse(struct mysql_address *a, const char *place, struct failure *f)
{
	if (strncmp(place, "//", 2) != 0)
		return failure_set(f, EXIT_USAGE, "mysql: the address is written mysql://user@host/database");
	place += 2;
	if (take_host(a, &place, f) < 0)
		return -1;
	if (*place && *place != '/' && *place != '?')
		return failure_set(f, EXIT_USAGE, "mysql: \"%s\" is no port", diag_show(place, strlen(place)));
	place += *place == '/';
	a->database = take_part(&place, "?", f);
	if (!a->database)
		a->database = mem_text(SPAN(""));
	a->verify = database_is_remote(a->host);
	return f->status || take_options(a, place + (*place == '?'), f) < 0 ? -1 : 0;
}

void mysql_address_free(struct mysql_address *a)
{
	free(a->user);
	free(a->host);
	free(a->database);
	free(a->socket);
	free(a->ca);
}

/* ---- sessions ---- */

/* The server is not there any more, not yet, or does not let us in. */
static bool is_gone(unsigned error)
{
	static const unsigned gone[] = {
		CR_SERVER_LOST, CR_SERVER_GONE_ERROR, CR_CONNECTION_ERROR, CR_CONN_HOST_ERROR, CR_UNKNOWN_HOST, CR_SSL_CONNECTION_ERROR, ER_SERVER_SHUTDOWN,
		ER_ACCESS_DENIED_ERROR, ER_DBACCESS_DENIED_ERROR, ER_BAD_DB_ERROR, ER_CON_COUNT_ERROR,
	};

	for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
		if (error == gone[i])
			return true;
	return false;
}

int mysql_failed(MYSQL *c, int status, struct failure *f)
{
	const char *said = mysql_error(c);
	char line[300];
	size_t n = 0;

	for (; *said && n < sizeof line - 1; said++)
		line[n++] = *said == '\n' ? ' ' : *said;
	line[n] = '\0';
	return failure_set(f, is_gone(mysql_errno(c)) ? EXIT_SERVICE : status, "mysql: %s", *line ? line : "the connection has ended");
}

/* Times in UTC, text in UTF-8, no mode that changes how values look; whoever reads slowly is waited for. */
#define SETTINGS "SET time_zone = '+00:00', sql_mode = '', net_write_timeout = 31536000, lock_wait_timeout = 60"

static void set_options(MYSQL *c, const struct mysql_address *a, int64_t timeout_ms)
{
	unsigned connect_s = 30, read_s = (unsigned)((timeout_ms + 999) / 1000);
	size_t packet = (size_t)1 << 30;
	my_bool yes = 1;

	mysql_options(c, MYSQL_READ_DEFAULT_GROUP, "cdc-tail");
	mysql_options(c, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	mysql_options(c, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
	mysql_options(c, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
	if (timeout_ms)
		mysql_options(c, MYSQL_OPT_READ_TIMEOUT, &read_s);
	if (a->ca)
		mysql_ssl_set(c, NULL, NULL, a->ca, NULL, NULL);
	if (a->verify) {
		mysql_options(c, MYSQL_OPT_SSL_ENFORCE, &yes);
		mysql_options(c, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
	}
}

MYSQL *mysql_session(const struct mysql_address *a, int64_t timeout_ms, struct failure *f)
{
	MYSQL *c = mysql_init(NULL);

	if (!c)
		mem_fail();
	set_options(c, a, timeout_ms);
	if (!mysql_real_connect(c, a->host, a->user, NULL, *a->database ? a->database : NULL, a->port, a->socket, 0))
		mysql_failed(c, EXIT_SERVICE, f);
	else if (mysql_run(c, SETTINGS, f) == 0 && mysql_run(c, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY", f) == 0)
		return c;
	mysql_close(c);
	return NULL;
}

int mysql_run(MYSQL *c, const char *sql, struct failure *f)
{
	return mysql_real_query(c, sql, strlen(sql)) ? mysql_failed(c, EXIT_CONFIG, f) : 0;
}

MYSQL_RES *mysql_ask(MYSQL *c, const char *sql, struct failure *f)
{
	MYSQL_RES *rows = mysql_run(c, sql, f) < 0 ? NULL : mysql_store_result(c);

	if (!rows && f->status == 0)
		mysql_failed(c, EXIT_CONFIG, f);
	return rows;
}

char *mysql_ask_one(MYSQL *c, const char *sql, struct failure *f)
{
	MYSQL_RES *rows = mysql_ask(c, sql, f);
	MYSQL_ROW row = rows ? mysql_fetch_row(rows) : NULL;
	char *value = row && row[0] ? mem_text(span_of(row[0])) : NULL;

	mysql_free_result(rows);
	return value;
}

void mysql_put_name(struct buf *sql, const char *name)
{
	database_put_quoted(sql, name, '`');
}

void mysql_put_text(MYSQL *c, struct buf *sql, const char *text)
{
	size_t n = strlen(text);

	buf_byte(sql, '\'');
	buf_room(sql, 2 * n + 1);
	sql->n += mysql_real_escape_string(c, sql->p + sql->n, text, n);
	buf_byte(sql, '\'');
}

int mysql_gtids_at(MYSQL *c, const struct binlog_place *at, struct binlog_place *has, bool *known, struct failure *f)
{
	struct buf sql = { 0 };
	char *list;

	buf_text(&sql, "SELECT BINLOG_GTID_POS(");
	mysql_put_text(c, &sql, at->file);
	buf_printf(&sql, ", %" PRIu64 ")", at->at);
	buf_byte(&sql, '\0');
	list = mysql_ask_one(c, sql.p, f);
	*known = list && binlog_gtids_parse(has, span_of(list)) == 0;
	buf_free(&sql);
	free(list);
	return f->status ? -1 : 0;
}

int mysql_server_id(MYSQL *c, uint32_t *id, struct failure *f)
{
	char *text = mysql_ask_one(c, "SELECT @@global.server_id", f);

	*id = text ? (uint32_t)strtoul(text, NULL, 10) : 0;
	free(text);
	return *id ? 0 : f->status ? -1 : failure_set(f, EXIT_CONFIG, "mysql: the server has no server_id");
}
