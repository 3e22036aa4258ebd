/* SPDX-License-Identifier: MIT */
/* The state of a stage as lines, for one of some views that the first byte chooses. What is taken prints as lines that are taken
 * again, and print the same. */
#include <stdint.h>
#include <stdlib.h>

#include "lib/view/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const definitions[] = {
	"time t\nwindow 10ms\ngroup-by k\nmeasure n = count(), s = sum(x), d = count_distinct(x), f = first(x)\nfill\n",
	"time t\nwindow 20ms\nslide 10ms\ngroup-by k, l\nmeasure m = max(x), v = var_pop(x)\nretract\nallowed-lateness 1s\n",
	"time t\nsession 10ms\ngroup-by k\nmeasure n = count(), q = approx_quantile(x, 0.5), u = approx_count_distinct(x)\n",
	"time t\nwindow 1mo\ntz Europe/Berlin\nmeasure a = avg(x)\n",
	"window none\ngroup-by k\nmeasure n = count()\n",
};
#define VIEWS (sizeof definitions / sizeof *definitions)

static struct view *views[VIEWS];

static void expect(bool ok)
{
	if (!ok)
		abort();
}

static void make_views(void)
{
	char error[256];

	for (size_t i = 0; i < VIEWS; i++) {
		views[i] = view_new();
		expect(view_load_text(views[i], span_of(definitions[i]), error) == 0 && view_finish(views[i], error) == 0);
	}
}

struct held {
	struct fold fold;
	struct windows windows;
	struct sessions sessions;
	struct fill fill;
	struct row_out rows;
	struct view_state state;
};

static void hold(struct held *h, const struct view *v)
{
	fold_init(&h->fold, v);
	windows_init(&h->windows, &h->fold, true);
	sessions_init(&h->sessions, v, true);
	fill_init(&h->fill, v);
	row_out_init(&h->rows, v, FORMAT_CSV, "_op");
	h->state = (struct view_state){ v, &h->fold, &h->windows, &h->sessions, &h->fill, &h->rows, { 0 } };
}

static void let_go(struct held *h)
{
	windows_free(&h->windows);
	fold_free(&h->fold);
	sessions_free(&h->sessions);
	fill_free(&h->fill);
	row_out_free(&h->rows);
	buf_free(&h->state.scratch);
}

static void take_lines(struct held *h, struct span text, bool must)
{
	struct failure f = { 0 };

	while (text.n) {
		const char *nl = memchr(text.p, '\n', text.n);
		struct span line = { text.p, nl ? (size_t)(nl - text.p) : text.n };
		int rc = state_take(&h->state, line, &f);

		expect(rc == 0 || (!must && (rc == 1 || *f.text)));
		text.p += line.n + (nl != NULL), text.n -= line.n + (nl != NULL);
	}
}

static void print_window(struct held *h, struct window *what, struct buf *out)
{
	struct table_walk walk = { 0 };
	struct printed *p;

	while ((p = table_next(&what->printed, &walk))) {
		state_print_row(&h->state, what, table_key(&what->printed, p), p, out);
		buf_byte(out, '\n');
	}
}

static void print_all(struct held *h, struct buf *out)
{
	struct fold_rows rows = { 0 };
	struct window *what;
	struct pane *p;

	for (size_t i = 0; (p = timemap_each(&h->fold.panes, &i));)
		fold_rows_pane(&rows, p->at, &p->groups);
	fold_rows_sort(&rows);
	for (size_t i = 0; i < rows.n; i++) {
		state_print_group(&h->state, rows.row[i].at, rows.row[i].key, rows.row[i].group, out);
		buf_byte(out, '\n');
	}
	rows.n = 0;
	sessions_rows(&h->sessions, &rows);
	for (size_t i = 0; i < rows.n; i++) {
		state_print_session(&h->state, sessions_at(&h->sessions, rows.row[i].key, rows.row[i].at.start), out);
		buf_byte(out, '\n');
	}
	for (size_t i = 0; (what = timemap_each(&h->windows.open, &i));)
		print_window(h, what, out);
	state_print_fill(&h->fill, out);
	fold_rows_free(&rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct held h, again;
	struct buf first = { 0 }, second = { 0 };

	if (!views[0])
		make_views();
	if (size == 0)
		return 0;
	hold(&h, views[data[0] % VIEWS]);
	hold(&again, views[data[0] % VIEWS]);
	take_lines(&h, (struct span){ (const char *)data + 1, size - 1 }, false);
	print_all(&h, &first);
	take_lines(&again, buf_view(&first), true);
	print_all(&again, &second);
	expect(first.n == second.n && memcmp(first.p, second.p, first.n) == 0);
	state_settle(&h.state, 15);
	state_settle(&again.state, INT64_MAX);
	let_go(&h);
	let_go(&again);
	buf_free(&first);
	buf_free(&second);
	return 0;
}
