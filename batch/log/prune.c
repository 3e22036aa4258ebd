/* SPDX-License-Identifier: MIT */
/* A cut is found, what the views hold before it is frozen, durably, and only then segments go, the oldest first: whoever dies on the way leaves a log
 * that begins at a segment edge, and views that have all before it. */
#include "batch/log/prune.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "batch/rebuild/generations.h"
#include "lib/base/clock.h"
#include "lib/base/diag.h"
#include "lib/base/disk.h"
#include "lib/log/dir.h"
#include "lib/log/file.h"
#include "lib/log/index.h"
#include "lib/log/walk.h"
#include "lib/log/write.h"
#include "lib/sink/sink.h"

struct pruned_view {
	const char *path;
	int dir, lock;
	struct tilings tilings;         /* of the log's name alone */
	bool is_log;                    /* or a log that is made from it: what it has not read stays */
	struct position read;
};

struct pruner {
	const struct prune_options *o;
	struct out *out;
	struct failure *failure;
	struct log_dir log;
	int lock;                       /* the writer's; -1: one is at work */
	struct pruned_view *view;
	size_t nviews;                  /* open */
};

/* ---- how old is it? ---- */

static int walk_newest(struct pruner *p, const struct log_segment *s, int64_t *newest)
{
	struct segment_file file = SEGMENT_NO_FILE;
	struct segment_head head = { 0 };
	struct segment_walk w = { 0 };
	enum walk_event e = WALK_ERROR;
	struct span data;

	if (segment_file_open(&file, p->log.fd, s->head.first.at, p->failure) == 0 && segment_file_head(&file, s->head.first.at, &head, p->failure) == 0) {
		walk_begin(&w, &file, s->head.first.at, head.first, file.offset);
		while ((e = walk_next(&w, &data, p->failure)) == WALK_BLOCK)
			if (w.trailer.time > *newest)
				*newest = w.trailer.time;
	}
	walk_free(&w);
	segment_head_free(&head);
	segment_file_close(&file);
	return e == WALK_SEAL ? 0 : failure_set(p->failure, EXIT_DATA, "%s: segment %" PRIu64 " cannot be read to its end", p->o->path, s->head.first.at);
}

/* When the last record of a sealed segment was written. */
static int newest_of(struct pruner *p, const struct log_segment *s, int64_t *newest)
{
	struct segment_index index;
	struct index_of of = { &s->head, s->end, NULL, s->bytes };
	char name[SEGMENT_NAME];

	*newest = INT64_MIN;
	segment_name(s->head.first.at, s->compressed ? ".log.gz" : ".log", name);
	of.file = name;
	if (index_read(p->log.fd, &of, &index) < 0)
		return walk_newest(p, s, newest);
	for (size_t i = 0; i < index.n; i++)
		if (index.member[i].to > *newest)
			*newest = index.member[i].to;
	index_free(&index);
	return 0;
}

/* ---- what do the views hold? ---- */

static int read_sink(struct pruner *p, struct pruned_view *v)
{
	struct sink_state s = { 0 };
	int rc = sink_read(v->path, NULL, &s, p->failure);

	v->is_log = true;
	if (rc == 0 && (s.pos.n == 0 || position_parse(buf_view(&s.pos), &v->read) < 0))
		rc = failure_set(p->failure, EXIT_CONFIG, "%s: it is a log that is made from no other", v->path);
	sink_state_free(&s);
	return rc;
}

static int open_view(struct pruner *p, struct pruned_view *v, const char *path)
{
	*v = (struct pruned_view){ .path = path, .lock = -1, .dir = disk_dir(path, false, p->failure) };
	if (v->dir < 0)
		return -1;
	if (sink_expect_view(path, &(struct failure){ 0 }) < 0)
		return read_sink(p, v);
	v->lock = generations_lock(v->dir, p->o->wait_ms, p->failure);
	if (v->lock < 0 || tiling_read(v->dir, path, p->log.name, NULL, &v->tilings, p->failure) < 0)
		return -1;
	if (v->tilings.n && *v->tilings.of[0].log && strcmp(v->tilings.of[0].log, p->log.id) != 0)
		return failure_set(p->failure, EXIT_CONFIG, "%s: it is made from another log named %s", path, p->log.name);
	return 0;
}

static void close_view(struct pruned_view *v)
{
	tilings_free(&v->tilings);
	if (v->lock >= 0)
		close(v->lock);
	if (v->dir >= 0)
		close(v->dir);
}

/* Do batch and frozen files alone reach from the beginning to there, and end there? */
static bool view_ends_at(const struct pruned_view *v, struct position at)
{
	const struct tiling *t = v->tilings.n ? &v->tilings.of[0] : NULL;

	if (v->is_log)
		return v->read.at >= at.at;
	for (size_t i = 0; t && i < t->n && t->tile[i].name.kind != RANGE_SPEED; i++)
		if (position_eq(t->tile[i].head.to, at))
			return true;
	return false;
}

static bool views_end_at(const struct pruner *p, struct position at)
{
	for (size_t i = 0; i < p->nviews; i++)
		if (!view_ends_at(&p->view[i], at))
			return false;
	return true;
}

static int freeze_view(struct pruner *p, struct pruned_view *v, uint64_t cut)
{
	struct tiling *t = v->is_log ? NULL : &v->tilings.of[0];
	struct buf to = { 0 };
	int rc = 0;

	for (size_t i = 0; t && rc == 0 && i < t->n && t->tile[i].name.to <= cut; i++) {
		struct range_name name = t->tile[i].name;

		if (name.kind == RANGE_FROZEN)
			continue;
		name.kind = RANGE_FROZEN;
		buf_clear(&to);
		range_name_print(&name, &to);
		rc = disk_rename(v->dir, t->tile[i].file, to.p, true, p->failure);
		if (rc == 0)
			buf_printf(&p->out->buf, "%s/%s: frozen\n", v->path, to.p);
	}
	buf_free(&to);
	return rc;
}

/* ---- the cut ---- */

static bool is_far_enough(const struct pruner *p, uint64_t at)
{
	return !p->o->has_to || at <= p->o->to;
}

/* How many segments may go: the last one never does, for it says where the log is. A running writer may be about to replace a plain file. */
static int find_cut(struct pruner *p, size_t *n)
{
	const struct log_segment *s = p->log.segment;
	int64_t newest, now = clock_ms(CLOCK_REALTIME);

	*n = 0;
	for (size_t i = 0; i + 1 < p->log.n && s[i].sealed && (s[i].compressed || p->lock >= 0); i++) {
		if (!is_far_enough(p, s[i + 1].head.first.at))
			break;
		if (p->o->keep_ms >= 0 && newest_of(p, &s[i], &newest) < 0)
			return -1;
		if (p->o->keep_ms >= 0 && newest > now - p->o->keep_ms)
			break;
		if (views_end_at(p, s[i + 1].head.first))
			*n = i + 1;
	}
	return 0;
}

static int remove_file(struct pruner *p, uint64_t first, const char *suffix)
{
	char name[SEGMENT_NAME];

	segment_name(first, suffix, name);
	if (unlinkat(p->log.fd, name, 0) < 0 && errno != ENOENT)
		return failure_set(p->failure, EXIT_IO, "%s/%s: %s", p->o->path, name, strerror(errno));
	return 0;
}

static int remove_segment(struct pruner *p, const struct log_segment *s)
{
	uint64_t first = s->head.first.at;

	if (!p->o->dry_run && (remove_file(p, first, ".idx") < 0 || remove_file(p, first, ".log.gz") < 0 || remove_file(p, first, ".log") < 0 ||
	                       disk_sync_dir(p->log.fd, p->o->path, p->failure) < 0))
		return -1;
	buf_printf(&p->out->buf, "%s: records %" PRIu64 " to %" PRIu64 " %s\n", p->o->path, first, s->end.at, p->o->dry_run ? "would be removed" : "removed");
	return 0;
}

static int prune(struct pruner *p)
{
	size_t n;
	int rc = find_cut(p, &n);

	for (size_t i = 0; rc == 0 && n && !p->o->dry_run && i < p->nviews; i++)
		rc = freeze_view(p, &p->view[i], p->log.segment[n].head.first.at);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = remove_segment(p, &p->log.segment[i]);
	if (rc == 0 && n == 0)
		buf_printf(&p->out->buf, "%s: nothing may go: there is no segment edge that is old enough, where batch files of all views end and up to which all logs have read\n", p->o->path);
	return rc;
}

/* ---- all of it ---- */

static int check(const struct prune_options *o, struct failure *f)
{
	if (!o->nviews && !o->has_to)
		return failure_set(f, EXIT_CONFIG, "%s: name the views made from it by --views, so that they keep what goes; or say by --to how far it may go", o->path);
	if (o->keep_ms < 0 && !o->has_to)
		return failure_set(f, EXIT_USAGE, "--keep: how old must a record be to go?");
	return 0;
}

static int lock_writer(struct pruner *p)
{
	struct failure why = { 0 };

	p->lock = disk_lock(p->log.fd, LOG_LOCK, p->o->path, p->o->wait_ms, &why);
	return p->lock < 0 && why.status != EXIT_RETRY ? failure_set(p->failure, why.status, "%s", why.text) : 0;
}

static int open_all(struct pruner *p)
{
	const struct prune_options *o = p->o;

	if (log_dir_open(&p->log, o->path, false, p->failure) < 0 || lock_writer(p) < 0)
		return -1;
	p->view = mem_zalloc((o->nviews + 1) * sizeof *p->view);
	for (size_t i = 0; i < o->nviews; i++, p->nviews++)
		if (open_view(p, &p->view[i], o->view[i]) < 0) {
			close_view(&p->view[i]);
			return -1;
		}
	/* segments that were compressed meanwhile are so now */
	return log_dir_refresh(&p->log, p->failure);
}

int log_prune(const struct prune_options *o, struct out *out, struct failure *f)
{
	struct pruner p = { .o = o, .out = out, .failure = f, .lock = -1, .log.fd = -1 };
	int rc = check(o, f);

	if (rc == 0)
		rc = open_all(&p);
	if (rc == 0)
		rc = prune(&p);
	while (p.nviews)
		close_view(&p.view[--p.nviews]);
	free(p.view);
	if (p.lock >= 0)
		close(p.lock);
	log_dir_close(&p.log);
	return rc == 0 ? 0 : f->status;
}
