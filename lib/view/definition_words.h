/* SPDX-License-Identifier: MIT */
/* definition_words -- private to lib/view/definition*.c. */
#ifndef LIB_VIEW_DEFINITION_WORDS_H
#define LIB_VIEW_DEFINITION_WORDS_H

#include "lib/view/definition.h"

/* The text stated for a scalar word, or NULL. */
const char *view_word(const struct view *v, const char *name);

#endif
