/* SPDX-License-Identifier: MIT */
/* reader -- records from files, pipes and gzip, as batches of just the fields asked for.
 *
 * Three parts, to be used together or apart (threads use them apart):
 *   input    bytes from a descriptor, inflated when they are gzip            input.h
 *   blocks   bytes cut into blocks of whole records                          blocks.h
 *   rows     a block's records as arrays of fields: CSV, TSV, NDJSON         rows.h
 * reader_next() runs all three in one thread. */
#ifndef LIB_TEXT_READER_H
#define LIB_TEXT_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/text/fields.h"

enum record_format {
	FORMAT_AUTO,            /* sniffed: `{` is NDJSON, else CSV, or TSV when the first line has a tab and no comma */
	FORMAT_CSV, FORMAT_TSV, FORMAT_NDJSON,
	FORMAT_DEBEZIUM, FORMAT_MAXWELL, FORMAT_CANAL, FORMAT_WAL2JSON,   /* envelopes in NDJSON: fields are those of the row inside, _op is made */
};

struct reader_options {
	enum record_format format;
	bool no_header;                 /* CSV, TSV: fields are @1 ... */
	bool accept_unterminated;       /* take a last line without newline from a pipe too */
	size_t max_record;              /* bytes; 0: 1 MiB */
};

struct batch {
	size_t n, width;                /* rows; fields of each */
	const struct span *field;       /* row r: field[r * width] ... ; in the order of struct fields */
	const struct span *raw;         /* the records as they stood, without line end; in a controlled stream still escaped */
	const uint64_t *line;           /* physical line each begins on, from 1 */
	const bool *absent;             /* field i is empty in all rows, for no column is its own; or NULL: nobody knows */
};

enum read_event {
	READ_ROWS,              /* a batch */
	READ_BAD,               /* one bad record: bad.line, bad.raw, bad.reason */
	READ_CONTROL,           /* a control line: control (without newline); rows after it come after it */
	READ_IDLE,              /* the source has nothing right now: flush, then call again (it blocks) */
	READ_END,
	READ_ERROR,             /* reader_error(): I/O, damage, unterminated; reader_status() is the exit status for it */
};

#define BAD_REASON 200

struct bad_record {
	uint64_t line;
	struct span raw;        /* all of it when its end is known, else its first physical line; at most max_record bytes */
	char reason[BAD_REASON];
};

struct reader;

/* path "-" is stdin. Fields (borrowed, complete by now) are bound by name to each header that comes. NULL never: an open that failed
 * shows as READ_ERROR. */
struct reader *reader_open(const char *path, const struct fields *fields, const struct reader_options *options);

/* The same on an input, which is taken; name is for messages. */
struct input;
struct reader *reader_open_on(struct input *input, const char *name, const struct fields *fields, const struct reader_options *options);

/* What comes next; what it points to is valid until the next call. */
enum read_event reader_next(struct reader *r, struct batch *batch, struct bad_record *bad, struct span *control);

const char *reader_name(const struct reader *r);          /* path, or "stdin" */
const char *reader_error(const struct reader *r);         /* `orders.csv:17: unterminated last line` without the tool's name */
int reader_status(const struct reader *r);

/* Known once the first record, control line or end has been seen. */
enum record_format reader_format(const struct reader *r);  /* never AUTO then (an empty input: CSV) */
bool reader_is_controlled(const struct reader *r);
/* The header as it stood (CSV, TSV), or empty; in a controlled stream its columns written as a header. Valid until the
 * reader is freed. */
struct span reader_header(const struct reader *r);
/* Field i is in no header seen so far (CSV, TSV). False while none has been seen. */
bool reader_lacks(const struct reader *r, size_t i);
uint64_t reader_bytes(const struct reader *r);            /* read from the descriptor, for progress */
int reader_fd(const struct reader *r);                    /* for poll; -1 when it is not open */
bool reader_waits(struct reader *r);                      /* after READ_IDLE: the next call would still have to wait */

void reader_free(struct reader *r);

#endif
