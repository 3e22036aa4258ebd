/* SPDX-License-Identifier: MIT */
/* expr_ast -- the tree of an expression. Private to expr_*.c and to derived columns, which read the same language and
 * give it another arithmetic.
 *
 * Three passes: expr_parse makes the tree as written, expr_check finds the types and refuses what cannot be meant,
 * expr_prepare chooses for each node how it is evaluated and computes what is constant. The tree itself stays as
 * written, so that expr_print shows the author's text and not ours. */
#ifndef LIB_TEXT_EXPR_AST_H
#define LIB_TEXT_EXPR_AST_H

#include "lib/text/expr.h"

#define EXPR_MAX_TEXT 65536
#define EXPR_MAX_HEIGHT 200     /* of the tree, and of nesting in the text: all passes recurse */

enum node_op {
	NODE_NULL, NODE_BOOL, NODE_NUMBER, NODE_TEXT, NODE_FIELD, NODE_CALL,
	NODE_PLUS, NODE_MINUS,                                  /* unary */
	NODE_MUL, NODE_DIV, NODE_MOD, NODE_ADD, NODE_SUB,
	NODE_EQ, NODE_NE, NODE_LT, NODE_LE, NODE_GT, NODE_GE,
	NODE_IN, NODE_LIKE, NODE_IS_NULL,                       /* `not in` is NODE_NOT over NODE_IN, and so on */
	NODE_NOT, NODE_AND, NODE_OR,                            /* and, or: two or more operands, never themselves */
};

enum node_type {
	TYPE_NULL, TYPE_BOOL, TYPE_NUMBER, TYPE_TEXT,
	TYPE_FIELD,             /* text of a record: may turn out a number, a truth or a time */
	TYPE_MIXED,             /* branches of several types: known when evaluated */
};

/* What evaluation of a node yields without conversion. */
enum node_gives { GIVES_VALUE, GIVES_CONSTANT, GIVES_FIELD, GIVES_TEXT, GIVES_NUMBER, GIVES_TRUTH };

/* SQL's three truths, and a bad record. */
enum truth { TRUTH_BAD = -1, NO, YES, UNKNOWN };

struct node;
struct env;

union node_run {
	int (*value)(const struct node *n, struct env *env, struct value *v);           /* 0, -1 bad record */
	int (*text)(const struct node *n, struct env *env, struct span *s);             /* 0, -1; empty: null */
	int (*number)(const struct node *n, struct env *env, struct decimal *d);        /* 0, 1 null, -1 */
	enum truth (*truth)(const struct node *n, struct env *env);
};

enum function_id { FUNCTION_IF, FUNCTION_COALESCE, FUNCTION_ABS, FUNCTION_ROUND, FUNCTION_LEAST, FUNCTION_GREATEST, FUNCTION_OTHER };

#define ANY_NUMBER_OF 255

struct function {
	const char *name;
	enum function_id id;
	uint8_t min, max;       /* arguments */
	const char *args;       /* what each must be: c condition, n number, i whole number, d time, t text, v any; the last one repeats */
	enum node_type type;    /* TYPE_MIXED: that of its branches */
	enum node_gives gives;
	union node_run run;
	bool zoned;             /* depends on how times are read: not constant when compiled */
};

struct node {
	uint8_t op, type, gives;        /* enum node_op, node_type, node_gives */
	uint16_t height;                /* 1: a leaf */
	uint32_t at;                    /* byte offset into the text, for errors */
	uint32_t n;                     /* arg[] */
	int field;                      /* NODE_FIELD: its number */
	union node_run run;
	union {
		struct span name;               /* NODE_FIELD: as it is written in expressions */
		const struct function *call;    /* NODE_CALL */
		const struct value *set;        /* NODE_IN over constants: arg[1] .. sorted */
	};
	struct value constant;          /* literals, and what was computed when compiled (GIVES_CONSTANT) */
	struct node *arg[];
};

struct expr {
	struct arena arena;     /* the tree, its texts, and a copy of the source */
	struct node *root;
};

/* The first pass alone. NULL with *error. */
struct expr *expr_parse(struct span text, struct fields *fields, struct expr_error *error);
int expr_check(struct node *n, struct expr_error *error);                       /* -1: *error filled */
int expr_check_use(const struct node *n, enum expr_use use, struct expr_error *error);
int expr_prepare(struct expr *e, struct expr_error *error);

enum truth truth_of_order(unsigned op, int sign);                               /* NODE_EQ .. NODE_GE of a cmp() */

void expr_print_node(struct buf *out, const struct node *n);

/* Fills *error; always -1. */
int expr_fail(struct expr_error *error, size_t at, const char *format, ...) __attribute__((format(printf, 3, 4)));

bool expr_same_word(struct span a, struct span b);      /* equal but for ASCII case */

const struct function *expr_function(struct span name);                 /* in any case; NULL: unknown */
const char *expr_function_like(struct span name);                       /* the one that was meant, or NULL */
unsigned expr_distance(struct span a, struct span b);                   /* edits between names; 0: equal but for case */
unsigned expr_likeness(struct span name);                               /* another one was meant when fewer edits than this lie between */

#endif
