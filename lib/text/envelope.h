/* SPDX-License-Identifier: MIT */
/* envelope -- what the change formats of others have in common; private to rows_envelope.c and envelope_*.c.
 *
 * A change carries images of a row: after (insert, update) and before (update, delete). The fields asked for are those
 * of an image, a path begins at a column, and these are made from what stands around it:
 *   _op     +I -U +U -D; an update is two rows
 *   _table  name of the table, without database or schema
 *   _weir_row  the whole image, a JSON object as it stood: for those who do not know the columns (cdc-tail)
 *   _ts     commit time at the source in ms; _tx its transaction; _pos its place in the source's log: where known
 * A before image that lacks what the view needs is refused: counting it would be wrong without a sign of it. */
#ifndef LIB_TEXT_ENVELOPE_H
#define LIB_TEXT_ENVELOPE_H

#include "lib/base/arena.h"
#include "lib/text/fields.h"
#include "lib/text/json_scan.h"
#include "lib/text/rows.h"

enum made { MADE_NONE, MADE_OP, MADE_TABLE, MADE_TS, MADE_TX, MADE_POS, MADE_CHANGE, MADE_ROW, MADE_COUNT };

#define ENVELOPE_ROW "_weir_row"

/* A large value that is not in the message: what Debezium writes in its place. */
bool envelope_is_unavailable(struct span value);

struct image {
	struct span *field;             /* as asked for, then the column each of them begins at */
	enum json_kind *kind;           /* of these columns; JSON_MISSING: not in the image */
	struct span object;             /* its text */
};

struct envelope {
	size_t n;                       /* fields asked for */
	enum made *made;                /* of each; MADE_NONE: it is the row's */
	bool wants[MADE_COUNT];         /* such a field is among them */

	struct fields around;           /* what this format needs of the envelope */
	struct json_scan *scan;
	struct span *part;              /* their values in the record at hand */

	struct fields columns;          /* fields as asked for, then the columns they begin at; shares their steps */
	struct json_scan *image_scan;
	struct image before, after;

	/* the record at hand */
	struct span value[MADE_COUNT];
	struct rows *rows;
	char *reason;
};

/* Parts: field references into the envelope. */
struct envelope *envelope_new(const struct fields *fields, const char *const *parts, size_t n);
void envelope_free(void *envelope);             /* fits struct row_format */

/* All return 0, or -1 with the reason set. */
int envelope_scan(struct envelope *e, struct span record, struct rows *rows, char reason[BAD_REASON]);
int envelope_bad(struct envelope *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
int envelope_insert(struct envelope *e);                        /* of the after image */
int envelope_update(struct envelope *e, const char *advice);    /* advice: how to turn full before images on */
/* with_gaps: a column that the before image does not have is one that the table does not have. */
int envelope_delete(struct envelope *e, bool with_gaps, const char *advice);

/* Reads an object of valid JSON as an image; an empty span is an image without columns. */
void envelope_image(struct envelope *e, struct image *image, struct span object);
/* Makes the before image: the after image with the columns that object has in the place of its own. */
void envelope_overlay(struct envelope *e, struct span object);

static inline enum json_kind envelope_kind(const struct envelope *e, size_t part)
{
	return json_scan_kind(e->scan, part);
}

/* Two texts as one, in memory of the batch; empty when one of them is. */
struct span envelope_join(struct envelope *e, struct span a, const char *between, struct span b);

static inline bool envelope_is(const struct envelope *e, size_t part, const char *text)
{
	return span_eq(e->part[part], span_of(text));
}

#endif
