/* SPDX-License-Identifier: MIT */
/* segment -- one file of a log, as bytes. Text that cat, grep, zcat and zgrep read:
 *
 *   #!weir segment v=1 log=<id> first=<position> chain=<chain there> format=csv columns=<crc32c of the columns> crc=<crc32c>
 *                                                                            file <first, 20 digits>.log; columns= in CSV and TSV
 *   #!weir columns a,b,c                                                     CSV, TSV: of all records of this segment
 *   records as controlled streams have them (what looks like a control line is escaped), each with \n
 *   #!weir block first=<pos> n=<records> lines=<physical lines> len=<bytes> chain=<chain behind> synced=<pos> t=<ms> [more=1]
 *                [epoch=e run=R src=P [final=1] [rejects=<bytes> rejects_to=FILE]] [once=ID] [changes=1] crc=<crc32c>
 *   ...
 *   #!weir seal first=<pos> n=<records of the segment> len=<bytes before this line> chain=<last> crc=<crc32c>        only in closed segments
 *
 * A block is one write: its records and its trailer. crc is over the line alone, up to " crc="; the records are covered by
 * chain. more=1: the epoch goes on in the next block, nobody may read this one yet. epoch, run, src: what the writer of a checked stream has committed with it; every
 * later block repeats them, so the last one of the log knows. final=1: the source has said `end`. rejects:
 * length of --rejects, to which a resume cuts it back. synced: records before it were durable when this was written. t: wall clock
 * at writing, ms. changes: a record of the block has _op, so no epoch may end inside it.
 *
 * Sealed segments become <first>.log.gz: gzip members of whole blocks each (the first begins with the segment line, the last ends with the
 * seal), of the very same bytes; where both are, the plain one counts. <first>.idx beside a sealed one is a cache (see log/index.h). */
#ifndef LIB_LOG_SEGMENT_H
#define LIB_LOG_SEGMENT_H

#include "lib/base/failure.h"
#include "lib/log/position.h"
#include "lib/stream/checked.h"
#include "lib/text/reader.h"

#define SEGMENT_NAME 32

struct segment_head {
	char log[20];                   /* id: 16 hex digits, made once per log */
	struct position first;
	enum record_format format;      /* CSV, TSV or NDJSON */
	struct buf columns;             /* as in a columns line: percent-encoded names with commas; empty in NDJSON */
	uint32_t columns_crc;           /* what a parsed segment line says of them */
};

struct block_trailer {
	struct position first, end;     /* end.at - first.at records; the chain of first is not in the line: the block before has it */
	uint64_t lines, len;
	uint64_t synced;
	int64_t time;
	bool more, changes;
	bool has_source, final;
	uint64_t epoch;
	char run[RUN_TEXT];
	struct buf source;              /* position of the source */
	uint64_t rejects;               /* length of the side output that the records it could not take went to */
	struct buf rejects_to;          /* its path; empty: none */
	struct buf once;
};

struct segment_seal {
	uint64_t first, n, len;
	uint32_t chain;
};

void segment_name(uint64_t first, const char *suffix, char name[SEGMENT_NAME]);         /* suffix ".log" */
/* The first position of a name that ends in suffix; -1: it is no such name. */
int segment_name_parse(const char *name, const char *suffix, uint64_t *first);

/* Lines with their newline, appended. */
void segment_print_head(const struct segment_head *h, struct buf *out);         /* the columns line too */
void segment_print_block(const struct block_trailer *t, struct buf *out);
void segment_print_seal(const struct segment_seal *s, struct buf *out);

enum segment_line { SEGMENT_DATA, SEGMENT_HEAD, SEGMENT_COLUMNS, SEGMENT_BLOCK, SEGMENT_SEAL, SEGMENT_DAMAGED };
/* What kind of line it is (without newline), by its first word; not yet whether it is whole. */
enum segment_line segment_line_kind(struct span line);

/* -1: it is damaged (a key is missing, its crc is another), or of a version that is not known. */
int segment_parse_head(struct segment_head *h, struct span line);               /* columns not yet */
int segment_parse_columns(struct segment_head *h, struct span line);
int segment_parse_block(struct block_trailer *t, struct span line);
int segment_parse_seal(struct segment_seal *s, struct span line);

void segment_head_free(struct segment_head *h);
void block_trailer_free(struct block_trailer *t);

#endif
