/* SPDX-License-Identifier: MIT */
/* digits -- the numbers of a column at once, those that are short. What a kernel leaves is for decimal_parse and time_parse, which also know
 * what is wrong with it; the result is the same.
 *
 * Kernels do the same with different instructions: `portable` and `sse4`. The fastest one that the machine has is taken, unless the environment
 * variable WEIR_SCAN says `portable`. */
#ifndef LIB_TEXT_DIGITS_H
#define LIB_TEXT_DIGITS_H

#include <stdint.h>

#include "lib/base/span.h"
#include "lib/text/decimal.h"

#define DIGITS_NULL UINT8_MAX           /* the empty string */
#define DIGITS_LEFT (UINT8_MAX - 1)     /* left to others */

/* A field of some rows: number i is in field[row[i] * width]. */
struct digits_column {
	const struct span *field;
	size_t width;
	const uint32_t *row;
	size_t n;
};

struct digits_kernel {
	const char *name;
	/* Decimals: number[i] in units of 10^-scale[i], or scale[i] is DIGITS_NULL or DIGITS_LEFT. How many are left. */
	size_t (*decimals)(const struct digits_column *c, int64_t *number, uint8_t *scale);
	/* Of 13 digits each, -1 where it is something else. */
	void (*thirteen)(const struct digits_column *c, int64_t *number);
};

/* The 13 characters at p as a number; false when one is no digit. The second load takes three of the first ones once more. */
static inline bool digits_thirteen(const char *p, int64_t *value)
{
	uint64_t high = decimal_load(p, 8), low = decimal_load(p + 5, 8);

	if (decimal_not_digits(high) | decimal_not_digits(low))
		return false;
	*value = (int64_t)(decimal_join(high) * 100000 + decimal_join(low & ~UINT64_C(0xffffff)));
	return true;
}

/* By name, NULL when there is none or this machine cannot run it; digits_kernel(NULL) is the one to use, never NULL. */
const struct digits_kernel *digits_kernel(const char *name);

#endif
