/* SPDX-License-Identifier: MIT */
/* binlog_place -- a position in the binlogs of a server: behind which transaction of each domain (GTID), and where that ends in which file. The first
 * is what another server knows as well; the second tells a log from one that was begun anew.
 *
 *   mysql:SERVER:GTID,...:XID@OFFSET@FILE,...:CREATED:OFFSET:FILE
 *
 * FILE: empty where nothing has come since another server took over. CREATED: when the file was begun, s; 0: not known. XID: a transaction in two phases (XA) that is prepared, in hex, and where its rows are; OFFSET 0:
 * none of them is wanted. */
#ifndef SPEED_CDC_MYSQL_BINLOG_PLACE_H
#define SPEED_CDC_MYSQL_BINLOG_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/failure.h"
#include "lib/base/span.h"

struct binlog_gtid {
	uint32_t domain, server;
	uint64_t seq;
};

struct binlog_prepared {
	char *xid, *file;
	uint64_t at;
};

struct binlog_place {
	uint32_t server;
	struct binlog_gtid *gtid;       /* one for each domain */
	size_t n;
	struct binlog_prepared *prepared;
	size_t nprepared;
	uint32_t created;
	uint64_t at;
	char file[256];
};

void binlog_place_free(struct binlog_place *p);
/* 0; -1: EXIT_CONFIG, it is none. *p is empty before. */
int binlog_place_parse(struct binlog_place *p, struct span text, struct failure *f);
void binlog_place_print(const struct binlog_place *p, struct buf *out);

/* `0-1-5,1-2-7`. -1: it is none. */
int binlog_gtids_parse(struct binlog_place *p, struct span text);
void binlog_gtids_print(const struct binlog_place *p, struct buf *out);
/* The last one of a domain; NULL: none. */
const struct binlog_gtid *binlog_place_gtid(const struct binlog_place *p, uint32_t domain);
void binlog_place_set(struct binlog_place *p, struct binlog_gtid g);
void binlog_place_drop(struct binlog_place *p, uint32_t domain);
/* NULL: none of that name is prepared. */
const struct binlog_prepared *binlog_place_prepared(const struct binlog_place *p, const char *xid);
void binlog_place_prepare(struct binlog_place *p, const char *xid, const char *file, uint64_t at);
/* It is committed, or taken back. */
void binlog_place_decide(struct binlog_place *p, const char *xid);
/* Takes over the name of a file. -1: it is too long. */
int binlog_place_file(struct binlog_place *p, struct span name);

#endif
