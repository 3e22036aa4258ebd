/* SPDX-License-Identifier: MIT */
/* measure_kinds -- the rows of the registry and what they share. For the measure_*.c files only. */
#ifndef LIB_AGG_MEASURE_KINDS_H
#define LIB_AGG_MEASURE_KINDS_H

#include "lib/agg/measure.h"
#include "lib/agg/multiset.h"
#include "lib/agg/state_text.h"

extern const struct measure_kind kind_count, kind_sum, kind_avg;
extern const struct measure_kind kind_var_pop, kind_var_samp, kind_stddev_pop, kind_stddev_samp;
extern const struct measure_kind kind_min, kind_max, kind_first, kind_last, kind_count_distinct;
extern const struct measure_kind kind_approx_count_distinct, kind_approx_quantile;
/* The same names in a retractable view, where the state is a multiset. */
extern const struct measure_kind kind_min_retract, kind_max_retract, kind_first_retract, kind_last_retract,
	kind_count_distinct_retract;

/* The bytes a value is told apart by: its text, a number as printed. Borrowed from v or room. */
struct value_room {
	char p[128];
};
struct span value_bytes(const struct value *v, struct value_room *room);

/* Bytes percent-encoded in values within states. */
#define STATE_SPECIAL ",*=@"
/* Decodes one; scratch is cleared first and holds it. -1: empty or not well encoded. */
int state_value(struct span text, struct buf *scratch, struct value *v);

/* Multisets as states: text `key*weight` joined by `,`, in order of the keys. How keys are written is the kind's. */
struct key_text {
	void (*print)(const struct measure *m, struct span key, struct buf *out);
	int (*parse)(const struct measure *m, struct span text, struct buf *scratch, struct order_key *key);
};
size_t multiset_state_size(const struct measure *m);
void multiset_state_merge(const struct measure *m, void *into, const void *from);
bool multiset_state_is_identity(const struct measure *m, const void *state);
void multiset_state_drop(const struct measure *m, void *state);
void multiset_state_save(const struct measure *m, const void *state, struct buf *out);
size_t multiset_state_save_part(const struct measure *m, const void *state, size_t from, struct buf *out, size_t max);
int multiset_state_merge_text(const struct measure *m, void *into, struct span text);

/* The exact sum of decimals; scale is the largest seen. */
struct sum {
	struct i256 sum;                /* in units of 10^-scale */
	uint32_t scale;
};

/* m in units of 10^-scale, in those of the sum, which becomes finer when it is the coarser. A legal number has at most
 * 20 integer digits, so at most 38 in all: it fits. */
i128 sum_align(struct sum *s, i128 m, unsigned scale);

static inline void sum_add(struct sum *s, struct decimal d, int weight)
{
	i128 m = weight < 0 ? -d.m : d.m;

	i256_add128(&s->sum, d.scale == s->scale ? m : sum_align(s, m, d.scale));
}

/* The same of a number that fits 64 bits. */
static inline void sum_add_short(struct sum *s, int64_t m, unsigned scale)
{
	if (scale == s->scale)
		i256_add64(&s->sum, m);
	else
		i256_add128(&s->sum, sum_align(s, m, scale));
}

void sum_merge(struct sum *into, const struct sum *from);
int sum_parse(struct span text, struct sum *s);         /* 0; -1: no sum of legal numbers */

#endif
