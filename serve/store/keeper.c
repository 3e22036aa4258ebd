/* SPDX-License-Identifier: MIT */
/* Only the thread touches files; `fresh` is how they come to it, under the lock. */
#include "serve/store/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/diag.h"
#include "serve/store/compact.h"

#define FAN_IN 8
#define FAN_IN_MOST 64          /* files at a time, after having fallen behind */
#define SYNC_MS 1000
#define LEAVING_MOST 64         /* files that linger: readers of what is older list again */

struct tiles {
	struct tile *tile;
	size_t n, cap;
};

struct leaving {
	char *file;
	int64_t at;                     /* when it may go */
};

struct keeper {
	int dir;
	const char *path;
	struct keeper_options options;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	atomic_bool quit;

	/* under the lock */
	struct tiles fresh;
	bool edge;                      /* the newest one ends a segment after all */
	struct failure failure;

	/* the thread's */
	struct tiles tiles;             /* in order */
	size_t unsynced;                /* those before it are durable */
	int64_t synced_at;
	struct leaving *leaving;        /* by time */
	size_t nleaving, leaving_cap;
};

static void add_tile(struct tiles *t, struct tile what)
{
	t->tile = mem_grow(t->tile, t->n, &t->cap, sizeof *t->tile);
	t->tile[t->n++] = what;
}

static void free_tiles(struct tiles *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->tile[i].file);
	free(t->tile);
}

/* ---- syncing ---- */

static int sync_file(struct keeper *k, const char *file, struct failure *f)
{
	int fd = openat(k->dir, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), rc;

	if (fd < 0)
		return errno == ENOENT ? 0 : failure_set(f, EXIT_IO, "%s/%s: %s", k->path, file, strerror(errno));
	rc = disk_sync(fd, file, f);
	close(fd);
	return rc;
}

static int sync_files(struct keeper *k, struct failure *f)
{
	if (k->unsynced == k->tiles.n)
		return 0;
	for (; k->unsynced < k->tiles.n; k->unsynced++)
		if (sync_file(k, k->tiles.tile[k->unsynced].file, f) < 0)
			return -1;
	k->synced_at = clock_ms(CLOCK_MONOTONIC);
	return disk_sync_dir(k->dir, k->path, f);
}

static bool sync_due(const struct keeper *k, int64_t now)
{
	return k->unsynced < k->tiles.n && now >= k->synced_at + SYNC_MS;
}

/* ---- compaction ---- */

/* Files that become one: *n of them from *at on. All of a segment that is complete, or eight of a level in the one that grows. */
static bool find_run(const struct keeper *k, size_t *at, size_t *n)
{
	const struct tile *t = k->tiles.tile;
	size_t segment = 0, end;

	for (size_t i = 0; i < k->tiles.n; i++) {
		if (!t[i].head.edge)
			continue;
		*at = segment;
		*n = i + 1 - segment;
		if (*n > 1)
			return true;
		segment = i + 1;
	}
	for (*at = segment; *at < k->tiles.n; *at = end) {
		for (end = *at; end < k->tiles.n && t[end].head.level == t[*at].head.level && end - *at < FAN_IN_MOST;)
			end++;
		*n = end - *at;
		if (*n >= FAN_IN)
			return true;
	}
	return false;
}

static void leave(struct keeper *k, char *file)
{
	k->leaving = mem_grow(k->leaving, k->nleaving, &k->leaving_cap, sizeof *k->leaving);
	k->leaving[k->nleaving++] = (struct leaving){ file, clock_ms(CLOCK_MONOTONIC) + k->options.linger };
}

/* Tiles [at, at + n) are forgotten, but for what stands in place of them, if anything. */
static void replace(struct keeper *k, size_t at, size_t n, const struct tile *made)
{
	struct tiles *t = &k->tiles;
	size_t stays = made != NULL;

	for (size_t i = at; i < at + n; i++) {
		if (made)
			leave(k, t->tile[i].file);
		else
			free(t->tile[i].file);
	}
	if (made)
		t->tile[at] = *made;
	memmove(t->tile + at + stays, t->tile + at + n, (t->n - at - n) * sizeof *t->tile);
	t->n -= n - stays;
	k->unsynced = k->unsynced >= at + n ? k->unsynced - n + stays : k->unsynced > at + stays ? at + stays : k->unsynced;
}

/* 1: something was done, there may be more; 0; -1. */
static int compact_some(struct keeper *k, struct failure *f)
{
	struct tile made;
	size_t at, n;
	int rc;

	if (!find_run(k, &at, &n))
		return 0;
	rc = compact(k->dir, k->path, k->tiles.tile + at, n, &k->quit, &made, f);
	if (rc < 0)
		return -1;
	if (rc > 0 && atomic_load(&k->quit))
		return 0;
	replace(k, at, n, rc == 0 ? &made : NULL);      /* one that vanished was dropped below a batch, and so were its neighbours */
	return 1;
}

/* ---- what goes ---- */

static int drop_leaving(struct keeper *k, int64_t now, struct failure *f)
{
	size_t n = 0;

	for (; n < k->nleaving && (k->leaving[n].at <= now || k->nleaving - n > LEAVING_MOST); n++) {
		if (unlinkat(k->dir, k->leaving[n].file, 0) < 0 && errno != ENOENT)
			return failure_set(f, EXIT_IO, "%s/%s: %s", k->path, k->leaving[n].file, strerror(errno));
		free(k->leaving[n].file);
	}
	if (n)
		memmove(k->leaving, k->leaving + n, (k->nleaving - n) * sizeof *k->leaving);
	k->nleaving -= n;
	return 0;
}

/* ---- the thread ---- */

/* When there is something to do though nothing comes; -1: never. */
static int64_t wake_time(const struct keeper *k)
{
	int64_t at = -1;

	if (k->unsynced < k->tiles.n)
		at = k->synced_at + SYNC_MS;
	if (k->nleaving && (at < 0 || k->leaving[0].at < at))
		at = k->leaving[0].at;
	return at;
}

static void wait_until(struct keeper *k, int64_t at)
{
	struct timespec t = { .tv_sec = at / 1000, .tv_nsec = at % 1000 * 1000000 };

	if (at < 0)
		pthread_cond_wait(&k->changed, &k->lock);
	else
		pthread_cond_timedwait(&k->changed, &k->lock, &t);
}

/* Takes what has come; when nothing else is to be done waits for it, or for the time. */
static void receive(struct keeper *k, bool waits)
{
	int64_t at = wake_time(k);

	pthread_mutex_lock(&k->lock);
	while (waits && !k->fresh.n && !k->edge && !atomic_load(&k->quit) && (at < 0 || clock_ms(CLOCK_MONOTONIC) < at))
		wait_until(k, at);
	for (size_t i = 0; i < k->fresh.n; i++)
		add_tile(&k->tiles, k->fresh.tile[i]);
	k->fresh.n = 0;
	if (k->edge && k->tiles.n)
		k->tiles.tile[k->tiles.n - 1].head.edge = true;
	k->edge = false;
	pthread_mutex_unlock(&k->lock);
	if (!k->options.syncs)
		k->unsynced = k->tiles.n;
}

static int work(struct keeper *k, struct failure *f)
{
	int64_t now = clock_ms(CLOCK_MONOTONIC);

	if (sync_due(k, now) && sync_files(k, f) < 0)
		return -1;
	if (drop_leaving(k, now, f) < 0)
		return -1;
	return compact_some(k, f);
}

static void *run(void *context)
{
	struct keeper *k = context;
	struct failure f = { 0 };
	int more = 0;

	while (!atomic_load(&k->quit) && more >= 0) {
		receive(k, more == 0);
		more = work(k, &f);
	}
	pthread_mutex_lock(&k->lock);
	k->failure = f;
	pthread_mutex_unlock(&k->lock);
	return NULL;
}

/* ---- from outside ---- */

struct keeper *keeper_start(int dir, const char *path, const struct keeper_options *o)
{
	struct keeper *k = mem_zalloc(sizeof *k);
	pthread_condattr_t monotonic;
	sigset_t all, before;

	k->dir = dir;
	k->path = path;
	k->options = *o;
	k->synced_at = clock_ms(CLOCK_MONOTONIC);
	pthread_mutex_init(&k->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&k->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);    /* signals are for the thread that reads */
	if (pthread_create(&k->thread, NULL, run, k) != 0)
		mem_fail();
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return k;
}

void keeper_add(struct keeper *k, struct tile *t)
{
	pthread_mutex_lock(&k->lock);
	add_tile(&k->fresh, *t);
	pthread_cond_signal(&k->changed);
	pthread_mutex_unlock(&k->lock);
	t->file = NULL;
}

void keeper_edge(struct keeper *k)
{
	pthread_mutex_lock(&k->lock);
	if (k->fresh.n)
		k->fresh.tile[k->fresh.n - 1].head.edge = true;
	else
		k->edge = true;
	pthread_cond_signal(&k->changed);
	pthread_mutex_unlock(&k->lock);
}

bool keeper_failed(struct keeper *k, struct failure *f)
{
	bool failed;

	pthread_mutex_lock(&k->lock);
	failed = k->failure.status != 0;
	if (failed)
		failure_set(f, k->failure.status, "%s", k->failure.text);
	pthread_mutex_unlock(&k->lock);
	return failed;
}

int keeper_stop(struct keeper *k, struct failure *f)
{
	int rc;

	pthread_mutex_lock(&k->lock);
	atomic_store(&k->quit, true);
	pthread_cond_signal(&k->changed);
	pthread_mutex_unlock(&k->lock);
	pthread_join(k->thread, NULL);
	rc = keeper_failed(k, f) ? -1 : 0;
	for (size_t i = 0; i < k->fresh.n; i++)
		add_tile(&k->tiles, k->fresh.tile[i]);
	if (rc == 0 && k->options.syncs)
		rc = sync_files(k, f);
	for (size_t i = 0; i < k->nleaving; i++)
		free(k->leaving[i].file);
	free(k->leaving);
	free(k->fresh.tile);
	free_tiles(&k->tiles);
	pthread_cond_destroy(&k->changed);
	pthread_mutex_destroy(&k->lock);
	free(k);
	return rc;
}
