/* SPDX-License-Identifier: MIT */
/* Reading is in journal_read.c. A file is made by the first write of its first epoch, and synced, with its directory, by the commit. */
#include "lib/stream/journal_impl.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/base/hash.h"
#include "lib/stream/control.h"

#define GATHER ((size_t)1024 * 1024)    /* bytes before a write */
#define BASE_LEAST (256 * 1024)         /* bytes of changes that a small base bears */
#define MOST_FILES 16                   /* that a state is put together from */
#define KEPT 2                          /* epochs behind the committed one that can still be asked for */

/* ---- open, close ---- */

struct journal *journal_open(const char *dir, const char *stage, const char *cfg, struct failure *f)
{
	int fd = disk_dir(dir, true, f);
	struct journal *j;

	if (fd < 0)
		return NULL;
	j = mem_zalloc(sizeof *j);
	j->dir = fd;
	j->fd = -1;
	j->path = mem_text(span_of(dir));
	j->stage = mem_text(span_of(stage));
	snprintf(j->cfg, sizeof j->cfg, "%s", cfg);
	return j;
}

static void close_file(struct journal *j)
{
	if (j->fd >= 0)
		close(j->fd);
	j->fd = -1;
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	close_file(j);
	close(j->dir);
	buf_free(&j->buf);
	buf_free(&j->name);
	free(j->link);
	free(j->stage);
	free(j->path);
	free(j);
}

/* ---- names ---- */

void journal_name(const struct journal *j, const struct journal_link *l, struct buf *out)
{
	buf_clear(out);
	buf_printf(out, "%s.%020" PRIu64 "-%s", j->stage, l->first, l->run);
	buf_byte(out, '\0');
}

static bool is_run(const char *text)
{
	size_t n = strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz");

	return n > 0 && n < RUN_TEXT && text[n] == '\0';
}

bool journal_name_parse(const struct journal *j, const char *name, struct journal_link *l)
{
	size_t n = strlen(j->stage);
	char *end;

	if (strncmp(name, j->stage, n) != 0 || name[n] != '.' || strspn(name + n + 1, "0123456789") != 20)
		return false;
	errno = 0;
	l->first = strtoull(name + n + 1, &end, 10);
	if (errno || *end != '-' || !is_run(end + 1))
		return false;
	snprintf(l->run, sizeof l->run, "%s", end + 1);
	return true;
}

/* ---- writing ---- */

static void sum(struct journal *j)
{
	j->crc = hash_crc32c(j->crc, j->buf.p + j->summed, j->buf.n - j->summed);
	j->summed = j->buf.n;
}

/* What was said of a name in our directory. */
static int fail(struct journal *j, const struct failure *f)
{
	return failure_set(&j->failure, f->status, "%s/%s", j->path, f->text);
}

/* A file of that name would be another stage's: runs are never the same. */
static int make_file(struct journal *j)
{
	struct failure f = { 0 };

	if (faccessat(j->dir, j->name.p, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return failure_set(&j->failure, EXIT_CONFIG, "%s: another %s of this pipeline keeps its state there: each needs a directory of its own", j->path, j->stage);
	j->fd = disk_create(j->dir, j->name.p, &f);
	j->is_new = true;
	return j->fd < 0 ? fail(j, &f) : 0;
}

static int write_out(struct journal *j)
{
	struct failure f = { 0 };

	if (j->failure.status)
		return -1;
	sum(j);
	if (j->fd < 0 && make_file(j) < 0)
		return -1;
	if (disk_write(j->fd, j->buf.p, j->buf.n, j->name.p, &f) < 0)
		return fail(j, &f);
	j->bytes += j->buf.n;
	buf_clear(&j->buf);
	j->summed = 0;
	return 0;
}

static void begin_file(struct journal *j)
{
	struct journal_link l = { .first = j->epoch + 1 };

	close_file(j);
	memcpy(l.run, j->run, sizeof l.run);
	journal_name(j, &l, &j->name);
	j->link = mem_grow(j->link, j->n, &j->cap, sizeof *j->link);
	j->link[j->n++] = l;
	j->crc = 0;
	buf_printf(&j->buf, CONTROL_PREFIX "state v=1 stage=%s cfg=%s epoch=%" PRIu64 " run=%s ", j->stage, j->cfg, l.first, l.run);
	if (j->is_base)
		buf_text(&j->buf, "base=1\n");
	else
		buf_printf(&j->buf, "after=%" PRIu64 "-%s\n", j->epoch, j->erun);
}

static bool wants_base(const struct journal *j)
{
	uint64_t most = j->base_bytes > BASE_LEAST ? j->base_bytes : BASE_LEAST;

	return j->n == 0 || j->change_bytes > most || (j->fd < 0 && j->n >= MOST_FILES);
}

bool journal_begin(struct journal *j)
{
	assert(!j->begun);
	j->begun = true;
	j->bytes = j->lines = 0;
	j->is_base = wants_base(j);
	if (j->is_base || j->fd < 0)
		begin_file(j);
	return j->is_base;
}

void journal_put(struct journal *j, struct span entry)
{
	assert(j->begun && entry.n && entry.p[0] != '#');
	buf_span(&j->buf, entry);
	buf_byte(&j->buf, '\n');
	j->lines++;
	if (j->buf.n >= GATHER && write_out(j) < 0)
		buf_clear(&j->buf), j->summed = 0;
}

static int write_epoch(struct journal *j, uint64_t epoch, uint64_t committed)
{
	struct failure f = { 0 };

	buf_printf(&j->buf, CONTROL_PREFIX "epoch epoch=%" PRIu64 " run=%s n=%" PRIu64 " committed=%" PRIu64, epoch, j->run, j->lines, committed);
	sum(j);
	buf_printf(&j->buf, " crc=%08" PRIx32 "\n", j->crc);
	if (write_out(j) < 0)
		return -1;
	if (disk_sync(j->fd, j->name.p, &f) < 0)
		return fail(j, &f);
	if (j->is_new && disk_sync_dir(j->dir, j->path, &j->failure) < 0)
		return -1;
	j->is_new = false;
	return 0;
}

/* ---- what nobody can ask for any more ---- */

static bool in_chain(const struct journal *j, const struct journal_link *l)
{
	for (size_t i = 0; i < j->n; i++)
		if (j->link[i].first == l->first && strcmp(j->link[i].run, l->run) == 0)
			return true;
	return false;
}

/* What lies before the last base, once that cannot be gone back behind. */
static void forget_links(struct journal *j, uint64_t committed)
{
	if (j->link[j->base].first + KEPT > committed)
		return;
	memmove(j->link, j->link + j->base, (j->n - j->base) * sizeof *j->link);
	j->n -= j->base;
	j->base = 0;
}

/* What is not in the chain and begins before what is committed was forgotten, or is of a run that came to nothing: whoever starts from
 * what is committed, or later, has the chain behind it. */
static int clean(struct journal *j, uint64_t committed)
{
	struct disk_list list = { 0 };
	struct journal_link l;
	int rc = 0;

	if (committed == j->cleaned)
		return 0;
	j->cleaned = committed;
	forget_links(j, committed);
	if (disk_read_dir(j->dir, j->path, &list, &j->failure) < 0)
		return -1;
	for (size_t i = 0; rc == 0 && i < list.n; i++)
		if (journal_name_parse(j, list.name[i], &l) && l.first + KEPT <= committed && !in_chain(j, &l) &&
		    unlinkat(j->dir, list.name[i], 0) < 0 && errno != ENOENT)
			rc = failure_set(&j->failure, EXIT_IO, "%s/%s: cannot remove it: %m", j->path, list.name[i]);
	disk_list_free(&list);
	return rc;
}

/* ---- commit ---- */

static void count(struct journal *j)
{
	if (!j->is_base) {
		j->change_bytes += j->bytes;
		return;
	}
	j->base = j->n - 1;
	j->base_bytes = j->bytes;
	j->change_bytes = 0;
}

int journal_commit(struct journal *j, uint64_t epoch, uint64_t committed, struct failure *f)
{
	assert(j->begun && epoch == j->epoch + 1);
	j->begun = false;
	if (write_epoch(j, epoch, committed) < 0)
		return failure_set(f, j->failure.status, "%s", j->failure.text);
	j->epoch = epoch;
	memcpy(j->erun, j->run, sizeof j->erun);
	count(j);
	if (clean(j, committed) < 0)
		return failure_set(f, j->failure.status, "%s", j->failure.text);
	return 0;
}
