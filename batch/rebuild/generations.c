/* SPDX-License-Identifier: MIT */
#include "batch/rebuild/generations.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/diag.h"

#define LEFTOVER ".tmp"                 /* what range_begin writes to: .<name>.tmp */

int generations_lock(int dir, int64_t wait_ms, struct failure *f)
{
	return disk_lock(dir, ".batch.lock", "the view is being built", wait_ms, f);
}

/* Speed files are written by others, who hold another lock. */
static bool is_leftover(const char *name)
{
	size_t n = strlen(name), suffix = sizeof LEFTOVER - 1;
	struct range_name range;
	char *inner;
	bool yes;

	if (name[0] != '.' || n <= suffix + 1 || strcmp(name + n - suffix, LEFTOVER) != 0)
		return false;
	inner = mem_text((struct span){ name + 1, n - 1 - suffix });
	yes = range_name_parse(inner, &range) == 0 && range.kind != RANGE_SPEED;
	free(inner);
	return yes;
}

void generations_sweep(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (is_leftover(e->d_name))
			unlinkat(dir, e->d_name, 0);
	if (d)
		closedir(d);
	else if (fd >= 0)
		close(fd);
}

int generations_read(struct generations *g, struct failure *f)
{
	return range_list_read(g->dir, g->path, &g->files, f);
}

void generations_free(struct generations *g)
{
	range_list_free(&g->files);
}

static bool is_ours(const struct generations *g, size_t i, const char *hash)
{
	const struct range_name *n = &g->files.name[i];

	return strcmp(n->source, g->source) == 0 && (!hash || strcmp(n->hash, hash) == 0);
}

static bool is_generation(const struct range_name *n)
{
	return n->kind != RANGE_SPEED;
}

size_t generations_newest(const struct generations *g, const char *hash)
{
	size_t newest = g->files.n;

	for (size_t i = 0; i < g->files.n; i++)
		if (is_generation(&g->files.name[i]) && is_ours(g, i, hash) &&
		    (newest == g->files.n || g->files.name[i].generation > g->files.name[newest].generation))
			newest = i;
	return newest;
}

uint64_t generations_highest(const struct generations *g)
{
	uint64_t highest = 0;

	for (size_t i = 0; i < g->files.n; i++)
		if (g->files.name[i].generation > highest)
			highest = g->files.name[i].generation;
	return highest;
}

/* ---- what is frozen ---- */

/* As the tiling chooses: of the frozen files that join at `at` the one of the highest generation. *head is its. 1; 0: there is none; -1. */
static int next_frozen(const struct generations *g, const char *hash, struct position at, struct range_head *head, struct failure *f)
{
	size_t best = g->files.n;

	for (size_t i = 0; i < g->files.n; i++) {
		const struct range_name *n = &g->files.name[i];
		struct failure why = { 0 };
		struct range_head h;
		int rc;

		if (n->kind != RANGE_FROZEN || n->from != at.at || !is_ours(g, i, hash) || (best < g->files.n && n->generation < g->files.name[best].generation))
			continue;
		rc = range_head_read(g->dir, g->files.file[i], n, &h, &why);
		if (rc)
			return failure_set(f, why.status ? why.status : EXIT_RETRY, "%s/%s", g->path, why.status ? why.text : g->files.file[i]);
		if (position_eq(h.from, at))
			*head = h, best = i;
	}
	return best < g->files.n;
}

int generations_frozen(const struct generations *g, const char *hash, struct position *end, struct failure *f)
{
	struct range_head head;
	int rc;

	*end = (struct position){ 0 };
	while ((rc = next_frozen(g, hash, *end, &head, f)) > 0)
		*end = head.to;
	return rc;
}

int generations_freeze(const struct generations *g, size_t i, struct failure *f)
{
	struct range_name name = g->files.name[i];
	struct buf to = { 0 };
	int rc;

	if (name.kind == RANGE_FROZEN)
		return 0;
	name.kind = RANGE_FROZEN;
	range_name_print(&name, &to);
	rc = disk_rename(g->dir, g->files.file[i], to.p, true, f);
	buf_free(&to);
	return rc;
}

/* ---- what may go ---- */

/* How many generations of that definition (NULL: of all) are newer than this one. */
static uint64_t newer(const struct generations *g, const char *hash, uint64_t generation)
{
	uint64_t n = 0;

	for (size_t i = 0; i < g->files.n; i++)
		n += is_generation(&g->files.name[i]) && is_ours(g, i, hash) && g->files.name[i].generation > generation;
	return n;
}

/* A definition that `keep` generations of others have come after is not gone back to. */
static bool is_superseded(const struct generations *g, const char *hash, uint64_t keep)
{
	size_t newest = generations_newest(g, hash);

	return newer(g, NULL, newest < g->files.n ? g->files.name[newest].generation : 0) >= keep;
}

/* Where the oldest of the newest `keep` generations of a definition ends: speed files below it are needed by none. 0: there are not
 * so many yet, and speed files may have to stand in for the one that is missing. */
static uint64_t oldest_cut(const struct generations *g, const char *hash, uint64_t keep)
{
	for (size_t i = 0; i < g->files.n; i++)
		if (is_generation(&g->files.name[i]) && is_ours(g, i, hash) && newer(g, hash, g->files.name[i].generation) == keep - 1)
			return g->files.name[i].to;
	return 0;
}

/* The newest speed file says what the speed layer has committed last. */
static bool is_last_speed(const struct generations *g, size_t file)
{
	for (size_t i = 0; i < g->files.n; i++)
		if (g->files.name[i].kind == RANGE_SPEED && is_ours(g, i, g->files.name[file].hash) && g->files.name[i].to > g->files.name[file].to)
			return false;
	return true;
}

static bool may_go(const struct generations *g, size_t i, const char *hash, uint64_t keep)
{
	const struct range_name *n = &g->files.name[i];

	if (!is_ours(g, i, NULL))
		return false;
	if (strcmp(n->hash, hash) != 0 && is_superseded(g, n->hash, keep))
		return true;
	if (n->kind == RANGE_BATCH)
		return newer(g, n->hash, n->generation) >= keep;
	return n->to <= oldest_cut(g, n->hash, keep) && !is_last_speed(g, i);
}

static void drop_kind(const struct generations *g, const char *hash, uint64_t keep, enum range_kind kind)
{
	for (size_t i = 0; i < g->files.n; i++)
		if (g->files.name[i].kind == kind && may_go(g, i, hash, keep) && unlinkat(g->dir, g->files.file[i], 0) < 0 && errno != ENOENT)
			warn("%s/%s:", g->path, g->files.file[i]);
}

/* Nothing depends on what goes, so that a file which cannot be removed now harms nothing: the next run tries again. Old generations go
 * first: one that is chosen still would lack the speed files behind it. */
void generations_drop(const struct generations *g, const char *hash, uint64_t keep)
{
	drop_kind(g, hash, keep, RANGE_BATCH);
	drop_kind(g, hash, keep, RANGE_SPEED);
}
