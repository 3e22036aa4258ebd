/* SPDX-License-Identifier: MIT */
#include "serve/merge/target.h"

#include <stdio.h>

static int set(struct view *v, const char *name, const char *value, char error[400])
{
	if (!value)
		return 0;
	view_unset(v, name);
	return view_set(v, name, span_of(value), error);
}

/* The windows of the options in place of those of the partials. */
static int set_window(struct view *v, const struct target_options *o, char error[400])
{
	static const char *const words[] = { "window", "slide", "session", "offset" };

	if (!o->window) {
		if (o->slide || o->offset)
			return snprintf(error, 400, "--slide and --offset go with --window"), -1;
		return 0;
	}
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		view_unset(v, words[i]);
	return set(v, "window", o->window, error) < 0 || set(v, "slide", o->slide, error) < 0 || set(v, "offset", o->offset, error) < 0 ? -1 : 0;
}

static int keep_key(struct target *t, const struct view *from, struct span name, char error[400])
{
	size_t i = 0, kept = 0;
	struct buf text = { 0 };
	char why[400];
	int rc;

	while (i < from->nkeys && !span_eq(span_of(from->key[i].name), name))
		i++;
	if (i == from->nkeys)
		return snprintf(error, 400, "--group-by: the partials have no key \"%.*s\"", (int)(name.n > 100 ? 100 : name.n), name.p), -1;
	for (size_t k = 0; k < t->view->words.n; k++)
		kept += strcmp(t->view->words.name[k], "group-by") == 0;
	for (size_t k = 0; k < kept; k++)
		if (t->key_of[k] == i)
			return snprintf(error, 400, "--group-by: \"%.*s\" stands there twice", (int)(name.n > 100 ? 100 : name.n), name.p), -1;
	t->key_of[kept] = i;
	field_print(&text, name);
	buf_text(&text, " = ");
	expr_print(&text, from->key[i].expr);
	rc = view_set(t->view, "group-by", buf_view(&text), why);
	if (rc < 0)
		snprintf(error, 400, "%.399s", why);
	buf_free(&text);
	return rc;
}

static int set_keys(struct target *t, const struct view *from, const struct target_options *o, char error[400])
{
	struct span list = span_of(o->group_by ? o->group_by : "");

	for (size_t i = 0; i < from->nkeys; i++)
		t->key_of[i] = i;
	if (!o->group_by)
		return 0;
	view_unset(t->view, "group-by");
	while (list.n) {
		size_t n = field_item_length(list);
		char *name = field_name(span_trim((struct span){ list.p, n }));
		int rc = keep_key(t, from, span_of(name), error);

		free(name);
		if (rc < 0)
			return -1;
		n += n < list.n;
		list.p += n, list.n -= n;
	}
	return 0;
}

/* How rows are finished and printed: what the options say, else -V, else the partials. */
static int set_rows(struct view *v, const struct target_options *o, char error[400])
{
	static const char *const words[] = { "derive", "digits", "time-format", "fill", "fill-max", "emit" };
	static const size_t of_view = 3;        /* the rest says what window-agg prints; here the options say it */

	for (size_t pass = 0; pass < 2; pass++) {
		const struct view *from = pass == 0 ? o->given : o->words;

		for (size_t i = 0; from && i < (pass == 0 ? of_view : sizeof words / sizeof *words); i++) {
			if (view_states(from, words[i]) && (pass == 0 || strcmp(words[i], "derive") != 0))
				view_unset(v, words[i]);        /* --derive adds, all else replaces */
			for (size_t k = 0; k < from->words.n; k++)
				if (strcmp(from->words.name[k], words[i]) == 0 && view_set(v, words[i], span_of(from->words.value[k]), error) < 0)
					return -1;
		}
	}
	return 0;
}

static bool same_windows(const struct window_spec *a, const struct window_spec *b)
{
	return a->kind == b->kind && a->axis == b->axis && a->size == b->size && a->slide == b->slide && a->offset == b->offset &&
	       a->gap_ms == b->gap_ms &&
	       (a->axis == DURATION_MS || zone_fingerprint(a->zone) == zone_fingerprint(b->zone));      /* days of another zone are others */
}

static int check_windows(struct target *t, const struct view *from, char error[400])
{
	const struct window_spec *fine = &from->window, *coarse = &t->view->window;
	const char *reason = "only to none";

	t->same_windows = same_windows(fine, coarse);
	if (t->same_windows && fine->kind == WINDOW_SESSION && !t->same_keys)
		return snprintf(error, 400, "sessions belong to their keys: --group-by cannot take some away (--window none can)"), -1;
	if (t->same_windows || coarse->kind == WINDOW_NONE)
		return 0;
	if (fine->kind == WINDOW_SESSION || fine->kind == WINDOW_NONE || !window_nests(fine, coarse, &reason))
		return snprintf(error, 400, "--window: the windows of the partials do not nest in it: %s", reason), -1;
	return 0;
}

int target_init(struct target *t, const struct view *from, const char *hash, const struct target_options *o, char error[400])
{
	struct buf text = { 0 };
	char given[9], why[400];
	int rc = -1;

	*t = (struct target){ .view = view_new(), .key_of = mem_zalloc(from->nkeys * sizeof *t->key_of) };
	view_print(from, false, &text);
	if (o->given)
		view_hash(o->given, given);
	if (o->given && strcmp(given, hash) != 0)
		snprintf(error, 400, "-V: another definition (%s) than that of the partials (%s)", given, hash);
	else if (view_load_text(t->view, buf_view(&text), why) < 0 || set(t->view, "tz", o->tz, why) < 0 || set_rows(t->view, o, why) < 0)
		snprintf(error, 400, "%s", why);
	else if (set_window(t->view, o, error) == 0 && set_keys(t, from, o, error) == 0)
		rc = 0;
	buf_free(&text);
	if (rc < 0)
		return -1;
	if (view_finish(t->view, why) < 0)
		return snprintf(error, 400, "%s", why), -1;
	t->same_keys = t->view->nkeys == from->nkeys;
	for (size_t i = 0; i < t->view->nkeys; i++)
		t->same_keys &= t->key_of[i] == i;
	return check_windows(t, from, error);
}

void target_free(struct target *t)
{
	view_free(t->view);
	free(t->key_of);
}
