/* SPDX-License-Identifier: MIT */
/* A heap of inputs by the row each has at hand. */
#include "serve/merge/cursor.h"

#include <stdio.h>
#include <sys/resource.h>

#include "lib/base/diag.h"
#include "lib/base/failure.h"

struct lane {
	struct partial_reader *reader;
	struct partial_row row;         /* at hand */
	size_t *state_of;               /* measures of the first input's view -> states of this one's rows */
	size_t number;                  /* operand: equal rows come in that order */
	bool begun;                     /* it has had a row: that at hand, or the one before while the next is read */
};

struct cursor {
	struct lane *lane;
	size_t n;
	struct lane **heap;             /* those that have a row at hand, the earliest first */
	size_t live;
	struct view *view;
	char hash[9];
	bool sorted, begun, advance;    /* advance: the row of heap[0] has been handed out */
	struct interval last;           /* of the row a lane gave before another view line came */
	struct buf last_key;
	struct failure failure;
};

static int row_order(const struct partial_row *a, const struct partial_row *b)
{
	if (a->at.end != b->at.end)
		return a->at.end < b->at.end ? -1 : 1;
	if (a->at.start != b->at.start)
		return a->at.start < b->at.start ? -1 : 1;
	return span_cmp(a->key, b->key);
}

static bool before(const struct lane *a, const struct lane *b)
{
	int order = row_order(&a->row, &b->row);

	return order ? order < 0 : a->number < b->number;
}

static void sink(struct cursor *c, size_t i)
{
	struct lane *l = c->heap[i];
	size_t child;

	while ((child = 2 * i + 1) < c->live) {
		if (child + 1 < c->live && before(c->heap[child + 1], c->heap[child]))
			child++;
		if (!before(c->heap[child], l))
			break;
		c->heap[i] = c->heap[child];
		i = child;
	}
	c->heap[i] = l;
}

/* The first line of two definitions that differs, as `window 2m, not window 1m`. */
static void explain_difference(const struct view *mine, const struct view *other, struct buf *out)
{
	struct buf a = { 0 }, b = { 0 };
	struct span x, y;

	view_print(mine, true, &a);
	view_print(other, true, &b);
	for (x = buf_view(&a), y = buf_view(&b);;) {
		const char *p = x.n ? memchr(x.p, '\n', x.n) : NULL, *q = y.n ? memchr(y.p, '\n', y.n) : NULL;
		struct span one = { x.p, p ? (size_t)(p - x.p) : 0 }, two = { y.p, q ? (size_t)(q - y.p) : 0 };

		if (!p && !q) {
			buf_text(out, "made with other time zone data");
			break;
		}
		if (!p || !q || !span_eq(one, two)) {
			buf_printf(out, "\"%.*s\", not \"%.*s\"", (int)(two.n > 80 ? 80 : two.n), two.n ? two.p : "",
			           (int)(one.n > 80 ? 80 : one.n), one.n ? one.p : "");
			break;
		}
		x.p += one.n + 1, x.n -= one.n + 1;
		y.p += two.n + 1, y.n -= two.n + 1;
	}
	buf_byte(out, '\0');
	buf_free(&a);
	buf_free(&b);
}

static int adopt(struct cursor *c, const struct view *v, const char *hash, const char *name)
{
	struct buf text = { 0 };
	char error[256];
	int rc;

	view_print(v, false, &text);
	c->view = view_new();
	rc = view_load_text(c->view, buf_view(&text), error) < 0 ? -1 : view_finish(c->view, error);
	buf_free(&text);
	memcpy(c->hash, hash, sizeof c->hash);
	return rc < 0 ? failure_set(&c->failure, EXIT_BUG, "%s: %s", name, error) : 0;
}

/* The first view line decides; all others must have its hash. */
static int meet_view(struct cursor *c, struct lane *l)
{
	const struct view *v = partial_view(l->reader);

	if (!c->view && adopt(c, v, partial_hash(l->reader), partial_name(l->reader)) < 0)
		return -1;
	if (strcmp(c->hash, partial_hash(l->reader)) != 0) {
		struct buf why = { 0 };

		explain_difference(c->view, v, &why);
		failure_set(&c->failure, EXIT_CONFIG, "%s: another definition than the partials before it: %s", partial_name(l->reader), why.p);
		buf_free(&why);
		return -1;
	}
	l->state_of = mem_array(l->state_of, v->nmeasures, sizeof *l->state_of);
	for (size_t i = 0; i < v->nmeasures; i++)
		for (size_t j = 0; j < v->nmeasures; j++)
			if (strcmp(c->view->measure[i].name, v->measure[j].name) == 0)
				l->state_of[i] = j;
	return 0;
}

static void keep_place(struct cursor *c, const struct partial_row *row)
{
	c->last = row->at;
	buf_clear(&c->last_key);
	buf_span(&c->last_key, row->key);
}

/* A file that holds several partials one after the other may step back where the next one begins. */
static int check_order(struct cursor *c, const struct lane *l)
{
	struct partial_row last = { .at = c->last, .key = buf_view(&c->last_key) };

	if (row_order(&last, &l->row) > 0)
		return failure_set(&c->failure, EXIT_DATA, "%s: it holds several partials one after the other: give it on stdin", partial_name(l->reader));
	return 1;
}

/* The next row of a lane: 1, 0 at its end, -1. */
static int advance(struct cursor *c, struct lane *l)
{
	bool another = false;           /* view line on the way */

	for (;;)
		switch (partial_next(l->reader, &l->row)) {
		case PARTIAL_VIEW:
			if (meet_view(c, l) < 0)
				return -1;
			another = c->sorted && l->begun;
			if (another)
				keep_place(c, &l->row);
			break;
		case PARTIAL_ROW:
			l->begun = true;
			return another ? check_order(c, l) : 1;
		case PARTIAL_END:
			return 0;
		case PARTIAL_ERROR:
			return failure_set(&c->failure, partial_status(l->reader), "%s", partial_error(l->reader));
		}
}

/* All inputs are open at once: as many as this process may. */
static void raise_file_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

struct cursor *cursor_open(const char *const *path, size_t n, size_t max_record)
{
	struct cursor *c = mem_zalloc(sizeof *c);

	raise_file_limit();
	c->n = n;
	c->lane = mem_zalloc(n * sizeof *c->lane);
	c->heap = mem_zalloc(n * sizeof *c->heap);
	c->sorted = true;
	for (size_t i = 0; i < n; i++) {
		c->lane[i].number = i;
		c->lane[i].reader = partial_open(path[i], max_record);
		if (strcmp(path[i], "-") == 0)
			c->sorted = false;
	}
	return c;
}

void cursor_close(struct cursor *c)
{
	for (size_t i = 0; i < c->n; i++) {
		partial_close(c->lane[i].reader);
		free(c->lane[i].state_of);
	}
	buf_free(&c->last_key);
	view_free(c->view);
	free(c->lane);
	free(c->heap);
	free(c);
}

int cursor_expect(struct cursor *c, const struct view *v)
{
	char hash[9];

	view_hash(v, hash);
	return adopt(c, v, hash, "definition");
}

int cursor_begin(struct cursor *c)
{
	c->begun = true;
	for (size_t i = 0; i < c->n; i++) {
		int got = advance(c, &c->lane[i]);

		if (got < 0)
			return -1;
		if (got)
			c->heap[c->live++] = &c->lane[i];
	}
	for (size_t i = c->live / 2; c->sorted && i-- > 0;)
		sink(c, i);
	return 0;
}

/* Moves the lane whose row was handed out on to its next row. */
static int move_on(struct cursor *c)
{
	int got = advance(c, c->heap[0]);

	if (got < 0)
		return -1;
	if (got == 0 && --c->live)
		c->heap[0] = c->heap[c->live];
	if (c->live && c->sorted)
		sink(c, 0);
	return 0;
}

int cursor_next(struct cursor *c, struct partial_row *row, const size_t **state_of)
{
	if (c->failure.status)
		return -1;
	if (c->advance && move_on(c) < 0)
		return -1;
	c->advance = c->live != 0;
	if (!c->live)
		return 0;
	*row = c->heap[0]->row;
	*state_of = c->heap[0]->state_of;
	return 1;
}

const struct view *cursor_view(const struct cursor *c)
{
	return c->view;
}

const char *cursor_hash(const struct cursor *c)
{
	return c->hash;
}

struct view *cursor_take_view(struct cursor *c)
{
	struct view *v = c->view;

	c->view = NULL;
	return v;
}

bool cursor_is_sorted(const struct cursor *c)
{
	return c->sorted;
}

uint64_t cursor_bytes(const struct cursor *c)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < c->n; i++)
		sum += partial_bytes(c->lane[i].reader);
	return sum;
}

uint64_t cursor_rejected(const struct cursor *c)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < c->n; i++)
		sum += partial_rejected(c->lane[i].reader);
	return sum;
}

const char *cursor_error(const struct cursor *c)
{
	return c->failure.text;
}

int cursor_status(const struct cursor *c)
{
	return c->failure.status;
}
