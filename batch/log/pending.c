/* SPDX-License-Identifier: MIT */
#include "batch/log/pending.h"

#include "lib/stream/control.h"

/* The rows from i on that are one record: envelopes hold several. */
static size_t end_of_record(const struct batch *b, size_t i)
{
	const char *raw = b->raw[i].p;

	do
		i++;
	while (i < b->n && b->raw[i].p == raw);
	return i;
}

/* Rows i .. end of plain records that lie behind each other as they are stored, so that they are copied at once; up to limit bytes. */
static size_t end_of_run(const struct batch *b, size_t i, size_t limit)
{
	const char *from = b->raw[i].p, *end = from + b->raw[i].n;

	for (i++; i < b->n && *end == '\n' && b->raw[i].p == end + 1 && b->field[i].n == 0 && (size_t)(end - from) + 1 < limit; i++)
		end = b->raw[i].p + b->raw[i].n;
	return i;
}

static void add(struct pending *p, const struct batch *b, size_t i, size_t end, bool escape, bool json)
{
	const char *from = b->raw[i].p;
	size_t before = p->data.n;

	buf_add(&p->data, from, (size_t)(b->raw[end - 1].p + b->raw[end - 1].n - from));
	buf_byte(&p->data, '\n');
	if (escape)
		control_escape(&p->data, before, json);
	p->all.bytes = p->data.n;
}

void pending_take(struct pending *p, const struct batch *b, size_t *at, size_t limit, bool escape, bool json)
{
	size_t i = *at;

	while (i < b->n && p->safe.bytes < limit) {
		size_t left = limit > p->all.bytes ? limit - p->all.bytes : 0;
		size_t end = b->field[i].n ? end_of_record(b, i) : end_of_run(b, i, left);

		add(p, b, i, end, escape, json);
		p->all.records += b->field[i].n ? 1 : end - i;
		p->changes = p->changes || b->field[i].n;
		if (!span_eq(b->field[end - 1], SPAN("-U")))
			p->safe = p->all;
		i = end;
	}
	*at = i;
}

void pending_drop(struct pending *p)
{
	size_t left = p->all.bytes - p->safe.bytes;

	if (left)
		memmove(p->data.p, p->data.p + p->safe.bytes, left);
	p->data.n = left;
	p->all = (struct pending_mark){ left, p->all.records - p->safe.records };
	p->safe = (struct pending_mark){ 0 };
	p->changes = left > 0;
}

void pending_free(struct pending *p)
{
	buf_free(&p->data);
}
