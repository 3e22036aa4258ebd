/* SPDX-License-Identifier: MIT */
/* Rows as triggers write them, damaged: read within bounds, or refused. The first byte says how many columns. */
#include <stdlib.h>

#include "speed/cdc/sqlite/sqlite_literal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct datum d[8];
	size_t n = size ? data[0] % 8 + 1 : 1, sum = 0;
	char *text = malloc(size);      /* exactly as large as what may be read */

	if (size == 0 || !text)
		return free(text), 0;
	memcpy(text, data + 1, size - 1);
	text = realloc(text, size - 1 ? size - 1 : 1);
	if (sqlite_literals((struct span){ text, size - 1 }, d, n, &arena) == 0)
		for (size_t i = 0; i < n; i++)
			for (size_t k = 0; k < d[i].text.n; k++)
				sum += (unsigned char)d[i].text.p[k];
	arena_free(&arena);
	free(text);
	return sum == SIZE_MAX;
}
