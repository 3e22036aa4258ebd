/* SPDX-License-Identifier: MIT */
#include "lib/view/range.h"

#include <string.h>
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/base/disk.h"

static void print_head(const struct range_name *n, const struct range_head *h, struct buf *out)
{
	char from[POSITION_TEXT], to[POSITION_TEXT];

	position_print(h->from, from);
	position_print(h->to, to);
	control_add(out, false, "source", span_of(n->source));
	control_add(out, false, "log", span_of(h->log));
	control_add(out, false, "from", span_of(from));
	control_add(out, false, "to", span_of(to));
	control_add_i64(out, false, "epoch", (int64_t)h->epoch);
	control_add(out, false, "run", span_of(*h->run ? h->run : "-"));
	control_add(out, false, "cfg", span_of(h->cfg));
	if (h->has_time)
		control_add_i64(out, false, "t", h->time);
	control_add_i64(out, false, "level", h->level);
	if (h->start)
		control_add_i64(out, false, "start", 1);
	if (h->edge)
		control_add_i64(out, false, "edge", 1);
}

int range_begin(struct range_writer *w, int dir, const struct view *v, const struct range_name *n, const struct range_head *h, struct failure *f)
{
	struct buf extra = { 0 };
	int fd;

	*w = (struct range_writer){ .name = *n, .dir = dir };
	buf_byte(&w->temporary, '.');
	range_name_print(n, &w->temporary);
	buf_add(&w->temporary, ".tmp", 5);
	fd = disk_create(dir, w->temporary.p, f);
	if (fd < 0) {
		buf_free(&w->temporary);
		return -1;
	}
	out_init(&w->out, fd, w->temporary.p);
	print_head(n, h, &extra);
	partial_begin_with(&w->partial, v, &w->out, buf_view(&extra));
	buf_free(&extra);
	return 0;
}

static int fail_out(struct range_writer *w, struct failure *f)
{
	return failure_set(f, EXIT_IO, "%s: %s", w->temporary.p, strerror(w->out.error));
}

int range_end(struct range_writer *w, uint64_t rejected, bool durable, struct failure *f)
{
	struct buf name = { 0 };
	int rc;

	w->partial.rejected = rejected;
	rc = partial_end(&w->partial);
	if (rc == 0 && durable)
		rc = disk_sync(w->out.fd, w->temporary.p, f);
	if (out_close(&w->out) < 0)
		rc = fail_out(w, f);
	if (rc == 0) {
		range_name_print(&w->name, &name);
		rc = disk_rename(w->dir, w->temporary.p, name.p, durable, f);
	}
	if (rc < 0)
		unlinkat(w->dir, w->temporary.p, 0);
	buf_free(&name);
	buf_free(&w->temporary);
	return rc;
}

/* partial_end releases what the writer holds; where its bytes go is removed anyway. */
void range_abandon(struct range_writer *w)
{
	partial_end(&w->partial);
	out_close(&w->out);
	unlinkat(w->dir, w->temporary.p, 0);
	buf_free(&w->temporary);
}
