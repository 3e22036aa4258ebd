/* SPDX-License-Identifier: MIT */
/* cursor -- several partials read as one, in order of end, start, key. Rows of the same place come one after the other. */
#ifndef SERVE_MERGE_CURSOR_H
#define SERVE_MERGE_CURSOR_H

#include "lib/view/partial.h"

struct cursor;

/* "-" is stdin. */
struct cursor *cursor_open(const char *const *path, size_t n, size_t max_record);
void cursor_close(struct cursor *c);

/* Instead of that of the first input: the definition that all must have. -1: cursor_error. */
int cursor_expect(struct cursor *c, const struct view *v);

/* Reads up to the first row of each input. 0, or -1: cursor_error. */
int cursor_begin(struct cursor *c);

/* The definition of the first input that has one. NULL: all inputs are empty. */
const struct view *cursor_view(const struct cursor *c);
struct view *cursor_take_view(struct cursor *c);                /* it is the caller's from now on; only closing may follow */
const char *cursor_hash(const struct cursor *c);

/* True when rows come in order over all inputs. Stdin may hold several partials one after the other: then they do not. */
bool cursor_is_sorted(const struct cursor *c);

/* 1 and the next row (borrowed until the next call; *state_of as partial_merge wants it), 0 at the end, -1: cursor_error. */
int cursor_next(struct cursor *c, struct partial_row *row, const size_t **state_of);

uint64_t cursor_rejected(const struct cursor *c);
uint64_t cursor_bytes(const struct cursor *c);                 /* read */
const char *cursor_error(const struct cursor *c);
int cursor_status(const struct cursor *c);

#endif
