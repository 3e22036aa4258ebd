/* SPDX-License-Identifier: MIT */
/* Derived columns, one a line, over four measures: those that parse are finished, and print to a text that parses to
 * the same text. */
#include <stdlib.h>

#include "lib/agg/measure.h"

#define MAX_DERIVES 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* States are texts; NULL is null. */
static int stub_number(const struct measure *m, const void *state, struct ratio *r)
{
	const char *text = *(const char *const *)state;

	(void)m;
	if (!text)
		return 1;
	return ratio_parse(r, span_of(text)) < 0 ? -1 : 0;
}

static const struct measure_kind stub = { .name = "stub", .number = stub_number };

static const struct measure measures[] = {
	{ .kind = &stub, .name = (char *)"a", .offset = 0 },
	{ .kind = &stub, .name = (char *)"b", .offset = sizeof(char *) },
	{ .kind = &stub, .name = (char *)"c", .offset = 2 * sizeof(char *) },
	{ .kind = &stub, .name = (char *)"d", .offset = 3 * sizeof(char *) },
};
static const char *const row[] = { "12.50", "-3", NULL, "99999999999999999999999999999999999999.999999999999999999" };

static void check(const struct derive *d, struct derive *const *earlier, size_t n)
{
	struct buf once = { 0 }, again = { 0 }, value = { 0 }, same = { 0 };
	struct derive *printed;
	char error[200];

	derive_print(&once, d);
	printed = derive_parse(buf_view(&once), measures, 4, earlier, n, error);
	if (!printed && once.n <= 65536)
		abort();
	if (printed) {
		derive_print(&again, printed);
		derive_finish(d, measures, row, 6, &value);
		derive_finish(printed, measures, row, 6, &same);
		if (!span_eq(buf_view(&once), buf_view(&again)) || !span_eq(buf_view(&value), buf_view(&same)))
			abort();
	}
	derive_free(printed);
	buf_free(&once);
	buf_free(&again);
	buf_free(&value);
	buf_free(&same);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct derive *derive[MAX_DERIVES];
	struct span rest = { (const char *)data, size };
	size_t n = 0;
	char error[200];

	while (rest.n && n < MAX_DERIVES) {
		const char *line = memchr(rest.p, '\n', rest.n);
		size_t length = line ? (size_t)(line - rest.p) : rest.n;

		derive[n] = derive_parse((struct span){ rest.p, length }, measures, 4, derive, n, error);
		if (derive[n]) {
			check(derive[n], derive, n);
			n++;
		}
		rest.p += length + (line != NULL);
		rest.n -= length + (line != NULL);
	}
	while (n)
		derive_free(derive[--n]);
	return 0;
}
