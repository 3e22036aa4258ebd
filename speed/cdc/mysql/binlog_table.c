/* SPDX-License-Identifier: MIT */
/* The map: flags, database, name, types, what the types need, which columns may be null, and then, by kind and length, what the server adds. */
#include "speed/cdc/mysql/binlog_table.h"

#include "lib/base/diag.h"
#include "lib/base/mem.h"

enum { ADDED_SIGNS = 1, ADDED_DEFAULT_CHARSET = 2, ADDED_CHARSETS = 3, ADDED_NAMES = 4, ADDED_SET_LABELS = 5, ADDED_ENUM_LABELS = 6, ADDED_KEY = 8,
       ADDED_PREFIX_KEY = 9, ADDED_LABEL_DEFAULT_CHARSET = 10, ADDED_LABEL_CHARSETS = 11 };

#define BYTES 63                /* the collation of what is no text */

static struct span take_text(struct wire *w)
{
	uint64_t n = wire_packed(w);

	return wire_bytes(w, n > wire_left(w) ? SIZE_MAX : (size_t)n);
}

/* Flags, and two names with their lengths and NULs. */
static void take_names(struct wire *w, struct span *database, struct span *name)
{
	wire_skip(w, 2);
	*database = wire_bytes(w, (size_t)wire_little(w, 1));
	wire_skip(w, 1);
	*name = wire_bytes(w, (size_t)wire_little(w, 1));
	wire_skip(w, 1);
}

int binlog_table_name(struct span map, struct span *database, struct span *name)
{
	struct wire w = wire_of(map);

	take_names(&w, database, name);
	return w.failed ? -1 : 0;
}

/* ---- kinds of columns ---- */

static bool is_numeric(uint8_t type)
{
	return (type >= TYPE_TINY && type <= TYPE_DOUBLE) || type == TYPE_LONGLONG || type == TYPE_INT24 || type == TYPE_YEAR || type == TYPE_DECIMAL || type == TYPE_NEWDECIMAL;
}

static bool is_label(uint8_t type)
{
	return type == TYPE_ENUM || type == TYPE_SET;
}

/* The server does not say the character sets of columns that are COMPRESSED. */
static bool is_text(uint8_t type)
{
	return type == TYPE_VARCHAR || type == TYPE_STRING || type == TYPE_BLOB;
}

/* ENUM and SET hide in STRING; so do bits of the length of a CHAR. */
static void take_string(struct binlog_column *c, unsigned first, unsigned second)
{
	if (first == TYPE_ENUM || first == TYPE_SET) {
		c->type = (uint8_t)first;
		c->meta = second;
	} else {
		c->meta = second | ((first & 0x30) ^ 0x30) << 4;
	}
}

static void take_meta(struct wire *w, struct binlog_column *c)
{
	unsigned first, second;

	switch (c->type) {
	case TYPE_STRING:
	case TYPE_NEWDECIMAL:
		first = (unsigned)wire_little(w, 1);
		second = (unsigned)wire_little(w, 1);
		if (c->type == TYPE_STRING)
			take_string(c, first, second);
		else
			c->meta = first << 8 | second;
		break;
	case TYPE_VARCHAR:
	case TYPE_VARCHAR_COMPRESSED:
	case TYPE_BIT:
		c->meta = (unsigned)wire_little(w, 2);
		break;
	case TYPE_FLOAT:
	case TYPE_DOUBLE:
	case TYPE_TIMESTAMP2:
	case TYPE_DATETIME2:
	case TYPE_TIME2:
	case TYPE_BLOB:
	case TYPE_BLOB_COMPRESSED:
	case TYPE_JSON:
	case TYPE_GEOMETRY:
		c->meta = (unsigned)wire_little(w, 1);
		break;
	default:
		break;
	}
}

/* ---- what the server adds ---- */

static void take_signs(struct binlog_table *t, struct wire *w)
{
	size_t nth = 0;
	unsigned bits = 0;

	for (size_t i = 0; i < t->table.n; i++) {
		if (!is_numeric(t->column[i].type))
			continue;
		if (nth % 8 == 0)
			bits = (unsigned)wire_little(w, 1);
		t->column[i].is_unsigned = bits >> (7 - nth % 8) & 1;
		nth++;
	}
}

/* One collation for all columns of a kind, and then pairs of column and collation; or one collation for each. */
static void take_collations(struct binlog_table *t, struct wire *w, bool (*of)(uint8_t), bool has_default)
{
	unsigned all = has_default ? (unsigned)wire_packed(w) : 0;
	uint64_t nth = 0, column = 0;
	unsigned other = 0;
	bool pending = false;

	for (size_t i = 0; i < t->table.n; i++) {
		if (!of(t->column[i].type))
			continue;
		if (has_default && !pending && wire_left(w)) {
			column = wire_packed(w);
			other = (unsigned)wire_packed(w);
			pending = true;
		}
		t->column[i].collation = !has_default ? (unsigned)wire_packed(w) : pending && column == nth ? other : all;
		pending &= column != nth;
		nth++;
	}
}

static void take_column_names(struct binlog_table *t, struct wire *w)
{
	for (size_t i = 0; i < t->table.n; i++)
		t->table.column[i] = arena_text(&t->arena, take_text(w));
}

static void take_labels(struct binlog_table *t, struct wire *w, uint8_t type)
{
	for (size_t i = 0; i < t->table.n && wire_left(w); i++) {
		struct binlog_column *c = &t->column[i];

		if (c->type != type)
			continue;
		c->nlabels = (size_t)wire_packed(w);
		if (c->nlabels > wire_left(w)) {
			w->failed = true;
			c->nlabels = 0;
		}
		c->label = arena_alloc(&t->arena, c->nlabels * sizeof *c->label, 8);
		for (size_t k = 0; k < c->nlabels; k++)
			c->label[k] = arena_copy(&t->arena, take_text(w));
	}
}

static void take_key(struct binlog_table *t, struct wire *w, bool has_prefixes)
{
	while (wire_left(w)) {
		uint64_t column = wire_packed(w);

		if (has_prefixes)
			wire_packed(w);
		if (column < t->table.n)
			t->table.is_key[column] = true;
	}
}

static void take_added(struct binlog_table *t, uint8_t kind, struct wire *w)
{
	switch (kind) {
	case ADDED_SIGNS: take_signs(t, w); break;
	case ADDED_DEFAULT_CHARSET: take_collations(t, w, is_text, true); break;
	case ADDED_CHARSETS: take_collations(t, w, is_text, false); break;
	case ADDED_NAMES: take_column_names(t, w); break;
	case ADDED_SET_LABELS: take_labels(t, w, TYPE_SET); break;
	case ADDED_ENUM_LABELS: take_labels(t, w, TYPE_ENUM); break;
	case ADDED_KEY: take_key(t, w, false); break;
	case ADDED_PREFIX_KEY: take_key(t, w, true); break;
	case ADDED_LABEL_DEFAULT_CHARSET: take_collations(t, w, is_label, true); break;
	case ADDED_LABEL_CHARSETS: take_collations(t, w, is_label, false); break;
	default: break;
	}
}

static int damaged(struct failure *f)
{
	return failure_set(f, EXIT_DATA, "the description of a table in the binlog is damaged");
}

static int read_map(struct binlog_table *t, struct span map, struct failure *f)
{
	struct wire w = wire_of(map), metas;
	struct span database, name;
	const unsigned char *types;

	take_names(&w, &database, &name);
	t->table.n = (size_t)wire_packed(&w);
	types = wire_skip(&w, w.failed ? SIZE_MAX : t->table.n);
	metas = wire_of(take_text(&w));
	wire_skip(&w, (t->table.n + 7) / 8);
	if (w.failed)
		return damaged(f);
	t->table.database = arena_text(&t->arena, database);
	t->table.schema = "";
	t->table.name = arena_text(&t->arena, name);
	t->column = arena_alloc(&t->arena, t->table.n * sizeof *t->column, 8);
	t->table.column = arena_alloc(&t->arena, t->table.n * sizeof *t->table.column, 8);
	t->table.is_key = arena_alloc(&t->arena, t->table.n, 1);
	memset(t->table.is_key, 0, t->table.n);
	for (size_t i = 0; i < t->table.n; i++) {
		t->column[i] = (struct binlog_column){ .type = types[i], .collation = BYTES };
		t->table.column[i] = NULL;
		take_meta(&metas, &t->column[i]);
	}
	while (!w.failed && wire_left(&w)) {
		uint8_t kind = (uint8_t)wire_little(&w, 1);
		struct wire added = wire_of(take_text(&w));

		take_added(t, kind, &added);
		w.failed |= added.failed;
	}
	return w.failed || metas.failed ? damaged(f) : 0;
}

/* ---- whether it can be read ---- */

static int cannot(const struct binlog_table *t, const char *column, struct failure *f, const char *why)
{
	return failure_set(f, EXIT_CONFIG, "mysql: table %s: column %s %s", t->table.name, column, why);
}

static int settle_text(struct binlog_table *t, struct binlog_column *c, const char *name, struct failure *f)
{
	if ((!is_text(c->type) && !is_label(c->type)) || c->collation == BYTES)
		return 0;
	if (binlog_charset(c->collation, &c->charset) < 0)
		return cannot(t, name, f, "is of a character set that is not known here");
	for (size_t i = 0; i < c->nlabels; i++)
		if (binlog_text(c->charset, c->label[i], &c->label[i], &t->arena) < 0)
			return cannot(t, name, f, "has a label that is no text");
	return 0;
}

static int settle(struct binlog_table *t, struct failure *f)
{
	for (size_t i = 0; i < t->table.n; i++) {
		struct binlog_column *c = &t->column[i];
		const char *name = t->table.column[i];

		if (!name || (is_label(c->type) && !c->nlabels))
			return failure_set(f, EXIT_CONFIG, "mysql: table %s: the binlog does not say its columns: say SET GLOBAL binlog_row_metadata = FULL", t->table.name);
		if (c->type == TYPE_TIMESTAMP || c->type == TYPE_TIME || c->type == TYPE_DATETIME)
			return cannot(t, name, f, "is a time in the form of before MariaDB 10.1: say ALTER TABLE ... FORCE with mysql56_temporal_format on");
		if (c->type == TYPE_JSON)
			return cannot(t, name, f, "is the binary JSON of MySQL, which is not read");
		if ((c->type == TYPE_TIMESTAMP2 || c->type == TYPE_DATETIME2 || c->type == TYPE_TIME2) && c->meta > 6)
			return damaged(f);
		if (settle_text(t, c, name, f) < 0)
			return -1;
	}
	return 0;
}

struct binlog_table *binlog_table_read(struct span map, struct failure *f)
{
	struct binlog_table *t = mem_zalloc(sizeof *t);

	if (read_map(t, map, f) == 0 && settle(t, f) == 0)
		return t;
	binlog_table_free(t);
	return NULL;
}

void binlog_table_free(struct binlog_table *t)
{
	if (!t)
		return;
	arena_free(&t->arena);
	free(t);
}
