/* SPDX-License-Identifier: MIT */
/* Rows that need sorting are kept as blobs; with --top only the best of them, by sorting and cutting now and then. */
#include "serve/merge/answer.h"

#include <stdio.h>

#include "serve/merge/selection.h"

#define KEEP_AT_LEAST 4096      /* rows held before the worst are cut off */

struct order {
	size_t column;
	bool descending;
};

enum sort_kind { SORT_NUMBER, SORT_TEXT, SORT_NULL };   /* in that order */

struct sort_key {
	enum sort_kind kind;
	struct span text;
	bool is_long;                   /* a number beyond what records hold: sums may be that large */
	struct decimal number;          /* else */
};

struct held {
	struct blob *blob;
	struct sort_key *key;           /* one per order column; points into the blob's text */
	uint64_t number;                /* keeps the sort stable */
};

struct answer {
	const struct view *view;
	struct answer_options options;
	struct out *out;
	struct ledger *ledger;
	struct row_out rows;
	struct selection selection;
	struct order *order;
	size_t norder;
	struct held *held;
	size_t nheld, cap;
	uint64_t numbers, printed, negative;
	struct interval window;         /* of the rows held, per window */
	char error[256];
};

/* Takes a last word off an item: ` desc`. */
static bool take_word(struct span *item, const char *word)
{
	size_t n = strlen(word);

	if (item->n <= n || memcmp(item->p + item->n - n, word, n) != 0)
		return false;
	item->n -= n;
	*item = span_trim(*item);
	return true;
}

static int add_order(struct answer *a, struct span item, char error[400])
{
	struct order order = { .descending = take_word(&item, " desc") };
	char *name;

	if (!order.descending)
		take_word(&item, " asc");
	name = field_name(item);
	order.column = selection_column(&a->rows, span_of(name));
	free(name);
	if (order.column == SIZE_MAX)
		return snprintf(error, 400, "--order: the output has no column \"%.*s\"", (int)(item.n > 100 ? 100 : item.n), item.p), -1;
	a->order = mem_array(a->order, a->norder + 1, sizeof *a->order);
	a->order[a->norder++] = order;
	return 0;
}

/* `gmv desc, category` */
static int parse_order(struct answer *a, char error[400])
{
	struct span list = span_of(a->options.order ? a->options.order : "");

	while (list.n) {
		size_t n = field_item_length(list);

		if (add_order(a, span_trim((struct span){ list.p, n }), error) < 0)
			return -1;
		n += n < list.n;
		list.p += n, list.n -= n;
	}
	return 0;
}

struct answer *answer_new(const struct view *v, enum record_format format, const struct answer_options *o, struct out *out, struct ledger *ledger, char error[400])
{
	struct answer *a = mem_zalloc(sizeof *a);

	*a = (struct answer){ .view = v, .options = *o, .out = out, .ledger = ledger };
	row_out_init(&a->rows, v, format, NULL);
	if (selection_init(&a->selection, &a->rows, o->since, o->until, o->where, error) < 0 || parse_order(a, error) < 0) {
		answer_free(a);
		return NULL;
	}
	row_out_header(&a->rows, &out->buf);
	return a;
}

static void drop_held(struct answer *a, size_t from)
{
	for (size_t i = from; i < a->nheld; i++) {
		free(a->held[i].blob);
		free(a->held[i].key);
	}
	a->nheld = from;
}

void answer_free(struct answer *a)
{
	if (!a)
		return;
	drop_held(a, 0);
	free(a->held);
	free(a->order);
	selection_free(&a->selection);
	row_out_free(&a->rows);
	free(a);
}

static int print(struct answer *a)
{
	row_out_write(&a->rows, NULL, &a->out->buf);
	a->ledger->rows++;
	a->printed++;
	return out_more(a->out);
}

static struct sort_key sort_key_of(struct span text)
{
	struct sort_key k = { .kind = text.n ? SORT_TEXT : SORT_NULL, .text = text };
	struct ratio r;

	if (text.n && decimal_parse(text, &k.number) == 0)
		k.kind = SORT_NUMBER;
	else if (text.n && ratio_parse(&r, text) == 0)
		k.kind = SORT_NUMBER, k.is_long = true;
	return k;
}

static int number_order(const struct sort_key *x, const struct sort_key *y)
{
	struct ratio a, b;

	if (!x->is_long && !y->is_long)
		return decimal_cmp(x->number, y->number);
	ratio_parse(&a, x->text);
	ratio_parse(&b, y->text);
	return ratio_cmp(&a, &b);
}

/* Numbers before text, null last whichever the direction. */
static int key_order(const struct sort_key *x, const struct sort_key *y, bool descending)
{
	int c;

	if (x->kind == SORT_NULL || y->kind == SORT_NULL)
		return (x->kind == SORT_NULL) - (y->kind == SORT_NULL);
	if (x->kind != y->kind)
		c = x->kind < y->kind ? -1 : 1;
	else
		c = x->kind == SORT_NUMBER ? number_order(x, y) : span_cmp(x->text, y->text);
	return descending ? -c : c;
}

static int held_order(const void *x, const void *y, void *context)
{
	const struct answer *a = context;
	const struct held *p = x, *q = y;

	for (size_t i = 0; i < a->norder; i++) {
		int c = key_order(&p->key[i], &q->key[i], a->order[i].descending);

		if (c)
			return c;
	}
	return p->number < q->number ? -1 : p->number > q->number;
}

static void sort_held(struct answer *a)
{
	if (a->nheld)
		qsort_r(a->held, a->nheld, sizeof *a->held, held_order, a);
	if (a->options.top && a->nheld > a->options.top)
		drop_held(a, a->options.top);
}

/* Keeps the row in a->rows. Its sort keys point into the kept text. */
static void hold(struct answer *a)
{
	struct held *h;

	a->held = mem_grow(a->held, a->nheld, &a->cap, sizeof *a->held);
	h = &a->held[a->nheld++];
	*h = (struct held){ row_out_keep(&a->rows), mem_zalloc(a->norder * sizeof *h->key), a->numbers++ };
	for (size_t i = 0; i < a->norder; i++) {
		struct span cell = a->rows.cell[a->order[i].column].text;

		cell.p = h->blob->bytes + a->rows.n * sizeof(size_t) + (cell.p - a->rows.text.p);
		h->key[i] = sort_key_of(cell);
	}
	if (a->options.top && a->nheld >= KEEP_AT_LEAST && a->nheld / 2 >= a->options.top)
		sort_held(a);
}

static int flush_held(struct answer *a)
{
	int rc = 0;

	sort_held(a);
	for (size_t i = 0; i < a->nheld && rc == 0; i++) {
		row_out_recall(&a->rows, a->held[i].blob);
		rc = print(a);
	}
	drop_held(a, 0);
	return rc;
}

/* With --per-window each window is an answer of its own. */
static int turn_window(struct answer *a, struct interval at)
{
	int rc = 0;

	if (!a->options.per_window || (a->window.start == at.start && a->window.end == at.end))
		return 0;
	rc = flush_held(a);
	a->window = at;
	a->printed = 0;
	return rc;
}

int answer_row(struct answer *a, struct interval at, struct span key, struct group *g)
{
	int pass;

	a->error[0] = '\0';
	if (!selection_window(&a->selection, at))
		return 0;
	a->negative += g->weight < 0;
	if (a->view->retract && g->weight <= 0)
		return 0;
	if (turn_window(a, at) < 0)
		return -1;
	row_out_render(&a->rows, at, key, g);
	pass = selection_row(&a->selection, a->error);
	if (pass <= 0)
		return pass;
	if (a->norder) {
		hold(a);
		return 0;
	}
	return a->options.top && a->printed >= a->options.top ? 0 : print(a);
}

int answer_end(struct answer *a)
{
	a->error[0] = '\0';
	return flush_held(a);
}

uint64_t answer_negative(const struct answer *a)
{
	return a->negative;
}

const char *answer_error(const struct answer *a)
{
	return a->error;
}
