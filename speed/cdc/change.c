/* SPDX-License-Identifier: MIT */
#include "speed/cdc/change.h"

#include "lib/base/mem.h"

struct change_table *change_table_new(const char *database, const char *schema, struct span name, size_t n)
{
	struct change_table *t = mem_zalloc(sizeof *t);

	*t = (struct change_table){ .database = mem_text(span_of(database)), .schema = mem_text(span_of(schema)), .name = mem_text(name), .n = n };
	t->column = mem_zalloc(n * sizeof *t->column);
	t->is_key = mem_zalloc(n);
	return t;
}

void change_table_free(struct change_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->column[i]);
	free(t->column);
	free(t->is_key);
	free((char *)t->database);
	free((char *)t->schema);
	free((char *)t->name);
	free(t);
}
