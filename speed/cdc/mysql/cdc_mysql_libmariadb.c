/* SPDX-License-Identifier: MIT */
/* mysql://... -- the binlog of MariaDB. The server keeps it for so long, whoever reads; where to go on is known by the sink alone.
 *
 * Position: binlog_place.h. By GTID the server finds the place, in whatever file, and so does a replica that took over. That the log is still the same
 * one is seen by the file, the offset and the time when the file was begun. */
#include <inttypes.h>
#include <mysqld_error.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/diag.h"
#include "lib/base/mem.h"
#include "speed/cdc/mysql/mysql_source.h"

#define STEP 1000               /* events of one call */
#define STEP_BYTES (4 << 20)
#define INSIDE_MS 1000          /* how long a look waits for the rest of a transaction */
#define LOOK_MS 1000            /* between looks at whether the server is still there */

/* ---- where to begin ---- */

static int gap(const struct mysql_source *s, struct failure *f, const char *what)
{
	if (!s->request->continue_at_gap)
		return failure_set(f, EXIT_CONFIG, "mysql: %s: changes are lost; feed a fresh sink, or say --on-gap continue", what);
	warn("mysql: %s: changes are lost", what);
	return 0;
}

static bool has_gtids(const struct binlog_place *a, const struct binlog_place *b)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct binlog_gtid *g = binlog_place_gtid(b, a->gtid[i].domain);

		if (!g || g->seq != a->gtid[i].seq || g->server != a->gtid[i].server)
			return false;
	}
	return true;
}

/* A log that was begun anew (RESET MASTER) may have the same files, and the same numbers of transactions. */
static int check_history(struct mysql_source *s, struct failure *f)
{
	const struct binlog_place *p = &s->reader.place;
	struct binlog_place has = { 0 };
	bool known, same;

	if (!*p->file)                  /* nothing has come since this server took over */
		return 0;
	if (mysql_gtids_at(s->plain, p, &has, &known, f) < 0)
		return -1;
	same = !known || (has_gtids(p, &has) && has_gtids(&has, p));
	binlog_place_free(&has);
	return same ? 0 : gap(s, f, "the binlog is not the one that the sink was fed from (RESET MASTER?)");
}

static int check_server(struct mysql_source *s, struct failure *f)
{
	struct binlog_place *p = &s->reader.place;
	uint32_t server;

	if (mysql_server_id(s->plain, &server, f) < 0)
		return -1;
	if (server == p->server)
		return check_history(s, f);
	if (!p->n)
		return failure_set(f, EXIT_CONFIG, "mysql: the sink was fed by server %" PRIu32 ", this one is %" PRIu32, p->server, server);
	warn("mysql: the sink was fed by server %" PRIu32 ", this one is %" PRIu32 ": going on by GTID", p->server, server);
	p->server = server;
	p->created = 0;
	p->file[0] = '\0';              /* its files are others */
	p->at = 0;
	return 0;
}

int mysql_stream_begin(struct mysql_source *s, struct failure *f)
{
	mysql_close(s->plain);
	mysql_close(s->dump);
	s->plain = NULL;
	s->is_new = true;
	s->at_end = false;
	s->heard_ms = clock_ms(CLOCK_MONOTONIC);
	binlog_reader_reset(&s->reader);
	s->dump = mysql_dump(s, &s->reader.place, s->request->follow, f);
	return s->dump ? 0 : -1;
}

/* The log has what follows no more: on request from where it is now. */
static int begin_at_end(struct mysql_source *s, struct failure *f)
{
	if (!s->plain)
		s->plain = mysql_session(&s->address, s->request->timeout_ms, f);
	if (!s->plain || mysql_view(s, f) < 0 || mysql_view_gtids(s, f) < 0 || mysql_run(s->plain, "COMMIT", f) < 0)
		return -1;
	return mysql_stream_begin(s, f);
}

static int begin(struct mysql_source *s, struct failure *f)
{
	const struct cdc_request *r = s->request;

	if (r->from.n)
		return binlog_place_parse(&s->reader.place, r->from, f) < 0 || check_server(s, f) < 0 ? -1 : mysql_stream_begin(s, f);
	return r->snapshot == SNAPSHOT_NEVER ? begin_at_end(s, f) : mysql_snapshot_begin(s, f);
}

/* ---- the stream ---- */

static unsigned long number_of(const char *file)
{
	const char *point = strrchr(file, '.');

	return point ? strtoul(point + 1, NULL, 10) : 0;
}

/* The first file that comes cannot be an older one than that of the position, nor the same one begun at another time. */
static int check_file(struct mysql_source *s, struct failure *f)
{
	const struct binlog_reader *r = &s->reader;
	struct binlog_place *p = &s->reader.place;
	bool same = strcmp(r->at.file, p->file) == 0;

	if (!s->is_new || !r->at.created)
		return 0;
	s->is_new = false;
	if (same && !p->created)
		p->created = r->at.created;
	if (!*p->file || (same && p->created == r->at.created) || (!same && number_of(r->at.file) > number_of(p->file)))
		return 0;
	return gap(s, f, "the binlog was begun anew (RESET MASTER?)");
}

static int receive(struct mysql_source *s, struct failure *f)
{
	struct failure why = { 0 };
	struct span event;
	int rc = mysql_dump_next(s->dump, &event, &why);

	if (rc < 0 && why.status == EXIT_CONFIG && mysql_errno(s->dump) == ER_MASTER_FATAL_ERROR_READING_BINLOG && s->request->continue_at_gap && s->is_new) {
		warn("%s", why.text);
		return begin_at_end(s, f) < 0 ? -1 : 2;
	}
	if (rc < 0)
		return failure_set(f, why.status, "%s", why.text);
	s->heard_ms = clock_ms(CLOCK_MONOTONIC);
	if (rc == 0)
		return 0;
	buf_clear(&s->held);
	buf_span(&s->held, event);
	s->is_held = true;
	return 1;
}

/* Within a transaction its rest is on its way. */
static enum cdc_event no_event(struct mysql_source *s, bool any, struct failure *f)
{
	struct pollfd p = { .fd = mysql_get_socket(s->dump), .events = POLLIN };

	if (clock_ms(CLOCK_MONOTONIC) - s->heard_ms > s->request->timeout_ms) {
		failure_set(f, EXIT_SERVICE, "mysql: the server has said nothing for %" PRId64 " s", s->request->timeout_ms / 1000);
		return CDC_ERROR;
	}
	if (binlog_between(&s->reader))
		return any || !(s->request->follow || s->at_end) ? CDC_MORE : CDC_DRY;
	poll(&p, 1, INSIDE_MS);
	return CDC_INSIDE;
}

/* 1: an event was taken; 0: behind a barrier; 2: there is none for now; -1. */
static int step(struct mysql_source *s, struct emit *out, size_t *bytes, struct failure *f)
{
	int rc;

	if (!s->is_held) {
		if (s->at_end || (s->request->follow && !mysql_dump_ready(s->dump)))
			return 2;
		rc = receive(s, f);
		if (rc == 0)
			s->at_end = true;
		if (rc != 1)
			return rc < 0 ? -1 : 2;
	}
	rc = binlog_take(&s->reader, buf_view(&s->held), out, f);
	if (rc <= 0)
		return rc;
	s->is_held = false;
	*bytes += s->held.n;
	return check_file(s, f) < 0 ? -1 : 1;
}

static enum cdc_event next(void *driver, struct emit *out, struct failure *f)
{
	struct mysql_source *s = driver;
	size_t bytes = 0;

	if (s->in_snapshot)
		return mysql_snapshot_next(s, out, f);
	for (int i = 0; i < STEP && bytes < STEP_BYTES; i++) {
		bool was_inside = !binlog_between(&s->reader);
		int rc = step(s, out, &bytes, f);

		if (rc < 0)
			return CDC_ERROR;
		if (rc == 0)
			return CDC_BARRIER;
		if (rc == 2)
			return no_event(s, i > 0, f);
		if (was_inside && binlog_between(&s->reader) && out->pending)
			return CDC_MORE;
	}
	return binlog_between(&s->reader) ? CDC_MORE : CDC_INSIDE;
}

static void position(void *driver, struct buf *out)
{
	struct mysql_source *s = driver;

	if (!s->in_snapshot)                    /* half of one is nothing */
		binlog_position(&s->reader, out);
}

static int wait(void *driver, struct pollfd fds[2], size_t *n)
{
	struct mysql_source *s = driver;

	if (mysql_dump_ready(s->dump))
		return 0;
	fds[0] = (struct pollfd){ .fd = mysql_get_socket(s->dump), .events = POLLIN };
	*n = 1;
	return LOOK_MS;
}

/* ---- beginning and end ---- */

static void close_source(void *driver)
{
	struct mysql_source *s = driver;

	mysql_snapshot_end(s);
	mysql_close(s->dump);
	mysql_close(s->plain);
	binlog_reader_free(&s->reader);
	mysql_address_free(&s->address);
	buf_free(&s->held);
	free(s);
}

static struct mysql_source *connect_source(const struct cdc_request *r, struct failure *f)
{
	struct mysql_source *s = mem_zalloc(sizeof *s);

	s->request = r;
	s->reader = (struct binlog_reader){ .request = r, .source = "mysql", .look = mysql_look, .replay = mysql_replay, .context = s, .has_rows = r->from.n || r->snapshot != SNAPSHOT_NEVER };
	if (mysql_address_parse(&s->address, r->place, f) == 0 && binlog_want(&s->reader, s->address.database, f) == 0)
		s->plain = mysql_session(&s->address, r->timeout_ms, f);
	if (s->plain)
		return s;
	close_source(s);
	return NULL;
}

static void *open_source(const struct cdc_request *r, struct failure *f)
{
	struct mysql_source *s = connect_source(r, f);
	struct needs needs = { 0 };
	int rc = s ? mysql_check(s, &needs, f) : -1;

	if (rc >= 0)
		rc = needs_refuse(&needs, "mysql", f);
	needs_free(&needs);
	if (s)
		binlog_place_free(&s->reader.place);    /* what the check has looked at */
	if (rc == 0 && begin(s, f) == 0)
		return s;
	if (s)
		close_source(s);
	return NULL;
}

static int needs(const struct cdc_request *r, struct needs *n, struct failure *f)
{
	struct mysql_source *s = connect_source(r, f);
	int rc = s ? mysql_check(s, n, f) : -1;

	if (s)
		close_source(s);
	return rc < 0 ? -1 : 0;
}

static int query(const struct cdc_request *r, const char *tail, cdc_each *each, void *context, struct failure *f)
{
	struct mysql_source *s = connect_source(r, f);
	int rc = s ? mysql_query_table(s, tail, each, context, f) : -1;

	if (s)
		close_source(s);
	return rc;
}

static int status(const struct cdc_request *r, struct buf *out, struct failure *f)
{
	struct mysql_source *s = connect_source(r, f);
	int rc = s ? mysql_status(s, out, f) : -1;

	if (s)
		close_source(s);
	return rc;
}

const struct cdc_driver cdc_mysql = {
	.scheme = "mysql", .connector = "mariadb", .has_tx = true, .open = open_source, .close = close_source, .next = next, .position = position, .wait = wait,
	.query = query, .quote = '`', .needs = needs, .status = status,
};
