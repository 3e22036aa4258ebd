/* SPDX-License-Identifier: MIT */
#include "lib/stream/origin.h"

#include <string.h>

static bool is_json(const struct origin *o)
{
	return o->format == FORMAT_NDJSON;
}

int origin_begin(struct origin *o, struct out *out, enum record_format format, const char *tool, struct resume *r)
{
	static const char *const name[] = { [FORMAT_CSV] = "csv", [FORMAT_TSV] = "tsv", [FORMAT_NDJSON] = "ndjson" };

	*o = (struct origin){ .out = out, .format = format };
	run_draw(r->run);
	lineage_fold(r->cfg, tool, (struct span){ "", 0 });
	resume_print(r, is_json(o), name[format], &out->buf);
	out_sums(out);
	memcpy(o->barrier.run, r->run, sizeof r->run);
	o->barrier.epoch = r->epoch;
	return out_flush(out);
}

void origin_columns(struct origin *o, struct span columns)
{
	if (is_json(o) || (o->columns.p && span_eq(buf_view(&o->columns), columns)))
		return;
	buf_clear(&o->columns);
	buf_room(&o->columns, 1);
	buf_span(&o->columns, columns);
	out_begin_control(o->out);
	buf_text(&o->out->buf, CONTROL_PREFIX "columns ");
	buf_span(&o->out->buf, columns);
	buf_byte(&o->out->buf, '\n');
	out_end_control(o->out);
}

int origin_barrier(struct origin *o, enum barrier_kind kind, bool edge, struct span pos)
{
	struct barrier *b = &o->barrier;

	buf_clear(&b->pos);
	buf_span(&b->pos, pos);
	b->kind = kind;
	b->edge = edge;
	b->epoch++;
	out_begin_control(o->out);
	b->n = o->out->lines;
	b->crc = o->out->crc;
	barrier_print(b, is_json(o), &o->out->buf);
	out_end_control(o->out);
	o->out->lines = 0;
	o->out->crc = 0;
	return out_flush(o->out);
}

void origin_free(struct origin *o)
{
	barrier_free(&o->barrier);
	buf_free(&o->columns);
}
