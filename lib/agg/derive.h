/* SPDX-License-Identifier: MIT */
/* derive -- derived columns: the tree of an expression over the finished numbers of a row. Private to derive*.c; what others
 * call is in measure.h. */
#ifndef LIB_AGG_DERIVE_H
#define LIB_AGG_DERIVE_H

#include "lib/agg/measure.h"
#include "lib/text/expr_ast.h"

#define DERIVE_MAX_DIGITS 100   /* of round(), before and behind the point */

struct derive {
	char *name;
	struct expr *expr;
	size_t nmeasures, nearlier;
	size_t *bound;                  /* what a field of expr is: a measure, or from nmeasures on an earlier derive */
	const struct derive **needs;    /* earlier derives this one rests on, directly or not; NULL at the others. Borrowed */
};

/* The digits of round(x, digits), a literal perhaps with a minus. */
bool derive_digits(const struct node *n, int64_t *digits);

#endif
