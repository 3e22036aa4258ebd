/* SPDX-License-Identifier: MIT */
/* What is served is read first, then the log up to that very position, which may lie within a segment. No lock is held: a tile that is
 * dropped meanwhile only means to look again. */
#include <errno.h>
#include <unistd.h>

#include "batch/rebuild/base.h"
#include "batch/rebuild/compare.h"
#include "batch/rebuild/rebuild.h"
#include "lib/base/diag.h"
#include "lib/view/tiling.h"

#define LOOKS 8                         /* at most, when files keep vanishing */

enum { VANISHED = 1 };

struct check {
	const struct rebuild_options *o;
	struct failure *failure;
	char hash[9];
	struct log_dir log;
	struct tilings tilings;
	const struct tiling *served;
	size_t first;                   /* tile from which on the log has the records still */
	struct intake was, is;
	uint64_t rejected;              /* as served */
};

static int find_served(struct check *c, int dir)
{
	if (tiling_read(dir, c->o->store, c->log.name, NULL, &c->tilings, c->failure) < 0)
		return -1;
	c->served = &c->tilings.of[0];
	if (c->served->n == 0)
		return 0;
	if (strcmp(c->served->hash, c->hash) != 0)
		return failure_set(c->failure, EXIT_CONFIG, "%s: another definition is served (%s) than that of the view (%s)", c->o->store, c->served->hash, c->hash);
	if (strcmp(c->served->log, c->log.id) != 0)
		return failure_set(c->failure, EXIT_CONFIG, "%s: made from another log (%s) than %s (%s)", c->o->store, c->served->log, c->o->log, c->log.id);
	return 0;
}

static void find_first(struct check *c)
{
	uint64_t begin = c->log.n ? c->log.segment[0].head.first.at : 0;

	for (c->first = 0; c->first < c->served->n && c->served->tile[c->first].head.from.at < begin;)
		c->first++;
	if (c->first)
		warn("%s: what it has pruned is not compared: records before %llu", c->o->log,
		     (unsigned long long)(c->first < c->served->n ? c->served->tile[c->first].head.from.at : c->served->end.at));
}

static int take_tile(struct check *c, const struct tile *t)
{
	struct failure why = { 0 };
	struct buf path = { 0 };
	int rc;

	buf_printf(&path, "%s/%s", c->o->store, t->file);
	buf_byte(&path, '\0');
	rc = base_take(path.p, c->hash, &c->was, &c->rejected, &why);
	if (rc < 0 && access(path.p, F_OK) < 0 && errno == ENOENT)
		rc = VANISHED;
	if (rc < 0)
		failure_set(c->failure, why.status, "%s", why.text);
	buf_free(&path);
	return rc;
}

static int take_served(struct check *c)
{
	c->rejected = 0;
	for (size_t i = c->first; i < c->served->n; i++) {
		int rc = take_tile(c, &c->served->tile[i]);

		if (rc)
			return rc;
	}
	return 0;
}

static int read_served(struct check *c, int dir)
{
	int rc = VANISHED;

	for (int look = 0; look < LOOKS && rc == VANISHED; look++) {
		intake_free(&c->was);
		intake_init(&c->was, c->o->view);
		if (find_served(c, dir) < 0 || log_dir_refresh(&c->log, c->failure) < 0)
			return -1;
		find_first(c);
		rc = take_served(c);
	}
	return rc == VANISHED ? failure_set(c->failure, EXIT_RETRY, "%s: files vanish faster than they can be read", c->o->store) : rc;
}

/* 1: something differs. */
static int compare(struct check *c, struct out *out)
{
	uint64_t rejected = c->is.ledger.rejected;
	bool differs = compare_rows(&c->was, &c->is, out) != 0;

	if (rejected != c->rejected) {
		warn("%s: %llu records are said to be skipped as bad, the log has %llu", c->o->store, (unsigned long long)c->rejected, (unsigned long long)rejected);
		differs = true;
	}
	return differs;
}

/* What lies behind it is not served, so nobody would miss it. */
static bool has_hole(const struct check *c)
{
	if (c->served->gap)
		warn("%s: records %llu-%llu of %s are missing", c->o->store, (unsigned long long)c->served->end.at, (unsigned long long)c->served->beyond, c->log.name);
	return c->served->gap;
}

/* No file holds anything that the log still has. 1: some should. */
static int nothing(struct check *c)
{
	struct block_trailer last = { 0 };
	bool found = false, lacks;
	int rc = log_last_commit(&c->log, &last, &found, c->failure);

	lacks = c->served->n == 0 && found && last.end.at;
	block_trailer_free(&last);
	if (rc < 0)
		return -1;
	warn(lacks ? "%s: nothing of %s is served" : "%s: nothing to compare of %s", c->o->store, c->log.name);
	return lacks || has_hole(c);
}

static int run(struct check *c, int dir, struct out *out, struct ledger *ledger)
{
	struct progress progress;
	int rc;

	if (read_served(c, dir) < 0)
		return -1;
	if (c->first == c->served->n)
		return nothing(c);
	rc = scan_log(&c->log, c->served->tile[c->first].head.from, c->served->end, &c->o->scan, &progress, &c->is, c->failure);
	*ledger = c->is.ledger;
	if (rc == 0)
		rc = compare(c, out);
	return rc < 0 ? -1 : rc || has_hole(c);
}

int rebuild_verify(const struct rebuild_options *o, struct out *out, struct ledger *ledger, struct failure *f)
{
	struct check c = { .o = o, .failure = f };
	int dir = disk_dir(o->store, false, f), rc;

	if (dir < 0)
		return f->status;
	if (log_dir_open(&c.log, o->log, true, f) < 0) {
		close(dir);
		return f->status;
	}
	view_hash(o->view, c.hash);
	intake_init(&c.was, o->view);
	intake_init(&c.is, o->view);
	rc = run(&c, dir, out, ledger);
	intake_free(&c.was);
	intake_free(&c.is);
	tilings_free(&c.tilings);
	log_dir_close(&c.log);
	close(dir);
	return rc < 0 ? f->status : rc > 0 ? EXIT_NO : EXIT_DONE;
}
