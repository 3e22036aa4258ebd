/* SPDX-License-Identifier: MIT */
/* Makes a range file of the partial on stdin, for tests that need tilings which no log and no run of view-store leaves behind:
 *
 *	make_range DIR SOURCE LOG KIND FROM TO [t=MS] [chain=N]
 *
 * KIND as in the name: speed, batch-7. Chains are made of the positions; chain=N is another history, from TO on. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/diag.h"
#include "lib/base/disk.h"
#include "lib/view/range.h"
#include "lib/view/tiling.h"

#define MAX_LINE ((size_t)1 << 20)

static struct position position(const char *text, uint32_t history)
{
	uint64_t at = strtoull(text, NULL, 10);

	return (struct position){ at, at ? (uint32_t)(at * 2654435761u) + history : 0 };
}

static void take_kind(struct range_name *n, const char *kind)
{
	const char *dash = strchr(kind, '-');

	n->kind = !dash ? RANGE_SPEED : *kind == 'b' ? RANGE_BATCH : RANGE_FROZEN;
	n->generation = dash ? strtoull(dash + 1, NULL, 10) : 0;
}

static void write_rows(struct range_writer *w, struct partial_reader *in, const struct view *v, struct partial_row *row, enum partial_event event)
{
	size_t *state_of = mem_array(NULL, v->nmeasures, sizeof *state_of);
	const struct measure *bad;

	for (size_t i = 0; i < v->nmeasures; i++)
		state_of[i] = i;
	for (; event == PARTIAL_ROW; event = partial_next(in, row)) {
		struct group *g = mem_zalloc(v->group_size);

		if (partial_merge(v, state_of, g, row, &bad) < 0)
			die(EXIT_DATA, "measure %s: damaged", bad->name);
		partial_row(&w->partial, row->at, row->key, g);
		group_drop(v, g);
		free(g);
	}
	if (event == PARTIAL_ERROR)
		die(partial_status(in), "%s", partial_error(in));
	free(state_of);
}

int main(int argc, char **argv)
{
	struct partial_reader *in;
	struct range_name name = { 0 };
	struct range_head head = { .run = "-" };
	struct range_writer w;
	struct partial_row row;
	struct failure f = { 0 };
	int dir;

	diag_init("make_range");
	if (argc < 7)
		die(EXIT_USAGE, "DIR SOURCE LOG KIND FROM TO [t=MS] [chain=N]");
	in = partial_open("-", MAX_LINE);
	if (partial_next(in, &row) != PARTIAL_VIEW)
		die(EXIT_DATA, "%s", partial_error(in));
	snprintf(name.source, sizeof name.source, "%s", argv[2]);
	snprintf(head.log, sizeof head.log, "%s", argv[3]);
	take_kind(&name, argv[4]);
	head.from = position(argv[5], 0);
	head.to = position(argv[6], 0);
	for (int i = 7; i < argc; i++) {
		if (strncmp(argv[i], "chain=", 6) == 0)
			head.to = position(argv[6], (uint32_t)strtoul(argv[i] + 6, NULL, 10));
		if (strncmp(argv[i], "t=", 2) == 0)
			head.has_time = true, head.time = strtoll(argv[i] + 2, NULL, 10);
	}
	name.from = head.from.at;
	name.to = head.epoch = head.to.at;
	memcpy(name.hash, partial_hash(in), sizeof name.hash);
	view_lineage(name.hash, head.cfg);
	dir = disk_dir(argv[1], true, &f);
	if (dir < 0 || range_begin(&w, dir, partial_view(in), &name, &head, &f) < 0)
		die(f.status, "%s", f.text);
	write_rows(&w, in, partial_view(in), &row, partial_next(in, &row));
	if (range_end(&w, partial_rejected(in), false, &f) < 0)
		die(f.status, "%s", f.text);
	partial_close(in);
	close(dir);
	return EXIT_DONE;
}
