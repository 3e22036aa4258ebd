/* SPDX-License-Identifier: MIT */
/* Lines as JSON records: a scanner that has learned from the lines before, and knows where quotes are, must say what a
 * fresh one says, and what is valid can be walked. */
#include "lib/text/json_scan.h"
#include "lib/text/json_walk.h"

#include <stdlib.h>

#define WIDTH 6

static struct fields fields;

static void check(int ok)
{
	if (!ok)
		__builtin_trap();
}

static void make_fields(void)
{
	static const char *const text[WIDTH] = { "a", ".b.c", ".b.c[1]", ".l[0].a", "ts", "missing" };
	const char *error;

	for (int i = 0; fields.n < WIDTH; i++)
		fields_add(&fields, span_of(text[i]), &error);
}

static size_t walk(struct span value)
{
	struct span name, inner;
	size_t n = 1;

	if (value.n && (value.p[0] == '{' || value.p[0] == '['))
		while (json_next(&value, &name, &inner))
			n += walk(inner);
	return n;
}

/* What is learned with an index holds. */
static int scan_indexed(struct json_scan *scan, struct span record, struct arena *scratch, struct span *got)
{
	uint32_t *quote = malloc((record.n + 1) * sizeof *quote), *mark = malloc((record.n + 1) * sizeof *mark);
	struct json_index index = { record.p, quote, mark };
	int rc;

	for (size_t i = 0; i < record.n; i++) {
		if (record.p[i] == '"')
			*quote++ = (uint32_t)i;
		if (record.p[i] == '\\' || (unsigned char)record.p[i] < 0x20 || (unsigned char)record.p[i] >= 0x80)
			*mark++ = (uint32_t)i;
	}
	*quote = *mark = (uint32_t)record.n;
	rc = json_scan_indexed(scan, record, &index, scratch, got);
	free((void *)index.quote);
	free((void *)index.mark);
	return rc;
}

static void check_record(struct json_scan *warm, struct span record, struct arena *scratch)
{
	struct json_scan *fresh = json_scan_new(&fields);
	struct span got[WIDTH], want[WIDTH];
	int rc = json_scan_record(fresh, record, scratch, want);

	check(scan_indexed(warm, record, scratch, got) == rc);
	if (rc < 0) {
		check(json_scan_offset(fresh) <= record.n && json_scan_offset(warm) == json_scan_offset(fresh));
		check(json_scan_reason(warm) == json_scan_reason(fresh));
	}
	for (size_t i = 0; rc == 0 && i < WIDTH; i++) {
		check(span_eq(got[i], want[i]) && json_scan_kind(warm, i) == json_scan_kind(fresh, i));
		check((want[i].n == 0) || json_scan_kind(fresh, i) > JSON_NULL);
		if (json_scan_kind(fresh, i) >= JSON_OBJECT)
			check(walk(want[i]) <= want[i].n);
	}
	if (rc == 0)
		check(walk(span_trim(record)) <= record.n);
	json_scan_free(fresh);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *end = p + size, *nl;
	struct arena scratch = { 0 };
	struct json_scan *warm;

	make_fields();
	warm = json_scan_new(&fields);
	for (; p < end; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (!nl)
			nl = end;
		check_record(warm, (struct span){ p, (size_t)(nl - p) }, &scratch);
	}
	json_scan_free(warm);
	arena_free(&scratch);
	return 0;
}
