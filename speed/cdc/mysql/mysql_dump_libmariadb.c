/* SPDX-License-Identifier: MIT */
/* The replication calls of the library mistake parts of the protocol (lengths at rotation, types of values), so only its connection is used:
 * COM_BINLOG_DUMP, and then packets with an event each. */
#include <errmsg.h>
#include <inttypes.h>
#include <mysqld_error.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/diag.h"
#include "lib/base/hash.h"
#include "speed/cdc/mysql/mysql_source.h"

#include <ma_pvio.h>            /* needs what comes before it */

#define NON_BLOCK 1             /* of the dump: it ends where the log does */

/* Servers know those who read their log by a number, and end the connection of one when another comes with the same: an earlier run of ours, if it
 * hangs. */
static uint32_t number_of(const char *reader)
{
	char host[256] = "";
	uint64_t n = 0;

	if (reader && gethostname(host, sizeof host - 1) == 0)
		n = hash_xxh64(reader, strlen(reader)) ^ hash_xxh64(host, strlen(host));
	else if (getrandom(&n, sizeof n, 0) < 0)
		n = (uint64_t)clock_ms(CLOCK_REALTIME);
	return (uint32_t)n | UINT32_C(1) << 31;
}

/* What the server is to know before: that events may come as they are, and how often it shall say that it is there. */
static int prepare(MYSQL *c, const struct binlog_place *from, int64_t timeout_ms, struct failure *f)
{
	struct buf sql = { 0 };
	int rc;

	buf_printf(&sql, "SET @mariadb_slave_capability = 4, @master_binlog_checksum = @@global.binlog_checksum, @master_heartbeat_period = %" PRId64, timeout_ms / 4 * 1000000);
	if (from->n) {
		buf_text(&sql, ", @slave_gtid_strict_mode = 1, @slave_connect_state = '");
		binlog_gtids_print(from, &sql);
		buf_byte(&sql, '\'');
	}
	buf_byte(&sql, '\0');
	rc = mysql_run(c, sql.p, f);
	buf_free(&sql);
	return rc;
}

static void put_little(struct buf *out, uint64_t v, size_t n)
{
	for (; n-- > 0; v >>= 8)
		buf_byte(out, (char)v);
}

/* By GTID the file is the server's affair. Offsets are of 32 bits. */
static int send_dump(MYSQL *c, const struct binlog_place *from, bool blocks, uint32_t number, struct failure *f)
{
	struct buf packet = { 0 };
	int rc;

	if (!from->n && from->at > UINT32_MAX)
		return failure_set(f, EXIT_CONFIG, "mysql: %s: offset %" PRIu64 " is beyond what the server can be asked for", from->file, from->at);
	put_little(&packet, from->n ? 4 : from->at, 4);
	put_little(&packet, blocks ? 0 : NON_BLOCK, 2);
	put_little(&packet, number, 4);
	if (!from->n)
		buf_text(&packet, from->file);
	rc = c->methods->db_command(c, COM_BINLOG_DUMP, packet.p, packet.n, 1, NULL);
	buf_free(&packet);
	return rc ? mysql_failed(c, EXIT_SERVICE, f) : 0;
}

MYSQL *mysql_dump(struct mysql_source *s, const struct binlog_place *from, bool blocks, struct failure *f)
{
	MYSQL *c = mysql_session(&s->address, s->request->timeout_ms, f);

	/* one that only looks has a number that nobody else has */
	if (c && prepare(c, from, s->request->timeout_ms, f) == 0 && send_dump(c, from, blocks, number_of(blocks ? s->request->reader : NULL), f) == 0)
		return c;
	mysql_close(c);
	return NULL;
}

/* The library reads ahead, so the socket alone does not tell. */
bool mysql_dump_ready(MYSQL *dump)
{
	const MARIADB_PVIO *io = dump->net.pvio;
	struct pollfd p = { .fd = mysql_get_socket(dump), .events = POLLIN };

	return (io && io->cache && io->cache_pos < io->cache + io->cache_size) || poll(&p, 1, 0) != 0;
}

static int dump_failed(MYSQL *dump, struct failure *f)
{
	switch (mysql_errno(dump)) {
	case ER_MASTER_FATAL_ERROR_READING_BINLOG:       /* and all else that is wrong with a position */
		return failure_set(f, EXIT_CONFIG, "mysql: the binlog does not have what follows: changes are lost, or the server is another one (feed a fresh sink, or say --on-gap continue): %s",
		                   mysql_error(dump));
	case ER_SLAVE_SAME_ID:
		return failure_set(f, EXIT_RETRY, "mysql: another run of the same reader has taken over");
	case ER_SPECIFIC_ACCESS_DENIED_ERROR:
		return failure_set(f, EXIT_CONFIG, "mysql: the binlog may not be read: GRANT REPLICATION SLAVE ON *.* TO the user: %s", mysql_error(dump));
	default:
		return mysql_failed(dump, EXIT_SERVICE, f);
	}
}

int mysql_dump_next(MYSQL *dump, struct span *event, struct failure *f)
{
	unsigned long n = mysql_net_read_packet(dump);
	const char *p = (const char *)dump->net.read_pos;

	if (n == packet_error || n == 0)
		return dump_failed(dump, f);
	if ((unsigned char)*p == 0xfe && n < 9)
		return 0;
	if (*p != 0)
		return failure_set(f, EXIT_DATA, "mysql: a packet of the binlog is damaged");
	*event = (struct span){ p + 1, n - 1 };
	return 1;
}

/* Of that group alone, on a connection of its own. */
int mysql_replay(void *source, const char *file, uint64_t at, struct emit *out, struct failure *f)
{
	struct mysql_source *s = source;
	struct binlog_place from = { .at = at };
	MYSQL *c = binlog_place_file(&from, span_of(file)) < 0 ? NULL : mysql_dump(s, &from, false, f);
	struct span event;
	bool begun = false;
	int rc = c ? 1 : -1;

	while (rc > 0 && !(begun && binlog_between(&s->reader))) {
		rc = mysql_dump_next(c, &event, f);
		if (rc == 0)
			rc = failure_set(f, EXIT_DATA, "mysql: %s: the transaction that was prepared at offset %" PRIu64 " is not there", file, at);
		if (rc > 0)
			rc = binlog_take(&s->reader, event, out, f);
		begun |= !binlog_between(&s->reader);
	}
	mysql_close(c);
	return rc;
}
