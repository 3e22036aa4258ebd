/* SPDX-License-Identifier: MIT */
/* fields -- the fields a program wants of each record, numbered in the order they were asked for.
 * A reader delivers just these, so what nobody asked for is never parsed.
 *
 * A field is written as a plain name (`amount`), an odd name in backticks (`` `unit price` ``), an index of a column
 * without header (`@3`, from 1), or a path in JSON (`.a.b[0]`, also `.a.`odd name`[2]`). A plain or backticked name
 * is a top-level member in JSON. */
#ifndef LIB_TEXT_FIELDS_H
#define LIB_TEXT_FIELDS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/span.h"

struct field_step {
	struct span name;       /* member name; unused when index >= 0 */
	int64_t index;          /* array index, or -1 */
};

struct field_ref {
	struct span text;       /* canonical spelling: equal fields have equal texts */
	struct span name;       /* plain or backticked name; empty for @N and paths */
	size_t column;          /* @N as N-1; (size_t)-1 otherwise */
	struct field_step *step;
	size_t nsteps;          /* names and paths: >= 1; @N: 0 */
};

struct fields {
	struct field_ref *ref;
	size_t n, cap;
};

/* The number of a field, adding it when it is new. -1 with *error (static text) when it is not written well. */
int fields_add(struct fields *f, struct span text, const char **error);

/* The length of the field reference that text begins with (0: none): what the expression lexer needs. */
size_t field_text_length(struct span text);

/* The name a reference stands for, without its backticks; other references, and what is none, as they stand. Owned by the caller. */
char *field_name(struct span text);

/* The length of the first item in a list of references: up to a comma outside backticks. */
size_t field_item_length(struct span list);

/* A name as a reference: as it is, or in backticks when it is odd. */
struct buf;
void field_print(struct buf *out, struct span name);

void fields_free(struct fields *f);

#endif
