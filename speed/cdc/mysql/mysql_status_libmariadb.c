/* SPDX-License-Identifier: MIT */
/* --status: how far the binlog reaches, and how far the sink is. */
#include <inttypes.h>
#include <stdio.h>

#include "lib/base/diag.h"
#include "speed/cdc/mysql/mysql_source.h"

static int put_setting(MYSQL *c, struct buf *out, const char *name, struct failure *f)
{
	char sql[120];
	char *value;

	snprintf(sql, sizeof sql, "SELECT @@global.%s", name);
	value = mysql_ask_one(c, sql, f);
	if (value)
		buf_printf(out, "%s\t%s\n", name, value);
	free(value);
	return f->status ? -1 : 0;
}

/* Without the right to see them (BINLOG MONITOR) the files are passed over. */
static void put_files(MYSQL *c, struct buf *out)
{
	struct failure ignored = { 0 };
	MYSQL_RES *rows = mysql_ask(c, "SHOW BINARY LOGS", &ignored);
	unsigned long long n = 0, bytes = 0;
	char oldest[256] = "";
	MYSQL_ROW row;

	while (rows && (row = mysql_fetch_row(rows))) {
		if (n++ == 0)
			snprintf(oldest, sizeof oldest, "%s", row[0]);
		bytes += strtoull(row[1], NULL, 10);
	}
	if (rows)
		buf_printf(out, "binlogs\t%llu files from %s on, %llu bytes\n", n, oldest, bytes);
	mysql_free_result(rows);
}

/* Transactions of its domains that the sink does not have. */
static void put_sink(const struct binlog_place *sink, const struct binlog_place *now, struct buf *out)
{
	uint64_t behind = 0;

	for (size_t i = 0; i < now->n; i++) {
		const struct binlog_gtid *has = binlog_place_gtid(sink, now->gtid[i].domain);
		uint64_t seq = has ? has->seq : 0;

		behind += now->gtid[i].seq > seq ? now->gtid[i].seq - seq : 0;
	}
	buf_text(out, "sink\t");
	binlog_gtids_print(sink, out);
	buf_printf(out, ", %s at %" PRIu64 ": %" PRIu64 " transactions behind\n", sink->file, sink->at, behind);
}

int mysql_status(struct mysql_source *s, struct buf *out, struct failure *f)
{
	static const char *const settings[] = { "server_id", "binlog_format", "binlog_row_image", "binlog_row_metadata", "binlog_expire_logs_seconds" };
	const struct binlog_place *now = &s->reader.place;
	struct binlog_place sink = { 0 };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof settings / sizeof *settings; i++)
		rc = put_setting(s->plain, out, settings[i], f);
	if (rc < 0 || mysql_view(s, f) < 0 || mysql_view_gtids(s, f) < 0)
		return -1;
	buf_printf(out, "binlog\t%s at %" PRIu64 "\ngtid\t", now->file, now->at);
	binlog_gtids_print(now, out);
	buf_byte(out, '\n');
	put_files(s->plain, out);
	if (s->request->from.n && binlog_place_parse(&sink, s->request->from, f) == 0)
		put_sink(&sink, now, out);
	binlog_place_free(&sink);
	return f->status ? -1 : 0;
}
