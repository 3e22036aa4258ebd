/* SPDX-License-Identifier: MIT */
/* What the words of a definition mean: names bound to fields, texts compiled, the whole checked. */
#include <stdio.h>

#include "lib/view/definition_words.h"
#include "lib/view/fold.h"

#define ALIGN 16

static int fail(char error[256], const char *name, const char *reason)
{
	snprintf(error, 256, "%.40s: %.200s", name, reason);
	return -1;
}

/* The length of the list item that text begins with: up to a comma outside quotes and parentheses. */
static size_t item_length(struct span text)
{
	int depth = 0;
	char quote = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (quote) {
			if (c == quote)
				quote = 0;
		} else if (c == '"' || c == '\'' || c == '`') {
			quote = c;
		} else if (c == '(' || c == ')') {
			depth += c == '(' ? 1 : -1;
		} else if (c == ',' && depth <= 0) {
			return i;
		}
	}
	return text.n;
}

static int word_duration(const struct view *v, const char *name, struct duration *d, bool *stated, char error[256])
{
	const char *text = view_word(v, name), *reason;

	*stated = text != NULL;
	if (text && duration_parse(span_of(text), d, &reason) < 0)
		return fail(error, name, reason);
	return 0;
}

static int word_ms(const struct view *v, const char *name, int64_t *ms, char error[256])
{
	const char *text = view_word(v, name), *reason;

	if (text && duration_parse_ms(span_of(text), ms, &reason) < 0)
		return fail(error, name, reason);
	return 0;
}

static int word_zone(const struct view *v, const char *name, struct zone **zone, char error[256])
{
	const char *text = view_word(v, name), *reason;

	if (!text || (*zone = zone_open(span_of(text), &reason)))
		return 0;
	snprintf(error, 256, "%.20s: %.100s: %.100s", name, text, reason);
	return -1;
}

/* The place of the stated text in choices, 0 when nothing is stated. */
static int word_choice(const struct view *v, const char *name, const char *const *choices, int *choice, char error[256])
{
	const char *text = view_word(v, name);

	*choice = 0;
	if (!text)
		return 0;
	for (int i = 0; choices[i]; i++)
		if (strcmp(choices[i], text) == 0) {
			*choice = i;
			return 0;
		}
	return fail(error, name, "not one of its choices");
}

static int word_number(const struct view *v, const char *name, uint64_t max, uint64_t *number, char error[256])
{
	const char *text = view_word(v, name);
	struct decimal d;
	int64_t value;

	if (!text)
		return 0;
	if (decimal_parse(span_of(text), &d) < 0 || decimal_to_i64(d, &value) < 0 || value < 0 || (uint64_t)value > max)
		return fail(error, name, "not a whole number in range");
	*number = (uint64_t)value;
	return 0;
}

static int word_flag(const struct view *v, const char *name, bool *flag, char error[256])
{
	const char *text = view_word(v, name);

	*flag = text != NULL;
	if (text && *text)
		return fail(error, name, "takes no value");
	return 0;
}

static int compile_field(struct view *v, const char *name, int *field, char error[256])
{
	const char *reason;

	*field = fields_add(&v->fields, span_of(name), &reason);
	return *field < 0 ? fail(error, name, reason) : 0;
}

static int compile_time(struct view *v, char error[256])
{
	static const char *const units[] = { "auto", "s", "ms", "us", "ns", NULL };
	int unit;

	if (word_choice(v, "time-unit", units, &unit, error) < 0 || word_zone(v, "input-tz", &v->input_zone, error) < 0 ||
	    word_zone(v, "tz", &v->zone, error) < 0)
		return -1;
	v->time_unit = (enum time_unit)unit;
	return view_states(v, "time") ? compile_field(v, view_word(v, "time"), &v->time_field, error) : 0;
}

static int compile_session(struct view *v, char error[256])
{
	struct window_spec *w = &v->window;

	if (view_states(v, "window") || view_states(v, "slide") || view_states(v, "offset"))
		return fail(error, "session", "stands alone: no window, slide or offset beside it");
	w->kind = WINDOW_SESSION;
	if (word_ms(v, "session", &w->gap_ms, error) < 0)
		return -1;
	return w->gap_ms > 0 ? 0 : fail(error, "session", "the gap must be longer than 0");
}

static int compile_window(struct view *v, char error[256])
{
	struct duration size, slide, offset;
	bool has_size, has_slide, has_offset;
	const char *text = view_word(v, "window"), *reason;

	if (view_states(v, "session"))
		return compile_session(v, error);
	if (!text)
		return fail(error, "window", "none is stated (a duration, or \"none\" for one row per key)");
	if (strcmp(text, "none") == 0) {
		v->window.kind = WINDOW_NONE;
		return view_states(v, "slide") || view_states(v, "offset") ? fail(error, "window", "none takes no slide or offset") : 0;
	}
	if (word_duration(v, "window", &size, &has_size, error) < 0 || word_duration(v, "slide", &slide, &has_slide, error) < 0 ||
	    word_duration(v, "offset", &offset, &has_offset, error) < 0)
		return -1;
	if (window_spec_init(&v->window, &size, has_slide ? &slide : NULL, has_offset ? &offset : NULL, v->zone, &reason) < 0)
		return fail(error, "window", reason);
	return 0;
}

/* `category`, `` `odd name` `` or `name = expr`; a name alone is an expression of one field. */
static int compile_key(struct view *v, struct span item, char error[256])
{
	struct view_key *k;
	struct span name = span_trim(item), text = name;
	size_t n = field_text_length(name);
	struct span rest = span_trim((struct span){ name.p + n, name.n - n });
	struct expr_error why;

	if (n && rest.n > 1 && rest.p[0] == '=' && rest.p[1] != '=') {
		name.n = n;
		text = span_trim((struct span){ rest.p + 1, rest.n - 1 });
	} else if (n != name.n || n == 0) {
		return fail(error, "group-by", "an expression needs a name: name = expression");
	}
	v->key = mem_array(v->key, v->nkeys + 1, sizeof *v->key);
	k = &v->key[v->nkeys++];
	*k = (struct view_key){ .name = field_name(name), .expr = expr_compile(text, &v->fields, &why) };
	if (!k->expr)
		return fail(error, "group-by", why.reason);
	k->field = expr_field(k->expr);
	return 0;
}

/* Each word of a list holds one or more items, parted by commas. */
static int compile_list(struct view *v, const char *name, int (*compile)(struct view *, struct span, char *), char error[256])
{
	for (size_t i = 0; i < v->words.n; i++) {
		struct span text = span_of(v->words.value[i]);

		if (strcmp(v->words.name[i], name) != 0)
			continue;
		while (text.n) {
			size_t n = item_length(text);

			if (compile(v, (struct span){ text.p, n }, error) < 0)
				return -1;
			n += n < text.n;
			text.p += n, text.n -= n;
		}
	}
	return 0;
}

static int compile_measure(struct view *v, struct span item, char error[256])
{
	char reason[200];

	v->measure = mem_array(v->measure, v->nmeasures + 1, sizeof *v->measure);
	if (measure_parse(&v->measure[v->nmeasures], item, v->retract, &v->fields, reason) < 0)
		return fail(error, "measure", reason);
	v->nmeasures++;
	return 0;
}

static int compile_derive(struct view *v, struct span item, char error[256])
{
	char reason[200];
	struct derive *d = derive_parse(item, v->measure, v->nmeasures, v->derive, v->nderives, reason);

	if (!d)
		return fail(error, "derive", reason);
	v->derive = mem_array(v->derive, v->nderives + 1, sizeof *v->derive);
	v->derive[v->nderives++] = d;
	return 0;
}

static int compile_where(struct view *v, char error[256])
{
	struct expr_error why;
	const char *text = view_word(v, "where");

	if (!text)
		return 0;
	v->where = expr_compile_for(EXPR_CONDITION, span_of(text), &v->fields, &why);
	if (v->where)
		return 0;
	snprintf(error, 256, "where: %.150s (at byte %zu)", why.reason, why.at + 1);
	return -1;
}

static int compile_every(struct view *v, char error[256])
{
	const char *text = view_word(v, "every");

	if (text && strcmp(text, "record") == 0)
		v->every = EVERY_RECORD;
	else if (text && word_ms(v, "every", &v->every, error) < 0)
		return -1;
	else if (text && v->every == 0)
		return fail(error, "every", "must be longer than 0");
	return 0;
}

static int compile_emission(struct view *v, char error[256])
{
	static const char *const emits[] = { "final", "updates", "changelog", "partial", NULL };
	static const char *const formats[] = { "rfc3339", "epoch-ms", NULL };
	uint64_t digits = v->digits;
	int emit, format;

	if (word_choice(v, "emit", emits, &emit, error) < 0 || word_choice(v, "time-format", formats, &format, error) < 0 ||
	    word_number(v, "digits", 18, &digits, error) < 0 || word_number(v, "fill-max", INT64_MAX, &v->fill_max, error) < 0 ||
	    word_flag(v, "fill", &v->fill, error) < 0 || word_ms(v, "allowed-lateness", &v->allowed_lateness, error) < 0 ||
	    word_ms(v, "idle-timeout", &v->idle_timeout, error) < 0 || word_ms(v, "max-ahead", &v->max_ahead, error) < 0 ||
	    word_ms(v, "watermark-delay", &v->watermark_delay, error) < 0)
		return -1;
	v->emit = (enum view_emit)emit;
	v->time_format = (enum time_format)format;
	v->digits = (unsigned)digits;
	return compile_every(v, error);
}

/* In partials the columns of states have names of their own, which no key may have. */
static int check_state_names(const struct view *v, char error[256])
{
	struct buf state = { 0 };
	int rc = 0;

	for (size_t i = 0; i < v->nmeasures && !rc; i++) {
		buf_clear(&state);
		measure_print_state_name(&state, &v->measure[i]);
		for (size_t k = 0; k < v->nkeys && !rc; k++)
			if (span_eq(buf_view(&state), span_of(v->key[k].name)))
				rc = fail(error, v->key[k].name, "the state of a measure has that name");
	}
	buf_free(&state);
	return rc;
}

/* Names of output columns must differ, also from the window's own and those of changes. */
static int check_names(const struct view *v, char error[256])
{
	size_t n = 0, total = v->nkeys + v->nmeasures + v->nderives + 4;
	const char **name = mem_array(NULL, total, sizeof *name);
	int rc = 0;

	name[n++] = "window_start";
	name[n++] = "window_end";
	if (v->retract)
		name[n++] = "weight";
	if (v->emit == EMIT_UPDATES || v->emit == EMIT_CHANGELOG)
		name[n++] = v->emit == EMIT_UPDATES ? "_change" : "_op";
	for (size_t i = 0; i < v->nkeys; i++)
		name[n++] = v->key[i].name;
	for (size_t i = 0; i < v->nmeasures; i++)
		name[n++] = v->measure[i].name;
	for (size_t i = 0; i < v->nderives; i++)
		name[n++] = derive_name(v->derive[i]);
	for (size_t i = 1; i < n && !rc; i++)
		for (size_t j = 0; j < i && !rc; j++)
			if (strcmp(name[i], name[j]) == 0)
				rc = fail(error, name[i], "two output columns of that name");
	free(name);
	return rc ? rc : check_state_names(v, error);
}

static bool fill_fits(const struct view *v)
{
	return v->emit == EMIT_FINAL && v->window.kind != WINDOW_SESSION && v->window.kind != WINDOW_NONE;
}

static bool every_fits(const struct view *v)
{
	return (v->emit == EMIT_UPDATES || v->emit == EMIT_CHANGELOG) && (v->every == EVERY_RECORD || v->time_field >= 0);
}

/* One file serves all layers: what it says of another emission is not for this run. As an option it would be a mistake. */
static void forget_unfit(struct view *v)
{
	if (v->words.run_stated)
		return;
	if (!fill_fits(v))
		v->fill = false;
	if (!every_fits(v))
		v->every = EVERY_NEVER;
}

static int check_whole(const struct view *v, char error[256])
{
	if (v->window.kind != WINDOW_NONE && v->time_field < 0)
		return fail(error, "time", "none is stated: which column holds the event time?");
	if (v->nmeasures == 0)
		return fail(error, "measure", "none is stated, as in: measure orders = count()");
	if (v->retract && v->window.kind == WINDOW_SESSION)
		return fail(error, "retract", "sessions take no retractions");
	if (v->fill && !fill_fits(v))
		return fail(error, "fill", "goes with final rows of tumbling, sliding or calendar windows");
	if (v->every && !every_fits(v))
		return fail(error, "every", "goes with emit updates or changelog, and with a time column");
	if (v->time_field < 0 && (view_states(v, "watermark-delay") || view_states(v, "allowed-lateness")))
		return fail(error, "watermark-delay", "needs a time column");
	for (size_t i = 0; i < v->nmeasures; i++)
		if (v->time_field < 0 && v->measure[i].kind->by_time)
			return fail(error, v->measure[i].name, "first and last need a time column");
	return check_names(v, error);
}

static void lay_out(struct view *v)
{
	size_t at = sizeof(struct group);

	for (size_t i = 0; i < v->nmeasures; i++) {
		at = (at + ALIGN - 1) / ALIGN * ALIGN;
		v->measure[i].offset = at;
		at += v->measure[i].kind->size(&v->measure[i]);
	}
	v->group_size = (at + ALIGN - 1) / ALIGN * ALIGN;
}

int view_finish(struct view *v, char error[256])
{
	static const char *const on_bad[] = { "stop", "skip", NULL };
	int skip;

	if (word_flag(v, "retract", &v->retract, error) < 0 || word_choice(v, "on-bad", on_bad, &skip, error) < 0 ||
	    compile_time(v, error) < 0 || compile_window(v, error) < 0 || compile_list(v, "group-by", compile_key, error) < 0 ||
	    compile_where(v, error) < 0 || compile_list(v, "measure", compile_measure, error) < 0 ||
	    compile_list(v, "derive", compile_derive, error) < 0 || compile_emission(v, error) < 0 ||
	    compile_field(v, "_op", &v->op_field, error) < 0 || compile_field(v, "_change", &v->change_field, error) < 0)
		return -1;
	v->skip_bad = skip != 0;
	forget_unfit(v);
	lay_out(v);
	return check_whole(v, error);
}
