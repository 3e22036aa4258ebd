/* SPDX-License-Identifier: MIT */
/* answer -- finished rows on their way out: --since, --until, --where, --order, --top. */
#ifndef SERVE_MERGE_ANSWER_H
#define SERVE_MERGE_ANSWER_H

#include "lib/stream/ledger.h"
#include "lib/stream/out.h"
#include "lib/view/row_out.h"

struct answer_options {
	int64_t since, until;           /* windows that begin at since or later and before until; the ends of 64 bits: all */
	const char *where, *order;      /* over the output's columns; NULL: none */
	uint64_t top;                   /* 0: all */
	bool per_window;                /* order and top apply to each window */
};

struct answer;

/* NULL with error. */
struct answer *answer_new(const struct view *v, enum record_format format, const struct answer_options *o, struct out *out, struct ledger *ledger, char error[400]);
void answer_free(struct answer *a);

/* A finished group. -1 with *error: the condition met a value it cannot take, or out->error. */
int answer_row(struct answer *a, struct interval at, struct span key, struct group *g);
/* No more rows: what was held back to be sorted comes out. */
int answer_end(struct answer *a);
/* Rows not shown for more was taken back than had been given. */
uint64_t answer_negative(const struct answer *a);
const char *answer_error(const struct answer *a);       /* after -1; "" when it was the output */

#endif
