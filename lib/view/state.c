/* SPDX-License-Identifier: MIT */
#include "lib/view/state.h"

#include "lib/agg/state_text.h"
#include "lib/base/diag.h"
#include "lib/text/decimal.h"
#include "lib/text/percent.h"

/* ---- writing ---- */

static void put_i64(struct buf *out, int64_t v)
{
	buf_byte(out, '\t');
	buf_i64(out, v);
}

static void put_text(struct buf *out, struct span text)
{
	buf_byte(out, '\t');
	percent_encode(out, text, "");
}

static void put_states(const struct view *v, struct group *g, struct buf *out)
{
	for (size_t i = 0; i < v->nmeasures; i++) {
		buf_byte(out, '\t');
		v->measure[i].kind->save(&v->measure[i], group_state(g, &v->measure[i]), out);
	}
}

static size_t first_cell(const struct row_out *r)
{
	return r->mark != NULL;
}

static void put_row(struct row_out *r, const struct blob *row, struct buf *out)
{
	buf_byte(out, '\t');
	if (!row)
		return;
	row_out_recall(r, row);
	for (size_t i = first_cell(r); i < r->n; i++) {
		buf_byte(out, i == first_cell(r) ? '=' : ',');
		percent_encode(out, r->cell[i].text, ",");
	}
}

void state_print_group(const struct view_state *s, struct interval pane, struct span key, struct group *g, struct buf *out)
{
	buf_byte(out, 'g');
	put_i64(out, pane.start);
	put_i64(out, (int64_t)g->mark);
	put_i64(out, g->weight);
	put_text(out, key);
	put_states(s->view, g, out);
}

void state_print_session(const struct view_state *s, struct session *what, struct buf *out)
{
	buf_byte(out, 's');
	put_i64(out, what->at.start);
	put_i64(out, what->at.end);
	put_i64(out, (int64_t)what->group.mark);
	put_i64(out, what->group.weight);
	put_text(out, what->key);
	put_row(s->rows, what->printed, out);
	put_states(s->view, &what->group, out);
}

void state_print_row(const struct view_state *s, const struct window *what, struct span key, const struct printed *p, struct buf *out)
{
	buf_byte(out, 'p');
	put_i64(out, what->ordinal);
	put_text(out, key);
	put_row(s->rows, p->row, out);
}

void state_print_known(struct span key, struct buf *out)
{
	buf_byte(out, 'k');
	put_text(out, key);
}

void state_print_fill(const struct fill *f, struct buf *out)
{
	buf_byte(out, 'f');
	put_i64(out, f->next);
	put_i64(out, (int64_t)f->made);
}

/* ---- reading ---- */

static struct span next_field(struct span *line)
{
	return state_cut(line, '\t');
}

bool state_i64(struct span *line, int64_t *v)
{
	struct decimal d;

	return decimal_parse(next_field(line), &d) == 0 && decimal_to_i64(d, v) == 0;
}

/* The next field decoded, in the scratch. */
static bool take_key(struct view_state *s, struct span *line, struct span *key)
{
	buf_clear(&s->scratch);
	buf_room(&s->scratch, 1);       /* an empty key is no null pointer */
	if (percent_decode(&s->scratch, next_field(line)) < 0)
		return false;
	*key = buf_view(&s->scratch);
	return true;
}

static bool take_states(const struct view *v, struct span *line, struct group *g)
{
	for (size_t i = 0; i < v->nmeasures; i++)
		if (v->measure[i].kind->merge_text(&v->measure[i], group_state(g, &v->measure[i]), next_field(line)) < 0)
			return false;
	return true;
}

static bool take_row(struct row_out *r, struct span text, struct blob **row)
{
	*row = NULL;
	if (text.n == 0)
		return true;
	if (state_cut(&text, '=').n)
		return false;
	row_out_clear(r);
	for (size_t i = first_cell(r); i < r->n; i++) {
		if (percent_decode(&r->text, state_cut(&text, ',')) < 0)
			return false;
		r->end[i] = r->text.n;
	}
	if (text.n)
		return false;
	*row = row_out_keep(r);
	return true;
}

/* Its pane opens all its windows: those past by now will be dropped when the state is settled. */
static struct pane *pane_from(struct view_state *s, int64_t start)
{
	struct pane *p = timemap_get(&s->fold->panes, start);
	struct interval at;

	if (p)
		return p;
	if (!window_pane(&s->view->window, start, &at) || at.start != start)
		return NULL;
	p = fold_new_pane(s->fold, at);
	windows_open(s->windows, p, INT64_MIN);
	return p;
}

static bool take_group(struct view_state *s, struct span line)
{
	int64_t start, mark, weight;
	struct span key;
	struct pane *p;
	struct group *g;

	if (!state_i64(&line, &start) || !state_i64(&line, &mark) || !state_i64(&line, &weight) || !take_key(s, &line, &key) ||
	    !(p = pane_from(s, start)))
		return false;
	g = fold_group(s->fold, p, key);
	group_drop(s->view, g);
	memset(g, 0, s->view->group_size);
	g->mark = (uint64_t)mark;
	g->weight = weight;
	return take_states(s->view, &line, g);
}

static bool take_session(struct view_state *s, struct span line)
{
	int64_t mark, weight;
	struct interval at;
	struct blob *row;
	struct span key;
	struct session *what;

	if (!state_i64(&line, &at.start) || !state_i64(&line, &at.end) || !state_i64(&line, &mark) || !state_i64(&line, &weight) ||
	    at.start >= at.end || !take_key(s, &line, &key) || !take_row(s->rows, next_field(&line), &row))
		return false;
	what = sessions_restore(s->sessions, key, at);
	what->printed = row;
	what->group.mark = (uint64_t)mark;
	what->group.weight = weight;
	return take_states(s->view, &line, &what->group);
}

static bool take_printed(struct view_state *s, struct span line)
{
	struct printed *printed;
	struct window *what;
	struct blob *row;
	struct span key;
	int64_t ordinal;
	bool is_new;

	if (!state_i64(&line, &ordinal) || !take_key(s, &line, &key) || !(what = timemap_get(&s->windows->open, ordinal)) ||
	    !take_row(s->rows, next_field(&line), &row))
		return false;
	printed = table_put(&what->printed, key, hash_bytes(key.p, key.n), &is_new);
	free(printed->row);
	printed->row = row;
	return true;
}

static bool take_known(struct view_state *s, struct span line)
{
	struct span key;
	bool is_new;

	if (!take_key(s, &line, &key))
		return false;
	table_put(&s->fill->known, key, hash_bytes(key.p, key.n), &is_new);
	return true;
}

static bool take_fill(struct view_state *s, struct span line)
{
	int64_t made;

	s->fill->begun = true;
	if (!state_i64(&line, &s->fill->next) || !state_i64(&line, &made))
		return false;
	s->fill->made = (uint64_t)made;
	return true;
}

/* How many fields follow the word of a line; 0: it is none of ours. */
static size_t fields_of(const struct view *v, struct span word)
{
	switch (word.n == 1 ? word.p[0] : 0) {
	case 'g': return 4 + v->nmeasures;
	case 's': return 6 + v->nmeasures;
	case 'p': return 3;
	case 'k': return 1;
	case 'f': return 2;
	default: return 0;
	}
}

static size_t count_fields(struct span text)
{
	size_t n = 1;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\t';
	return n;
}

static bool take_line(struct view_state *s, char word, struct span rest)
{
	switch (word) {
	case 'g': return take_group(s, rest);
	case 's': return take_session(s, rest);
	case 'p': return take_printed(s, rest);
	case 'k': return take_known(s, rest);
	default: return take_fill(s, rest);
	}
}

int state_take(struct view_state *s, struct span line, struct failure *f)
{
	struct span rest = line, word = next_field(&rest);
	size_t n = fields_of(s->view, word);

	if (n == 0)
		return 1;
	if (count_fields(rest) == n && take_line(s, word.p[0], rest))
		return 0;
	return failure_set(f, EXIT_DATA, "damaged state: \"%.*s\"", (int)(line.n > 60 ? 60 : line.n), line.p);
}

void state_settle(struct view_state *s, int64_t watermark)
{
	windows_settle(s->windows, watermark);
	sessions_settle(s->sessions, watermark);
}
