/* SPDX-License-Identifier: MIT */
/* A view definition from elsewhere. What is taken must print to a text that loads to the same text, with the same hash. */
#include <stdint.h>

#include "lib/view/definition.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* NULL: it is no definition; it then says why, in one line. */
static struct view *load(struct span text)
{
	struct view *v = view_new();
	char error[256] = "";

	if (view_load_text(v, text, error) == 0 && view_finish(v, error) == 0)
		return v;
	if (!*error || strlen(error) > 255)
		abort();
	view_free(v);
	return NULL;
}

/* The canonical text may be longer than what was stated, and then beyond a bound on depth or length of an expression. */
static void check_round_trip(const struct view *v, size_t size)
{
	struct buf once = { 0 }, twice = { 0 };
	char hash[2][9];
	struct view *again;

	view_print(v, false, &once);
	view_hash(v, hash[0]);
	again = load(buf_view(&once));
	if (!again && size < 4096)
		abort();
	if (again) {
		view_print(again, false, &twice);
		view_hash(again, hash[1]);
		if (!span_eq(buf_view(&once), buf_view(&twice)) || strcmp(hash[0], hash[1]) != 0)
			abort();
	}
	view_free(again);
	buf_free(&once);
	buf_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view *v = load((struct span){ (const char *)data, size });

	if (v)
		check_round_trip(v, size);
	view_free(v);
	return 0;
}
