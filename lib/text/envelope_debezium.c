/* SPDX-License-Identifier: MIT */
/* Debezium, with or without the {"schema","payload"} wrapper: the connectors for MySQL, MariaDB and PostgreSQL. */
#include "lib/text/envelope.h"
#include "lib/text/json_walk.h"

#define ADVICE "set REPLICA IDENTITY FULL (PostgreSQL) or binlog_row_image=FULL (MySQL)"

/* What the connector writes for a large value that the change left alone: as text, as base64 of bytes. */
#define UNAVAILABLE "__debezium_unavailable_value"
#define UNAVAILABLE_B64 "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=="

#define PARTS(at) \
	at "op", at "before", at "after", at "ts_ms", at "source.ts_ms", at "source.table", at "source.file", at "source.pos", \
	at "source.row", at "source.gtid", at "source.txId", at "source.lsn", at "source.connector", at "transaction.id"

enum {
	OP, BEFORE, AFTER, TS_MS, SOURCE_TS, TABLE, BINLOG, POS, ROW, GTID, TX_ID, LSN, CONNECTOR, TRANSACTION, BARE_PARTS,
	PAYLOAD = 2 * BARE_PARTS, ALL_PARTS,
};

static void *debezium_open(const struct fields *fields)
{
	static const char *const parts[ALL_PARTS] = { PARTS("."), PARTS(".payload."), ".payload" };

	return envelope_new(fields, parts, ALL_PARTS);
}

static void set_values(struct envelope *e, const struct span *part)
{
	struct span place = part[BINLOG].n || !part[GTID].n ? envelope_join(e, part[BINLOG], ":", part[POS]) : part[GTID];

	/* the rows of one binlog event share its position */
	if (part[ROW].n)
		place = envelope_join(e, place, ":", part[ROW]);
	e->value[MADE_TABLE] = part[TABLE];
	e->value[MADE_TS] = part[SOURCE_TS];
	e->value[MADE_TX] = part[TRANSACTION].n ? part[TRANSACTION] : part[GTID].n ? part[GTID] : part[TX_ID];
	e->value[MADE_POS] = !part[LSN].n ? place : part[ROW].n ? envelope_join(e, part[LSN], ":", part[ROW]) : part[LSN];
}

bool envelope_is_unavailable(struct span s)
{
	return span_eq(s, SPAN(UNAVAILABLE)) || span_eq(s, SPAN(UNAVAILABLE_B64));
}

/* A large value that the change left alone stands in the before image, or nowhere. */
static int fill_unavailable(struct envelope *e)
{
	for (size_t i = 0; i < e->n; i++) {
		struct span *before = &e->before.field[i], *after = &e->after.field[i];
		struct span name = e->columns.ref[i].text;

		if (e->made[i])
			continue;
		if (envelope_is_unavailable(after[e->n]) && e->before.kind[i] != JSON_MISSING) {
			after[0] = before[0];
			after[e->n] = before[e->n];
		}
		if (envelope_is_unavailable(after[e->n]) || envelope_is_unavailable(before[e->n]))
			return envelope_bad(e, "the change does not hold `%.*s`: " ADVICE, (int)(name.n < 60 ? name.n : 60), name.p);
	}
	return 0;
}

static bool is_blank(const struct envelope *e, const struct image *image)
{
	for (size_t i = 0; i < e->n; i++)
		if (!e->made[i] && image->kind[i] > JSON_NULL)
			return false;
	return true;
}

/* Without REPLICA IDENTITY FULL the PostgreSQL connector writes the columns of the key and nulls for all others, and
 * nothing says that these are none. Taken for such an image: the fields asked for are all null, and most columns are. */
static bool is_key_only(const struct envelope *e, const struct span *part)
{
	struct span rest = part[BEFORE], name, value;
	size_t nulls = 0, values = 0;

	if (!span_eq(part[CONNECTOR], SPAN("postgresql")) || !(e->wants[MADE_NONE] || e->wants[MADE_ROW]) || !is_blank(e, &e->before))
		return false;
	while (json_next(&rest, &name, &value)) {
		bool null = span_eq(value, SPAN("null"));

		nulls += null;
		values += !null;
	}
	return nulls > values;
}

static int debezium_update(struct envelope *e, const struct span *part)
{
	if (part[AFTER].n == 0)
		return envelope_bad(e, "update without an after image");
	if (is_key_only(e, part) && !is_blank(e, &e->after))
		return envelope_bad(e, "update whose before image holds nothing but the key: " ADVICE);
	return envelope_update(e, ADVICE);
}

static int debezium_delete(struct envelope *e, const struct span *part)
{
	if ((e->wants[MADE_NONE] || e->wants[MADE_ROW]) && (part[BEFORE].n == 0 || is_key_only(e, part)))
		return envelope_bad(e, "delete whose before image holds nothing but the key: " ADVICE);
	return envelope_delete(e, true, ADVICE);        /* every column of the table is there, as null if need be */
}

static int change(struct envelope *e, const struct span *part)
{
	char op = part[OP].n == 1 ? part[OP].p[0] : '\0';

	if (op == 'm')                  /* a message in PostgreSQL's log */
		return 0;
	if (op == 't')
		return envelope_bad(e, "truncate cannot be taken back");
	if (!op || !strchr("crud", op))
		return envelope_bad(e, "unknown Debezium op");
	set_values(e, part);
	envelope_image(e, &e->before, part[BEFORE]);
	envelope_image(e, &e->after, part[AFTER]);
	if (fill_unavailable(e) < 0)
		return -1;
	if (op == 'u')
		return debezium_update(e, part);
	if (op == 'd')
		return debezium_delete(e, part);
	return part[AFTER].n ? envelope_insert(e) : envelope_bad(e, "insert without an after image");
}

static int debezium_record(void *state, struct span record, struct rows *rows, char reason[BAD_REASON])
{
	struct envelope *e = state;
	size_t base = 0;

	if (span_eq(span_trim(record), SPAN("null")))   /* the tombstone behind a delete */
		return 0;
	if (envelope_scan(e, record, rows, reason) < 0)
		return -1;
	if (envelope_kind(e, OP) == JSON_MISSING && envelope_kind(e, PAYLOAD) != JSON_MISSING)
		base = BARE_PARTS;
	if (base && envelope_kind(e, PAYLOAD) == JSON_NULL)
		return 0;
	for (size_t i = base + BEFORE; i <= base + AFTER; i++)
		if (e->part[i].n && envelope_kind(e, i) != JSON_OBJECT)
			return envelope_bad(e, "a Debezium row image is not an object");
	if (envelope_kind(e, base + OP) != JSON_MISSING)
		return change(e, e->part + base);
	/* heartbeats, schema changes, ends of transactions: they have a time and no row */
	if (envelope_kind(e, base + TS_MS) == JSON_NUMBER && envelope_kind(e, base + BEFORE) == JSON_MISSING
			&& envelope_kind(e, base + AFTER) == JSON_MISSING)
		return 0;
	return envelope_bad(e, "not a Debezium envelope: no op");
}

const struct row_format row_format_debezium = { debezium_open, debezium_record, envelope_free };
