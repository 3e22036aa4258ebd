/* SPDX-License-Identifier: MIT */
/* binlog_table -- a table as the binlog describes it, and its rows. Names, signs, character sets, labels and the primary key are there when the server
 * runs with binlog_row_metadata=FULL; without them nothing is decoded. Values are those of SQL in text: numbers as such, decimals as text (JSON
 * numbers are read as floats by many), bytes in base64, moments in UTC as RFC 3339 has them. */
#ifndef SPEED_CDC_MYSQL_BINLOG_TABLE_H
#define SPEED_CDC_MYSQL_BINLOG_TABLE_H

#include "lib/base/arena.h"
#include "lib/base/failure.h"
#include "speed/cdc/change.h"
#include "speed/cdc/wire.h"

enum binlog_type {
	TYPE_DECIMAL = 0, TYPE_TINY = 1, TYPE_SHORT = 2, TYPE_LONG = 3, TYPE_FLOAT = 4, TYPE_DOUBLE = 5, TYPE_NULL = 6, TYPE_TIMESTAMP = 7, TYPE_LONGLONG = 8,
	TYPE_INT24 = 9, TYPE_DATE = 10, TYPE_TIME = 11, TYPE_DATETIME = 12, TYPE_YEAR = 13, TYPE_NEWDATE = 14, TYPE_VARCHAR = 15, TYPE_BIT = 16, TYPE_TIMESTAMP2 = 17,
	TYPE_DATETIME2 = 18, TYPE_TIME2 = 19, TYPE_BLOB_COMPRESSED = 140, TYPE_VARCHAR_COMPRESSED = 141, TYPE_JSON = 245, TYPE_NEWDECIMAL = 246, TYPE_ENUM = 247,
	TYPE_SET = 248, TYPE_BLOB = 252, TYPE_STRING = 254, TYPE_GEOMETRY = 255,
};

/* What the catalog knows and the binlog does not: these come as bytes; and so does text of columns that are COMPRESSED, whose collation it does not have. */
enum binlog_look { LOOK_PLAIN, LOOK_UUID, LOOK_INET6, LOOK_INET4 };

struct charset;

struct binlog_column {
	uint8_t type;                   /* of enum binlog_type */
	unsigned meta;                  /* lengths, digits: by type, as it came */
	bool is_unsigned;
	unsigned collation;             /* of text; 63: bytes */
	const struct charset *charset;  /* text: what it is written in; NULL: UTF-8 */
	size_t nlabels;
	struct span *label;             /* ENUM, SET: in UTF-8 */
	enum binlog_look look;
};

struct binlog_table {
	struct change_table table;
	struct binlog_column *column;
	struct arena arena;             /* all of it */
};

/* Database and name of the table that a map describes. 0, -1: damaged. */
int binlog_table_name(struct span map, struct span *database, struct span *name);
/* NULL: EXIT_CONFIG, what it does not say, or nobody can read; EXIT_DATA. */
struct binlog_table *binlog_table_read(struct span map, struct failure *f);
void binlog_table_free(struct binlog_table *t);

/* The next row of *rows, by column. What is made is in the arena; the rest points into rows. 0, -1: EXIT_DATA, it is damaged. */
int binlog_row(const struct binlog_table *t, struct wire *rows, struct datum *d, struct arena *arena, struct failure *f);

/* ---- binlog_charset.c ---- */

/* Of a collation. *c NULL: it is UTF-8 already, or bytes. -1: one that is not known here. */
int binlog_charset(unsigned collation, const struct charset **c);
/* Text in UTF-8, in the arena where need be. -1: it is none in that character set. */
int binlog_text(const struct charset *c, struct span text, struct span *out, struct arena *arena);

/* ---- what the snapshot needs as well ---- */

/* float_text: the shortest decimal that is this float again. */
struct span float_text(double v, bool is_single, struct arena *arena);
struct span base64_text(struct span bytes, struct arena *arena);

#endif
