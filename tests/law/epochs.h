/* SPDX-License-Identifier: MIT */
/* epochs -- the law over checked streams: whatever the length of the epochs, and whichever runs end behind whichever barriers, the
 * bytes are those of one run. */
#ifndef TESTS_LAW_EPOCHS_H
#define TESTS_LAW_EPOCHS_H

#include "lib/base/hash.h"
#include "lib/stream/checked.h"
#include "lib/text/percent.h"
#include "tests/law/trial.h"

/* Records as a source would send them. */
struct feed {
	const struct records *records;
	struct form form;
	size_t epoch;                   /* records of one */
	int64_t lag;                    /* of watermark lines behind the largest time; -1: there are none */
	uint64_t seed;
};

static struct feed feed_of(struct trial *t, const struct records *rs)
{
	static const size_t lengths[] = { 1, 7, 7, 30, 100 };
	struct feed f = { .records = rs, .form = { .format = random_format(t), .seed = dice_next(&t->dice) }, .lag = -1, .seed = t->sample->seed };

	f.epoch = DICE_PICK(&t->dice, lengths);
	while (f.epoch * 40 < rs->n)
		f.epoch += 3;
	shuffle_columns(&t->dice, f.form.order);
	return f;
}

static bool feed_is_json(const struct feed *f)
{
	return f->form.format == FORMAT_NDJSON;
}

static size_t feed_epochs(const struct feed *f)
{
	return f->records->n ? (f->records->n + f->epoch - 1) / f->epoch : 1;
}

static void feed_columns(const struct feed *f, struct buf *out)
{
	if (feed_is_json(f))
		return;
	buf_text(out, CONTROL_PREFIX "columns ");
	for (int i = 0; i < COLUMNS; i++)
		buf_printf(out, "%s%s", i ? "," : "", column_name[f->form.order[i]]);
	buf_byte(out, '\n');
}

/* Record i, and perhaps a watermark line behind it; only the former counts. */
static void feed_record(const struct feed *f, size_t i, struct stream_check *sum, struct buf *out)
{
	size_t at = out->n;
	int64_t max = INT64_MIN;

	put_record(out, &f->records->item[i], &f->form);
	buf_byte(out, '\n');
	control_escape(out, at, feed_is_json(f));
	stream_check_data(sum, out->p + at, out->n - at);
	if (f->lag < 0 || dice_tied(f->seed, 40, i) % 4)
		return;
	for (size_t k = 0; k <= i; k++)
		if (f->records->item[k].fault != BAD_TIME && f->records->item[k].ms > max)
			max = f->records->item[k].ms;
	control_begin(out, feed_is_json(f), "watermark");
	control_add_i64(out, feed_is_json(f), "t", add_capped(add_capped(max, -f->lag), -1));
	control_end(out, feed_is_json(f));
}

static void feed_position(const struct feed *f, size_t epoch, struct buf *pos)
{
	size_t at = epoch * f->epoch;

	buf_printf(pos, "%zu@00000000", at < f->records->n ? at : f->records->n);
}

static void feed_epoch(const struct feed *f, size_t epoch, bool whole, struct stream_check *sum, struct buf *out)
{
	size_t from = (epoch - 1) * f->epoch, n = whole ? f->epoch : f->epoch / 2 + 1;

	*sum = (struct stream_check){ 0 };
	for (size_t i = from; i < from + n && i < f->records->n; i++)
		feed_record(f, i, sum, out);
}

/* One run: epochs first + 1 to last, going on from (first, erun). The last barrier is of that kind; behind a mere barrier half an epoch
 * follows, and then the source dies. */
static void write_run(const struct feed *f, const char *path, const char *run, size_t first, const char *erun, size_t last, enum barrier_kind kind)
{
	struct resume resume = { .epoch = first };
	struct stream_check sum;
	struct buf out = { 0 };

	snprintf(resume.run, sizeof resume.run, "%s", run);
	snprintf(resume.erun, sizeof resume.erun, "%s", erun);
	feed_position(f, first, &resume.pos);
	resume_print(&resume, feed_is_json(f), format_name(f->form.format), &out);
	feed_columns(f, &out);
	for (size_t e = first + 1; e <= last; e++) {
		struct barrier b = { .kind = e == last ? kind : BARRIER, .epoch = e, .committed = first };

		feed_epoch(f, e, true, &sum, &out);
		snprintf(b.run, sizeof b.run, "%s", run);
		feed_position(f, e, &b.pos);
		b.n = sum.n, b.crc = sum.crc;
		barrier_print(&b, feed_is_json(f), &out);
		barrier_free(&b);
	}
	if (kind == BARRIER)
		feed_epoch(f, last + 1, false, &sum, &out);
	write_bytes(path, buf_view(&out));
	resume_free(&resume);
	buf_free(&out);
}

/* The same records, merely controlled. */
static void write_stream(const struct feed *f, const char *path)
{
	struct stream_check sum;
	struct buf out = { 0 };

	control_begin(&out, feed_is_json(f), "stream");
	control_add(&out, feed_is_json(f), "format", span_of(format_name(f->form.format)));
	control_end(&out, feed_is_json(f));
	feed_columns(f, &out);
	for (size_t e = 1; e <= feed_epochs(f); e++)
		feed_epoch(f, e, true, &sum, &out);
	write_bytes(path, buf_view(&out));
	buf_free(&out);
}

/* ---- what comes out ---- */

enum line_kind { LINE_DATA, LINE_OPENS, LINE_VIEW, LINE_COLUMNS, LINE_WATERMARK, LINE_BARRIER };

static enum line_kind line_kind(struct span line, struct control *c, struct barrier *b)
{
	struct failure why = { 0 };

	if (!control_is_line(line) || control_parse(c, line) < 0)
		return LINE_DATA;
	if (barrier_parse(b, c, &why) == 1)
		return LINE_BARRIER;
	return span_eq(c->word, SPAN("columns")) ? LINE_COLUMNS : span_eq(c->word, SPAN("view")) ? LINE_VIEW :
	       span_eq(c->word, SPAN("watermark")) ? LINE_WATERMARK : LINE_OPENS;
}

static bool next_line(struct span *rest, struct span *line)
{
	const char *nl = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;

	if (!nl)
		return false;
	*line = (struct span){ rest->p, (size_t)(nl - rest->p) };
	rest->p += line->n + 1, rest->n -= line->n + 1;
	return true;
}

static void put_whole(struct span line, struct buf *out)
{
	buf_span(out, line);
	buf_byte(out, '\n');
}

/* Appends what a sink would have taken of a run's output: data, watermarks, and of barriers what does not depend on the run; up to
 * barrier last, nothing when that did not come. barriers false: without these. */
static void take_output(struct trial *t, const char *path, size_t last, bool barriers, struct buf *out)
{
	struct buf text = { 0 };
	struct control c = { 0 };
	struct barrier b = { 0 };
	struct span rest, line;
	size_t committed = out->n;

	if (failed(t))
		return;
	read_file(path, &text);
	rest = buf_view(&text);
	while (next_line(&rest, &line)) {
		switch (line_kind(line, &c, &b)) {
		case LINE_DATA:
		case LINE_WATERMARK:
			put_whole(line, out);
			break;
		case LINE_BARRIER:
			if (barriers)
				buf_printf(out, "barrier %llu %.*s %llu %08x\n", (unsigned long long)b.epoch, (int)b.pos.n, b.pos.p, (unsigned long long)b.n, b.crc);
			committed = out->n;
			if (b.epoch == last)
				rest.n = 0;
			break;
		default:
			break;
		}
	}
	must_be(t, b.epoch == last, "the barrier did not come");
	out->n = committed;
	barrier_free(&b);
	control_free(&c);
	buf_free(&text);
}

/* ---- partials ---- */

static void put_header_of(const struct control *columns, struct buf *out)
{
	struct span rest = columns->rest;
	struct buf name = { 0 };

	for (bool first = true; rest.n || first; first = false) {
		const char *comma = rest.n ? memchr(rest.p, ',', rest.n) : NULL;
		size_t n = comma ? (size_t)(comma - rest.p) : rest.n;

		buf_clear(&name);
		percent_decode(&name, (struct span){ rest.p, n });
		buf_text(out, first ? "" : "\t");
		put_tsv(out, buf_view(&name));
		n += comma != NULL;
		rest.p += n, rest.n -= n;
	}
	buf_byte(out, '\n');
	buf_free(&name);
}

/* Makes a partial of each epoch: part.0, part.1 ... */
static size_t split_partials(struct trial *t, const char *path)
{
	struct buf text = { 0 }, head = { 0 }, part = { 0 };
	struct control c = { 0 };
	struct barrier b = { 0 };
	struct span rest, line;
	uint64_t rows = 0;
	size_t n = 0;
	char name[40];

	read_file(path, &text);
	rest = buf_view(&text);
	while (!failed(t) && next_line(&rest, &line)) {
		switch (line_kind(line, &c, &b)) {
		case LINE_VIEW:
			put_whole(line, &head);
			break;
		case LINE_COLUMNS:
			put_header_of(&c, &head);
			buf_span(&part, buf_view(&head));
			break;
		case LINE_DATA:
			put_whole(line, &part);
			rows++;
			break;
		case LINE_BARRIER:
			buf_printf(&part, CONTROL_PREFIX "end rows=%llu rejected=%llu", (unsigned long long)rows, (unsigned long long)b.rejected);
			buf_printf(&part, " crc=%08x\n", hash_crc32c(0, part.p, part.n));
			snprintf(name, sizeof name, "part.%zu", n++);
			write_bytes(name, buf_view(&part));
			buf_clear(&part);
			buf_span(&part, buf_view(&head));
			rows = 0;
			break;
		default:
			break;
		}
	}
	barrier_free(&b);
	control_free(&c);
	buf_free(&text), buf_free(&head), buf_free(&part);
	return n;
}

static void epochs_partial(struct trial *t)
{
	const struct sample *s = t->sample;
	struct words w = words_of(s);
	const char *args = state(t, &w);
	struct feed f = feed_of(t, &s->records);
	size_t n = feed_epochs(&f), k = dice_below(&t->dice, n);
	struct buf whole = { 0 }, joined = { 0 };

	write_records_as(t, "all", &s->records, f.form.format);
	write_run(&f, "in", "a", 0, "-", n, BARRIER_END);
	sh(t, "window-agg %s -o csv all > want", args);
	sh(t, "window-agg %s -e partial < in > out", args);
	must_be(t, failed(t) || split_partials(t, "out") == n, "an epoch is missing");
	sh(t, "merge-views $(ls part.* | sort -R) > got");
	same(t, "want", "got");
	/* killed behind barrier k */
	take_output(t, "out", n, true, &whole);
	write_run(&f, "in1", "b", 0, "-", k + 1, BARRIER);
	sh(t, "window-agg %s -e partial < in1 > out1; test $? = 75", args);
	take_output(t, "out1", k + 1, true, &joined);
	if (k + 1 < n) {
		write_run(&f, "in2", "c", k + 1, "b", n, BARRIER_STOP);
		sh(t, "window-agg %s -e partial < in2 > out2", args);
		take_output(t, "out2", n, true, &joined);
	}
	write_bytes("whole", buf_view(&whole));
	write_bytes("joined", buf_view(&joined));
	same(t, "whole", "joined");
	buf_free(&whole), buf_free(&joined), buf_free(&w.text);
}

/* ---- the other emissions ---- */

static const char *random_emission(struct trial *t)
{
	static const char *const emissions[] = { " -e final", " -e updates", " -e changelog" };
	static const char *const every[] = { "", " --every record", " --every 1s", " --every 7ms", " --every 1h" };
	const char *emission = DICE_PICK(&t->dice, emissions), *often = DICE_PICK(&t->dice, every);
	enum shape shape = t->sample->window.shape;
	char text[60];

	if (emission == emissions[0])
		often = shape != NONE && shape != SESSION && dice_one_in(&t->dice, 2) ? " --fill" : "";
	else if (!t->sample->has_time && often != every[1])
		often = "";
	snprintf(text, sizeof text, "%s%s", emission, often);
	return arena_text(&t->arena, span_of(text));
}

/* By options, by lines of the stream, or not at all. */
static const char *random_watermark(struct trial *t, struct feed *f)
{
	const struct sample *s = t->sample;
	int64_t delay = dice_one_in(&t->dice, 3) ? disorder(f->records) : dice_range(&t->dice, 0, s->window.reach);
	char text[120] = "";

	if (s->has_time && !dice_one_in(&t->dice, 5)) {
		snprintf(text, sizeof text, " --allowed-lateness %lldms%s", (long long)(dice_range(&t->dice, 0, 2) * s->window.reach),
		         dice_one_in(&t->dice, 4) ? " --max-ahead 1h" : "");
		if (dice_one_in(&t->dice, 3))
			f->lag = delay;
		else
			snprintf(text + strlen(text), sizeof text - strlen(text), " --watermark-delay %lldms", (long long)delay);
	}
	return arena_text(&t->arena, span_of(text));
}

/* Runs one after the other: each takes some epochs, of which some are committed when it ends, in one way or another. */
static void run_chain(struct trial *t, const struct feed *f, const char *args, struct buf *out)
{
	size_t n = feed_epochs(f), done = 0;
	char run[20], before[20] = "-";

	for (int i = 0; done < n && !failed(t); i++) {
		size_t last = done + 1 + dice_below(&t->dice, 3), committed;
		enum barrier_kind kind = dice_one_in(&t->dice, 4) ? BARRIER_STOP : BARRIER;

		if (last >= n && (last = n, dice_one_in(&t->dice, 2)))
			kind = BARRIER_END;
		committed = done + 1 + dice_below(&t->dice, last - done);
		if (committed == n && kind != BARRIER_END && --committed == done)
			continue;
		snprintf(run, sizeof run, "%d", i);
		write_run(f, "in", run, done, before, last, kind);
		sh(t, "window-agg %s --state chain --late late.chain --rejects rejects.chain < in > out; test $? = %d", args, kind == BARRIER ? 75 : 0);
		take_output(t, "out", committed, true, out);
		done = committed;
		memcpy(before, run, sizeof before);
	}
}

static void epochs_state(struct trial *t)
{
	const struct sample *s = t->sample;
	struct words w = words_of(s);
	struct records rs = copy_records(&s->records);
	struct buf whole = { 0 }, rows = { 0 }, chain = { 0 }, args = { 0 };
	struct feed f;

	if (!s->skip_bad)
		word(&w, "on-bad", "skip");
	if (!s->retract && dice_one_in(&t->dice, 2))    /* a change comes before what takes it back */
		order_by_time(&rs, s->seed, s->window.reach);
	f = feed_of(t, &rs);
	buf_printf(&args, "%s%s%s -o %s", state(t, &w), random_emission(t), random_watermark(t, &f), output_format(t));
	buf_byte(&args, '\0');
	write_run(&f, "in.whole", "a", 0, "-", feed_epochs(&f), BARRIER_END);
	write_stream(&f, "in.stream");
	sh(t, "window-agg %s --state whole --late late.whole --rejects rejects.whole < in.whole > out.whole", args.p);
	sh(t, "window-agg %s < in.stream > out.stream", args.p);
	take_output(t, "out.whole", feed_epochs(&f), false, &rows);
	write_bytes("rows", buf_view(&rows));
	sh(t, "grep -avE '^(#!weir (stream|columns) |\\{\"@weir\":\"stream\")' out.stream > want || true");
	same(t, "want", "rows");
	take_output(t, "out.whole", feed_epochs(&f), true, &whole);
	run_chain(t, &f, args.p, &chain);
	write_bytes("one", buf_view(&whole));
	write_bytes("many", buf_view(&chain));
	same(t, "one", "many");
	same(t, "late.whole", "late.chain");
	same(t, "rejects.whole", "rejects.chain");
	buf_free(&whole), buf_free(&rows), buf_free(&chain), buf_free(&args), buf_free(&w.text);
	free(rs.item);
}

#endif
