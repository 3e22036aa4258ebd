/* SPDX-License-Identifier: MIT */
#include "lib/log/once.h"

#include <inttypes.h>

#include "lib/base/diag.h"
#include "lib/log/index.h"
#include "lib/log/tail.h"
#include "lib/log/walk.h"

/* In a sealed segment that ends there: by its index, else by reading it. *first: where it begins. */
static int once_in_segment(int dir, uint64_t at, struct position end, struct span id, struct position *first, bool *has, struct failure *f)
{
	struct segment_file file = SEGMENT_NO_FILE;
	struct segment_head head = { 0 };
	struct segment_walk walk = { 0 };
	struct segment_index index = { 0 };
	enum walk_event e = WALK_ERROR;
	struct span data;

	if (segment_file_open(&file, dir, at, f) == 0 && segment_file_head(&file, at, &head, f) == 0) {
		struct index_of of = { &head, end, file.name, segment_file_size(&file) };

		*first = head.first;
		if (index_read(dir, &of, &index) == 0)
			e = WALK_SEAL;
		else
			walk_begin(&walk, &file, at, head.first, file.offset);
		*has = index_has_once(&index, id);
		while (e != WALK_SEAL && (e = walk_next(&walk, &data, f)) == WALK_BLOCK)
			*has = *has || (walk.trailer.once.n && span_eq(buf_view(&walk.trailer.once), id));
	}
	if (e != WALK_SEAL)
		failure_set(f, EXIT_DATA, "%020" PRIu64 ".log: it ends before the segment does", at);
	walk_free(&walk);
	index_free(&index);
	segment_head_free(&head);
	segment_file_close(&file);
	return e == WALK_SEAL ? 0 : -1;
}

int log_has_once(int dir, const char *path, struct position end, struct span id, bool *has, struct failure *f)
{
	uint64_t *first;
	size_t n;
	int rc = segment_list(dir, path, &first, &n, f);

	*has = false;
	while (rc == 0 && !*has && n > 0)
		if (first[--n] < end.at)
			rc = once_in_segment(dir, first[n], end, id, &end, has, f);
	free(first);
	return rc;
}
