/* SPDX-License-Identifier: MIT */
/* A line of NDJSON is a row: json_scan does the work. */
#include "lib/text/rows_impl.h"

#include <stdio.h>

#include "lib/text/json_scan.h"

static void *ndjson_open(const struct fields *fields)
{
	return json_scan_new(fields);
}

static int ndjson_record(void *state, struct span record, struct rows *rows, char reason[BAD_REASON])
{
	struct json_scan *s = state;

	struct span *field = rows_add(rows);
	struct json_index index = { rows->block.data, rows->index.sep + rows->sep, rows->index.mark + rows->mark };

	if (json_scan_indexed(s, record, &index, rows_scratch(rows), field) == 0)
		return 0;
	snprintf(reason, BAD_REASON, "JSON: %s at byte %zu", json_scan_reason(s), json_scan_offset(s) + 1);
	return -1;
}

static void ndjson_close(void *state)
{
	json_scan_free(state);
}

const struct row_format row_format_ndjson = { ndjson_open, ndjson_record, ndjson_close };
