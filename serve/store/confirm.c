/* SPDX-License-Identifier: MIT */
#include "serve/store/confirm.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/log/read.h"
#include "lib/view/tiling.h"
#include "serve/store/shelf.h"

/* 1: the log has these records, or has them no more, for they were pruned; 0: it has others, or not so many, -1. */
static int is_confirmed(struct log_dir *d, struct position p, struct failure *f)
{
	struct failure why = { 0 };
	struct log_reader_options o = { 0 };
	struct log_reader *r;
	struct log_block b;

	if (d->n && p.at < d->segment[0].head.first.at)
		return 1;
	r = log_reader_open(d, p, p.at, &o, &why);
	if (r && !why.status)
		log_next(r, &b);
	log_reader_free(r);
	if (!why.status)
		return 1;
	return why.status == EXIT_CONFIG ? 0 : failure_set(f, why.status, "%s", why.text);
}

static int put_aside(int dir, const char *path, const char *file, struct failure *f)
{
	struct buf to = { 0 };
	int rc;

	if (mkdirat(dir, "lost", 0750) < 0 && errno != EEXIST)
		return failure_set(f, EXIT_CREATE, "%s/lost: %s", path, strerror(errno));
	buf_printf(&to, "lost/%s", file);
	buf_byte(&to, '\0');
	rc = disk_rename(dir, file, to.p, true, f);
	buf_free(&to);
	if (rc == 0)
		warn("%s/%s: the log does not confirm it: put aside into lost/", path, file);
	return rc;
}

/* From the end back, until one is confirmed. 1: some went, 0: none, -1. */
static int put_aside_unconfirmed(int dir, const char *path, const struct tiling *t, struct log_dir *d, struct failure *f)
{
	int moved = 0;

	for (size_t i = t->n; i-- > 0 && t->tile[i].name.kind == RANGE_SPEED;) {
		int confirmed = is_confirmed(d, t->tile[i].head.to, f);

		if (confirmed)
			return confirmed < 0 ? -1 : moved;
		if (put_aside(dir, path, t->tile[i].file, f) < 0)
			return -1;
		moved = 1;
	}
	return moved;
}

static int confirm_source(int dir, const char *path, const struct tiling *t, struct log_dir *d, struct failure *f)
{
	int lock, rc;

	if (strcmp(t->log, d->id) != 0)
		return 0;
	lock = shelf_lock(dir, path, t->source, f);
	if (lock < 0)
		return -1;
	rc = put_aside_unconfirmed(dir, path, t, d, f);
	close(lock);
	return rc;
}

/* What is behind those that went may be another way through: until none goes any more. */
static int confirm_all(int dir, const char *path, struct log_dir *d, struct failure *f)
{
	struct tilings t = { 0 };
	int rc;

	do {
		rc = tiling_read(dir, path, NULL, NULL, &t, f);
		for (size_t i = 0; i < t.n && rc >= 0; i++) {
			int moved = confirm_source(dir, path, &t.of[i], d, f);

			rc = moved < 0 ? -1 : rc | moved;
		}
	} while (rc > 0);
	tilings_free(&t);
	return rc;
}

int confirm(const char *path, const char *log_path, struct failure *f)
{
	struct log_dir d;
	int dir = disk_dir(path, true, f), rc;

	if (dir < 0)
		return -1;
	rc = log_dir_open(&d, log_path, false, f);
	if (rc == 0) {
		rc = confirm_all(dir, path, &d, f);
		log_dir_close(&d);
	}
	close(dir);
	return rc;
}
