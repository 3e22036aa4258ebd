/* SPDX-License-Identifier: MIT */
#include "lib/stream/stage.h"

#include <string.h>

int stage_begin(struct stage *s, const char *name, struct out *out, const char *format, const struct control *c, struct span options, struct failure *f)
{
	s->name = name;
	s->out = out;
	s->format = format;
	if (resume_parse(&s->resume, c, f) < 0)
		return -1;
	lineage_fold(s->resume.cfg, name, options);
	s->checked = true;
	out_sums(out);
	return 0;
}

static bool is_json(const struct stage *s)
{
	return strcmp(s->format, "ndjson") == 0;
}

void stage_forward(struct stage *s)
{
	out_begin_control(s->out);
	resume_print(&s->resume, is_json(s), s->format, &s->out->buf);
	out_end_control(s->out);
}

int stage_barrier(struct stage *s, const struct control *c, struct failure *f)
{
	return barrier_parse(&s->barrier, c, f);
}

int stage_pass(struct stage *s)
{
	struct barrier b = s->barrier;

	out_begin_control(s->out);
	b.n = s->out->lines;
	b.crc = s->out->crc;
	barrier_print(&b, is_json(s), &s->out->buf);
	out_end_control(s->out);
	s->out->lines = 0;
	s->out->crc = 0;
	return out_flush(s->out);
}

void stage_free(struct stage *s)
{
	resume_free(&s->resume);
	barrier_free(&s->barrier);
}
