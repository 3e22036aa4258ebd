/* SPDX-License-Identifier: MIT */
/* ddsketch -- how many values fell into each of many bins whose width is 2 % of the value: quantiles within 1 % of
 * the true value. Bins never collapse, so any order of adding and merging gives the same bins, and what was added can be
 * taken back. A zeroed struct has seen nothing.
 *
 * Values are integers u in units of 10^-18. There are 35 bins to a doubling (2^(1/35) = 1.02000, within 0.991 %):
 * bin 35 (b - 1) + j + 1 holds 2^(b-1) 2^(j/35) <= u < 2^(b-1) 2^((j+1)/35). Negative values mirror it, 0 is bin 0. */
#ifndef LIB_AGG_DDSKETCH_H
#define LIB_AGG_DDSKETCH_H

#include "lib/base/buf.h"
#include "lib/text/decimal.h"

#define DDSKETCH_BINS (35 * 127)                /* a legal number has at most 127 bits */

struct ddsketch_bin {
	int32_t bin;
	int64_t weight;                 /* never 0; negative while a retraction waits for its insertion */
};

struct ddsketch {
	struct ddsketch_bin *bin;       /* ascending */
	uint32_t n, cap;
};

int32_t ddsketch_bin(struct decimal d);
/* The value a bin stands for: six significant digits, at most 18 behind the point, no trailing zeros. */
struct decimal ddsketch_value(int32_t bin);

void ddsketch_add(struct ddsketch *s, int32_t bin, int64_t weight);
void ddsketch_merge(struct ddsketch *into, const struct ddsketch *from);
void ddsketch_free(struct ddsketch *s);

/* The bin of the ceil(q n)-th value (the first for q = 0); bins of negative weight do not count. False: there is none. */
bool ddsketch_quantile(const struct ddsketch *s, struct decimal q, int32_t *bin);

/* `bin:weight` joined by `,`, ascending. Nothing seen: "". */
void ddsketch_save(const struct ddsketch *s, struct buf *out);
int ddsketch_merge_text(struct ddsketch *into, struct span text);      /* -1: not one; into may hold part of it */

#endif
