/* SPDX-License-Identifier: MIT */
/* The words of a definition: stated, loaded, printed. What they mean is compiled in definition_compile.c. */
#include "lib/view/definition.h"

#include <errno.h>
#include <stdio.h>

#include "lib/base/hash.h"
#include "lib/view/definition_words.h"

/* Bumped when the same words come to mean other states. */
#define SEMANTICS_REVISION "1"

enum role { SCALAR, LIST };
enum decides {
	STATES,                 /* hashed */
	ROWS,                   /* how states are finished and printed; goes along in view lines */
	RUN,                    /* what one run prints, and when */
};

static const struct word {
	const char *name;
	enum role role;
	enum decides decides;
} words[] = {
	{ "time", SCALAR, STATES },
	{ "time-unit", SCALAR, STATES },
	{ "input-tz", SCALAR, STATES },
	{ "window", SCALAR, STATES },
	{ "slide", SCALAR, STATES },
	{ "session", SCALAR, STATES },
	{ "offset", SCALAR, STATES },
	{ "tz", SCALAR, STATES },
	{ "group-by", LIST, STATES },
	{ "where", SCALAR, STATES },
	{ "measure", LIST, STATES },
	{ "retract", SCALAR, STATES },
	{ "on-bad", SCALAR, STATES },
	{ "derive", LIST, ROWS },
	{ "digits", SCALAR, ROWS },
	{ "watermark-delay", SCALAR, ROWS },
	{ "allowed-lateness", SCALAR, ROWS },
	{ "idle-timeout", SCALAR, RUN },
	{ "max-ahead", SCALAR, RUN },
	{ "emit", SCALAR, RUN },
	{ "every", SCALAR, RUN },
	{ "fill", SCALAR, RUN },
	{ "fill-max", SCALAR, RUN },
	{ "time-format", SCALAR, ROWS },
	{ "sources", SCALAR, ROWS },
};
#define WORDS (sizeof words / sizeof *words)

const char *const *view_option_names(void)
{
	static const char *names[WORDS + 1];

	for (size_t i = 0; i < WORDS; i++)
		names[i] = words[i].name;
	return names;
}

static const struct word *word_find(const char *name)
{
	for (size_t i = 0; i < WORDS; i++)
		if (strcmp(words[i].name, name) == 0)
			return &words[i];
	return NULL;
}

struct view *view_new(void)
{
	struct view *v = mem_zalloc(sizeof *v);

	v->time_field = v->op_field = v->change_field = -1;
	v->watermark_delay = VIEW_NO_DELAY;
	v->digits = 6;
	v->fill_max = 1000000;
	return v;
}

void view_free(struct view *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->nkeys; i++) {
		free(v->key[i].name);
		expr_free(v->key[i].expr);
	}
	for (size_t i = 0; i < v->nmeasures; i++)
		measure_free(&v->measure[i]);
	for (size_t i = 0; i < v->nderives; i++)
		derive_free(v->derive[i]);
	for (size_t i = 0; i < v->words.n; i++) {
		free(v->words.name[i]);
		free(v->words.value[i]);
	}
	free(v->key);
	free(v->measure);
	free(v->derive);
	free(v->words.name);
	free(v->words.value);
	expr_free(v->where);
	zone_free(v->zone);
	zone_free(v->input_zone);
	fields_free(&v->fields);
	free(v);
}

static void words_add(struct view_words *w, const char *name, struct span value)
{
	size_t cap = w->cap;

	w->name = mem_grow(w->name, w->n, &cap, sizeof *w->name);
	w->value = mem_grow(w->value, w->n, &w->cap, sizeof *w->value);
	w->name[w->n] = mem_text(span_of(name));
	w->value[w->n++] = mem_text(value);
}

/* A definition has a line per word, so an option of several lines is joined. In quotes that would make another text. */
static int join_lines(char *text)
{
	char quote = 0;

	for (; *text; text++) {
		if (*text == '\n' && quote)
			return -1;
		if (!quote && (*text == '\n' || *text == '\r'))
			*text = ' ';
		else if (quote ? *text == quote : *text == '"' || *text == '\'' || *text == '`')
			quote = quote ? 0 : *text;
	}
	return 0;
}

static void state(struct view *v, const struct word *word, struct span value)
{
	for (size_t i = 0; word->role == SCALAR && i < v->words.n; i++)
		if (strcmp(v->words.name[i], word->name) == 0) {
			free(v->words.value[i]);
			v->words.value[i] = mem_text(value);
			return;
		}
	words_add(&v->words, word->name, value);
}

int view_set(struct view *v, const char *name, struct span value, char error[256])
{
	const struct word *word = word_find(name);
	char *text;
	int rc;

	if (!word) {
		snprintf(error, 256, "%.60s: no such word in a view definition", name);
		return -1;
	}
	if (!v->words.loading && (strcmp(name, "fill") == 0 || strcmp(name, "every") == 0))
		v->words.run_stated = true;
	text = mem_text(value);
	rc = join_lines(text);
	if (rc == 0)
		state(v, word, span_trim(span_of(text)));
	else
		snprintf(error, 256, "%s: a newline in quotes", name);
	free(text);
	return rc;
}

void view_unset(struct view *v, const char *name)
{
	struct view_words *w = &v->words;
	size_t kept = 0;

	for (size_t i = 0; i < w->n; i++) {
		if (strcmp(w->name[i], name) == 0) {
			free(w->name[i]);
			free(w->value[i]);
			continue;
		}
		w->name[kept] = w->name[i];
		w->value[kept++] = w->value[i];
	}
	w->n = kept;
}

const char *view_word(const struct view *v, const char *name)
{
	for (size_t i = 0; i < v->words.n; i++)
		if (strcmp(v->words.name[i], name) == 0)
			return v->words.value[i];
	return NULL;
}

bool view_states(const struct view *v, const char *name)
{
	return view_word(v, name) != NULL;
}

/* One line: a word, blanks, the rest. */
static int load_line(struct view *v, struct span line, char error[256])
{
	size_t n = 0;
	char name[64];

	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	line = span_trim(line);
	if (line.n == 0 || line.p[0] == '#')
		return 0;
	if (memchr(line.p, '\0', line.n)) {
		snprintf(error, 256, "a NUL byte");
		return -1;
	}
	while (n < line.n && line.p[n] != ' ' && line.p[n] != '\t')
		n++;
	if (n >= sizeof name) {
		snprintf(error, 256, "no such word in a view definition");
		return -1;
	}
	memcpy(name, line.p, n);
	name[n] = '\0';
	return view_set(v, name, (struct span){ line.p + n, line.n - n }, error);
}

static int load_lines(struct view *v, struct span text, const char *path, char error[256])
{
	char reason[256];
	int rc = 0;

	v->words.loading = true;
	for (size_t number = 1; text.n && rc == 0; number++) {
		const char *newline = memchr(text.p, '\n', text.n);
		struct span line = { text.p, newline ? (size_t)(newline - text.p) : text.n };

		rc = load_line(v, line, reason);
		if (rc < 0)
			snprintf(error, 256, "%.80s:%zu: %.150s", path, number, reason);
		text.p += line.n + (newline != NULL);
		text.n -= line.n + (newline != NULL);
	}
	v->words.loading = false;
	return rc;
}

int view_load_text(struct view *v, struct span text, char error[256])
{
	return load_lines(v, text, "view line", error);
}

int view_load(struct view *v, const char *path, char error[256])
{
	struct buf text = { 0 };
	FILE *f = fopen(path, "re");
	int rc = -1;

	if (!f) {
		snprintf(error, 256, "%.150s: %s", path, strerror(errno));
		return -1;
	}
	for (size_t got; (got = fread(buf_room(&text, 4096), 1, 4096, f)) > 0 && text.n < (1u << 20);)
		text.n += got;
	if (ferror(f))
		snprintf(error, 256, "%.150s: %s", path, strerror(errno));
	else if (text.n >= (1u << 20))
		snprintf(error, 256, "%.150s: larger than 1 MiB, not a view definition", path);
	else
		rc = load_lines(v, buf_view(&text), path, error);
	fclose(f);
	buf_free(&text);
	return rc;
}

static void print_word(struct buf *out, const char *name, struct span value)
{
	buf_printf(out, "%s ", name);
	buf_span(out, value);
	buf_byte(out, '\n');
}

static void print_duration(struct buf *out, const char *name, struct duration d)
{
	buf_printf(out, "%s ", name);
	duration_print(out, d);
	buf_byte(out, '\n');
}

static void print_window(const struct view *v, struct buf *out)
{
	const struct window_spec *w = &v->window;
	struct duration d = { w->size, w->axis, w->weeks };

	if (w->kind == WINDOW_NONE) {
		print_word(out, "window", SPAN("none"));
		return;
	}
	if (w->kind == WINDOW_SESSION) {
		print_duration(out, "session", (struct duration){ .count = w->gap_ms });
		return;
	}
	print_duration(out, "window", d);
	d.count = w->slide;
	if (w->kind == WINDOW_SLIDING)
		print_duration(out, "slide", d);
	d = (struct duration){ window_stated_offset(w), w->axis, false };
	if (d.count)
		print_duration(out, "offset", d);
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(const struct measure *const *)a)->name, (*(const struct measure *const *)b)->name);
}

static void print_measures(const struct view *v, bool sorted, struct buf *out)
{
	const struct measure **m = mem_array(NULL, v->nmeasures, sizeof *m);

	for (size_t i = 0; i < v->nmeasures; i++)
		m[i] = &v->measure[i];
	if (sorted)
		qsort(m, v->nmeasures, sizeof *m, by_name);
	for (size_t i = 0; i < v->nmeasures; i++) {
		buf_text(out, "measure ");
		measure_print(out, m[i]);
		buf_byte(out, '\n');
	}
	free(m);
}

static void print_keys(const struct view *v, struct buf *out)
{
	for (size_t i = 0; i < v->nkeys; i++) {
		buf_text(out, "group-by ");
		field_print(out, span_of(v->key[i].name));
		buf_text(out, " = ");
		expr_print(out, v->key[i].expr);
		buf_byte(out, '\n');
	}
}

static void print_expr(struct buf *out, const char *name, const struct expr *e)
{
	buf_printf(out, "%s ", name);
	expr_print(out, e);
	buf_byte(out, '\n');
}

static void print_hashed(const struct view *v, bool sorted, struct buf *out)
{
	static const char *const units[] = { "auto", "s", "ms", "us", "ns" };

	if (v->time_field >= 0)
		print_word(out, "time", v->fields.ref[v->time_field].text);
	if (v->time_unit != TIME_UNIT_AUTO)
		print_word(out, "time-unit", span_of(units[v->time_unit]));
	if (!zone_is_utc(v->input_zone))
		print_word(out, "input-tz", span_of(zone_name(v->input_zone)));
	print_window(v, out);
	if (!zone_is_utc(v->zone))
		print_word(out, "tz", span_of(zone_name(v->zone)));
	print_keys(v, out);
	if (v->where)
		print_expr(out, "where", v->where);
	print_measures(v, sorted, out);
	if (v->retract)
		buf_text(out, "retract\n");
	if (v->skip_bad)
		buf_text(out, "on-bad skip\n");
}

static void print_rest(const struct view *v, struct buf *out)
{
	for (size_t i = 0; i < v->nderives; i++) {
		buf_text(out, "derive ");
		derive_print(out, v->derive[i]);
		buf_byte(out, '\n');
	}
	for (size_t i = 0; i < WORDS; i++)
		if (words[i].decides == ROWS && words[i].role == SCALAR && view_states(v, words[i].name))
			print_word(out, words[i].name, span_of(view_word(v, words[i].name)));
}

void view_print(const struct view *v, bool hashed_only, struct buf *out)
{
	print_hashed(v, hashed_only, out);
	if (!hashed_only)
		print_rest(v, out);
}

/* The zone decides states only where windows follow the calendar; its transitions count, not just its name. */
static void hash_zone(const struct view *v, struct buf *out)
{
	if (v->window.axis != DURATION_MS && !zone_is_utc(v->zone))
		buf_printf(out, "zone %016llx\n", (unsigned long long)zone_fingerprint(v->zone));
	if (!zone_is_utc(v->input_zone))
		buf_printf(out, "input-zone %016llx\n", (unsigned long long)zone_fingerprint(v->input_zone));
}

void view_hash(const struct view *v, char hash[9])
{
	struct buf text = { 0 };

	buf_text(&text, "semantics " SEMANTICS_REVISION "\n");
	view_print(v, true, &text);
	hash_zone(v, &text);
	snprintf(hash, 9, "%08x", (unsigned)(hash_xxh64(text.p, text.n) >> 32));
	buf_free(&text);
}
