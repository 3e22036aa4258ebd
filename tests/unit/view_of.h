/* SPDX-License-Identifier: MIT */
/* view_of -- views, records and groups written down as text, for tests of what works with them. */
#ifndef TESTS_UNIT_VIEW_OF_H
#define TESTS_UNIT_VIEW_OF_H

#include "lib/view/fold.h"
#include "tests/unit/check.h"

/* The view of a definition that must be right. */
static inline struct view *view_of(const char *definition)
{
	struct view *v = view_new();
	char error[256];

	if (view_load_text(v, span_of(definition), error) == 0 && view_finish(v, error) == 0)
		return v;
	printf("Bail out! %s\n", error);
	exit(1);
}

/* Fills the fields of a record from `name=value name=value`; those not named are null. */
static inline void record_of(const struct view *v, struct span *record, const char *text)
{
	for (size_t i = 0; i < v->fields.n; i++) {
		struct span name = v->fields.ref[i].text;

		record[i] = (struct span){ NULL, 0 };
		for (const char *p = text; *p; p += strcspn(p, " "), p += *p == ' ')
			if (strncmp(p, name.p, name.n) == 0 && p[name.n] == '=')
				record[i] = (struct span){ p + name.n + 1, strcspn(p + name.n + 1, " ") };
	}
}

static inline struct group *group_new(const struct view *v)
{
	return mem_zalloc(v->group_size);
}

static inline void group_free(const struct view *v, struct group *g)
{
	group_drop(v, g);
	free(g);
}

/* Adds a record: count() counts it, every other measure takes the amount. */
static inline void group_add_amount(const struct view *v, struct group *g, int64_t ms, int64_t amount)
{
	struct value arg[8];
	struct row row = { .at = { .ms = ms, .weight = 1 }, .has_time = true, .arg = arg };

	for (size_t i = 0; i < v->nmeasures; i++)
		arg[i] = v->measure[i].arg ? (struct value){ .kind = VALUE_NUMBER, .number = { .m = amount } } : (struct value){ .kind = VALUE_BOOL };
	group_add(v, g, &row);
}

/* Its finished measures, parted by blanks. */
static inline void show_group(const struct view *v, struct group *g, struct buf *out)
{
	for (size_t i = 0; i < v->nmeasures; i++) {
		if (i)
			buf_byte(out, ' ');
		v->measure[i].kind->finish(&v->measure[i], group_state(g, &v->measure[i]), v->digits, out);
	}
}

#endif
