/* SPDX-License-Identifier: MIT */
/* partial -- mergeable states as text: what --emit partial writes and merge-views reads.
 *
 *   #!weir view hash=5f3a91c2 definition=time%20ts%0A...         the whole canonical definition
 *   window_end TAB window_start TAB keys TAB measure:kind ...      header; `weight` too in a retractable view
 *   rows: times as integer ms, keys, states; sorted by end, start, key columns as bytes; TSV escapes
 *   #!weir end rows=2 rejected=0 crc=1a2b3c4d                    crc32c of all before " crc=", from the view line on
 *
 * Without the end line a partial was cut off, and is damage. Several may follow one another in one stream.
 *
 * In a checked stream the view line and a `columns` line in place of the header come once; each epoch then has sorted rows of
 * its own, and its barrier the checksum and what was rejected. */
#ifndef LIB_VIEW_PARTIAL_H
#define LIB_VIEW_PARTIAL_H

#include "lib/stream/out.h"
#include "lib/text/writer.h"
#include "lib/view/sessions.h"

struct partial_writer {
	const struct view *view;
	struct out *out;
	bool stream;                    /* a checked one */
	uint64_t rows, rejected;        /* rejected: records the view skipped as bad; set it before the end */
	uint32_t crc;
	struct writer tsv;
	struct cell *cell;              /* end, start, keys, weight?, states */
	struct span *key;
	struct buf scratch, text;       /* text: what cells point into */
	size_t *end;                    /* where the text of each cell ends */
	size_t *next;                   /* per measure: where its state goes on in the next row of the same key */
};

void partial_begin(struct partial_writer *w, const struct view *v, struct out *out);
/* extra: more values for the view line, as ` name=value name=value`, encoded; range files have some. */
void partial_begin_with(struct partial_writer *w, const struct view *v, struct out *out, struct span extra);
/* Rows must come sorted. Groups that are nothing are left out; those too large for one row span several. 0, or -1: out->error. */
int partial_row(struct partial_writer *w, struct interval at, struct span key, struct group *g);
/* A whole fold (or, of a session view, all sessions), in order. */
int partial_fold(struct partial_writer *w, struct fold *f, const struct sessions *s);
int partial_end(struct partial_writer *w);
/* In a checked stream: rows follow, epoch by epoch; there is no end but partial_free(). */
void partial_begin_stream(struct partial_writer *w, const struct view *v, struct out *out);
void partial_free(struct partial_writer *w);

/* Reading. */
struct partial_reader;

struct partial_row {
	struct interval at;
	struct span key;                /* encoded */
	const struct span *state;       /* one per measure of the definition */
	int64_t weight;
};

enum partial_event { PARTIAL_VIEW, PARTIAL_ROW, PARTIAL_END, PARTIAL_ERROR };

struct partial_reader *partial_open(const char *path, size_t max_record);
/* VIEW: a new view line: partial_view() is its definition. ROW: *row, valid until the next call (its place and key until the next ROW), known
 * to be sorted.
 * END: the input is complete. ERROR: partial_error(), partial_status(). */
enum partial_event partial_next(struct partial_reader *r, struct partial_row *row);
/* Owned by the reader, until its next VIEW or partial_close. */
const struct view *partial_view(const struct partial_reader *r);
const char *partial_hash(const struct partial_reader *r);
const char *partial_name(const struct partial_reader *r);
uint64_t partial_rejected(const struct partial_reader *r);      /* so far */
uint64_t partial_bytes(const struct partial_reader *r);         /* read */
const char *partial_error(const struct partial_reader *r);
int partial_status(const struct partial_reader *r);
void partial_close(struct partial_reader *r);

/* Merges a row's states into a group of view v. state_of[i] is the place among the row's states of v's measure i (views of
 * one hash may state their measures in another order). -1: a state is damaged; *bad is its measure. */
int partial_merge(const struct view *v, const size_t *state_of, struct group *g, const struct partial_row *row, const struct measure **bad);

#endif
