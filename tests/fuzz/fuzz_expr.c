/* SPDX-License-Identifier: MIT */
/* An expression, and behind the first newline a record of fields between commas. What compiles must print to a text that
 * compiles to the same text and gives the same value. */
#include <stdlib.h>

#include "lib/text/expr.h"

#define MAX_FIELDS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	int rc;
	struct buf text;        /* the value with its kind, or the reason */
};

static void fill_record(struct span *record, struct span rest)
{
	for (size_t i = 0; i < MAX_FIELDS; i++) {
		const char *comma = rest.n ? memchr(rest.p, ',', rest.n) : NULL;
		size_t n = comma ? (size_t)(comma - rest.p) : rest.n;

		record[i] = (struct span){ rest.p, n };
		if (!rest.n)
			continue;               /* NULL + 0 is not defined */
		rest.p += n + (comma != NULL);
		rest.n -= n + (comma != NULL);
	}
}

static void show(struct buf *out, const struct value *v, struct expr_scratch *s)
{
	buf_byte(out, (char)('0' + v->kind));
	buf_span(out, value_text(v, s));
}

static struct outcome run(const struct expr *e, const struct span *record)
{
	struct expr_scratch s;
	struct outcome o = { 0 };
	struct decimal d;
	struct value v;

	expr_scratch_init(&s, NULL, TIME_UNIT_AUTO);
	o.rc = expr_eval(e, record, &s, &v);
	if (o.rc < 0)
		buf_text(&o.text, s.reason);
	else
		show(&o.text, &v, &s);
	(void)expr_test(e, record, &s);
	(void)expr_number(e, record, &s, &d);
	expr_scratch_free(&s);
	return o;
}

static void check_print(const struct expr *e, struct fields *fields, const struct span *record)
{
	struct buf once = { 0 }, again = { 0 };
	struct expr_error error;
	struct expr *printed;
	struct outcome a, b;

	expr_print(&once, e);
	printed = expr_compile(buf_view(&once), fields, &error);
	if (printed)
		expr_print(&again, printed);
	else if (once.n > 65536)                /* printing may add blanks to a text that barely fits */
		goto done;
	if (!printed || !span_eq(buf_view(&once), buf_view(&again)))
		abort();
	a = run(e, record);
	b = run(printed, record);
	if (a.rc != b.rc || !span_eq(buf_view(&a.text), buf_view(&b.text)))
		abort();
	buf_free(&a.text);
	buf_free(&b.text);
done:
	expr_free(printed);
	buf_free(&once);
	buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = { (const char *)data, size }, record[MAX_FIELDS];
	const char *line = size ? memchr(data, '\n', size) : NULL;
	struct fields fields = { 0 };
	struct expr_error error;
	struct expr *e;

	if (line)
		text.n = (size_t)(line - text.p);
	fill_record(record, line ? (struct span){ line + 1, size - text.n - 1 } : (struct span){ NULL, 0 });
	e = expr_compile(text, &fields, &error);
	if (e && fields.n <= MAX_FIELDS)
		check_print(e, &fields, record);
	else if (!e && error.at > text.n)
		abort();
	expr_free(e);
	fields_free(&fields);
	return 0;
}
