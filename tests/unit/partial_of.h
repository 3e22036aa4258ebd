/* SPDX-License-Identifier: MIT */
/* partial_of -- partials made of records written down as text, and files to read them from. */
#ifndef TESTS_UNIT_PARTIAL_OF_H
#define TESTS_UNIT_PARTIAL_OF_H

#include <fcntl.h>
#include <unistd.h>

#include "lib/agg/key.h"
#include "lib/base/hash.h"
#include "lib/view/partial.h"
#include "lib/view/row.h"
#include "tests/unit/view_of.h"

static char partial_path[64];

/* The name of a file of these bytes, the n-th of this process. */
static inline const char *partial_file_n(struct span bytes, int n)
{
	FILE *f;

	snprintf(partial_path, sizeof partial_path, "/tmp/weir-partial-%ld-%d", (long)getpid(), n);
	f = fopen(partial_path, "w");
	if (bytes.n)
		fwrite(bytes.p, 1, bytes.n, f);
	fclose(f);
	return partial_path;
}

static inline const char *partial_file(struct span bytes)
{
	return partial_file_n(bytes, 0);
}

static inline void partial_file_remove(void)
{
	unlink(partial_path);
}

/* An output into such a file. */
static inline struct out partial_out(void)
{
	struct out o;

	out_init(&o, open(partial_file((struct span){ NULL, 0 }), O_WRONLY | O_TRUNC), partial_path);
	return o;
}

static inline struct group *partial_group(const struct row_maker *m, struct fold *f, struct sessions *s)
{
	int64_t ms = m->row.at.ms;
	struct interval at = { ms, ms + m->view->window.gap_ms };
	bool in_window;
	struct pane *p;

	if (m->view->window.kind == WINDOW_SESSION)
		return &sessions_join(s, m->row.key, at, NULL, NULL)->group;
	p = fold_find(f, ms, &at, &in_window);
	return fold_group(f, p ? p : fold_new_pane(f, at), m->row.key);
}

/* The partial of records, `k=a x=1 t=5` each; NULL ends them. */
static inline struct buf partial_of(const struct view *v, const char *const *records, uint64_t rejected)
{
	struct row_maker maker;
	struct sessions sessions;
	struct fold fold;
	struct out o = partial_out();
	struct partial_writer w;
	struct buf bytes = { 0 };
	struct span record[32];
	int fd;

	row_maker_init(&maker, v);
	fold_init(&fold, v);
	sessions_init(&sessions, v, false);
	for (uint64_t i = 0; records[i]; i++) {
		record_of(v, record, records[i]);
		if (row_make(&maker, record, i) == ROW_READY)
			group_add(v, partial_group(&maker, &fold, &sessions), &maker.row);
		else
			CHECK_TEXT(records[i], "a record of the view");
	}
	partial_begin(&w, v, &o);
	CHECK_INT(partial_fold(&w, &fold, &sessions), 0);
	w.rejected = rejected;
	CHECK_INT(partial_end(&w), 0);
	CHECK_INT(out_close(&o), 0);
	fd = open(partial_path, O_RDONLY);
	for (ssize_t n; (n = read(fd, buf_room(&bytes, 65536), 65536)) > 0;)
		bytes.n += (size_t)n;
	close(fd);
	partial_file_remove();
	row_maker_free(&maker);
	fold_free(&fold);
	sessions_free(&sessions);
	return bytes;
}

#endif
