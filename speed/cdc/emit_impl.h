/* SPDX-License-Identifier: MIT */
/* What the files emit*.c share. */
#ifndef SPEED_CDC_EMIT_IMPL_H
#define SPEED_CDC_EMIT_IMPL_H

#include "lib/base/buf.h"
#include "lib/text/writer.h"
#include "speed/cdc/emit.h"

#define NO_COLUMN SIZE_MAX

struct emit_plan {
	struct emit_plan *next;
	const struct change_table *table;
	size_t n;                       /* columns that are written */
	size_t *column;                 /* of the table */
	size_t *field;                  /* of where -> column, or NO_COLUMN */
	struct writer writer;           /* CSV, TSV */
	struct cell *cell;
	struct buf text;                /* times as text */
};

/* emit_flat.c */
void flat_begin(struct emit *e, struct emit_plan *p);
int flat_columns(struct emit *e, struct failure *f);            /* as emit_columns */
void flat_change(struct emit *e, const struct change *c);

/* emit_envelope.c */
void envelope_change(struct emit *e, const struct change *c);

#endif
