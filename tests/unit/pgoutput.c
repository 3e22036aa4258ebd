/* SPDX-License-Identifier: MIT */
/* Messages as their documentation has them, made here byte by byte. */
#include "speed/cdc/postgres/pgoutput.h"

#include <string.h>

#include "tests/unit/check.h"

static struct arena arena;

static int parse(struct pg_message *m, const void *text, size_t n)
{
	char *exact = malloc(n);        /* so that reading beyond it is seen */
	int rc;

	arena_clear(&arena);
	memcpy(exact, text, n);
	rc = pg_message_parse(m, (struct span){ exact, n }, &arena);
	if (rc == 0 && m->kind >= PG_INSERT && m->kind <= PG_DELETE) {
		/* texts point into the message: they are kept for the checks */
		for (size_t i = 0; i < m->nold; i++)
			m->old[i].text = arena_copy(&arena, m->old[i].text);
		for (size_t i = 0; i < m->nnew; i++)
			m->new[i].text = arena_copy(&arena, m->new[i].text);
	}
	free(exact);
	return rc;
}

#define PARSE(m, text) parse(m, text, sizeof text - 1)

/* Cut anywhere it is refused. */
#define CHECK_CUTS(text) \
	for (size_t cut = 0; cut + 1 < sizeof text; cut++) { \
		struct pg_message ignored; \
		CHECK_INT(parse(&ignored, text, cut), -1); \
	}

TEST(transactions)
{
	static const char begin[] = "B\0\0\0\1\0\0\0\2\0\2\x9e\x65\x9a\xc1\x26\xe8\0\0\2\xd7", commit[] = "C\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\3\xe8";
	struct pg_message m;

	CHECK_INT(PARSE(&m, begin), 0);
	CHECK_INT(m.kind, PG_BEGIN);
	CHECK(m.lsn == 0x100000002);
	CHECK_INT(m.xid, 0x2d7);
	CHECK_INT(PARSE(&m, commit), 0);
	CHECK_INT(m.kind, PG_COMMIT);
	CHECK_INT(m.lsn, 2);
	CHECK(m.ts == INT64_C(946684800001));
	CHECK_CUTS(begin);
	CHECK_CUTS(commit);
}

TEST(relations)
{
	static const char text[] = "R\0\0\x40\1public\0orders\0f\0\2\1id\0\0\0\0\x17\xff\xff\xff\xff\0it\0\0\0\0\x19\0\0\0\0";
	struct pg_message m;

	CHECK_INT(PARSE(&m, text), 0);
	CHECK_INT(m.kind, PG_RELATION);
	CHECK_INT(m.relation.id, 0x4001);
	CHECK_TEXT(m.relation.schema, "public");
	CHECK_TEXT(m.relation.name, "orders");
	CHECK_INT(m.relation.identity, 'f');
	CHECK_INT(m.relation.n, 2);
	CHECK_TEXT(m.relation.column[0].name, "id");
	CHECK(m.relation.column[0].is_key && !m.relation.column[1].is_key);
	CHECK_INT(m.relation.column[1].type, 25);
	CHECK_CUTS(text);
}

TEST(changes)
{
	static const char insert[] = "I\0\0\0\1N\0\3t\0\0\0\2abnu", update[] = "U\0\0\0\1O\0\1t\0\0\0\1aN\0\1t\0\0\0\0", key[] = "U\0\0\0\1K\0\1t\0\0\0\1aN\0\1n",
	                  plain[] = "U\0\0\0\1N\0\1n", gone[] = "D\0\0\0\1O\0\1t\0\0\0\1a";
	struct pg_message m;

	CHECK_INT(PARSE(&m, insert), 0);
	CHECK_INT(m.kind, PG_INSERT);
	CHECK_INT(m.nnew, 3);
	CHECK_SPAN(m.new[0].text, "ab");
	CHECK_INT(m.new[1].kind, PG_NULL);
	CHECK_INT(m.new[2].kind, PG_UNCHANGED);
	CHECK_INT(PARSE(&m, update), 0);
	CHECK_INT(m.old_kind, 'O');
	CHECK_SPAN(m.old[0].text, "a");
	CHECK_INT(m.new[0].kind, PG_TEXT);
	CHECK_INT(PARSE(&m, key), 0);
	CHECK_INT(m.old_kind, 'K');
	CHECK_INT(PARSE(&m, plain), 0);
	CHECK_INT(m.old_kind, 0);
	CHECK_INT(PARSE(&m, gone), 0);
	CHECK_INT(m.kind, PG_DELETE);
	CHECK_INT(m.nnew, 0);
	CHECK_CUTS(insert);
	CHECK_CUTS(update);
	CHECK_CUTS(gone);
	CHECK_INT(PARSE(&m, "I\0\0\0\1O\0\0N\0\0"), -1);
	CHECK_INT(PARSE(&m, "I\0\0\0\1N\0\1b\0\0\0\0"), -1);
	CHECK_INT(PARSE(&m, "U\0\0\0\1X\0\0"), -1);
}

TEST(others)
{
	static const char truncate[] = "T\0\0\0\2\0\0\0\0\1\0\0\0\2";
	struct pg_message m;

	CHECK_INT(PARSE(&m, truncate), 0);
	CHECK_INT(m.kind, PG_TRUNCATE);
	CHECK_INT(m.nrelations, 2);
	CHECK_INT(m.relations[1], 2);
	CHECK_CUTS(truncate);
	CHECK_INT(PARSE(&m, "T\xff\xff\xff\xff\0"), -1);
	CHECK_INT(PARSE(&m, "O\0\0\0\0\0\0\0\0x\0"), 0);
	CHECK_INT(m.kind, PG_OTHER);
	arena_free(&arena);
}
