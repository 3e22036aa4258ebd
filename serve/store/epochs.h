/* SPDX-License-Identifier: MIT */
/* epochs -- rows of partials added up in memory: of one epoch, or of several that follow one another. */
#ifndef SERVE_STORE_EPOCHS_H
#define SERVE_STORE_EPOCHS_H

#include "lib/base/failure.h"
#include "lib/view/partial.h"

struct epochs {
	const struct view *view;
	struct fold fold;
	struct sessions sessions;
	size_t *state_of;
	uint64_t rows, rejected;        /* taken */
	bool has_time;
	int64_t time;                   /* largest event time */
};

/* v is borrowed, and that of the rows. */
void epochs_init(struct epochs *e, const struct view *v);
void epochs_free(struct epochs *e);             /* zeroed is fine */
void epochs_clear(struct epochs *e);

/* -1: the row is damaged, or in no window of the view. */
int epochs_row(struct epochs *e, const struct partial_row *row, struct failure *f);
void epochs_note(struct epochs *e, bool has_time, int64_t time, uint64_t rejected);

/* Moves all of from behind into; from is empty then. */
void epochs_move(struct epochs *into, struct epochs *from);

#endif
