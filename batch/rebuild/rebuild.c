/* SPDX-License-Identifier: MIT */
#include "batch/rebuild/rebuild.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "batch/rebuild/base.h"
#include "batch/rebuild/generations.h"
#include "lib/base/diag.h"
#include "lib/log/write.h"
#include "lib/sink/sink.h"

#define SEAL_WAIT_MS 10000

struct build {
	const struct rebuild_options *o;
	struct failure *failure;
	char hash[9];
	int dir, lock;                  /* -1: not open */
	bool log_open;
	struct log_dir log;
	struct generations files;
	struct position cut;            /* up to which segments are sealed */
	struct position from;           /* of the range file that is built */
	struct position read;           /* records before it are in the base */
	size_t base;                    /* in files; files.n: none */
};

/* What a signal handler takes away. The name is set while it stands. */
static volatile sig_atomic_t begun;
static int begun_dir;
static char begun_name[512];

void rebuild_clean_up(void)
{
	if (begun)
		unlinkat(begun_dir, begun_name, 0);
}

static void set_begun(const struct range_writer *w)
{
	begun_dir = w->dir;
	snprintf(begun_name, sizeof begun_name, "%.*s", (int)w->temporary.n, w->temporary.p);
	begun = 1;
}

/* ---- what there is to do ---- */

static int seal(struct build *b)
{
	struct failure why = { 0 };

	if (log_seal(b->o->log, SEAL_WAIT_MS, true, &why) == 0)
		return 0;
	if (why.status != EXIT_RETRY)
		return failure_set(b->failure, why.status, "%s", why.text);
	warn("%s: going on with what is sealed", why.text);
	return 0;
}

/* A log that is not there is more likely a wrong name than an empty one. */
static int find_log(struct build *b)
{
	return access(b->o->log, F_OK) < 0 ? failure_set(b->failure, EXIT_IO, "%s: %s", b->o->log, strerror(errno)) : 0;
}

static int open_log(struct build *b)
{
	if (log_dir_open(&b->log, b->o->log, true, b->failure) < 0)
		return -1;
	b->log_open = true;
	b->files = (struct generations){ .dir = b->dir, .path = b->o->store, .source = b->log.name };
	for (size_t i = 0; i < b->log.n && b->log.segment[i].sealed; i++)
		b->cut = b->log.segment[i].end;
	return 0;
}

static const char *file_of(const struct build *b, size_t i)
{
	return b->files.files.file[i];
}

/* Was the view made from this log, or from one of the same name? *head is the file's. Above 0: the file is damaged. */
static int read_head(struct build *b, size_t i, struct range_head *head)
{
	struct failure why = { 0 };
	int rc = range_head_read(b->dir, file_of(b, i), &b->files.files.name[i], head, &why);

	if (rc < 0)
		return failure_set(b->failure, why.status, "%s/%s", b->o->store, why.text);
	if (rc == 0 && strcmp(head->log, b->log.id) != 0)
		return failure_set(b->failure, EXIT_CONFIG, "%s: it was made from another log %s (id %s, not %s): give the new one a store of its own", b->o->store,
		                   b->log.name, head->log, b->log.id);
	return rc;
}

/* The newest generation tells; as long as there is none, any speed file that is whole. */
static int check_log(struct build *b)
{
	size_t newest = generations_newest(&b->files, NULL), n = b->files.files.n;
	struct range_head head;
	int rc = newest < n ? read_head(b, newest, &head) : 1;

	for (size_t i = 0; rc > 0 && newest == n && i < n; i++)
		if (strcmp(b->files.files.name[i].source, b->log.name) == 0)
			rc = read_head(b, i, &head);
	if (rc < 0)
		return -1;
	return tilings_check_names(b->files.dir, b->files.path, b->files.source, b->log.id, b->failure);
}

/* The newest generation has counted more than is sealed. Those records must at least be in the log. */
static int check_end(struct build *b, size_t newest)
{
	const struct range_name *n = &b->files.files.name[newest];
	struct block_trailer last = { 0 };
	bool found;
	int rc = n->to > b->cut.at ? log_last_commit(&b->log, &last, &found, b->failure) : 0;

	if (rc == 0 && n->to > b->cut.at && (!found || last.end.at < n->to))
		rc = failure_set(b->failure, EXIT_CONFIG, "%s: the log ends at %llu, but generation %llu of %s has counted records up to %llu: what was lost is in it; build the view anew in another directory",
		                 b->o->log, (unsigned long long)(found ? last.end.at : 0), (unsigned long long)n->generation, b->o->store, (unsigned long long)n->to);
	block_trailer_free(&last);
	return rc;
}

/* From where frozen files end: what they hold stays as it is, and the log may lack it. What is gone cannot be counted in another way. */
static int begin_full(struct build *b)
{
	uint64_t first = b->log.segment[0].head.first.at;

	if (generations_frozen(&b->files, b->hash, &b->from, b->failure) < 0)
		return -1;
	b->read = b->from;
	if (b->from.at >= first)
		return 0;
	return failure_set(b->failure, EXIT_CONFIG, "%s: history before %llu is pruned, and no frozen generation of this definition holds it: the view cannot be built from it", b->o->log, (unsigned long long)first);
}

/* On top of the newest generation, or behind it when it is frozen. */
static int begin_incremental(struct build *b, size_t newest)
{
	struct range_head head;
	int rc = read_head(b, newest, &head);

	if (rc > 0)
		return failure_set(b->failure, EXIT_DATA, "%s/%s: damaged: rebuild without --incremental", b->o->store, file_of(b, newest));
	if (rc < 0)
		return -1;
	b->read = head.to;
	b->from = b->files.files.name[newest].kind == RANGE_FROZEN ? head.to : head.from;
	if (b->files.files.name[newest].kind == RANGE_BATCH)
		b->base = newest;
	return 0;
}

static int nothing(const struct build *b, const char *why)
{
	if (!b->o->if_new)
		warn("%s: %s", b->o->log, why);
	return 0;
}

/* Is the newest generation of this definition what would be built? One that is damaged, or counted records the log does not have, is not; nor
 * is one that another definition has come after. */
static int is_current(struct build *b, size_t newest, bool *yes)
{
	const struct range_name *n = &b->files.files.name[newest];
	struct range_head head;
	int rc;

	*yes = n->to > b->cut.at;       /* a lower cut is never published */
	if (n->to != b->cut.at || b->o->force || newest != generations_newest(&b->files, NULL))
		return 0;
	rc = read_head(b, newest, &head);
	if (rc > 0)
		warn("%s/%s: it is damaged, and built anew", b->o->store, file_of(b, newest));
	*yes = rc == 0 && position_eq(head.to, b->cut);
	return rc < 0 ? -1 : 0;
}

static int say_current(const struct build *b, size_t newest)
{
	const struct range_name *n = &b->files.files.name[newest];
	char why[100];

	snprintf(why, sizeof why, "nothing is sealed behind %llu, the cut of generation %llu", (unsigned long long)n->to, (unsigned long long)n->generation);
	return nothing(b, why);
}

/* 1: build; 0: there is nothing to do, and that was said; -1. */
static int plan(struct build *b)
{
	size_t newest;
	bool current;

	if (b->cut.at == 0)
		return nothing(b, b->log.n ? "no segment is sealed yet: nothing to do" : "empty: nothing to do");
	if (generations_read(&b->files, b->failure) < 0 || check_log(b) < 0)
		return -1;
	b->base = b->files.files.n;
	newest = generations_newest(&b->files, b->hash);
	if (newest < b->files.files.n) {
		if (check_end(b, newest) < 0)
			return -1;
		if (is_current(b, newest, &current) < 0)
			return -1;
		if (current)
			return say_current(b, newest);
	}
	if ((b->o->incremental && newest < b->files.files.n ? begin_incremental(b, newest) : begin_full(b)) < 0)
		return -1;
	return b->from.at < b->cut.at ? 1 : nothing(b, "all that is sealed is frozen: nothing to do");
}

/* ---- building ---- */

static struct range_name name_of(const struct build *b)
{
	struct range_name n = { .from = b->from.at, .to = b->cut.at, .kind = RANGE_BATCH, .generation = generations_highest(&b->files) + 1 };

	snprintf(n.source, sizeof n.source, "%s", b->log.name);
	memcpy(n.hash, b->hash, sizeof n.hash);
	return n;
}

static struct range_head head_of(const struct build *b, const struct intake *t)
{
	struct range_head h = { .from = b->from, .to = b->cut, .run = "-", .has_time = t->has_time, .time = t->time, .edge = true };

	memcpy(h.log, b->log.id, sizeof h.log);
	view_lineage(b->hash, h.cfg);
	return h;
}

/* The largest event time of both. */
static int add_base_time(struct build *b, struct range_head *h)
{
	struct range_head old;

	if (b->base == b->files.files.n)
		return 0;
	if (read_head(b, b->base, &old) != 0)
		return failure_set(b->failure, EXIT_DATA, "%s/%s: it is damaged, or gone", b->o->store, file_of(b, b->base));
	if (old.has_time && (!h->has_time || old.time > h->time))
		h->time = old.time;
	h->has_time |= old.has_time;
	return 0;
}

static int write_rows(struct build *b, struct intake *t, struct range_writer *w, uint64_t *rejected)
{
	struct buf path = { 0 };
	int rc;

	*rejected = t->ledger.rejected;
	if (b->base == b->files.files.n)
		return partial_fold(&w->partial, &t->fold, &t->sessions);
	buf_printf(&path, "%s/%s", b->o->store, file_of(b, b->base));
	buf_byte(&path, '\0');
	rc = base_merge(path.p, b->hash, t, &w->partial, rejected, b->failure);
	buf_free(&path);
	return rc;
}

static int publish(struct build *b, struct intake *t)
{
	struct range_name name = name_of(b);
	struct range_head head = head_of(b, t);
	struct range_writer w;
	uint64_t rejected;
	int rc;

	if (add_base_time(b, &head) < 0 || range_begin(&w, b->dir, b->o->view, &name, &head, b->failure) < 0)
		return -1;
	set_begun(&w);
	if (write_rows(b, t, &w, &rejected) < 0) {
		if (w.out.error)
			failure_set(b->failure, EXIT_IO, "%s/%s: %s", b->o->store, w.temporary.p, strerror(w.out.error));
		range_abandon(&w);
		begun = 0;
		return -1;
	}
	t->ledger.rows = w.partial.rows;
	rc = range_end(&w, rejected, true, b->failure);
	begun = 0;
	return rc;
}

static int build(struct build *b, struct ledger *ledger)
{
	struct progress progress;
	struct intake t;
	int rc;

	intake_init(&t, b->o->view);
	rc = scan_log(&b->log, b->read, b->cut, &b->o->scan, &progress, &t, b->failure);
	if (rc == 0)
		rc = publish(b, &t);
	*ledger = t.ledger;
	intake_free(&t);
	return rc;
}

/* ---- afterwards ---- */

static int freeze(struct build *b)
{
	size_t newest = generations_newest(&b->files, b->hash);

	return newest < b->files.files.n ? generations_freeze(&b->files, newest, b->failure) : 0;
}

/* Old files go only for one that is newer; nothing new, nothing goes. */
static int tidy(struct build *b, bool built)
{
	if (!built && !b->o->freeze)
		return 0;
	if (generations_read(&b->files, b->failure) < 0 || (b->o->freeze && freeze(b) < 0))
		return -1;
	if (generations_read(&b->files, b->failure) < 0)
		return -1;
	generations_drop(&b->files, b->hash, b->o->keep);
	return 0;
}

static int run(struct build *b, struct ledger *ledger)
{
	int rc;

	b->dir = find_log(b) < 0 || sink_expect_view(b->o->store, b->failure) < 0 ? -1 : disk_dir(b->o->store, true, b->failure);
	if (b->dir < 0)
		return -1;
	b->lock = generations_lock(b->dir, b->o->wait_ms, b->failure);
	if (b->lock < 0)
		return -1;
	generations_sweep(b->dir);
	if ((b->o->seal && seal(b) < 0) || open_log(b) < 0)
		return -1;
	rc = plan(b);
	if (rc < 0 || (rc > 0 && build(b, ledger) < 0))
		return -1;
	return b->log.n ? tidy(b, rc > 0) : 0;
}

int rebuild(const struct rebuild_options *o, struct ledger *ledger, struct failure *f)
{
	struct build b = { .o = o, .failure = f, .dir = -1, .lock = -1 };
	int rc;

	view_hash(o->view, b.hash);
	rc = run(&b, ledger);
	generations_free(&b.files);
	if (b.log_open)
		log_dir_close(&b.log);
	if (b.lock >= 0)
		close(b.lock);
	if (b.dir >= 0)
		close(b.dir);
	return rc < 0 ? f->status : 0;
}
