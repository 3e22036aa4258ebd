/* SPDX-License-Identifier: MIT */
/* trial -- one case: a directory, the files in it, the command lines run there, and whether all was as it must be.
 * After the first thing that was not, the rest of the trial does nothing. */
#ifndef TESTS_LAW_TRIAL_H
#define TESTS_LAW_TRIAL_H

#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/law/files.h"

enum spoil { UNSPOILED, SPOIL_DIGIT, SPOIL_LOSS, SPOIL_REPEAT };

struct trial {
	const struct sample *sample;
	struct dice dice;               /* of the plan: jobs, formats, ways to state the view. Not of how records are dealt */
	enum spoil spoil;
	bool spoilt;                    /* it was done */
	struct arena arena;
	struct buf commands;
	struct buf reason;              /* empty: all is well */
	int files;
};

static inline bool failed(const struct trial *t)
{
	return t->reason.n != 0;
}

static inline void read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "r");
	size_t n;

	while (f && (n = fread(buf_room(out, 65536), 1, 65536, f)))
		out->n += n;
	if (f)
		fclose(f);
}

/* Runs a line in the trial's directory; it must succeed. */
static inline void sh(struct trial *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline void sh(struct trial *t, const char *format, ...)
{
	char *line, *script;
	va_list args;
	int status;

	if (failed(t))
		return;
	va_start(args, format);
	if (vasprintf(&line, format, args) < 0)
		abort();
	va_end(args);
	buf_printf(&t->commands, "%s\n", line);
	if (asprintf(&script, "{ %s\n} 2> errors", line) < 0)
		abort();
	status = system(script);
	if (status != 0) {
		buf_printf(&t->reason, "%s\nstatus %d: ", line, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
		read_file("errors", &t->reason);
	}
	free(line);
	free(script);
}

/* For the negative controls: another digit in the middle. */
static inline void change_digit(struct trial *t, struct buf *b)
{
	for (size_t i = b->n / 2; i < b->n && !t->spoilt; i++)
		if (b->p[i] >= '0' && b->p[i] <= '9') {
			b->p[i] = b->p[i] == '9' ? '0' : (char)(b->p[i] + 1);
			t->spoilt = true;
		}
}

static inline void say_difference(struct trial *t, const char *want, const char *got)
{
	char *line;
	FILE *f;

	if (asprintf(&line, "diff -a %s %s | head -n 8 | cut -c 1-300", want, got) < 0)
		abort();
	buf_printf(&t->reason, "%s and %s differ:\n", want, got);
	f = popen(line, "r");
	for (int c; f && (c = getc(f)) != EOF;)
		buf_byte(&t->reason, (char)c);
	if (f)
		pclose(f);
	free(line);
}

static inline void same(struct trial *t, const char *want, const char *got)
{
	struct buf a = { 0 }, b = { 0 };

	if (failed(t))
		return;
	read_file(want, &a);
	read_file(got, &b);
	if (t->spoil == SPOIL_DIGIT)
		change_digit(t, &b);
	if (!span_eq(buf_view(&a), buf_view(&b)))
		say_difference(t, want, got);
	buf_free(&a);
	buf_free(&b);
}

static inline void must_be(struct trial *t, bool holds, const char *what)
{
	if (!failed(t) && !holds)
		buf_text(&t->reason, what);
}

/* The view, as options or in a file. */

struct words {
	struct buf text;                /* lines `name value` */
};

static inline void word(struct words *w, const char *name, const char *value)
{
	buf_printf(&w->text, "%s%s%s\n", name, *value ? " " : "", value);
}

static inline const char *shift_text(int64_t n, const char *unit, char room[40])
{
	snprintf(room, 40, "%lld%s", (long long)n, unit);
	return room;
}

static inline void window_words(struct words *w, const struct window *win)
{
	const char *unit = win->shape == CALENDAR ? win->unit : "ms";
	char room[40];

	if (win->shape == NONE)
		word(w, "window", "none");
	else
		word(w, win->shape == SESSION ? "session" : "window", shift_text(win->size, unit, room));
	if (win->shape != NONE && win->shape != SESSION) {
		if (win->slide != win->size)
			word(w, "slide", shift_text(win->slide, unit, room));
		if (win->offset)
			word(w, "offset", shift_text(win->offset, unit, room));
	}
	if (win->tz)
		word(w, "tz", win->tz);
}

static inline void key_words(struct words *w, const struct sample *s)
{
	struct buf list = { 0 };

	for (size_t i = 0; i < s->nkeys; i++) {
		const char *name = column_name[s->key[i]];

		buf_text(&list, i ? ", " : "");
		buf_text(&list, name);
		if (s->key_is_computed[i])
			buf_printf(&list, " = upper(%s)", name);
	}
	buf_byte(&list, '\0');
	if (s->nkeys)
		word(w, "group-by", list.p);
	buf_free(&list);
}

static inline void measure_words(struct words *w, const struct sample *s)
{
	char text[300];

	for (size_t i = 0; i < s->naggregates; i++) {
		const struct aggregate *g = &s->aggregate[i];

		snprintf(text, sizeof text, "m%zu = %s(%s%s)%s%s", i, g->kind, g->arg, is_kind(g, "approx_quantile") ? ", 0.9" : "",
		         g->where ? " where " : "", g->where ? g->where : "");
		word(w, "measure", text);
	}
	if (!s->derive)
		return;
	for (size_t i = 0; i < s->naggregates; i++)
		if (takes_number(&s->aggregate[i]) || s->aggregate[i].kind[0] == 'c') {
			snprintf(text, sizeof text, "d%zu = m%zu / (m%zu + 3) - 0.1", i, i, i);
			word(w, "derive", text);
		}
}

static inline struct words words_with(const struct sample *s, const struct window *win)
{
	struct words w = { 0 };
	char room[40];

	if (s->has_time) {
		word(&w, "time", "ts");
		word(&w, "time-unit", "ms");
	}
	window_words(&w, win);
	key_words(&w, s);
	if (s->where)
		word(&w, "where", s->where);
	measure_words(&w, s);
	if (s->retract)
		word(&w, "retract", "");
	if (s->skip_bad)
		word(&w, "on-bad", "skip");
	if (s->epoch_ms)
		word(&w, "time-format", "epoch-ms");
	if (s->digits != 6)
		word(&w, "digits", shift_text(s->digits, "", room));
	return w;
}

static inline struct words words_of(const struct sample *s)
{
	return words_with(s, &s->window);
}

static inline void quote(struct buf *out, struct span text)
{
	buf_byte(out, '\'');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\'')
			buf_text(out, "'\\'");
		buf_byte(out, text.p[i]);
	}
	buf_byte(out, '\'');
}

static inline void put_option(struct buf *args, struct span line)
{
	const char *blank = memchr(line.p, ' ', line.n);
	size_t name = blank ? (size_t)(blank - line.p) : line.n;

	buf_printf(args, "%s--%.*s", args->n ? " " : "", (int)name, line.p);
	if (blank) {
		buf_byte(args, ' ');
		quote(args, (struct span){ blank + 1, line.n - name - 1 });
	}
}

static inline void put_options(struct buf *args, struct span lines)
{
	while (lines.n) {
		size_t n = (size_t)((const char *)memchr(lines.p, '\n', lines.n) - lines.p);

		put_option(args, (struct span){ lines.p, n });
		lines.p += n + 1, lines.n -= n + 1;
	}
}

/* The arguments that state it, one way or the other. */
static inline const char *state(struct trial *t, const struct words *w)
{
	struct buf args = { 0 };
	const char *text;
	char path[40];

	if (dice_one_in(&t->dice, 2)) {
		snprintf(path, sizeof path, "%d.view", ++t->files);
		write_bytes(path, buf_view(&w->text));
		buf_printf(&args, "-V %s", path);
	} else {
		put_options(&args, buf_view(&w->text));
	}
	text = arena_text(&t->arena, buf_view(&args));
	buf_free(&args);
	return text;
}

/* Records. */

static inline enum record_format random_format(struct trial *t)
{
	static const enum record_format formats[] = { FORMAT_CSV, FORMAT_CSV, FORMAT_TSV, FORMAT_NDJSON };

	return formats[dice_below(&t->dice, t->sample->odd_bytes ? 3 : 4)];
}

static inline const char *format_name(enum record_format f)
{
	return f == FORMAT_TSV ? "tsv" : f == FORMAT_NDJSON ? "ndjson" : "csv";
}

static inline void write_records_as(struct trial *t, const char *name, const struct records *rs, enum record_format f)
{
	struct buf text = { 0 };

	records_text(&text, rs, f, dice_next(&t->dice));
	if (dice_one_in(&t->dice, 4))
		write_gzip(name, buf_view(&text), &t->dice);
	else
		write_bytes(name, buf_view(&text));
	buf_free(&text);
}

static inline void write_records(struct trial *t, const char *name, const struct records *rs)
{
	write_records_as(t, name, rs, random_format(t));
}

static uint64_t shuffle_seed;

static inline int shuffle_order(const void *a, const void *b)
{
	const struct record *x = a, *y = b;
	uint64_t p = dice_tied(shuffle_seed, 1, x->id), q = dice_tied(shuffle_seed, 1, y->id);

	return p < q ? -1 : p > q;
}

static inline void shuffle(struct records *rs, uint64_t seed)
{
	shuffle_seed = seed;
	if (rs->n)
		qsort(rs->item, rs->n, sizeof *rs->item, shuffle_order);
}

static inline struct records copy_records(const struct records *rs)
{
	struct records c = { mem_array(NULL, rs->n + 1, sizeof *c.item), rs->n, rs->n + 1 };

	if (rs->n)
		memcpy(c.item, rs->item, rs->n * sizeof *c.item);
	return c;
}

/* Those dealt to one of several pieces. */
static inline struct records piece(struct trial *t, uint64_t seed, uint64_t which, uint64_t of)
{
	const struct records *all = &t->sample->records;
	struct records p = { mem_array(NULL, 2 * all->n + 1, sizeof *p.item), 0, 2 * all->n + 1 };

	for (size_t i = 0; i < all->n; i++) {
		if (dice_tied(seed, 2, all->item[i].id) % of != which)
			continue;
		if (t->spoil == SPOIL_LOSS && !t->spoilt) {
			t->spoilt = true;
			continue;
		}
		p.item[p.n++] = all->item[i];
		if (t->spoil == SPOIL_REPEAT && !t->spoilt) {
			p.item[p.n++] = all->item[i];
			t->spoilt = true;
		}
	}
	shuffle(&p, seed);
	return p;
}

/* Order of arrival. */

static uint64_t jitter_seed;
static int64_t jitter;

static inline int64_t arrival(const struct record *r)
{
	return add_capped(r->ms, jitter ? (int64_t)(dice_tied(jitter_seed, 3, r->id) % (uint64_t)jitter) : 0);
}

static inline int arrival_order(const void *a, const void *b)
{
	int64_t x = arrival(a), y = arrival(b);

	return x < y ? -1 : x > y ? 1 : shuffle_order(a, b);
}

/* Records come up to that much after their time. */
static inline void order_by_time(struct records *rs, uint64_t seed, int64_t ms)
{
	jitter_seed = shuffle_seed = seed;
	jitter = ms;
	if (rs->n)
		qsort(rs->item, rs->n, sizeof *rs->item, arrival_order);
}

static inline int64_t disorder(const struct records *rs)
{
	int64_t most = 0, max = INT64_MIN;

	for (size_t i = 0; i < rs->n; i++) {
		if (rs->item[i].ms > max)
			max = rs->item[i].ms;
		else if (max - rs->item[i].ms > most)
			most = max - rs->item[i].ms;
	}
	return most;
}

/* Options. */

static inline const char *output_format(struct trial *t)
{
	static const char *const formats[] = { "csv", "csv", "tsv", "ndjson" };

	return DICE_PICK(&t->dice, formats);
}

static inline const char *fill(const struct sample *s)
{
	return s->fill ? " --fill" : "";
}

#endif
