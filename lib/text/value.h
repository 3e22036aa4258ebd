/* SPDX-License-Identifier: MIT */
/* value -- what an expression yields. A field is text until arithmetic or a numeric measure asks for its number;
 * text and number both stay exact. */
#ifndef LIB_TEXT_VALUE_H
#define LIB_TEXT_VALUE_H

#include "lib/text/decimal.h"

enum value_kind { VALUE_NULL, VALUE_TEXT, VALUE_NUMBER, VALUE_BOOL };

struct value {
	enum value_kind kind;
	bool truth;                     /* VALUE_BOOL */
	struct span text;               /* VALUE_TEXT: never empty (the empty string is null). Borrowed */
	struct decimal number;          /* VALUE_NUMBER */
};

static inline struct value value_of_text(struct span s)
{
	return (struct value){ .kind = s.n ? VALUE_TEXT : VALUE_NULL, .text = s };
}

#endif
