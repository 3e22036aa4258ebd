/* SPDX-License-Identifier: MIT */
/* expr_lex -- the words of an expression. Private to expr_lex.c and expr_parse.c. */
#ifndef LIB_TEXT_EXPR_LEX_H
#define LIB_TEXT_EXPR_LEX_H

#include "lib/text/expr_ast.h"

enum token_kind {
	TOKEN_END, TOKEN_NUMBER, TOKEN_STRING, TOKEN_FIELD,
	TOKEN_AND, TOKEN_OR, TOKEN_NOT, TOKEN_IN, TOKEN_LIKE, TOKEN_IS, TOKEN_NULL, TOKEN_TRUE, TOKEN_FALSE,
	TOKEN_EQ, TOKEN_NE, TOKEN_LT, TOKEN_LE, TOKEN_GT, TOKEN_GE,
	TOKEN_PLUS, TOKEN_MINUS, TOKEN_STAR, TOKEN_SLASH, TOKEN_PERCENT,
	TOKEN_OPEN, TOKEN_CLOSE, TOKEN_COMMA,
};

struct token {
	enum token_kind kind;
	size_t at;
	struct span text;       /* as it stands in the source */
	struct span string;     /* TOKEN_STRING: what it means */
	struct decimal number;  /* TOKEN_NUMBER */
};

struct lexer {
	struct span text;
	size_t at;
	struct arena *arena;    /* for strings that are not as they stand */
};

/* 0; -1 with *error. */
int expr_lex(struct lexer *l, struct token *t, struct expr_error *error);

/* The next token is an open parenthesis: what stood before it is a function. */
bool expr_lex_is_call(const struct lexer *l);

#endif
