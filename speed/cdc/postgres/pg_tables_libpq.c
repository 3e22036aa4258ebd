/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/diag.h"
#include "lib/base/mem.h"
#include "speed/cdc/postgres/pg_source.h"

static bool same_columns(const struct pg_table *a, const struct pg_table *b)
{
	if (a->table.n != b->table.n || strcmp(a->table.name, b->table.name) != 0)
		return false;
	for (size_t i = 0; i < a->table.n; i++)
		if (strcmp(a->table.column[i], b->table.column[i]) != 0 || a->type[i] != b->type[i])
			return false;
	return true;
}

void pg_table_free(struct pg_table *r)
{
	for (size_t i = 0; i < r->table.n; i++)
		free(r->table.column[i]);
	free(r->table.column);
	free(r->table.is_key);
	free(r->type);
	free((char *)r->table.name);
	free((char *)r->table.schema);
	free(r);
}

struct pg_table *pg_table_of(const struct pg_source *s, uint32_t oid)
{
	for (size_t i = s->nrelations; i-- > 0;)
		if (s->relation[i]->oid == oid)
			return s->relation[i];
	return NULL;
}

static void mark_keys(const struct pg_source *s, struct pg_table *r)
{
	for (int k = 0; k < PQntuples(s->keys); k++)
		for (size_t i = 0; i < r->table.n; i++)
			r->table.is_key[i] |= strtoul(PQgetvalue(s->keys, k, 0), NULL, 10) == r->oid && strcmp(PQgetvalue(s->keys, k, 1), r->table.column[i]) == 0;
}

/* Equal ones are one. */
static struct pg_table *keep_relation(struct pg_source *s, struct pg_table *r)
{
	struct pg_table *is = pg_table_of(s, r->oid);

	if (is && same_columns(is, r)) {
		pg_table_free(r);
		return is;
	}
	for (size_t i = 0; i < s->request->ntables; i++)
		r->wanted |= s->wanted[i] == r->oid;
	mark_keys(s, r);
	s->relation = mem_array(s->relation, s->nrelations + 1, sizeof *s->relation);
	s->relation[s->nrelations++] = r;
	if (r->table.n > s->room) {
		s->room = r->table.n;
		s->before = mem_array(s->before, s->room, sizeof *s->before);
		s->after = mem_array(s->after, s->room, sizeof *s->after);
	}
	return r;
}

static struct pg_table *relation_new(const struct pg_source *s, uint32_t oid, const char *schema, const char *name, size_t n)
{
	struct pg_table *r = mem_zalloc(sizeof *r);

	*r = (struct pg_table){ .oid = oid, .table = { .database = PQdb(s->stream ? s->stream : s->plain), .schema = mem_text(span_of(schema)), .name = mem_text(span_of(name)), .n = n } };
	r->table.column = mem_zalloc(n * sizeof *r->table.column);
	r->table.is_key = mem_zalloc(n * sizeof *r->table.is_key);
	r->type = mem_zalloc(n * sizeof *r->type);
	return r;
}

void pg_table_take(struct pg_source *s, const struct pg_relation *m)
{
	struct pg_table *r = relation_new(s, m->id, m->schema, m->name, m->n);

	for (size_t i = 0; i < m->n; i++) {
		r->table.column[i] = mem_text(span_of(m->column[i].name));
		r->type[i] = m->column[i].type;
	}
	keep_relation(s, r);
}

/* Of the columns that pgoutput sends: generated ones are not among them. */
struct pg_table *pg_table_read(struct pg_source *s, uint32_t oid, struct failure *f)
{
	char number[16];
	struct pg_table *r = NULL;
	PGresult *q;

	snprintf(number, sizeof number, "%" PRIu32, oid);
	q = pg_query(s->plain, "SELECT n.nspname, c.relname, a.attname, a.atttypid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
	             "JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.oid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum",
	             (const char *const[]){ number }, 1, f);
	if (q && PQntuples(q))
		r = relation_new(s, oid, PQgetvalue(q, 0, 0), PQgetvalue(q, 0, 1), (size_t)PQntuples(q));
	else if (q)
		failure_set(f, EXIT_CONFIG, "postgres: a table of the snapshot has gone");
	for (size_t i = 0; r && i < r->table.n; i++) {
		r->table.column[i] = mem_text(span_of(PQgetvalue(q, (int)i, 2)));
		r->type[i] = (uint32_t)strtoul(PQgetvalue(q, (int)i, 3), NULL, 10);
	}
	PQclear(q);
	return r ? keep_relation(s, r) : NULL;
}

static int bad_value(const struct pg_table *r, size_t i, struct span text, struct failure *f)
{
	return failure_set(f, EXIT_DATA, "postgres: table %s: column %s: \"%s\" is not what its type looks like", r->table.name, r->table.column[i],
	                   diag_show(text.p, text.n));
}

int pg_table_value(struct pg_source *s, const struct pg_table *r, size_t i, struct span text, struct datum *d, struct failure *f)
{
	return pg_value(&s->types, r->type[i], text, d, &s->arena) < 0 ? bad_value(r, i, text, f) : 0;
}

int pg_table_tuple(struct pg_source *s, const struct pg_table *r, const struct pg_datum *from, size_t n, const struct datum *unchanged, struct datum *to,
		      struct failure *f)
{
	if (n != r->table.n)
		return failure_set(f, EXIT_DATA, "postgres: table %s: a row has %zu columns, not %zu", r->table.name, n, r->table.n);
	for (size_t i = 0; i < n; i++) {
		to[i] = (struct datum){ DATUM_NULL, { "", 0 } };
		if (from[i].kind == PG_TEXT && pg_table_value(s, r, i, from[i].text, &to[i], f) < 0)
			return -1;
		if (from[i].kind == PG_UNCHANGED && !unchanged)
			return failure_set(f, EXIT_CONFIG, "postgres: table %s: column %s: a large value did not come whole", r->table.name, r->table.column[i]);
		if (from[i].kind == PG_UNCHANGED)
			to[i] = unchanged[i];
	}
	return 0;
}
