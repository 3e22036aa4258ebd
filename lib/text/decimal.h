/* SPDX-License-Identifier: MIT */
/* decimal -- exact decimal numbers as they stand in records: m / 10^scale.
 * At most 20 integer and 18 fraction digits; |m| < 10^38. What does not fit is refused, never rounded
 * silently: only multiplication and division round (half even at 18 digits), and they say so here.
 * The scale is the number of fraction digits as written: 1.50 has scale 2 and keeps it. */
#ifndef LIB_TEXT_DECIMAL_H
#define LIB_TEXT_DECIMAL_H

#include "lib/base/buf.h"
#include "lib/base/span.h"
#include "lib/base/wide.h"

#define DECIMAL_MAX_SCALE 18
#define DECIMAL_MAX_INTEGER_DIGITS 20

struct decimal {
	i128 m;
	unsigned scale;
};

/* Sign, digits, point, digits, exponent: `-1.50`, `.5`, `5.`, `1e3`, `+2E-2`. An exponent moves the
 * point; what results must fit. Blanks, NaN, Inf, hex and separators are not numbers.
 * 0; -1: not a number or too long (decimal_parse_error says which). Short plain numbers take a fast path. */
int decimal_parse(struct span text, struct decimal *d);
const char *decimal_parse_error(struct span text);                 /* static text: "not a number" ... */

/* 0, or -1 when the result has more than 20 integer digits. */
int decimal_add(struct decimal *r, struct decimal a, struct decimal b);     /* scale: the larger */
int decimal_sub(struct decimal *r, struct decimal a, struct decimal b);
int decimal_mul(struct decimal *r, struct decimal a, struct decimal b);     /* scale: the sum; above 18: rounded half even to 18 */
int decimal_div(struct decimal *r, struct decimal a, struct decimal b);     /* b != 0; half even at 18 digits, then without trailing zeros */
int decimal_mod(struct decimal *r, struct decimal a, struct decimal b);     /* b != 0; sign of a, as SQL's mod */
int decimal_round(struct decimal *r, struct decimal a, int digits);         /* half even; digits may be negative */
struct decimal decimal_floor(struct decimal a);                             /* scale 0 */
struct decimal decimal_ceil(struct decimal a);
struct decimal decimal_normal(struct decimal a);                            /* without trailing zeros */
int decimal_cmp(struct decimal a, struct decimal b);                        /* by value: 1.5 == 1.50 */
int decimal_to_i64(struct decimal a, int64_t *v);                           /* -1: has a fraction or does not fit */
void decimal_print(struct buf *out, struct decimal d);                      /* 13.50, -0.5; zero has no sign */

#endif
