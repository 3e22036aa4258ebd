/* SPDX-License-Identifier: MIT */
/* binlog -- the events of the binary log of MariaDB and MySQL, one at a time: as a server sends them and as they stand in its files (MariaDB
 * documentation, "Replication Protocol"; MySQL source, libbinlogevents). What it does not know is passed over; what is cut or damaged is refused.
 *
 *   binlog.c            events
 *   binlog_table.c      the columns that a table map describes
 *   binlog_row.c        rows, column by column
 *   binlog_charset.c    text in UTF-8
 *   binlog_statement.c  what a statement does to tables, as far as that matters
 *   binlog_place.c      positions
 *   binlog_reader.c     transactions: from events to changes */
#ifndef SPEED_CDC_MYSQL_BINLOG_H
#define SPEED_CDC_MYSQL_BINLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"

enum binlog_kind {
	BINLOG_OTHER,           /* of no concern to us */
	BINLOG_FORMAT,
	BINLOG_ROTATE,
	BINLOG_GTID,            /* begins a group: a transaction, or a statement of its own */
	BINLOG_GTID_LIST,       /* how far each domain had come where the file begins */
	BINLOG_STATEMENT,
	BINLOG_TABLE,
	BINLOG_INSERT,
	BINLOG_UPDATE,
	BINLOG_DELETE,
	BINLOG_COMMIT,
	BINLOG_PREPARE,         /* ends a group: it waits for XA COMMIT */
	BINLOG_INCIDENT,        /* the server says that its log lacks something */
	BINLOG_UNREADABLE,      /* of another server: rows in a form that is not known here */
};

/* What FORMAT says of the events behind it. A zeroed one: none has come. */
struct binlog_format {
	bool known, has_crc;
	uint8_t header[256];            /* length of the fixed part, by type */
};

enum { BINLOG_GTID_STANDALONE = 0x01, BINLOG_GTID_PREPARED = 0x40, BINLOG_GTID_COMPLETED = 0x80 };

struct binlog_event {
	enum binlog_kind kind;
	uint8_t type;
	uint32_t time;                  /* s since 1970; FORMAT: when the file was begun */
	uint32_t server;
	uint32_t end;                   /* where it ends in its file, the low 32 bits; 0: it is in none */
	uint32_t size;                  /* in the file */

	struct span file;               /* ROTATE: the one that follows, without directory */
	uint64_t at;                    /* and where its first event is */
	uint64_t seq;                   /* GTID */
	uint32_t domain;
	uint8_t flags;
	struct span xid;                /* GTID of a transaction in two phases: what names it */
	struct span list;               /* GTID_LIST: domain, server and number of each, 4, 4 and 8 bytes as they stand */
	struct span database, text;     /* STATEMENT */
	uint64_t table;                 /* TABLE, rows: number of the table map */
	struct span map;                /* TABLE: all behind the number */
	bool last;                      /* rows: of their statement */
	size_t width;                   /* columns */
	bool whole;                     /* the rows have all columns */
	struct span rows;
};

#define BINLOG_HEADER 19
#define BINLOG_XID 134          /* bytes of the longest xid: 4, two lengths, two parts of 64 */

/* One event, whole. format is what came before, and takes note of a FORMAT. Spans of *e point into bytes, or into room. 0; -1: *why. */
int binlog_event(struct binlog_format *format, struct span bytes, struct binlog_event *e, struct buf *room, const char **why);

#endif
