/* SPDX-License-Identifier: MIT */
#include "speed/cdc/postgres/pgoutput.h"

#include <string.h>

#include "speed/cdc/wire.h"

#define EPOCH_MS INT64_C(946684800000)          /* 2000-01-01, where PostgreSQL counts from */

struct reading {
	struct wire w;
	struct arena *arena;
};

static uint64_t take(struct reading *r, size_t n)
{
	return wire_big(&r->w, n);
}

static const char *take_text(struct reading *r)
{
	const unsigned char *nul = memchr(r->w.p, 0, wire_left(&r->w));
	const char *text;

	if (!nul) {
		r->w.failed = true;
		return "";
	}
	text = arena_text(r->arena, (struct span){ (const char *)r->w.p, (size_t)(nul - r->w.p) });
	r->w.p = nul + 1;
	return text;
}

static int64_t take_time(struct reading *r)
{
	int64_t us = (int64_t)take(r, 8);

	return us / 1000 - (us % 1000 < 0) + EPOCH_MS;
}

static void *room(struct reading *r, size_t n, size_t size)
{
	void *p = arena_alloc(r->arena, n * size + 1, 16);

	memset(p, 0, n * size);
	return p;
}

static void read_datum(struct reading *r, struct pg_datum *d)
{
	switch (take(r, 1)) {
	case 'n':
		d->kind = PG_NULL;
		break;
	case 'u':
		d->kind = PG_UNCHANGED;
		break;
	case 't':
		d->kind = PG_TEXT;
		d->text = wire_bytes(&r->w, take(r, 4));
		break;
	default:
		r->w.failed = true;       /* 'b': binary was not asked for */
	}
}

static struct pg_datum *read_tuple(struct reading *r, size_t *n)
{
	struct pg_datum *d;

	*n = take(r, 2);
	d = room(r, *n, sizeof *d);
	for (size_t i = 0; i < *n && !r->w.failed; i++)
		read_datum(r, &d[i]);
	return d;
}

static void read_relation(struct reading *r, struct pg_relation *rel)
{
	rel->id = (uint32_t)take(r, 4);
	rel->schema = take_text(r);
	rel->name = take_text(r);
	rel->identity = (char)take(r, 1);
	rel->n = take(r, 2);
	rel->column = room(r, rel->n, sizeof *rel->column);
	for (size_t i = 0; i < rel->n && !r->w.failed; i++) {
		struct pg_column *c = &rel->column[i];

		c->is_key = take(r, 1) & 1;
		c->name = take_text(r);
		c->type = (uint32_t)take(r, 4);
		take(r, 4);             /* type modifier */
	}
}

/* K or O with the old row, then N with the new one. */
static void read_rows(struct reading *r, struct pg_message *m, bool has_new)
{
	int kind;

	m->id = (uint32_t)take(r, 4);
	kind = (int)take(r, 1);
	if (kind == 'K' || kind == 'O') {
		m->old_kind = (char)kind;
		m->old = read_tuple(r, &m->nold);
		kind = has_new ? (int)take(r, 1) : 'N';
	}
	r->w.failed |= kind != 'N';
	if (has_new)
		m->new = read_tuple(r, &m->nnew);
}

static void read_truncate(struct reading *r, struct pg_message *m)
{
	m->nrelations = take(r, 4);
	take(r, 1);             /* options */
	if (m->nrelations > wire_left(&r->w) / 4) {
		r->w.failed = true;
		m->nrelations = 0;
	}
	m->relations = room(r, m->nrelations, sizeof *m->relations);
	for (size_t i = 0; i < m->nrelations; i++)
		m->relations[i] = (uint32_t)take(r, 4);
}

int pg_message_parse(struct pg_message *m, struct span text, struct arena *arena)
{
	struct reading r = { wire_of(text), arena };

	*m = (struct pg_message){ .kind = PG_OTHER };
	if (text.n == 0)
		return -1;
	switch (take(&r, 1)) {
	case 'B':
		m->kind = PG_BEGIN;
		m->lsn = take(&r, 8);
		m->ts = take_time(&r);
		m->xid = (uint32_t)take(&r, 4);
		break;
	case 'C':
		m->kind = PG_COMMIT;
		take(&r, 1);            /* flags */
		take(&r, 8);            /* of the commit itself */
		m->lsn = take(&r, 8);
		m->ts = take_time(&r);
		break;
	case 'R':
		m->kind = PG_RELATION;
		read_relation(&r, &m->relation);
		break;
	case 'I':
		m->kind = PG_INSERT;
		read_rows(&r, m, true);
		r.w.failed |= m->old_kind != 0;
		break;
	case 'U':
		m->kind = PG_UPDATE;
		read_rows(&r, m, true);
		break;
	case 'D':
		m->kind = PG_DELETE;
		read_rows(&r, m, false);
		break;
	case 'T':
		m->kind = PG_TRUNCATE;
		read_truncate(&r, m);
		break;
	default:                        /* types, origins, messages */
		return 0;
	}
	return r.w.failed ? -1 : 0;
}
