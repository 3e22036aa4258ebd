/* SPDX-License-Identifier: MIT */
#include "serve/store/confirm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/log/read.h"

/* 1: the log has these records, 0: it has others, or not so many, -1. */
static int is_confirmed(struct log_dir *d, struct position p, struct failure *f)
{
	struct failure why = { 0 };
	struct log_reader_options o = { 0 };
	struct log_reader *r = log_reader_open(d, p, p.at, &o, &why);
	struct log_block b;

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

int put_aside_unconfirmed(int dir, const char *path, const struct tiling *t, const char *log_path, struct failure *f)
{
	struct log_dir d;
	int confirmed = 0, moved = 0;

	if (t->n == 0)
		return 0;
	if (log_dir_open(&d, log_path, false, f) < 0)
		return -1;
	if (strcmp(d.id, t->log) != 0)
		confirmed = failure_set(f, EXIT_CONFIG, "%s: the view was made from the log %s, this is log %s", path, t->log, d.id);
	for (size_t i = t->n; i-- > 0 && confirmed == 0 && t->tile[i].name.kind == RANGE_SPEED;) {
		confirmed = is_confirmed(&d, t->tile[i].head.to, f);
		if (confirmed == 0)
			moved = put_aside(dir, path, t->tile[i].file, f) < 0 ? -1 : 1;
		if (moved < 0)
			break;
	}
	log_dir_close(&d);
	return confirmed < 0 ? -1 : moved;
}
