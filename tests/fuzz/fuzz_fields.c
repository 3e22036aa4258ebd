/* SPDX-License-Identifier: MIT */
/* What is taken as a field has a canonical text that means the same, and the lexer takes exactly what the list takes. */
#include "lib/text/fields.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = { (const char *)data, size };
	struct fields f = { 0 };
	const char *error = NULL;
	size_t n = field_text_length(text);

	check(n <= size);
	if (fields_add(&f, text, &error) == 0) {
		check(n == size);
		check(field_text_length(f.ref[0].text) == f.ref[0].text.n);
		check(fields_add(&f, f.ref[0].text, &error) == 0);
		check((f.ref[0].nsteps == 0) == (f.ref[0].column != (size_t)-1));
		check((f.ref[0].name.n != 0) == (f.ref[0].nsteps == 1));
	} else {
		check(error && f.n == 0);
	}
	if (n)
		check(fields_add(&f, (struct span){ text.p, n }, &error) == 0);
	fields_free(&f);
	return 0;
}
