/* SPDX-License-Identifier: MIT */
/* Loading: from the file that holds the epoch asked for, back to a base, each verified up to the epoch that counts; then all of
 * them again, forward, handing out what is in them. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/base/hash.h"
#include "lib/base/mutant.h"
#include "lib/stream/control.h"
#include "lib/stream/journal_impl.h"

#define READ_SIZE ((size_t)256 * 1024)

/* ---- lines ---- */

struct lines {
	int fd;
	const char *path, *name;        /* of the directory, of the file */
	struct buf buf;
	size_t at;                      /* what is before it was handed out */
	uint64_t offset;                /* in the file, of the line in hand */
	uint32_t crc;                   /* of all before it */
};

/* 1; 0: there is no such file; -1. */
static int lines_open(struct lines *in, int dir, const char *path, const char *name, struct failure *f)
{
	*in = (struct lines){ .path = path, .name = name };
	in->fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (in->fd < 0 && errno != ENOENT)
		return failure_set(f, EXIT_IO, "%s/%s: %m", path, name);
	return in->fd >= 0;
}

static void lines_close(struct lines *in)
{
	if (in->fd >= 0)
		close(in->fd);
	buf_free(&in->buf);
}

/* 1; 0: at the end; -1. */
static int lines_fill(struct lines *in, struct failure *f)
{
	ssize_t n;

	memmove(in->buf.p, in->buf.p + in->at, in->buf.n - in->at);
	in->buf.n -= in->at;
	in->at = 0;
	do
		n = read(in->fd, buf_room(&in->buf, READ_SIZE), READ_SIZE);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return failure_set(f, EXIT_IO, "%s/%s: %m", in->path, in->name);
	in->buf.n += (size_t)n;
	return n > 0;
}

/* 1 and a line without its newline, valid until the next call; 0: no whole line is left; -1. */
static int lines_next(struct lines *in, struct span *line, struct failure *f)
{
	size_t seen = 0;
	char *newline;
	int rc;

	buf_room(&in->buf, 1);
	while (!(newline = memchr(in->buf.p + in->at + seen, '\n', in->buf.n - in->at - seen))) {
		seen = in->buf.n - in->at;
		if ((rc = lines_fill(in, f)) <= 0)
			return rc;
	}
	*line = (struct span){ in->buf.p + in->at, (size_t)(newline - in->buf.p) - in->at };
	in->at += line->n + 1;
	return 1;
}

static void lines_pass(struct lines *in, struct span line)
{
	in->offset += line.n + 1;
	in->crc = hash_crc32c(in->crc, line.p, line.n + 1);     /* its newline is still there */
}

static int damaged(const struct lines *in, const char *what, struct failure *f)
{
	return failure_set(f, EXIT_DATA, "%s/%s: damaged at offset %" PRIu64 " or before: %s", in->path, in->name, in->offset, what);
}

/* ---- control lines of ours ---- */

static bool take_u64(const struct control *c, const char *name, uint64_t *v)
{
	int64_t n;

	if (!control_i64(c, name, &n) || n < 0)
		return false;
	*v = (uint64_t)n;
	return true;
}

static bool take_text(const struct control *c, const char *name, char *to, size_t size)
{
	struct buf text = { 0 };
	bool ok = control_value(c, name, &text) && text.n && text.n < size && !memchr(text.p, '\0', text.n);

	if (ok)
		snprintf(to, size, "%.*s", (int)text.n, text.p);
	buf_free(&text);
	return ok;
}

struct head {
	uint64_t version, first;
	char stage[64], cfg[LINEAGE_TEXT], run[RUN_TEXT];
	bool base;
	struct journal_link after;      /* until and run; when it is no base */
};

static bool take_after(const struct control *c, struct journal_link *after)
{
	char text[64], *dash;

	if (!take_text(c, "after", text, sizeof text) || !(dash = strchr(text, '-')) || strlen(dash + 1) >= RUN_TEXT)
		return false;
	snprintf(after->run, sizeof after->run, "%s", dash + 1);
	errno = 0;
	after->until = strtoull(text, &dash, 10);
	return text[0] >= '0' && text[0] <= '9' && *dash == '-' && !errno;
}

static bool head_parse(struct head *h, struct span line)
{
	struct control c = { 0 };
	uint64_t base;
	bool ok = control_parse(&c, line) == 0 && span_eq(c.word, SPAN("state")) && take_u64(&c, "v", &h->version) &&
		take_text(&c, "stage", h->stage, sizeof h->stage) && take_text(&c, "cfg", h->cfg, sizeof h->cfg) &&
		take_u64(&c, "epoch", &h->first) && take_text(&c, "run", h->run, sizeof h->run);

	h->base = ok && take_u64(&c, "base", &base);
	ok = ok && (h->base || (take_after(&c, &h->after) && h->after.until + 1 == h->first));
	control_free(&c);
	return ok;
}

struct epoch_line {
	uint64_t epoch, n, committed;
	char run[RUN_TEXT];
	uint32_t crc;
	size_t length;                  /* of what crc covers of it */
};

/* The crc is the last thing in it. */
static bool epoch_parse(struct epoch_line *e, struct span line)
{
	static const char mark[] = " crc=";
	const char *at = line.n > 13 ? line.p + line.n - 13 : NULL;
	struct control c = { 0 };
	char hex[9] = "";
	bool ok;

	if (!at || memcmp(at, mark, 5) != 0)
		return false;
	memcpy(hex, at + 5, 8);
	e->length = (size_t)(at - line.p);
	e->crc = (uint32_t)strtoul(hex, NULL, 16);
	ok = strspn(hex, "0123456789abcdef") == 8 && control_parse(&c, line) == 0 && span_eq(c.word, SPAN("epoch")) &&
		take_u64(&c, "epoch", &e->epoch) && take_u64(&c, "n", &e->n) && take_u64(&c, "committed", &e->committed) &&
		take_text(&c, "run", e->run, sizeof e->run);
	control_free(&c);
	return ok;
}

/* ---- one file ---- */

struct taker {
	int (*take)(void *context, struct span entry);
	void *context;
};

struct file {
	struct head head;
	uint64_t base_bytes, bytes;     /* up to its first epoch line; up to the one asked for */
};

/* Is it whole up to here, and what it should be? 0, or -1. */
static int check_epoch(const struct lines *in, const struct epoch_line *e, struct span line, uint64_t n, uint64_t next, struct failure *f)
{
	if (hash_crc32c(in->crc, line.p, e->length) != e->crc)
		return damaged(in, "the checksum differs", f);
	if (e->n != n || e->epoch != next)
		return damaged(in, "it is not the epoch that belongs there", f);
	return 0;
}

/* The entries and epoch lines of a file from its second line on, up to epoch until. 1; 0: it ends before; -1. */
static int read_epochs(struct lines *in, struct file *file, uint64_t until, const struct taker *t, struct failure *f)
{
	uint64_t n = 0, next = file->head.first;
	struct epoch_line e;
	struct span line;
	int rc;

	while ((rc = lines_next(in, &line, f)) > 0) {
		if (!line.n || line.p[0] != '#') {
			n++;
			if (t && t->take(t->context, line) < 0)
				return -1;
			lines_pass(in, line);
			continue;
		}
		if (!epoch_parse(&e, line))
			return damaged(in, "no line of a state", f);
		if (check_epoch(in, &e, line, n, next, f) < 0)
			return -1;
		lines_pass(in, line);
		n = 0;
		file->bytes = in->offset;
		if (next == file->head.first)
			file->base_bytes = in->offset;
		if (next++ == until)
			return 1;
	}
	return rc;
}

static int read_head(struct lines *in, const struct journal *j, const struct journal_link *l, struct head *h, struct failure *f)
{
	struct span line;
	int rc = lines_next(in, &line, f);

	if (rc <= 0)
		return rc;
	if (!head_parse(h, line) || strcmp(h->stage, j->stage) != 0 || h->first != l->first || strcmp(h->run, l->run) != 0)
		return damaged(in, "its first line is not that of this state", f);
	lines_pass(in, line);
	return 1;
}

/* Reads a file up to l->until. 1; 0: that is not in it, or it is gone; -1. t: who takes the entries, or NULL. */
static int read_file(const struct journal *j, const struct journal_link *l, struct file *file, const struct taker *t, struct failure *f)
{
	struct buf name = { 0 };
	struct lines in;
	int rc;

	journal_name(j, l, &name);
	rc = lines_open(&in, j->dir, j->path, name.p, f);
	if (rc > 0)
		rc = read_head(&in, j, l, &file->head, f);
	if (rc > 0)
		rc = read_epochs(&in, file, l->until, t, f);
	if (rc > 0 && file->head.version != 1)
		rc = failure_set(f, EXIT_CONFIG, "%s/%s: it is of version %" PRIu64 ", which this program does not know", j->path, name.p, file->head.version);
	if (rc > 0 && strcmp(file->head.cfg, j->cfg) != 0)
		rc = failure_set(f, EXIT_CONFIG, "%s/%s: made with other options (cfg %s, now %s): use those, or another --state directory and a new sink",
		                 j->path, name.p, file->head.cfg, j->cfg);
	lines_close(&in);
	buf_free(&name);
	return rc;
}

/* ---- the chain of files ---- */

/* The file of (until, run): of those of the run the last that begins at or before it. */
static bool find(const struct journal *j, const struct disk_list *list, uint64_t until, const char *run, struct journal_link *found)
{
	struct journal_link l = { .until = until };
	bool any = false;

	for (size_t i = 0; i < list->n; i++)
		if (journal_name_parse(j, list->name[i], &l) && l.first <= until && (mutant("run-tag") || strcmp(l.run, run) == 0)) {
			*found = l;
			any = true;
		}
	return any;
}

/* Does any epoch say that the sink had gone beyond that one? Damage is no news here. */
static bool was_passed(const struct journal *j, const struct disk_list *list, uint64_t epoch)
{
	struct failure ignored = { 0 };
	struct journal_link l;
	struct epoch_line e;
	struct lines in;
	struct span line;
	bool passed = false;

	for (size_t i = 0; !passed && i < list->n; i++) {
		if (!journal_name_parse(j, list->name[i], &l))
			continue;
		if (lines_open(&in, j->dir, j->path, list->name[i], &ignored) > 0)
			while (!passed && lines_next(&in, &line, &ignored) > 0)
				passed = line.n && line.p[0] == '#' && epoch_parse(&e, line) && e.committed > epoch;
		lines_close(&in);
	}
	return passed;
}

static int lost(const struct journal *j, const struct disk_list *list, uint64_t epoch, const char *run, struct failure *f)
{
	if (was_passed(j, list, epoch))
		return failure_set(f, EXIT_RETRY, "%s: the state of epoch %" PRIu64 " (run %s) is gone, since the sink has gone further: a stale resume", j->path, epoch, run);
	return failure_set(f, EXIT_DATA, "%s: there is no state of %s for epoch %" PRIu64 " (run %s), which the sink has committed: put it back, fall back (event-log cat --fallback), or begin with a new sink",
	                   j->path, j->stage, epoch, run);
}

/* Verifies the files of the state, newest first, back to a base. The links come out in that order. 1; 0: something is not there; -1. */
static int find_chain(struct journal *j, const struct disk_list *list, uint64_t epoch, const char *run, struct failure *f)
{
	struct file file = { .head.after.until = epoch };
	uint64_t bytes = 0;
	struct journal_link l;
	int rc;

	snprintf(file.head.after.run, RUN_TEXT, "%s", run);
	do {
		struct journal_link want = file.head.after;

		if (!find(j, list, want.until, want.run, &l))
			return 0;
		rc = read_file(j, &l, &file, NULL, f);
		if (rc <= 0)
			return rc;
		j->link = mem_grow(j->link, j->n, &j->cap, sizeof *j->link);
		j->link[j->n++] = l;
		bytes += file.bytes;
	} while (!file.head.base);
	j->base_bytes = file.base_bytes;
	j->change_bytes = bytes - file.base_bytes;
	return 1;
}

static void reverse(struct journal_link *link, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		struct journal_link l = link[i];

		link[i] = link[n - 1 - i];
		link[n - 1 - i] = l;
	}
}

static int load(struct journal *j, uint64_t epoch, const char *run, const struct taker *t, struct failure *f)
{
	struct disk_list list = { 0 };
	struct file file;
	int rc = disk_read_dir(j->dir, j->path, &list, f);

	if (rc == 0)
		rc = find_chain(j, &list, epoch, run, f);
	reverse(j->link, j->n);
	for (size_t i = 0; rc > 0 && i < j->n; i++)
		rc = read_file(j, &j->link[i], &file, t, f);
	if (rc == 0)
		rc = lost(j, &list, epoch, run, f);
	disk_list_free(&list);
	return rc < 0 ? -1 : 0;
}

int journal_load(struct journal *j, uint64_t epoch, const char *erun, const char *run,
                 int (*take)(void *context, struct span entry), void *context, struct failure *f)
{
	struct taker t = { take, context };

	j->epoch = epoch;
	snprintf(j->erun, sizeof j->erun, "%s", erun);
	snprintf(j->run, sizeof j->run, "%s", run);
	return epoch ? load(j, epoch, erun, &t, f) : 0;
}
