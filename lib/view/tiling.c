/* SPDX-License-Identifier: MIT */
/* Few heads are read: of the files that are taken, and of those that seem to stand beyond a gap. */
#include "lib/view/tiling.h"

#include <stdio.h>

#include "lib/base/diag.h"

#define LISTINGS 100    /* at most, when files keep vanishing */

/* The range files of one source, by from, while a tiling is chosen. */
struct choice {
	int dir;
	const char *path;
	struct range_name *name;
	char **file;
	size_t n;
	struct range_head *head;        /* of those that were read */
	enum { UNREAD, WHOLE, TORN } *state;
	size_t at;                      /* files before it begin before the end of what is chosen */
	struct failure *failure;
};

enum { GONE = 1 };      /* a file vanished: list again */

/* ---- listing ---- */

void range_list_free(struct range_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->file[i]);
	free(l->file);
	free(l->name);
	*l = (struct range_list){ 0 };
}

/* Names sort by source, then from, then to, for what stands in them. */
int range_list_read(int dir, const char *path, struct range_list *l, struct failure *f)
{
	struct disk_list names = { 0 };

	range_list_free(l);
	if (disk_read_dir(dir, path, &names, f) < 0)
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		struct range_name name;

		if (range_name_parse(names.name[i], &name) < 0)
			continue;
		if (l->n == l->cap) {
			l->name = mem_grow(l->name, l->n, &l->cap, sizeof *l->name);
			l->file = mem_array(l->file, l->cap, sizeof *l->file);
		}
		l->name[l->n] = name;
		l->file[l->n++] = names.name[i];
		names.name[i] = NULL;
	}
	disk_list_free(&names);
	return 0;
}

/* ---- heads ---- */

static bool is_batch(const struct range_name *n)
{
	return n->kind != RANGE_SPEED;
}

/* 0: choice->state tells; GONE; -1. */
static int look(struct choice *c, size_t i)
{
	struct failure why = { 0 };
	int rc;

	if (c->state[i] != UNREAD)
		return 0;
	rc = range_head_read(c->dir, c->file[i], &c->name[i], &c->head[i], &why);
	if (rc == 2)
		return GONE;
	if (rc < 0)
		return failure_set(c->failure, why.status, "%s/%s", c->path, why.text);
	if (rc > 0 && is_batch(&c->name[i]))
		return failure_set(c->failure, EXIT_DATA, "%s/%s: remove it, and the generation before it is served", c->path, why.text);
	c->state[i] = rc > 0 ? TORN : WHOLE;
	return 0;
}

/* ---- what is served ---- */

static bool older(const struct range_name *a, const struct range_name *b)
{
	return a->from != b->from ? a->from < b->from : a->to > b->to;
}

/* Is a rather than b the file whose definition is served? */
static bool decides(const struct range_name *a, const struct range_name *b)
{
	if (is_batch(a) != is_batch(b))
		return is_batch(a);
	if (is_batch(a) && a->generation != b->generation)
		return a->generation > b->generation;
	return older(a, b);
}

static int choose_definition(struct choice *c, const char *prefer, struct tiling *t)
{
	for (;;) {
		size_t best = c->n;
		int rc;

		for (size_t i = 0; i < c->n; i++)
			if (c->state[i] != TORN && (!prefer || strcmp(c->name[i].hash, prefer) == 0) && (best == c->n || decides(&c->name[i], &c->name[best])))
				best = i;
		if (best == c->n)
			return 0;
		rc = look(c, best);
		if (rc)
			return rc;
		if (c->state[best] == TORN)
			continue;
		memcpy(t->hash, c->name[best].hash, sizeof t->hash);
		memcpy(t->cfg, c->head[best].cfg, sizeof t->cfg);
		memcpy(t->log, c->head[best].log, sizeof t->log);
		return 0;
	}
}

static bool is_served(const struct choice *c, size_t i, const struct tiling *t)
{
	const struct range_head *h = &c->head[i];

	return c->state[i] == WHOLE && strcmp(h->cfg, t->cfg) == 0 && strcmp(h->log, t->log) == 0;
}

/* ---- the way through ---- */

/* Of two files that begin at the same place. */
static bool better(const struct range_name *a, const struct range_name *b)
{
	if (is_batch(a) != is_batch(b))
		return is_batch(a);
	if (is_batch(a) && a->generation != b->generation)
		return a->generation > b->generation;
	return a->to > b->to;
}

/* What is known of it does not speak against it. */
static bool may_join(const struct choice *c, size_t i, const struct tiling *t)
{
	return strcmp(c->name[i].hash, t->hash) == 0 && (c->state[i] == UNREAD || (is_served(c, i, t) && position_eq(c->head[i].from, t->end)));
}

/* The best file that joins at the end of t, or c->n. Those that are not better are not looked at: a generation that is no more
 * needed may be damaged. */
static int next_tile(struct choice *c, const struct tiling *t, size_t *found)
{
	while (c->at < c->n && c->name[c->at].from < t->end.at)
		c->at++;
	for (;;) {
		int rc;

		*found = c->n;
		for (size_t i = c->at; i < c->n && c->name[i].from == t->end.at; i++)
			if (may_join(c, i, t) && (*found == c->n || better(&c->name[i], &c->name[*found])))
				*found = i;
		if (*found == c->n || c->state[*found] != UNREAD)
			return 0;
		rc = look(c, *found);
		if (rc)
			return rc;
	}
}

static void add_tile(struct tiling *t, const struct choice *c, size_t i)
{
	t->tile = mem_grow(t->tile, t->n, &t->cap, sizeof *t->tile);
	t->tile[t->n++] = (struct tile){ c->name[i], c->head[i], mem_text(span_of(c->file[i])) };
	t->end = c->head[i].to;
	if (is_batch(&c->name[i])) {
		t->cut = t->end.at;
		if (c->name[i].generation > t->generation)
			t->generation = c->name[i].generation;
	}
}

/* Does anything reach beyond the end? */
static int find_gap(struct choice *c, struct tiling *t)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct range_name *n = &c->name[i];
		int rc;

		if (n->to <= t->end.at || strcmp(n->hash, t->hash) != 0)
			continue;
		rc = look(c, i);
		if (rc)
			return rc;
		if (!is_served(c, i, t) || (t->gap && n->from >= t->beyond))
			continue;
		t->gap = true;
		t->beyond = n->from;
	}
	return 0;
}

static int tile_source(struct choice *c, const char *prefer, struct tiling *t)
{
	size_t i;
	int rc = choose_definition(c, prefer, t);

	if (rc || !*t->hash)
		return rc;
	for (;;) {
		rc = next_tile(c, t, &i);
		if (rc)
			return rc;
		if (i == c->n)
			return find_gap(c, t);
		add_tile(t, c, i);
	}
}

static void free_tiles(struct tiling *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->tile[i].file);
	free(t->tile);
}

void tilings_free(struct tilings *t)
{
	for (size_t i = 0; i < t->n; i++)
		free_tiles(&t->of[i]);
	free(t->of);
	*t = (struct tilings){ 0 };
}

static struct tiling *add_source(struct tilings *t, const char *source)
{
	struct tiling *of;

	t->of = mem_grow(t->of, t->n, &t->cap, sizeof *t->of);
	of = &t->of[t->n++];
	*of = (struct tiling){ 0 };
	snprintf(of->source, sizeof of->source, "%s", source);
	return of;
}

/* Files from..to of the list, all of one source. */
static int tile_list(int dir, const char *path, const struct range_list *l, size_t from, size_t to, const char *prefer, struct tiling *t, struct failure *f)
{
	size_t n = to - from;
	struct choice c = { .dir = dir, .path = path, .name = l->name + from, .file = l->file + from, .n = n, .failure = f };
	int rc;

	c.head = mem_array(NULL, n, sizeof *c.head);
	c.state = mem_zalloc(n * sizeof *c.state);
	rc = tile_source(&c, prefer, t);
	free(c.head);
	free(c.state);
	return rc;
}

static int tile_names(int dir, const char *path, const char *source, const char *prefer, const struct range_list *l, struct tilings *t, struct failure *f)
{
	int rc = 0;

	for (size_t i = 0, end; i < l->n && rc == 0; i = end) {
		for (end = i; end < l->n && strcmp(l->name[end].source, l->name[i].source) == 0;)
			end++;
		if (!source || strcmp(l->name[i].source, source) == 0)
			rc = tile_list(dir, path, l, i, end, prefer, add_source(t, l->name[i].source), f);
	}
	if (source && t->n == 0)
		add_source(t, source);
	return rc;
}

/* One listing. */
static int tile_all(int dir, const char *path, const char *source, const char *prefer, struct tilings *t, struct failure *f)
{
	struct range_list l = { 0 };
	int rc = range_list_read(dir, path, &l, f);

	if (rc == 0)
		rc = tile_names(dir, path, source, prefer, &l, t, f);
	range_list_free(&l);
	return rc;
}

/* readdir is no snapshot: a file that came while it ran may be seen, and one that came before it not. */
static bool same_gaps(const struct tilings *a, const struct tilings *b)
{
	bool gap = false;

	for (size_t i = 0; i < b->n; i++)
		gap |= b->of[i].gap;
	if (!gap)
		return true;
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->of[i].source, b->of[i].source) != 0 || a->of[i].gap != b->of[i].gap ||
		    (a->of[i].gap && (a->of[i].end.at != b->of[i].end.at || a->of[i].beyond != b->of[i].beyond)))
			return false;
	return true;
}

int tiling_read(int dir, const char *path, const char *source, const char *prefer, struct tilings *t, struct failure *f)
{
	struct tilings before = { 0 };
	int rc = GONE;

	tilings_free(t);
	for (int listing = 0; listing < LISTINGS; listing++) {
		tilings_free(&before);
		before = *t;
		*t = (struct tilings){ 0 };
		rc = tile_all(dir, path, source, prefer, t, f);
		if (rc < 0 || (rc == 0 && same_gaps(&before, t)))
			break;
	}
	tilings_free(&before);
	if (rc > 0)
		rc = failure_set(f, EXIT_RETRY, "%s: files vanish faster than they can be listed", path);
	return rc;
}

static void leave_out(struct range_list *l, const char *file)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->file[i], file) == 0) {
			free(l->file[i]);
			memmove(&l->file[i], &l->file[i + 1], (l->n - i - 1) * sizeof *l->file);
			memmove(&l->name[i], &l->name[i + 1], (l->n - i - 1) * sizeof *l->name);
			l->n--;
			return;
		}
}

int tiling_without(int dir, const char *path, const char *source, const char *file, struct tilings *t, struct failure *f)
{
	struct range_list l = { 0 };
	int rc = range_list_read(dir, path, &l, f);

	tilings_free(t);
	leave_out(&l, file);
	if (rc == 0)
		rc = tile_names(dir, path, source, NULL, &l, t, f);
	range_list_free(&l);
	return rc > 0 ? failure_set(f, EXIT_RETRY, "%s: a file vanished while it was listed", path) : rc;
}

void view_lineage(const char *hash, char cfg[LINEAGE_TEXT])
{
	cfg[0] = '\0';
	lineage_fold(cfg, "event-log", (struct span){ NULL, 0 });
	lineage_fold(cfg, "window-agg", span_of(hash));
}

/* What is damaged there is not of this source, and is told to who reads it. */
static bool is_made_from(int dir, const char *path, const char *source, const char *log)
{
	struct failure ignored = { 0 };
	struct tilings t = { 0 };
	bool is = tiling_read(dir, path, source, NULL, &t, &ignored) == 0 && strcmp(t.of[0].log, log) == 0;

	tilings_free(&t);
	return is;
}

int tilings_check_names(int dir, const char *path, const char *source, const char *log, struct failure *f)
{
	struct range_list l = { 0 };
	const char *seen = source;
	int rc = range_list_read(dir, path, &l, f);

	for (size_t i = 0; i < l.n && rc == 0 && *log; i++) {
		const char *other = l.name[i].source;

		if (strcmp(other, source) == 0 || strcmp(other, seen) == 0)
			continue;
		if (is_made_from(dir, path, other, log))
			rc = failure_set(f, EXIT_CONFIG, "%s: has this log already, as source %s, not %s: call the directory of the log as it was, or begin a new view",
			                 path, other, source);
		seen = other;
	}
	range_list_free(&l);
	return rc;
}
