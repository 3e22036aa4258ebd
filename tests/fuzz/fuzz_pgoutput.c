/* SPDX-License-Identifier: MIT */
/* Messages of a damaged stream, and values in them as arrays, JSON, bytes: read within bounds, or refused. */
#include <stdlib.h>

#include "speed/cdc/postgres/pg_value.h"
#include "speed/cdc/postgres/pgoutput.h"

static size_t sum;

static void touch(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		sum += (unsigned char)s.p[i];
}

static void values(const struct pg_datum *of, size_t n, struct arena *arena)
{
	static const uint32_t type[] = { 16, 17, 23, 25, 114, 701, 1184, 1007, 1009, 1001, 5001 };
	static struct pg_type known[] = { { 1001, 17, 0, ',' }, { 1007, 23, 0, ',' }, { 1009, 25, 0, ',' }, { 5001, 0, 1009, ',' } };
	const struct pg_types types = { known, 4 };
	struct datum d;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; of[i].kind == PG_TEXT && k < sizeof type / sizeof *type; k++)
			if (pg_value(&types, type[k], of[i].text, &d, arena) == 0)
				touch(d.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct pg_message m;
	char *text = malloc(size ? size : 1);

	if (size)
		memcpy(text, data, size);
	if (pg_message_parse(&m, (struct span){ text, size }, &arena) == 0) {
		values(m.old, m.nold, &arena);
		values(m.new, m.nnew, &arena);
		for (size_t i = 0; m.kind == PG_RELATION && i < m.relation.n; i++)
			touch(span_of(m.relation.column[i].name));
	}
	arena_free(&arena);
	free(text);
	return sum == SIZE_MAX;
}
