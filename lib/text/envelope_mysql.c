/* SPDX-License-Identifier: MIT */
/* Maxwell and Canal: formats of the MySQL world, in which an update holds the new row and the old values of what changed. */
#include "lib/text/envelope.h"
#include "lib/text/json_walk.h"

#define ADVICE "set binlog_row_image=FULL"

/* A delete must hold every column asked for, lest an image of just the key passes for a row of nulls. Where the view looks
 * at _table the stream holds several tables, and a column may be another one's. */
static int delete_row(struct envelope *e)
{
	return envelope_delete(e, e->wants[MADE_TABLE], ADVICE);
}

static bool is_digits(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

enum { M_TYPE, M_TABLE, M_TS, M_XID, M_XOFFSET, M_POSITION, M_DATA, M_OLD, M_PARTS };

static void *maxwell_open(const struct fields *fields)
{
	static const char *const parts[M_PARTS] = {
		".type", ".table", ".ts", ".xid", ".xoffset", ".position", ".data", ".old",
	};

	return envelope_new(fields, parts, M_PARTS);
}

static void maxwell_values(struct envelope *e)
{
	const struct span *part = e->part;

	e->value[MADE_TABLE] = part[M_TABLE];
	e->value[MADE_TX] = part[M_XID];
	/* the rows of one binlog event share its position */
	e->value[MADE_POS] = part[M_XOFFSET].n ? envelope_join(e, part[M_POSITION], ":", part[M_XOFFSET]) : part[M_POSITION];
	e->value[MADE_TS] = envelope_join(e, part[M_TS], "", SPAN("000"));      /* it comes in seconds */
}

static bool is_structure(struct span type)
{
	return span_starts(type, SPAN("table-")) || span_starts(type, SPAN("database-"))
		|| span_eq(type, SPAN("bootstrap-start")) || span_eq(type, SPAN("bootstrap-complete"));
}

static int maxwell_update(struct envelope *e)
{
	if (envelope_kind(e, M_OLD) != JSON_OBJECT)
		return envelope_bad(e, "update without `old`: " ADVICE);
	envelope_image(e, &e->after, e->part[M_DATA]);
	envelope_overlay(e, e->part[M_OLD]);
	return envelope_update(e, ADVICE);
}

static int maxwell_record(void *state, struct span record, struct rows *rows, char reason[BAD_REASON])
{
	struct envelope *e = state;

	if (envelope_scan(e, record, rows, reason) < 0)
		return -1;
	if (is_structure(e->part[M_TYPE]))
		return 0;
	if (envelope_kind(e, M_TYPE) != JSON_STRING || envelope_kind(e, M_DATA) != JSON_OBJECT)
		return envelope_bad(e, "not a Maxwell envelope: no type or data");
	if (!is_digits(e->part[M_TS]))
		return envelope_bad(e, "ts is not whole seconds");
	maxwell_values(e);
	if (envelope_is(e, M_TYPE, "update"))
		return maxwell_update(e);
	if (envelope_is(e, M_TYPE, "delete")) {
		envelope_image(e, &e->before, e->part[M_DATA]);
		return delete_row(e);
	}
	if (!envelope_is(e, M_TYPE, "insert") && !envelope_is(e, M_TYPE, "bootstrap-insert"))
		return envelope_bad(e, "unknown Maxwell type");
	envelope_image(e, &e->after, e->part[M_DATA]);
	return envelope_insert(e);
}

const struct row_format row_format_maxwell = { maxwell_open, maxwell_record, envelope_free };

enum { C_TYPE, C_TABLE, C_ES, C_GTID, C_IS_DDL, C_DATA, C_OLD, C_PARTS };

static void *canal_open(const struct fields *fields)
{
	static const char *const parts[C_PARTS] = { ".type", ".table", ".es", ".gtid", ".isDdl", ".data", ".old" };

	return envelope_new(fields, parts, C_PARTS);
}

/* Rows and their old values stand in two arrays of one length. */
static int canal_update(struct envelope *e, struct span row, struct span *old_rows)
{
	struct span name, old;

	if (!json_next(old_rows, &name, &old) || old.p[0] != '{')
		return envelope_bad(e, "update without `old`: " ADVICE);
	envelope_image(e, &e->after, row);
	envelope_overlay(e, old);
	return envelope_update(e, ADVICE);
}

static int canal_rows(struct envelope *e, char type)
{
	struct span rest = e->part[C_DATA], old_rows = e->part[C_OLD], name, row;
	int rc = 0;

	while (rc == 0 && json_next(&rest, &name, &row)) {
		if (row.p[0] != '{')
			return envelope_bad(e, "a Canal row is not an object");
		if (type == 'U') {
			rc = canal_update(e, row, &old_rows);
			continue;
		}
		envelope_image(e, type == 'D' ? &e->before : &e->after, row);
		rc = type == 'D' ? delete_row(e) : envelope_insert(e);
	}
	if (rc == 0 && type == 'U' && json_next(&old_rows, &name, &row))
		return envelope_bad(e, "more rows in `old` than in `data`");
	return rc;
}

static int canal_record(void *state, struct span record, struct rows *rows, char reason[BAD_REASON])
{
	static const char *const types[] = { "INSERT", "UPDATE", "DELETE" };
	struct envelope *e = state;

	if (envelope_scan(e, record, rows, reason) < 0)
		return -1;
	if (envelope_kind(e, C_TYPE) != JSON_STRING)
		return envelope_bad(e, "not a Canal message: no type");
	if (envelope_is(e, C_TYPE, "TRUNCATE"))
		return envelope_bad(e, "truncate cannot be taken back");
	if (envelope_kind(e, C_IS_DDL) == JSON_TRUE)
		return 0;
	if (envelope_kind(e, C_DATA) != JSON_ARRAY || (e->part[C_OLD].n && envelope_kind(e, C_OLD) != JSON_ARRAY))
		return envelope_bad(e, "not a Canal message: no data");
	e->value[MADE_TABLE] = e->part[C_TABLE];
	e->value[MADE_TS] = e->part[C_ES];
	e->value[MADE_TX] = e->part[C_GTID];
	for (size_t i = 0; i < 3; i++)
		if (envelope_is(e, C_TYPE, types[i]))
			return canal_rows(e, types[i][0]);
	return envelope_bad(e, "unknown Canal type");
}

const struct row_format row_format_canal = { canal_open, canal_record, envelope_free };
