/* SPDX-License-Identifier: MIT */
/* definition -- what a view is: time, window, keys, filter, measures. Stated once, in a .view file or by the same words
 * as options; both go through view_set().
 *
 * What decides the states makes the hash (time, window, zone, keys, where, measures, retract, on-bad, the revision of our
 * semantics); partials of unequal hashes never merge. The rest (derive, digits, delays, emission) may change freely. */
#ifndef LIB_VIEW_DEFINITION_H
#define LIB_VIEW_DEFINITION_H

#include "lib/agg/measure.h"
#include "lib/agg/window.h"
#include "lib/text/expr.h"
#include "lib/text/fields.h"

#define VIEW_NO_DELAY INT64_MIN         /* watermark_delay: there is none, W stays at minus infinity */

enum view_emit { EMIT_FINAL, EMIT_UPDATES, EMIT_CHANGELOG, EMIT_PARTIAL };
enum { EVERY_NEVER = 0, EVERY_RECORD = -1 };    /* view.every, else ms of event time */

struct view_key {
	char *name;
	struct expr *expr;
	int field;              /* when expr is a plain field, else -1 */
};

struct view_words {             /* the definition as stated: option name -> texts */
	char **name, **value;
	size_t n, cap;
	bool loading;                   /* a file is being read */
	bool run_stated;                /* fill or every came as an option, not from a file */
};

struct view {
	/* hashed */
	int time_field;                 /* in fields; -1: the view has no time */
	struct window_spec window;
	struct view_key *key;
	size_t nkeys;
	struct expr *where;             /* or NULL */
	struct measure *measure;
	size_t nmeasures;
	bool retract;
	bool skip_bad;                  /* on-bad skip */
	enum time_unit time_unit;
	struct zone *input_zone;        /* NULL: UTC */
	struct zone *zone;              /* of calendar windows and of printed times; NULL: UTC */

	/* not hashed */
	struct derive **derive;
	size_t nderives;
	unsigned digits;
	int64_t watermark_delay, allowed_lateness, idle_timeout, max_ahead;  /* ms; idle_timeout, max_ahead: 0 none */
	enum view_emit emit;
	int64_t every;
	bool fill;
	uint64_t fill_max;
	enum time_format time_format;

	/* made of the above */
	struct fields fields;           /* all that records must deliver */
	int op_field, change_field;     /* `_op` and `_change` */
	size_t group_size;              /* bytes of a group: struct group and the states behind it */
	struct view_words words;
};

struct view *view_new(void);
void view_free(struct view *v);

/* States one option: `window` `1m`. Scalars: the later wins; group-by, measure, derive gather. 0, or -1 with error. */
int view_set(struct view *v, const char *name, struct span value, char error[256]);

/* A .view file: one option per line, `#` comments, blank lines. Error: `gmv.view:3: reason`. */
int view_load(struct view *v, const char *path, char error[256]);
/* The same from text, as view lines carry it. */
int view_load_text(struct view *v, struct span text, char error[256]);

/* Unsays a word: all its values. */
void view_unset(struct view *v, const char *name);

bool view_states(const struct view *v, const char *name);       /* was that option stated? */

/* Compiles and checks it as a whole; nothing may be set after. 0, or -1 with error. */
int view_finish(struct view *v, char error[256]);

/* Canonical text, one option per line, without what only says what one run prints (emit, every, fill ...).
 * hashed_only: just what the hash is made of, measures in order of name. */
void view_print(const struct view *v, bool hashed_only, struct buf *out);
/* Eight hex digits over view_print(hashed_only). */
void view_hash(const struct view *v, char hash[9]);

/* The option names a definition knows, NULL-terminated; the tool's option table has the same. */
const char *const *view_option_names(void);

#endif
