/* SPDX-License-Identifier: MIT */
/* measure -- one aggregate column: a fold of records into a state, with a merge that makes any split of the records
 * come out the same, and a text for the state so that it can be stored and merged elsewhere.
 * A kind is one row of function pointers in a file of its own (measure_sum.c, ...). */
#ifndef LIB_AGG_MEASURE_H
#define LIB_AGG_MEASURE_H

#include "lib/agg/ratio.h"
#include "lib/base/buf.h"
#include "lib/text/expr.h"
#include "lib/text/value.h"

struct measure;
struct key_text;

/* Where and when a record stands: first and last go by time, ties by position. weight is +1, or -1 for a retraction. */
struct moment {
	int64_t ms;
	uint64_t position;
	int weight;
};

#define ARG_NULL UINT8_MAX

struct measure_kind {
	const char *name;               /* as in SQL: "sum" */
	bool takes_number;              /* its argument must be a number */
	bool count_like;                /* may stand without argument: count() */
	bool has_param;                 /* approx_quantile(x, p) */
	bool retracts;                  /* can take weight -1 (in a retractable view) */
	bool by_time;                   /* needs moment.ms: first and last */
	bool keeps_text;                /* its finished value may be text */

	/* Bytes of the fixed part of a state; the caller gives that much zeroed memory, aligned to 16. Zeroed memory is the
	 * state of no records, the identity of merge. */
	size_t (*size)(const struct measure *m);
	/* v is never null (count() ignores it); VALUE_NUMBER when takes_number. Cannot fail. */
	void (*add)(const struct measure *m, void *state, const struct value *v, const struct moment *at);
	/* Of states with memory behind them, or NULL: asks for that memory, for it is added to soon. */
	void (*prefetch)(const void *state);
	/* For many records at once, or NULL: adds number[i] in units of 10^-scale[i] to the state at m->offset behind group[i], with weight 1. Where
	 * scale[i] is ARG_NULL nothing is added. number is NULL for count(), scale too when it counts all. Measures whose result knows neither time nor order. */
	void (*add_numbers)(const struct measure *m, void *const *group, const int64_t *number, const uint8_t *scale, size_t n);
	void (*merge)(const struct measure *m, void *into, const void *from);
	/* The state as printable text without blanks, tabs, newlines; the identity is "" (empty). */
	void (*save)(const struct measure *m, const void *state, struct buf *out);
	/* Merges a saved state, "" too. -1: text is not one; *into may then hold part of it. */
	int (*merge_text)(const struct measure *m, void *into, struct span text);
	/* The finished value as text; nothing for null. digits: of fractions. */
	void (*finish)(const struct measure *m, const void *state, unsigned digits, struct buf *out);
	/* The finished value as number for derived columns: 0, 1 null, -1 not a number. */
	int (*number)(const struct measure *m, const void *state, struct ratio *r);
	bool (*is_identity)(const struct measure *m, const void *state);
	/* Frees what the state owns beyond its fixed part; NULL when it owns nothing. */
	void (*drop)(const struct measure *m, void *state);
	/* For states that may be huge, else NULL: appends items from index from (0 first) until about max bytes, and returns the
	 * index to go on from, 0 when done. Each piece is a state by itself; together they merge to this one. */
	size_t (*save_part)(const struct measure *m, const void *state, size_t from, struct buf *out, size_t max);
	/* Of kinds whose state is a multiset: how its values are written; for the files of the kinds. */
	const struct key_text *key_text;
};

struct measure {
	const struct measure_kind *kind;
	char *name;                     /* output column */
	struct expr *arg;               /* NULL: count() */
	int arg_field;                  /* field number when arg is a plain field, else -1 */
	struct expr *where;             /* or NULL */
	struct decimal param;           /* approx_quantile: p */
	bool retract;                   /* the view is retractable: min, max, first, last, count_distinct keep multisets */
	size_t offset;                  /* of its state in a row of states */
};

/* NULL when there is no such kind. These are the rows of append views; measure_parse takes another row of the same name where
 * a retractable view needs one, so a kind is known by its name. */
const struct measure_kind *measure_kind_find(struct span name);
const struct measure_kind *const *measure_kinds(void);             /* all of them, NULL-terminated */

/* Parses `name = kind(arg[, param]) [where cond]`. 0, or -1 with the reason in error and nothing to free. Measures that a retractable
 * view cannot have (sketches that cannot subtract) are refused here. */
int measure_parse(struct measure *m, struct span text, bool retract, struct fields *fields, char error[200]);
/* Canonical text: `gmv = sum(price * quantity) where status == "paid"`. */
void measure_print(struct buf *out, const struct measure *m);
/* Header of its state column in partials: `gmv:sum`, `u:approx_count_distinct(14)`. */
void measure_print_state_name(struct buf *out, const struct measure *m);
void measure_free(struct measure *m);

/* Derived columns: an expression over measures of the same row, exact, with SQL's null rules; x/0 is null. */
struct derive;
/* Parses `name = expr` over the names of n measures and earlier derives. NULL with error. */
struct derive *derive_parse(struct span text, const struct measure *m, size_t n, struct derive *const *earlier, size_t nearlier, char error[200]);
const char *derive_name(const struct derive *d);
void derive_print(struct buf *out, const struct derive *d);                       /* canonical: `basket = gmv / orders` */
/* Prints the value for a row of states. */
void derive_finish(const struct derive *d, const struct measure *m, const void *states, unsigned digits, struct buf *out);
void derive_free(struct derive *d);

#endif
