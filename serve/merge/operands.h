/* SPDX-License-Identifier: MIT */
/* operands -- what the command line names: files of partials, and views, which are directories of range files. Of a view the
 * files of its tiling are read: those that cover each of its sources from the beginning, without gap or overlap. */
#ifndef SERVE_MERGE_OPERANDS_H
#define SERVE_MERGE_OPERANDS_H

#include "lib/view/tiling.h"
#include "serve/merge/cursor.h"

struct operand_view {
	const char *path;               /* borrowed */
	struct tilings tilings;
	int64_t *written;               /* of each tiling: when its last file was, ms since 1970; INT64_MIN: it has none */
};

struct operands {
	struct operand_view *view;      /* those operands that are directories, in order */
	size_t nviews;
	char **input;                   /* what is to be read: "-" or paths */
	size_t ninputs, cap;
	bool goes_on;                   /* only what is new */
};

bool operand_is_view(const char *path);

/* Lists the directories, and opens what is in their tilings and the plain files; when a file vanishes meanwhile, anew, five times
 * at most. before: what was read already; where all views go on from there, only what is new is opened (goes_on). expected: the
 * definition that all must have; NULL: that of the first file, or given while there is none. The cursor has begun. NULL: failure. */
struct operands_request {
	const char *const *path;        /* borrowed for as long as the operands live */
	size_t n;
	size_t max_record;
	const struct operands *before;
	const struct view *expected, *given;
};
struct cursor *operands_open(struct operands *o, const struct operands_request *r, struct failure *f);
void operands_free(struct operands *o);

/* Calls each for the logs that `sources` of v names and that no view has. v may be NULL: it names none. */
void operands_absent(const struct operands *o, const struct view *v, void (*each)(void *context, struct span source), void *context);

/* Texts for people, each with its NUL: gaps, absent sources and empty views; sources whose newest file is older than max_age
 * at now, in ms. Nothing: nothing is missing, or old. */
void operands_missing(const struct operands *o, const struct view *v, struct buf *lines);
void operands_old(const struct operands *o, const struct view *v, int64_t now, int64_t max_age, struct buf *lines);

/* Warns of what is missing, unless it is what was said before; strict: -1 instead, EXIT_DATA. */
int operands_tell(const struct operands *o, const struct view *v, bool strict, struct buf *said, struct failure *f);

#endif
