/* SPDX-License-Identifier: MIT */
/* expr -- the expression language of `where`, `measure`, `derive` and `group-by`.
 *
 *   or  and  not  == = != <> < <= > >=  in (..)  not in (..)  like  not like  is null  is not null
 *   + -  * / %  unary + -  if(c,a,b)  coalesce(a,..)  functions  ( )
 *
 * literals: decimals, '..' or ".." strings (the quote doubled inside; backslash is itself), null, true, false; fields as
 * in fields.h. Three-valued logic as in SQL. Comparison is numeric when either side is a number literal or an arithmetic
 * expression (or a function that yields a number), else by bytes. Arithmetic demands numbers: text that is none makes the
 * record a bad one. x/0 and x%0 are null. Per-record results round half even at 18 digits.
 * Numbers:  abs round(x[,digits]) floor ceil number(x) (canonical: 1.50 is 1.5) least(a,..) greatest(a,..) length(s) (bytes)
 * Strings:  lower upper (ASCII) trim substr(s,from[,length]) (from 1, bytes; UTF-8 is not split) concat(a,..)
 *           replace(s,from,to) starts_with ends_with contains split(s,sep,n) (n from 1, from the end when negative)
 * Times:    timestamp(x) -> epoch ms; year month day hour minute second weekday (Monday 1) of a time, UTC;
 *           date(x) -> YYYY-MM-DD; format is RFC 3339 by time_text(x)
 * like: % and _ (one UTF-8 character), no escape but a backslash.
 *
 * Functions of null are null; but concat and the `to` of replace take null for the empty string. Text that is a condition must
 * be `true` or `false`. Times that the expression computes as numbers are epoch ms; those of fields are read as timestamps.
 * and, or, if and coalesce stop at the first operand that decides. Words are known in any case; a field that is called
 * like one (`in`, `null` ..) stands in backticks. */
#ifndef LIB_TEXT_EXPR_H
#define LIB_TEXT_EXPR_H

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/text/fields.h"
#include "lib/text/timestamp.h"
#include "lib/text/value.h"

struct expr;

/* Why a text is no expression. */
struct expr_error {
	size_t at;              /* byte offset into the text */
	char reason[160];
};

/* Compiles text; fields it names are added to fields. NULL with *error filled. Owned by the caller. */
struct expr *expr_compile(struct span text, struct fields *fields, struct expr_error *error);

/* The same for an expression whose use is known: what cannot be a condition, or a number, is refused too. */
enum expr_use { EXPR_ANY, EXPR_CONDITION, EXPR_NUMBER };
struct expr *expr_compile_for(enum expr_use use, struct span text, struct fields *fields, struct expr_error *error);
void expr_free(struct expr *e);

/* The number of the field when the expression is just that field, else -1. */
int expr_field(const struct expr *e);

/* One spelling per meaning of the text (blanks, quotes, parentheses, == for =): what a definition's hash is made of.
 * It compiles back to the same expression. */
void expr_print(struct buf *out, const struct expr *e);

/* What evaluation needs beside the record. One per thread. */
struct expr_scratch {
	struct arena arena;             /* texts made on the way; clear it when the values are no longer used */
	struct time_parser time;        /* for timestamp() and its like */
	char reason[160];               /* after -1: why the record is bad, naming the field and showing its text */
	struct buf print;               /* where texts are made before they move to the arena */
};
void expr_scratch_init(struct expr_scratch *s, const struct zone *input_zone, enum time_unit unit);
void expr_scratch_free(struct expr_scratch *s);

/* 0 and *v (borrowing from the record, the expression and the scratch arena), or -1: bad record. */
int expr_eval(const struct expr *e, const struct span *record, struct expr_scratch *s, struct value *v);

/* For `where`: 1 true, 0 false or null, -1 bad record. Text and numbers are not conditions: refused when compiled
 * where that can be known, else a bad record. */
int expr_test(const struct expr *e, const struct span *record, struct expr_scratch *s);

/* expr_eval and value_number in one, as numeric measures want it: the reason can name the field, and a number is not
 * made a value on the way. */
int expr_number(const struct expr *e, const struct span *record, struct expr_scratch *s, struct decimal *d);

/* A value as number: 0; 1 when null; -1 with s->reason when its text is no number (which it shows, without a name). */
int value_number(const struct value *v, struct decimal *d, struct expr_scratch *s);

/* A value as text: numbers and truths printed into the scratch arena; null is the empty span. */
struct span value_text(const struct value *v, struct expr_scratch *s);

#endif
