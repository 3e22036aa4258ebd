/* SPDX-License-Identifier: MIT */
#include "lib/view/partial.h"

#include <stdio.h>

#include "lib/agg/key.h"
#include "lib/base/hash.h"
#include "lib/stream/control.h"
#include "lib/text/percent.h"

#define STATE_PIECE (256 * 1024)        /* bytes of one state in one row; larger ones go on in the next */

static size_t state_column(const struct view *v)
{
	return 2 + v->nkeys + v->retract;
}

static void sum_from(struct partial_writer *w, size_t from)
{
	if (!w->stream)         /* there barriers hold the checksums */
		w->crc = hash_crc32c(w->crc, w->out->buf.p + from, w->out->buf.n - from);
}

static void write_names(struct partial_writer *w, const struct span *name, size_t n)
{
	struct buf *out = &w->out->buf;
	size_t at = out->n;

	if (!w->stream) {
		writer_header(&w->tsv, out);
		sum_from(w, at);
		return;
	}
	buf_text(out, CONTROL_PREFIX "columns ");
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_byte(out, ',');
		percent_encode(out, name[i], ",");
	}
	buf_byte(out, '\n');
}

/* Names of the columns; those of measures say their kind, so that a reader can check it. */
static void write_header(struct partial_writer *w)
{
	const struct view *v = w->view;
	size_t n = state_column(v) + v->nmeasures;
	struct span *name = mem_zalloc(n * sizeof *name);
	struct buf *state = mem_zalloc(v->nmeasures * sizeof *state);

	name[0] = SPAN("window_end");
	name[1] = SPAN("window_start");
	for (size_t i = 0; i < v->nkeys; i++)
		name[2 + i] = span_of(v->key[i].name);
	if (v->retract)
		name[2 + v->nkeys] = SPAN("weight");
	for (size_t i = 0; i < v->nmeasures; i++) {
		measure_print_state_name(&state[i], &v->measure[i]);
		name[state_column(v) + i] = buf_view(&state[i]);
	}
	writer_init(&w->tsv, FORMAT_TSV, name, n);
	write_names(w, name, n);
	w->cell = mem_zalloc(n * sizeof *w->cell);
	w->end = mem_zalloc(n * sizeof *w->end);
	for (size_t i = 0; i < v->nmeasures; i++)
		buf_free(&state[i]);
	free(state);
	free(name);
}

static void begin(struct partial_writer *w, const struct view *v, struct out *out, struct span extra, bool stream)
{
	struct buf definition = { 0 };
	char hash[9];
	size_t at = out->buf.n;

	*w = (struct partial_writer){ .view = v, .out = out, .stream = stream };
	w->key = mem_zalloc(v->nkeys * sizeof *w->key);
	w->next = mem_zalloc(v->nmeasures * sizeof *w->next);
	view_hash(v, hash);
	view_print(v, false, &definition);
	control_begin(&out->buf, false, "view");
	control_add(&out->buf, false, "hash", span_of(hash));
	control_add(&out->buf, false, "definition", buf_view(&definition));
	buf_span(&out->buf, extra);
	control_end(&out->buf, false);
	sum_from(w, at);
	buf_free(&definition);
	write_header(w);
}

void partial_begin(struct partial_writer *w, const struct view *v, struct out *out)
{
	begin(w, v, out, (struct span){ NULL, 0 }, false);
}

void partial_begin_with(struct partial_writer *w, const struct view *v, struct out *out, struct span extra)
{
	begin(w, v, out, extra, false);
}

void partial_begin_stream(struct partial_writer *w, const struct view *v, struct out *out)
{
	out_begin_control(out);
	begin(w, v, out, (struct span){ NULL, 0 }, true);
	out_end_control(out);
}

/* Appends what the next row says of each state to w->text. True: some state has more to say. */
static bool save_states(struct partial_writer *w, struct group *g, bool first, size_t *end)
{
	const struct view *v = w->view;
	bool more = false;

	for (size_t i = 0; i < v->nmeasures; i++) {
		const struct measure *m = &v->measure[i];
		void *state = group_state(g, m);

		if (m->kind->save_part && (first || w->next[i])) {
			w->next[i] = m->kind->save_part(m, state, first ? 0 : w->next[i], &w->text, STATE_PIECE);
			more |= w->next[i] != 0;
		} else if (first) {
			m->kind->save(m, state, &w->text);
		}
		end[i] = w->text.n;
	}
	return more;
}

/* One text row: texts first, then the cells that point into them. */
static bool write_row(struct partial_writer *w, struct interval at, struct group *g, bool first)
{
	const struct view *v = w->view;
	size_t n = state_column(v) + v->nmeasures, cell = 0, from = 0, written = w->out->buf.n;
	size_t *end = w->end;
	bool more;

	buf_clear(&w->text);
	buf_i64(&w->text, at.end);
	end[cell++] = w->text.n;
	buf_i64(&w->text, at.start);
	end[cell++] = w->text.n;
	for (size_t i = 0; i < v->nkeys; i++)
		end[cell++] = w->text.n;        /* keys point elsewhere */
	if (v->retract) {
		buf_i64(&w->text, first ? g->weight : 0);
		end[cell++] = w->text.n;
	}
	more = save_states(w, g, first, end + cell);
	for (size_t i = 0; i < n; from = end[i++])
		w->cell[i].text = i >= 2 && i < 2 + v->nkeys ? w->key[i - 2] : (struct span){ w->text.p + from, end[i] - from };
	writer_row(&w->tsv, &w->out->buf, w->cell);
	sum_from(w, written);
	w->rows++;
	return more;
}

int partial_row(struct partial_writer *w, struct interval at, struct span key, struct group *g)
{
	bool first = true, more;

	if (group_is_identity(w->view, g))
		return w->out->error ? -1 : 0;
	key_split(key, w->view->nkeys, w->key, &w->scratch);
	do {
		more = write_row(w, at, g, first);
		first = false;
		if (out_more(w->out) < 0)
			return -1;
	} while (more);
	return 0;
}

int partial_end(struct partial_writer *w)
{
	struct buf *out = &w->out->buf;
	size_t at = out->n;
	char crc[9];

	control_begin(out, false, "end");
	control_add_i64(out, false, "rows", (int64_t)w->rows);
	control_add_i64(out, false, "rejected", (int64_t)w->rejected);
	sum_from(w, at);
	snprintf(crc, sizeof crc, "%08x", (unsigned)w->crc);
	control_add(out, false, "crc", span_of(crc));
	control_end(out, false);
	partial_free(w);
	return out_flush(w->out);
}

void partial_free(struct partial_writer *w)
{
	writer_free(&w->tsv);
	buf_free(&w->scratch);
	buf_free(&w->text);
	free(w->cell);
	free(w->end);
	free(w->key);
	free(w->next);
}
