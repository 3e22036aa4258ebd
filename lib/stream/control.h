/* SPDX-License-Identifier: MIT */
/* control -- control lines: `#!weir watermark t=123`, in NDJSON `{"@weir":"watermark","t":"123"}`.
 * A word, then named values. What they mean stands in weir-format(5). */
#ifndef LIB_STREAM_CONTROL_H
#define LIB_STREAM_CONTROL_H

#include "lib/base/buf.h"
#include "lib/base/span.h"

#define CONTROL_PREFIX "#!weir "
#define CONTROL_JSON_PREFIX "{\"@weir\":"

struct control {
	struct span word;
	struct span rest;       /* all behind the word, as it stood (not in NDJSON) */
	bool json;
	struct buf store;       /* what the spans above point into */
};

static inline bool control_is_line(struct span line)
{
	return span_starts(line, SPAN(CONTROL_PREFIX)) || span_starts(line, SPAN(CONTROL_JSON_PREFIX));
}

/* Takes a line without its newline, in either form. 0, or -1: it is none. c may be used again and again. */
int control_parse(struct control *c, struct span line);
/* The decoded value of a name, appended to out. False: the line has no such name, or it is not encoded well. */
bool control_value(const struct control *c, const char *name, struct buf *out);
bool control_i64(const struct control *c, const char *name, int64_t *v);
bool control_u64(const struct control *c, const char *name, uint64_t *v);       /* up to 2^63 - 1 */
bool control_hex32(const struct control *c, const char *name, uint32_t *v);     /* eight digits, as checksums and chains are written */
void control_free(struct control *c);

/* In a controlled stream, data written at out->p + from (whole lines) that would be taken for control lines gets what takes it
 * back: a backslash before `#!weir` at the start of a physical line (and before one that begins with backslashes and it),
 * in NDJSON a blank. */
void control_escape(struct buf *out, size_t from, bool json);
/* Takes it back, except in NDJSON, where the blank does no harm. */
void control_unescape(struct buf *out, size_t from, bool json);

/* Writing: begin, values, end. */
void control_begin(struct buf *out, bool json, const char *word);
void control_add(struct buf *out, bool json, const char *name, struct span value);
void control_add_i64(struct buf *out, bool json, const char *name, int64_t value);
void control_end(struct buf *out, bool json);

#endif
