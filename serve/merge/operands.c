/* SPDX-License-Identifier: MIT */
#include "serve/merge/operands.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/diag.h"

#define LISTINGS 5              /* when files vanish between listing and opening: the clock of whoever compacts is not ours */

enum { VANISHED = 1 };

/* The records of one source that an operand holds. */
struct stretch {
	const char *log, *source, *operand;
	uint64_t from, to;
};

struct stretches {
	struct stretch *of;
	size_t n, cap;
};

/* ---- one directory, one file ---- */

static void add_input(struct operands *o, char *path)
{
	o->input = mem_grow(o->input, o->ninputs, &o->cap, sizeof *o->input);
	o->input[o->ninputs++] = path;
}

static char *tile_path(const char *dir, const char *file)
{
	struct buf path = { 0 };

	buf_printf(&path, "%s%s%s", dir, dir[strlen(dir) - 1] == '/' ? "" : "/", file);
	buf_byte(&path, '\0');
	return path.p;
}

static int64_t modified(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
}

static int read_times(struct operand_view *v, int dir, struct failure *f)
{
	struct stat st;

	v->written = mem_array(NULL, v->tilings.n, sizeof *v->written);
	for (size_t i = 0; i < v->tilings.n; i++) {
		const struct tiling *t = &v->tilings.of[i];

		v->written[i] = INT64_MIN;
		if (t->n == 0)
			continue;
		if (fstatat(dir, t->tile[t->n - 1].file, &st, 0) == 0)
			v->written[i] = modified(&st);
		else if (errno == ENOENT)
			return VANISHED;
		else
			return failure_set(f, EXIT_IO, "%s/%s: %s", v->path, t->tile[t->n - 1].file, strerror(errno));
	}
	return 0;
}

/* The path is opened anew each time: a view may be replaced as a whole. */
static int read_view(struct operands *o, const char *path, struct failure *f)
{
	struct operand_view *v;
	int dir = disk_dir(path, false, f), rc;

	if (dir < 0)
		return -1;
	o->view = mem_array(o->view, o->nviews + 1, sizeof *o->view);
	v = &o->view[o->nviews++];
	*v = (struct operand_view){ .path = path };
	rc = tiling_read(dir, path, NULL, NULL, &v->tilings, f);
	if (rc == 0)
		rc = read_times(v, dir, f);
	close(dir);
	return rc;
}

bool operand_is_view(const char *path)
{
	struct stat st;

	return strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* ---- no record twice ---- */

static void add_stretch(struct stretches *s, struct stretch one)
{
	s->of = mem_grow(s->of, s->n, &s->cap, sizeof *s->of);
	s->of[s->n++] = one;
}

static bool same_log(const struct stretch *a, const struct stretch *b)
{
	return strcmp(a->log, b->log) == 0 && (*a->log || strcmp(a->source, b->source) == 0);
}

/* A log that was renamed is the log it was: its id tells, not the name. */
static int check_stretches(const struct stretches *s, struct failure *f)
{
	for (size_t i = 0; i < s->n; i++)
		for (size_t k = 0; k < i; k++) {
			const struct stretch *a = &s->of[k], *b = &s->of[i];
			uint64_t from = a->from > b->from ? a->from : b->from, to = a->to < b->to ? a->to : b->to;

			if (from < to && same_log(a, b))
				return failure_set(f, EXIT_CONFIG, "%.100s: %.60s: records %" PRIu64 "-%" PRIu64 " of that log are in %.100s too (%.60s): they would count twice",
				                   b->operand, b->source, from, to, a->operand, a->source);
		}
	return 0;
}

/* A plain file that is a range file by its name. One that cannot be read is told of when it is. */
static bool read_stretch(const char *path, struct range_name *n, struct range_head *h)
{
	const char *slash = strrchr(path, '/');
	struct failure unread = { 0 };
	char *parent;
	bool is_range;
	int dir;

	if (range_name_parse(slash ? slash + 1 : path, n) < 0)
		return false;
	parent = mem_text(slash ? (struct span){ path, (size_t)(slash + 1 - path) } : SPAN("."));
	dir = disk_dir(parent, false, &unread);
	is_range = dir >= 0 && range_head_read(dir, slash ? slash + 1 : path, n, h, &unread) == 0;
	if (dir >= 0)
		close(dir);
	free(parent);
	return is_range;
}

static int check_overlap(const struct operands *o, const struct operands_request *r, struct failure *f)
{
	struct range_name *name = mem_array(NULL, r->n, sizeof *name);
	struct range_head *head = mem_array(NULL, r->n, sizeof *head);
	struct stretches all = { 0 };
	int rc;

	for (size_t i = 0; i < o->nviews; i++)
		for (size_t k = 0; k < o->view[i].tilings.n; k++) {
			const struct tiling *t = &o->view[i].tilings.of[k];

			if (t->n)
				add_stretch(&all, (struct stretch){ t->log, t->source, o->view[i].path, t->tile[0].head.from.at, t->end.at });
		}
	for (size_t i = 0; i < r->n; i++)
		if (read_stretch(r->path[i], &name[i], &head[i]))
			add_stretch(&all, (struct stretch){ head[i].log, name[i].source, r->path[i], head[i].from.at, head[i].to.at });
	rc = check_stretches(&all, f);
	free(all.of);
	free(name);
	free(head);
	return rc;
}

/* ---- what is new ---- */

static const struct tiling *find_tiling(const struct operand_view *v, const char *source)
{
	for (size_t i = 0; i < v->tilings.n; i++)
		if (strcmp(v->tilings.of[i].source, source) == 0)
			return &v->tilings.of[i];
	return NULL;
}

/* The first tile of now behind what before covers: the files in front of it may be others, but hold the same records. SIZE_MAX:
 * there is no such place. A new batch generation is read as a whole: it is there to put right what was served. */
static size_t first_new(const struct tiling *before, const struct tiling *now)
{
	if (!before || before->n == 0)
		return 0;
	if (now->n == 0 || before->generation != now->generation || strcmp(before->log, now->log) != 0 || strcmp(before->hash, now->hash) != 0)
		return SIZE_MAX;
	for (size_t i = 0; i < now->n; i++)
		if (position_eq(now->tile[i].head.from, before->end))
			return i;
	return position_eq(now->end, before->end) ? now->n : SIZE_MAX;
}

static bool view_goes_on(const struct operand_view *before, const struct operand_view *now)
{
	for (size_t i = 0; i < before->tilings.n; i++) {
		const struct tiling *was = &before->tilings.of[i];

		if (was->n && !find_tiling(now, was->source))
			return false;
	}
	for (size_t i = 0; i < now->tilings.n; i++)
		if (first_new(find_tiling(before, now->tilings.of[i].source), &now->tilings.of[i]) == SIZE_MAX)
			return false;
	return true;
}

static bool goes_on(const struct operands *before, const struct operands *now)
{
	if (!before || before->nviews != now->nviews)
		return false;
	for (size_t i = 0; i < now->nviews; i++)
		if (!view_goes_on(&before->view[i], &now->view[i]))
			return false;
	return true;
}

static void add_tiles(struct operands *o, const struct operands *before, size_t view)
{
	const struct operand_view *v = &o->view[view];

	for (size_t i = 0; i < v->tilings.n; i++) {
		const struct tiling *t = &v->tilings.of[i];

		for (size_t k = o->goes_on ? first_new(find_tiling(&before->view[view], t->source), t) : 0; k < t->n; k++)
			add_input(o, tile_path(v->path, t->tile[k].file));
	}
}

/* ---- all of them ---- */

static int list(struct operands *o, const struct operands_request *r, struct failure *f)
{
	bool *is_view = mem_zalloc(r->n * sizeof *is_view);
	size_t view = 0;
	int rc = 0;

	for (size_t i = 0; i < r->n && rc == 0; i++) {
		is_view[i] = operand_is_view(r->path[i]);
		if (is_view[i])
			rc = read_view(o, r->path[i], f);
	}
	if (rc == 0)
		rc = check_overlap(o, r, f);
	o->goes_on = rc == 0 && goes_on(r->before, o);
	for (size_t i = 0; i < r->n && rc == 0; i++) {
		if (is_view[i])
			add_tiles(o, r->before, view++);
		else
			add_input(o, mem_text(span_of(r->path[i])));
	}
	free(is_view);
	return rc;
}

/* Range files are replaced by others that hold the same records, and go some time after that. */
static bool vanished(const struct operands *o)
{
	for (size_t i = 0; i < o->nviews; i++)
		for (size_t k = 0; k < o->view[i].tilings.n; k++)
			for (size_t j = 0; j < o->view[i].tilings.of[k].n; j++) {
				char *path = tile_path(o->view[i].path, o->view[i].tilings.of[k].tile[j].file);
				bool gone = access(path, F_OK) < 0 && errno == ENOENT;

				free(path);
				if (gone)
					return true;
			}
	return false;
}

/* Nothing to read, and so no definition. */
static int nothing_there(const struct operands *o, struct failure *f)
{
	struct buf lines = { 0 };
	bool gap = false;

	for (size_t i = 0; i < o->nviews; i++)
		gap |= o->view[i].tilings.n != 0;
	operands_missing(o, NULL, &lines);
	failure_set(f, gap ? EXIT_DATA : EXIT_SERVICE, "%s", lines.p);
	buf_free(&lines);
	return -1;
}

/* 0 and the cursor, VANISHED, -1. */
static int open_once(struct operands *o, const struct operands_request *r, struct cursor **cursor, struct failure *f)
{
	const struct view *expected = r->expected;
	int rc = list(o, r, f);
	struct cursor *c;

	if (rc)
		return rc;
	if (o->ninputs == 0 && !expected)
		expected = r->given;
	if (o->ninputs == 0 && !expected)
		return nothing_there(o, f);
	c = cursor_open((const char *const *)o->input, o->ninputs, r->max_record);
	rc = expected ? cursor_expect(c, expected) : 0;
	if (rc == 0)
		rc = cursor_begin(c);
	if (rc < 0) {
		rc = vanished(o) ? VANISHED : failure_set(f, cursor_status(c), "%s", cursor_error(c));
		cursor_close(c);
		return rc;
	}
	*cursor = c;
	return 0;
}

struct cursor *operands_open(struct operands *o, const struct operands_request *r, struct failure *f)
{
	struct cursor *c = NULL;
	int rc = VANISHED;

	for (int listing = 0; listing < LISTINGS && rc == VANISHED; listing++) {
		operands_free(o);
		rc = open_once(o, r, &c, f);
	}
	if (rc == VANISHED)
		failure_set(f, EXIT_RETRY, "range files vanish faster than they can be opened");
	return rc ? NULL : c;
}

void operands_free(struct operands *o)
{
	for (size_t i = 0; i < o->nviews; i++) {
		tilings_free(&o->view[i].tilings);
		free(o->view[i].written);
	}
	for (size_t i = 0; i < o->ninputs; i++)
		free(o->input[i]);
	free(o->view);
	free(o->input);
	*o = (struct operands){ 0 };
}
