/* SPDX-License-Identifier: MIT */
/* selection -- which finished rows are wanted: by where their windows begin, and by a condition over the output's columns. */
#ifndef SERVE_MERGE_SELECTION_H
#define SERVE_MERGE_SELECTION_H

#include "lib/view/row_out.h"

struct selection {
	const struct row_out *rows;
	int64_t since, until;
	struct expr *where;             /* NULL: all */
	struct fields fields;           /* of where: names of output columns */
	size_t *column;
	struct span *record;
	struct expr_scratch scratch;
};

/* The number of an output column; SIZE_MAX: none. What is in front when rows may be taken back is no column of theirs. */
size_t selection_column(const struct row_out *rows, struct span name);

/* rows is borrowed. -1 with error: the condition is none, or names a column that is not there. Free it in either case. */
int selection_init(struct selection *s, const struct row_out *rows, int64_t since, int64_t until, const char *where, char error[400]);
void selection_free(struct selection *s);

/* May rows of this window be wanted? */
bool selection_window(const struct selection *s, struct interval at);
/* Is the row in rows->cell? 1, 0; -1 with error: the condition met a value it cannot take. */
int selection_row(struct selection *s, char error[256]);

#endif
