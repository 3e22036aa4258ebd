/* SPDX-License-Identifier: MIT */
#include "lib/log/commits.h"

#include <inttypes.h>
#include <string.h>

#include "lib/base/diag.h"
#include "lib/log/recover.h"
#include "lib/log/tail.h"
#include "lib/log/walk.h"

struct commits {
	struct block_trailer *of;       /* ascending */
	size_t n, cap;
};

static void forget(struct commits *c)
{
	for (size_t i = 0; i < c->n; i++)
		block_trailer_free(&c->of[i]);
	c->n = 0;
}

/* Later blocks repeat what was committed before them. */
static bool is_repeated(const struct commits *c, const struct block_trailer *t)
{
	const struct block_trailer *last = c->n ? &c->of[c->n - 1] : NULL;

	return last && last->epoch == t->epoch && strcmp(last->run, t->run) == 0;
}

static void note(struct commits *c, const struct block_trailer *t)
{
	if (t->more || !t->has_source || is_repeated(c, t))
		return;
	c->of = mem_grow(c->of, c->n, &c->cap, sizeof *c->of);
	c->of[c->n] = (struct block_trailer){ 0 };
	block_trailer_copy(&c->of[c->n++], t);
}

/* The blocks of one segment, as far as they go. */
static int gather(int dir, uint64_t first, struct commits *c, struct failure *f)
{
	struct segment_file file = SEGMENT_NO_FILE;
	struct segment_head head = { 0 };
	struct segment_walk walk = { 0 };
	enum walk_event e = WALK_END;
	struct span data;
	int rc = segment_file_open(&file, dir, first, f);

	if (rc > 0)
		rc = failure_set(f, EXIT_RETRY, "%020" PRIu64 ".log: it has gone meanwhile", first);
	if (rc == 0)
		rc = segment_file_head(&file, first, &head, f);
	if (rc == 0) {
		walk_begin(&walk, &file, first, head.first, file.offset);
		while ((e = walk_next(&walk, &data, f)) == WALK_BLOCK)
			note(c, &walk.trailer);
	}
	walk_free(&walk);
	segment_head_free(&head);
	segment_file_close(&file);
	return rc < 0 || e == WALK_DAMAGED || e == WALK_ERROR ? -1 : 0;
}

/* The first commit that is seen may be the repetition of one in a segment before: it counts only where nothing is before. */
int log_commit_before(int dir, const char *path, uint64_t back, struct block_trailer *t, bool *found, struct failure *f)
{
	struct commits c = { 0 };
	uint64_t *first;
	size_t n, from;
	int rc = segment_list(dir, path, &first, &n, f);

	for (from = n; rc == 0 && from > 0 && c.n < back + 2;) {
		forget(&c);
		from--;
		for (size_t i = from; rc == 0 && i < n; i++)
			rc = gather(dir, first[i], &c, f);
	}
	*found = rc == 0 && c.n > back && (c.n > back + 1 || (n > 0 && first[0] == 0));
	if (*found)
		block_trailer_copy(t, &c.of[c.n - 1 - back]);
	forget(&c);
	free(c.of);
	free(first);
	return rc;
}
