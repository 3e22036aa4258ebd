/* SPDX-License-Identifier: MIT */
/* ratio -- exact fractions, for what is finished from states: averages, variances, derived columns.
 * Rounded once, when printed. A value that came about without division knows its decimal scale and
 * prints with it (gmv - refunds keeps its two digits); a fraction prints with the digits asked for. */
#ifndef LIB_AGG_RATIO_H
#define LIB_AGG_RATIO_H

#include "lib/base/wide.h"
#include "lib/text/decimal.h"

#define RATIO_FRACTION (-1)

struct ratio {
	struct big num, den;     /* den > 0, lowest terms */
	int scale;               /* decimal digits it prints with, or RATIO_FRACTION */
};

void ratio_from_decimal(struct ratio *r, struct decimal d);
void ratio_from_i256(struct ratio *r, const struct i256 *m, unsigned scale);
/* num / den, as a fraction. den > 0. */
int ratio_from_quotient(struct ratio *r, const struct big *num, const struct big *den);

/* -1 when the result is too large to hold (1408 bits above or below the line), *r is then undefined; r may be a or b. */
int ratio_add(struct ratio *r, const struct ratio *a, const struct ratio *b);
int ratio_sub(struct ratio *r, const struct ratio *a, const struct ratio *b);
int ratio_mul(struct ratio *r, const struct ratio *a, const struct ratio *b);
int ratio_div(struct ratio *r, const struct ratio *a, const struct ratio *b);     /* b != 0; always a fraction */
bool ratio_is_zero(const struct ratio *a);
int ratio_cmp(const struct ratio *a, const struct ratio *b);

void ratio_print(struct buf *out, const struct ratio *a, unsigned digits);        /* half even; any number of digits */
/* Square root, half even by integer roots; a >= 0. -1, nothing printed: a * 4 * 10^(2 * digits) is too large to hold. */
int ratio_print_sqrt(struct buf *out, const struct ratio *a, unsigned digits);
/* The number it prints as, back as a fraction with the scale written (numbers read from finished text: decimals as in
 * decimal.h, and longer plain ones). -1: not a number, or too large. */
int ratio_parse(struct ratio *r, struct span text);

#endif
