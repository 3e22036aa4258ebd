/* SPDX-License-Identifier: MIT */
#include "serve/store/shelf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/base/mutant.h"
#include "lib/text/percent.h"

/* ---- the lock ---- */

int shelf_lock(int dir, const char *path, const char *source, struct failure *f)
{
	struct buf name = { 0 }, what = { 0 };
	int lock;

	buf_text(&name, ".speed.");
	percent_encode(&name, span_of(source), "./");
	buf_add(&name, ".lock", 6);
	buf_printf(&what, "%s: source %s is being written", path, source);
	buf_byte(&what, '\0');
	lock = disk_lock(dir, name.p, what.p, 0, f);
	buf_free(&name);
	buf_free(&what);
	return lock;
}

int shelf_open(struct shelf *s, const char *path, struct span source, struct failure *f)
{
	*s = (struct shelf){ .path = path, .dir = -1, .lock = -1 };
	if (source.n == 0 || source.n >= sizeof s->source || memchr(source.p, '\0', source.n))
		return failure_set(f, EXIT_CONFIG, "the stream does not say the name of its source");
	memcpy(s->source, source.p, source.n);
	s->dir = disk_dir(path, true, f);
	if (s->dir >= 0)
		s->lock = shelf_lock(s->dir, path, s->source, f);
	return s->lock < 0 ? -1 : 0;
}

void shelf_close(struct shelf *s)
{
	if (s->lock >= 0)
		close(s->lock);
	if (s->dir >= 0)
		close(s->dir);
	s->lock = s->dir = -1;
}

/* ---- what an earlier run left ---- */

static int drop(struct shelf *s, const char *file, struct failure *f)
{
	if (unlinkat(s->dir, file, 0) < 0 && errno != ENOENT)
		return failure_set(f, EXIT_IO, "%s/%s: %s", s->path, file, strerror(errno));
	s->removed++;
	return 0;
}

/* `.orders.<range>.speed.<hash>.tsv.tmp`: half a file of this source. */
static bool is_temporary(const struct shelf *s, const char *name)
{
	size_t n = strlen(name);
	struct range_name range;
	char *inner;
	bool is;

	if (n < 6 || name[0] != '.' || strcmp(name + n - 4, ".tmp") != 0)
		return false;
	inner = mem_text((struct span){ name + 1, n - 5 });
	is = range_name_parse(inner, &range) == 0 && range.kind == RANGE_SPEED && strcmp(range.source, s->source) == 0;
	free(inner);
	return is;
}

static int drop_temporaries(struct shelf *s, struct failure *f)
{
	int fd = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d) {
		failure_set(f, EXIT_IO, "%s: %s", s->path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while (rc == 0 && (e = readdir(d)))
		if (is_temporary(s, e->d_name))
			rc = drop(s, e->d_name, f);
	closedir(d);
	return rc;
}

static bool is_ours(const struct shelf *s, const struct range_name *n)
{
	return n->kind == RANGE_SPEED && strcmp(n->source, s->source) == 0 && strcmp(n->hash, s->hash) == 0;
}

static bool is_tile(const struct tiling *t, const char *file)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->tile[i].file, file) == 0)
			return true;
	return false;
}

/* Is there a speed file in the tiling that holds all of this one? Then compaction made it of this one. */
static bool is_replaced(const struct tiling *t, const struct range_name *n)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->tile[i].name.kind == RANGE_SPEED && t->tile[i].name.from <= n->from && n->to <= t->tile[i].name.to)
			return true;
	return false;
}

static bool is_torn(struct shelf *s, const char *file, const struct range_name *n)
{
	struct failure why = { 0 };
	struct range_head h;

	return range_head_read(s->dir, file, n, &h, &why) == 1;
}

/* Files below the tiling's end stay: a generation that is rolled back may need them. */
static int drop_strays(struct shelf *s, const struct tiling *t, struct failure *f)
{
	struct range_list l = { 0 };
	int rc = range_list_read(s->dir, s->path, &l, f);

	for (size_t i = 0; i < l.n && rc == 0; i++)
		if (is_ours(s, &l.name[i]) && !is_tile(t, l.file[i]) &&
		    (l.name[i].to > t->end.at || is_replaced(t, &l.name[i]) || is_torn(s, l.file[i], &l.name[i])))
			rc = drop(s, l.file[i], f);
	range_list_free(&l);
	return rc;
}

/* A file that was never synced may have lost its middle in a power cut. Those that compaction made were. 1: some went. */
static int drop_damaged(struct shelf *s, const struct tiling *t, struct failure *f)
{
	bool any = false;

	for (size_t i = 0; i < t->n; i++) {
		const struct tile *tile = &t->tile[i];
		struct failure why = { 0 };
		int rc;

		if (tile->name.kind != RANGE_SPEED || tile->head.level > 0)
			continue;
		rc = range_verify(s->dir, tile->file, &why);
		if (rc < 0)
			return failure_set(f, why.status, "%s/%s", s->path, why.text);
		if (rc == 1 && drop(s, tile->file, f) < 0)
			return -1;
		any |= rc > 0;
	}
	return any;
}

/* ---- where it ends ---- */

static int read_tiling(const struct shelf *s, struct tilings *t, struct failure *f)
{
	return tiling_read(s->dir, s->path, s->source, NULL, t, f);
}

static int check_identity(const struct shelf *s, const struct tiling *t, struct failure *f)
{
	if (!*t->hash)
		return 0;
	if (strcmp(t->hash, s->hash) != 0)
		return failure_set(f, EXIT_CONFIG, "%s: holds a view of definition %s, the stream is one of %s: batch-view builds it anew", s->path, t->hash, s->hash);
	if (*s->log && strcmp(t->log, s->log) != 0)
		return failure_set(f, EXIT_CONFIG, "%s: source %s was the log %s, the stream comes from log %s", s->path, s->source, t->log, s->log);
	if (strcmp(t->cfg, s->cfg) != 0)
		return failure_set(f, EXIT_CONFIG, "%s: was made by another lineage (%s) than event-log and window-agg (%s)", s->path, t->cfg, s->cfg);
	return 0;
}

/* Until nothing is to be taken away any more. */
static int settle(struct shelf *s, struct tilings *t, struct failure *f)
{
	int again;

	do {
		if (read_tiling(s, t, f) < 0 || check_identity(s, &t->of[0], f) < 0)
			return -1;
		again = drop_damaged(s, &t->of[0], f);
	} while (again > 0);
	return again;
}

int shelf_begin(struct shelf *s, const struct view *v, const struct resume *r, struct tilings *tiles, struct failure *f)
{
	s->view = v;
	view_hash(v, s->hash);
	view_lineage(s->hash, s->cfg);
	if (strcmp(r->cfg, s->cfg) != 0)
		return failure_set(f, EXIT_CONFIG, "a view is made from its log directly: lineage of event-log cat and window-agg is %s, of this stream %s", s->cfg,
		                   *r->cfg ? r->cfg : "not stated");
	if (r->log.n >= sizeof s->log)
		return failure_set(f, EXIT_CONFIG, "the stream does not say which log it comes from");
	if (r->log.n)                   /* none: the log is empty, and nothing will come */
		memcpy(s->log, r->log.p, r->log.n);
	s->log[r->log.n] = '\0';
	if (tilings_check_names(s->dir, s->path, s->source, s->log, f) < 0 || drop_temporaries(s, f) < 0 || settle(s, tiles, f) < 0 || drop_strays(s, &tiles->of[0], f) < 0 || disk_sync_dir(s->dir, s->path, f) < 0)
		return -1;
	s->at = tiles->of[0].end;
	return 0;
}

/* ---- adding to it ---- */

/* Compare and set: what is there must still be what we go on from. */
static int check_end(const struct shelf *s, struct failure *f)
{
	struct tilings t = { 0 };
	char here[POSITION_TEXT], there[POSITION_TEXT];
	int rc = 0;

	if (mutant("cas"))
		return 0;
	rc = read_tiling(s, &t, f);
	if (rc == 0 && t.of[0].n && strcmp(t.of[0].hash, s->hash) != 0)
		rc = failure_set(f, EXIT_RETRY, "%s: batch has built it by another definition, %s, by now; ours is %s", s->path, t.of[0].hash, s->hash);
	if (rc == 0 && !position_eq(t.of[0].end, s->at)) {
		position_print(t.of[0].end, there);
		position_print(s->at, here);
		rc = failure_set(f, EXIT_RETRY, "%s: ends at %s by now, not at %s: a batch was published or taken back; go on from there", s->path, there, here);
	}
	tilings_free(&t);
	return rc;
}

static void describe(const struct shelf *s, const struct epochs *e, const struct shelf_commit *c, struct tile *t)
{
	*t = (struct tile){ .name = { .from = s->at.at, .to = c->to.at, .kind = RANGE_SPEED } };
	memcpy(t->name.source, s->source, sizeof s->source);
	memcpy(t->name.hash, s->hash, sizeof s->hash);
	t->head = (struct range_head){ .from = s->at, .to = c->to, .epoch = c->epoch, .has_time = e->has_time, .time = e->time, .start = s->start, .edge = c->edge };
	memcpy(t->head.log, s->log, sizeof s->log);
	memcpy(t->head.cfg, s->cfg, sizeof s->cfg);
	snprintf(t->head.run, sizeof t->head.run, "%s", c->run);
}

static int write_file(const struct shelf *s, struct epochs *e, const struct tile *t, struct failure *f)
{
	struct range_writer w;

	if (range_begin(&w, s->dir, s->view, &t->name, &t->head, f) < 0)
		return -1;
	partial_fold(&w.partial, &e->fold, &e->sessions);       /* what fails there, range_end tells */
	return range_end(&w, e->rejected, s->durable, f);
}

int shelf_publish(struct shelf *s, struct epochs *e, const struct shelf_commit *c, struct tile *t, struct failure *f)
{
	struct buf name = { 0 };

	if (!*s->log)
		return failure_set(f, EXIT_CONFIG, "the stream does not say which log it comes from");
	if (check_end(s, f) < 0)
		return -1;
	describe(s, e, c, t);
	if (write_file(s, e, t, f) < 0)
		return -1;
	range_name_print(&t->name, &name);
	t->file = name.p;
	s->at = c->to;
	s->start = c->edge;
	epochs_clear(e);
	return 0;
}
