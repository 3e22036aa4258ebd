/* SPDX-License-Identifier: MIT */
#include "batch/log/maintain.h"

#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "batch/log/check.h"
#include "lib/base/diag.h"
#include "lib/base/disk.h"
#include "lib/log/dir.h"
#include "lib/log/tail.h"
#include "lib/log/write.h"
#include "lib/text/writer.h"

static int status_of(int rc, const struct failure *f)
{
	return rc == 0 ? 0 : f->status ? f->status : EXIT_IO;
}

/* ---- info ---- */

struct printer {
	struct out *out;
	bool json, more;
};

static void put_name(struct printer *p, const char *name)
{
	struct buf *b = &p->out->buf;

	if (p->json)
		buf_printf(b, "%s\"%s\":", p->more ? "," : "{", name);
	else
		buf_printf(b, "%s\t", name);
	p->more = true;
}

static void put_text(struct printer *p, const char *name, struct span text)
{
	put_name(p, name);
	if (p->json)
		json_put_string(&p->out->buf, text);
	else
		buf_printf(&p->out->buf, "%s\n", diag_show(text.p, text.n));
}

static void put_number(struct printer *p, const char *name, uint64_t v)
{
	put_name(p, name);
	buf_u64(&p->out->buf, v);
	if (!p->json)
		buf_byte(&p->out->buf, '\n');
}

static void put_position(struct printer *p, const char *name, struct position at)
{
	char text[POSITION_TEXT];

	position_print(at, text);
	put_text(p, name, span_of(text));
}

static void put_log(struct printer *p, const struct log_dir *d, const struct block_trailer *last, bool committed)
{
	static const char *const format[] = { [FORMAT_CSV] = "csv", [FORMAT_TSV] = "tsv", [FORMAT_NDJSON] = "ndjson" };
	struct position first = d->n ? d->segment[0].head.first : (struct position){ 0 };
	uint64_t bytes = 0;

	for (size_t i = 0; i < d->n; i++)
		bytes += d->segment[i].bytes;
	put_text(p, "name", span_of(d->name));
	if (d->n) {
		put_text(p, "id", span_of(d->id));
		put_text(p, "format", span_of(format[d->segment[0].head.format]));
	}
	put_number(p, "segments", d->n);
	put_number(p, "bytes", bytes);
	put_number(p, "records", committed ? last->end.at - first.at : 0);
	put_position(p, "first", first);
	put_position(p, "last", committed ? last->end : first);
	if (committed && last->has_source) {
		put_number(p, "epoch", last->epoch);
		put_text(p, "run", span_of(last->run));
		put_text(p, "source", buf_view(&last->source));
	}
}

int log_info(const struct maintain_options *o, struct out *out, struct failure *f)
{
	struct printer p = { .out = out, .json = o->json };
	struct block_trailer last = { 0 };
	struct log_dir d;
	bool found = false;
	int there = disk_dir(o->path, false, f), rc;

	if (there < 0)
		return f->status;
	close(there);
	if (log_dir_open(&d, o->path, true, f) < 0)
		return status_of(-1, f);
	rc = log_last_commit(&d, &last, &found, f);
	if (rc == 0)
		put_log(&p, &d, &last, found);
	if (rc == 0 && o->json)
		buf_text(&out->buf, "}\n");
	block_trailer_free(&last);
	log_dir_close(&d);
	return status_of(rc, f);
}

/* A log without segments has at least been written to once. */
int maintain_log_is_there(int dir, const char *path, size_t segments, struct failure *f)
{
	if (segments || faccessat(dir, LOG_LOCK, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	return failure_set(f, EXIT_IO, "%s: there is no log", path);
}

/* ---- verify ---- */

static void print_check(const struct segment_check *c, struct out *out)
{
	static const char *const state[] = { [SEGMENT_SEALED] = "sealed", [SEGMENT_OPEN] = "open", [SEGMENT_TORN] = "open" };
	struct buf *b = &out->buf;

	buf_printf(b, "%s: %" PRIu64 " records in %" PRIu64 " blocks, %s", c->file, c->end.at - c->head.first.at, c->blocks, state[c->state]);
	if (c->state == SEGMENT_TORN)
		buf_printf(b, "; %" PRIu64 " bytes behind them are no block, or not yet one", c->torn);
	buf_byte(b, '\n');
	out_flush(out);
}

static int verify_segments(const char *path, int dir, const uint64_t *first, size_t n, struct out *out, struct failure *f)
{
	struct segment_check before = { 0 }, c;
	size_t damaged = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = segment_check(dir, first[i], i ? &before : NULL, i + 1 == n, &c, f);
		if (rc == 0 && c.state == SEGMENT_BAD) {
			warn("%s/%s", path, c.why.text);
			damaged++;
		} else if (rc == 0) {
			print_check(&c, out);
		}
		segment_check_free(&before);
		before = c;
	}
	segment_check_free(&before);
	return rc < 0 ? status_of(rc, f) : damaged ? EXIT_DATA : 0;
}

int log_verify(const struct maintain_options *o, struct out *out, struct failure *f)
{
	int dir = disk_dir(o->path, false, f), status;
	uint64_t *first = NULL;
	size_t n = 0;

	if (dir < 0)
		return f->status;
	if (segment_list(dir, o->path, &first, &n, f) < 0 || maintain_log_is_there(dir, o->path, n, f) < 0)
		status = status_of(-1, f);
	else
		status = verify_segments(o->path, dir, first, n, out, f);
	free(first);
	close(dir);
	return status;
}

/* ---- seal ---- */

int log_seal_run(const struct maintain_options *o, struct failure *f)
{
	int dir = disk_dir(o->path, false, f), rc;
	uint64_t *first = NULL;
	size_t n = 0;

	if (dir < 0)
		return f->status;
	rc = segment_list(dir, o->path, &first, &n, f) < 0 ? -1 : maintain_log_is_there(dir, o->path, n, f);
	free(first);
	close(dir);
	return status_of(rc < 0 ? rc : log_seal(o->path, o->wait_ms, o->compress, f), f);
}
