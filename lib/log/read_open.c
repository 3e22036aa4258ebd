/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "lib/base/diag.h"
#include "lib/base/hash.h"
#include "lib/log/read_impl.h"

static int fail_chain(struct log_reader *r, struct position want, uint32_t chain)
{
	return failure_set(r->failure, EXIT_CONFIG, "%s: position %" PRIu64 "@%08" PRIx32 ": the log has other records before it (its chain there is %08" PRIx32 ")",
	                   r->dir->path, want.at, want.chain, chain);
}

static int fail_beyond(struct log_reader *r, uint64_t at, uint64_t end)
{
	return failure_set(r->failure, EXIT_CONFIG, "%s: position %" PRIu64 " is beyond the end of the log%s, which is %" PRIu64, r->dir->path, at,
	                   r->options.sealed_only ? "'s sealed segments" : "", end);
}

static int arrive(struct log_reader *r, struct position to, struct position here)
{
	if (!r->options.without_chain && to.chain != here.chain)
		return fail_chain(r, to, here.chain);
	r->at = here;
	return 0;
}

/* Reads on to a position of the open segment. */
static int skip_to(struct log_reader *r, struct position to)
{
	struct log_block b, head;
	enum log_event e = LOG_BLOCK;

	r->rest = (struct log_block){ 0 };
	while (r->walk.at.at < to.at && (e = reader_next_block(r, &b)) == LOG_BLOCK)
		reader_confirm_index(r);
	if (e == LOG_ERROR)
		return -1;
	if (e != LOG_BLOCK)
		return fail_beyond(r, to.at, r->walk.at.at);
	if (r->walk.at.at == to.at)
		return arrive(r, to, r->walk.at);
	log_block_cut(&b, to.at - b.first.at, &head);
	r->rest = b;
	return arrive(r, to, head.end);
}

/* A hint where to begin spares walking through all that comes before. */
static int seek(struct log_reader *r, const struct log_segment *s, uint64_t at)
{
	struct failure why = { 0 };

	if (r->file.compressed) {
		r->by_index = s->sealed && seek_compressed(&r->walk, r->dir->fd, &r->head, s->end, at);
		r->failure = r->by_index ? &r->doubt : r->theirs;
	} else if (seek_plain(&r->walk, at, &why) < 0) {
		return reader_fail(r, &why);
	}
	if (!r->closed)
		r->sure = r->walk.offset;
	return 0;
}

/* Within a segment. */
static int go_into(struct log_reader *r, const struct log_segment *s, struct position to, bool may_seek)
{
	int rc = reader_open_segment(r, s);

	if (rc > 0)
		return failure_set(r->failure, EXIT_RETRY, "%s: the segment of position %" PRIu64 " has just gone", r->dir->path, to.at);
	if (rc == 0 && may_seek)
		rc = seek(r, s, to.at);
	return rc < 0 ? -1 : skip_to(r, to);
}

static int locate(struct log_reader *r, struct position to, bool may_seek)
{
	const struct log_segment *s = log_dir_find(r->dir, to.at);

	reader_close_segment(r);
	if (!s && r->dir->n)
		return failure_set(r->failure, EXIT_CONFIG, "%s: position %" PRIu64 " was pruned: the log begins at %" PRIu64, r->dir->path, to.at,
		                   r->dir->segment[0].head.first.at);
	if (!s)
		return to.at == 0 ? arrive(r, to, (struct position){ 0 }) : fail_beyond(r, to.at, 0);
	if (to.at == s->head.first.at)
		return arrive(r, to, s->head.first);
	if (s->sealed && to.at >= s->end.at)
		return to.at == s->end.at ? arrive(r, to, s->end) : fail_beyond(r, to.at, s->end.at);
	if (r->options.sealed_only && !s->sealed)
		return fail_beyond(r, to.at, s->head.first.at);
	return go_into(r, s, to, may_seek);
}

void reader_confirm_index(struct log_reader *r)
{
	r->by_index = false;
	r->failure = r->theirs;
}

int reader_locate_without_index(struct log_reader *r)
{
	reader_confirm_index(r);
	r->doubt = (struct failure){ 0 };
	return locate(r, r->goal, false);
}

int reader_locate(struct log_reader *r, struct position to)
{
	r->goal = to;
	if (locate(r, to, true) == 0)
		return 0;
	return r->by_index ? reader_locate_without_index(r) : -1;
}

struct log_reader *log_reader_open(struct log_dir *d, struct position from, uint64_t to, const struct log_reader_options *o, struct failure *f)
{
	struct log_reader *r = mem_zalloc(sizeof *r);

	r->dir = d;
	r->options = *o;
	r->failure = r->theirs = f;
	r->to = to;
	r->file = SEGMENT_NO_FILE;
	r->failed = reader_locate(r, from) < 0;
	return r;
}
