/* SPDX-License-Identifier: MIT */
#include "lib/agg/measure_kinds.h"

#include "lib/text/percent.h"

struct span value_bytes(const struct value *v, struct value_room *room)
{
	/* A printed decimal has at most 40 bytes: it never grows out of the room. */
	struct buf b = { .p = room->p, .cap = sizeof room->p };

	if (v->kind == VALUE_TEXT)
		return v->text;
	if (v->kind == VALUE_BOOL)
		return v->truth ? SPAN("true") : SPAN("false");
	decimal_print(&b, v->number);
	return buf_view(&b);
}

int state_value(struct span text, struct buf *scratch, struct value *v)
{
	buf_clear(scratch);
	if (percent_decode(scratch, text) < 0 || scratch->n == 0)
		return -1;
	*v = value_of_text(buf_view(scratch));
	return 0;
}
