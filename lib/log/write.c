/* SPDX-License-Identifier: MIT */
#include "lib/log/write.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/diag.h"
#include "lib/base/disk.h"
#include "lib/base/hash.h"
#include "lib/log/once.h"
#include "lib/log/recover.h"
#include "lib/log/seal.h"
#include "lib/text/layout.h"

#define SEGMENT_BYTES ((uint64_t)256 * 1024 * 1024)
#define REREAD ".reread"                /* a write failed: the next writer reads the disk, not what the kernel remembers */
#define TEMPORARY ".segment"

struct log_writer {
	char *path;
	int dir, lock;
	struct log_write_options options;
	struct recovered log;           /* fd, offset: the segment being written; head: its, or that of the one to be begun */
	bool has_form;                  /* format and columns of head count */
	struct position at;             /* behind the last block; log.end: behind the last committed one */
	uint64_t synced;                /* position before which all is durable */
	bool dirty, begun;              /* something is not synced; nor the name of the file */
	int64_t synced_ms;              /* when that was */
	bool dead;
	struct buf block;
	struct sealer *sealer;
};

/* What disk_* said of a file, with the log before it. */
static int name_log(const struct log_writer *w, struct failure *f)
{
	struct failure plain = *f;

	f->status = 0;
	return failure_set(f, plain.status, "%s/%s", w->path, plain.text);
}

static void file_name(const struct log_writer *w, char name[SEGMENT_NAME])
{
	segment_name(w->log.head.first.at, ".log", name);
}

/* ---- opening ---- */

static void draw_id(char id[20])
{
	uint64_t bits;

	if (getrandom(&bits, sizeof bits, 0) != sizeof bits)
		bits = hash_xxh64(&(int64_t[]){ clock_ms(CLOCK_REALTIME), getpid() }, 2 * sizeof(int64_t));
	snprintf(id, 20, "%016" PRIx64, bits);
}

static int take_lock(struct log_writer *w, struct failure *f)
{
	struct buf what = { 0 };

	buf_printf(&what, "%s: the log is being written%c", w->path, 0);
	w->lock = disk_lock(w->dir, LOG_LOCK, what.p, w->options.lock_wait_ms, f);
	buf_free(&what);
	if (w->lock >= 0)
		return 0;
	return f->status == EXIT_RETRY ? -1 : name_log(w, f);
}

/* Sealed segments that are still plain: someone died before he had compressed them. */
static int compress_leftovers(struct log_writer *w, struct failure *f)
{
	struct disk_list list = { 0 };
	uint64_t first;
	int rc = disk_read_dir(w->dir, w->path, &list, f);

	for (size_t i = 0; rc == 0 && i < list.n; i++)
		if (segment_name_parse(list.name[i], ".log", &first) == 0 && (w->log.fd < 0 || first != w->log.head.first.at))
			sealer_add(w->sealer, first);
	disk_list_free(&list);
	return rc;
}

static void mark_reread(const struct log_writer *w)
{
	int fd = openat(w->dir, REREAD, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);

	if (fd >= 0)
		close(fd);
}

static int recover(struct log_writer *w, struct failure *f)
{
	bool reread = faccessat(w->dir, REREAD, F_OK, AT_SYMLINK_NOFOLLOW) == 0;

	if (log_recover(w->dir, w->path, reread, &w->log, f) < 0) {
		if (f->status == EXIT_IO)
			mark_reread(w);
		return name_log(w, f);
	}
	if (reread)
		unlinkat(w->dir, REREAD, 0);
	w->has_form = w->log.has_segments;
	if (!w->log.has_segments)
		draw_id(w->log.head.log);
	w->at = w->log.end;
	w->synced = w->at.at;
	w->synced_ms = clock_ms(CLOCK_MONOTONIC);
	return 0;
}

struct log_writer *log_writer_open(const char *path, const struct log_write_options *o, struct failure *f)
{
	struct log_writer *w = mem_zalloc(sizeof *w);

	w->path = mem_text(span_of(path));
	w->options = *o;
	w->log.fd = w->lock = -1;
	if (!w->options.segment_bytes)
		w->options.segment_bytes = SEGMENT_BYTES;
	w->dir = disk_dir(path, true, f);
	if (w->dir < 0 || take_lock(w, f) < 0 || recover(w, f) < 0)
		goto fail;
	w->sealer = sealer_new(w->dir, w->path, o->compress);
	if (o->compress && compress_leftovers(w, f) < 0)
		goto fail;
	return w;
fail:
	log_writer_close(w, &(struct failure){ 0 });
	return NULL;
}

/* ---- failing ---- */

/* What was begun is cut off, as far as that works; what was promised stays. Nobody writes to this file again. */
static int fail_block(struct log_writer *w, struct failure *f)
{
	char name[SEGMENT_NAME];

	w->dead = true;
	file_name(w, name);
	if (w->log.offset == 0)
		unlinkat(w->dir, name, 0);
	else
		(void)!ftruncate(w->log.fd, (off_t)w->log.offset);
	mark_reread(w);
	return name_log(w, f);
}

static int check_alive(const struct log_writer *w, struct failure *f)
{
	return w->dead ? failure_set(f, EXIT_IO, "%s: writing has failed before", w->path) : 0;
}

/* ---- segments ---- */

static int sync_file(struct log_writer *w, struct failure *f)
{
	char name[SEGMENT_NAME];

	if (!w->dirty)
		return 0;
	file_name(w, name);
	if (disk_sync(w->log.fd, name, f) < 0 || (w->begun && disk_sync_dir(w->dir, name, f) < 0))
		return -1;
	w->dirty = w->begun = false;
	w->synced = w->at.at;
	w->synced_ms = clock_ms(CLOCK_MONOTONIC);
	return 0;
}

static int begin_segment(struct log_writer *w, struct failure *f)
{
	char name[SEGMENT_NAME];

	assert(w->has_form);
	w->log.head.first = w->at;
	w->log.has_segments = true;
	file_name(w, name);
	w->log.fd = disk_create(w->dir, name, f);
	if (w->log.fd < 0)
		return name_log(w, f);
	w->log.offset = 0;
	w->begun = true;
	segment_print_head(&w->log.head, &w->block);
	return 0;
}

static bool holds_records(const struct log_writer *w)
{
	return w->log.fd >= 0 && w->at.at > w->log.head.first.at;
}

/* The segment being written holds positions of its source alone: another one takes its place, with the last of them. */
static int replace_empty(struct log_writer *w, struct failure *f)
{
	char name[SEGMENT_NAME];
	struct block_trailer last = w->log.last;
	int fd = disk_create(w->dir, TEMPORARY, f);

	if (fd < 0)
		return name_log(w, f);
	file_name(w, name);
	last.first = last.end = w->at;
	buf_clear(&w->block);
	segment_print_head(&w->log.head, &w->block);
	segment_print_block(&last, &w->block);
	if (disk_write(fd, w->block.p, w->block.n, name, f) < 0 || disk_sync(fd, name, f) < 0 || disk_rename(w->dir, TEMPORARY, name, true, f) < 0) {
		close(fd);
		return name_log(w, f);
	}
	close(w->log.fd);
	w->log.fd = fd;
	w->log.offset = w->block.n;
	w->dirty = w->begun = false;
	return 0;
}

static void end_request(struct log_writer *w)
{
	unlinkat(w->dir, LOG_SEAL_REQUEST, 0);
}

int log_writer_seal(struct log_writer *w, struct failure *f)
{
	struct segment_seal seal = { w->log.head.first.at, w->at.at - w->log.head.first.at, w->log.offset, w->at.chain };
	char name[SEGMENT_NAME];

	assert(position_eq(w->at, w->log.end));
	if (check_alive(w, f) < 0)
		return -1;
	if (!holds_records(w)) {
		end_request(w);
		return 0;
	}
	buf_clear(&w->block);
	segment_print_seal(&seal, &w->block);
	file_name(w, name);
	/* a seal says that all before it is on the disk */
	if (sync_file(w, f) < 0 || disk_write(w->log.fd, w->block.p, w->block.n, name, f) < 0 || disk_sync(w->log.fd, name, f) < 0)
		return fail_block(w, f);
	close(w->log.fd);
	w->log.fd = -1;
	sealer_add(w->sealer, w->log.head.first.at);
	end_request(w);
	return 0;
}

bool log_writer_seal_wanted(struct log_writer *w)
{
	return faccessat(w->dir, LOG_SEAL_REQUEST, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* ---- blocks ---- */

static bool same_form(const struct segment_head *h, enum record_format format, struct span columns)
{
	return h->format == format && (!format_is_delimited(format) || span_eq(buf_view(&h->columns), columns));
}

int log_write_form(struct log_writer *w, enum record_format format, struct span columns, struct failure *f)
{
	static const char *const name[] = { [FORMAT_CSV] = "CSV", [FORMAT_TSV] = "TSV", [FORMAT_NDJSON] = "NDJSON" };
	struct segment_head *h = &w->log.head;

	if (check_alive(w, f) < 0)
		return -1;
	if (w->log.has_segments && h->format != format)
		return failure_set(f, EXIT_CONFIG, "%s: the log holds %s, not %s", w->path, name[h->format], name[format]);
	if (w->has_form && (!columns.p || same_form(h, format, columns)))
		return 0;
	w->has_form = true;
	assert(position_eq(w->at, w->log.end));
	if (holds_records(w) && log_writer_seal(w, f) < 0)
		return -1;
	h->format = format;
	buf_clear(&h->columns);
	buf_span(&h->columns, columns);
	return w->log.fd >= 0 ? replace_empty(w, f) : 0;
}

static bool sync_due(const struct log_writer *w)
{
	switch (w->options.sync) {
	case LOG_SYNC_BLOCK:
		return true;
	case LOG_SYNC_INTERVAL:
		return clock_ms(CLOCK_MONOTONIC) - w->synced_ms >= w->options.sync_ms;
	default:
		return false;
	}
}

/* What the block says; source and ID of a block that commits none are those before it. */
static void fill_trailer(const struct log_writer *w, const struct log_commit *c, struct block_trailer *t)
{
	const struct block_trailer *last = &w->log.last;

	t->synced = w->synced;
	t->time = clock_ms(CLOCK_REALTIME);
	t->more = c->more;
	t->has_source = c->has_source || last->has_source;
	t->final = c->has_source ? c->final : last->final;
	t->epoch = c->has_source ? c->epoch : last->epoch;
	snprintf(t->run, sizeof t->run, "%s", c->has_source ? c->run : last->run);
	buf_span(&t->source, c->has_source ? c->source : buf_view(&last->source));
	buf_span(&t->once, c->once);
	buf_span(&t->rejects_to, c->rejects_to.n ? c->rejects_to : buf_view(&last->rejects_to));
	t->rejects = c->rejects_to.n ? c->rejects : last->rejects;
}

static void commit(struct log_writer *w, const struct block_trailer *t)
{
	w->log.end = w->at;
	block_trailer_copy(&w->log.last, t);
	if (t->once.n)
		index_add_once(&w->log.once, buf_view(&t->once));
}

/* A segment full of positions alone is made anew; else it is sealed. */
static int close_segment(struct log_writer *w, struct failure *f)
{
	if (w->log.offset < w->options.segment_bytes || !position_eq(w->at, w->log.end))
		return 0;
	return holds_records(w) ? log_writer_seal(w, f) : replace_empty(w, f);
}

/* sync: what it commits is durable before it counts. */
static int write_block(struct log_writer *w, struct span data, const struct block_trailer *t, bool sync, struct failure *f)
{
	struct position before = w->at;
	char name[SEGMENT_NAME];

	buf_span(&w->block, data);
	segment_print_block(t, &w->block);
	file_name(w, name);
	if (disk_write(w->log.fd, w->block.p, w->block.n, name, f) < 0)
		return fail_block(w, f);
	w->dirty = true;
	w->at = t->end;
	if (sync && sync_file(w, f) < 0) {
		w->at = before;
		return fail_block(w, f);
	}
	w->log.offset += w->block.n;
	return 0;
}

int log_write_block(struct log_writer *w, struct span data, uint64_t records, uint64_t lines, bool changes, const struct log_commit *c, struct failure *f)
{
	struct block_trailer t = { .first = w->at, .lines = lines, .len = data.n, .changes = changes };
	int rc = check_alive(w, f);

	if (rc < 0 || __builtin_add_overflow(w->at.at, records, &t.end.at) || t.end.at > INT64_MAX)
		return rc < 0 ? rc : failure_set(f, EXIT_MEMORY, "%s: the log is full", w->path);
	t.end.chain = hash_crc32c(w->at.chain, data.p, data.n);
	fill_trailer(w, c, &t);
	buf_clear(&w->block);
	if (w->log.fd < 0)
		rc = begin_segment(w, f);
	if (rc == 0)
		rc = write_block(w, data, &t, !c->more && (c->has_source || sync_due(w)), f);
	if (rc == 0 && !c->more) {
		commit(w, &t);
		rc = close_segment(w, f);
	}
	block_trailer_free(&t);
	return rc;
}

int log_writer_idle(struct log_writer *w, struct failure *f)
{
	if (check_alive(w, f) < 0)
		return -1;
	if (w->options.sync == LOG_SYNC_INTERVAL && sync_due(w) && sync_file(w, f) < 0)
		return fail_block(w, f);
	return position_eq(w->at, w->log.end) && log_writer_seal_wanted(w) ? log_writer_seal(w, f) : 0;
}

/* ---- asking ---- */

struct position log_writer_end(const struct log_writer *w)
{
	return w->log.end;
}

const struct block_trailer *log_writer_source(const struct log_writer *w)
{
	return &w->log.last;
}

int log_writer_has_once(struct log_writer *w, struct span id, bool *has, struct failure *f)
{
	*has = index_has_once(&w->log.once, id);
	if (*has || log_has_once(w->dir, w->path, w->log.fd >= 0 ? w->log.head.first : w->log.end, id, has, f) == 0)
		return 0;
	return name_log(w, f);
}

/* ---- closing ---- */

int log_writer_close(struct log_writer *w, struct failure *f)
{
	int rc = 0;

	if (!w)
		return 0;
	if (!w->dead && w->log.fd >= 0 && sync_file(w, f) < 0)
		rc = fail_block(w, f);
	sealer_free(w->sealer);
	recovered_free(&w->log);
	if (w->lock >= 0)
		close(w->lock);
	if (w->dir >= 0)
		close(w->dir);
	buf_free(&w->block);
	free(w->path);
	free(w);
	return rc;
}
