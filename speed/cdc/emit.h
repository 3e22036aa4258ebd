/* SPDX-License-Identifier: MIT */
/* emit -- what drivers find, written as records: flat changes (`_op` +I -U +U -D) or the envelopes of others; filtered and cut to the columns
 * asked for. */
#ifndef SPEED_CDC_EMIT_H
#define SPEED_CDC_EMIT_H

#include "lib/base/failure.h"
#include "lib/stream/ledger.h"
#include "lib/stream/origin.h"
#include "lib/text/expr.h"
#include "speed/cdc/change.h"

enum emit_form { EMIT_FLAT, EMIT_DEBEZIUM, EMIT_MAXWELL, EMIT_CANAL };

struct emit_options {
	enum record_format format;      /* CSV, TSV, NDJSON; envelopes are NDJSON */
	enum emit_form form;
	const char *columns;            /* only these, `a, b`; NULL: all */
	const char *where;              /* or NULL */
	bool several;                   /* tables in one stream: records say _table */
	bool has_tx;
	const char *connector;          /* as Debezium calls the kind of source */
};

struct emit_plan;               /* what is done with the columns of a table */

struct emit {
	const struct emit_options *options;
	struct out *out;
	struct origin *origin;          /* NULL: the stream is plain */
	struct ledger *ledger;

	/* changes */
	struct fields fields;           /* of where, and the columns asked for */
	struct expr *where;
	struct expr_scratch scratch;
	struct emit_plan *plan, *plans; /* of the table at hand; of all that came */
	bool is_told;                   /* the columns of plan are in force */
	struct span *record;            /* what where sees */

	bool has_columns;               /* a header is out, or a `columns` line: of these */
	struct buf columns;
	uint64_t pending;               /* records since the last barrier */
	uint64_t bytes;
};

int emit_init(struct emit *e, const struct emit_options *o, struct out *out, struct ledger *ledger, struct failure *f);
void emit_free(struct emit *e);

/* Columns of the records that follow. 1: told; 0: call again behind a barrier; -1: plain CSV and TSV cannot change columns. */
int emit_columns(struct emit *e, const struct span *name, size_t n, struct failure *f);
/* The same for a header record as it stood, without line end; numbered: it is the first record, and columns are @1, @2 ... */
int emit_header(struct emit *e, struct span header, bool numbered, struct failure *f);
/* The same for the changes of a table. */
int emit_table(struct emit *e, const struct change_table *t, struct failure *f);

/* Whole records as they stand, each with its newline; the columns are told. 0, -1: output. */
int emit_lines(struct emit *e, struct span lines, uint64_t records);
/* A value as JSON. */
void datum_put_json(struct buf *out, const struct datum *d);
/* One change of the table that emit_table was called with last. 0, -1: a failure, or output. */
int emit_change(struct emit *e, const struct change *c, struct failure *f);

#endif
